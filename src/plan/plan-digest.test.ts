import { expect, test } from "vitest";
import type { DesiredIdentity } from "../desired/desired.ts";
import type { Policy } from "../model/policy.ts";
import { binding, desired, live, namedVm, observed, policy, vm, vmId, wanted } from "./fixtures.ts";
import { planFor } from "./plan-for.ts";

const machines = (...names: string[]): Partial<DesiredIdentity> => ({
  bindings: [binding(names.map(namedVm))],
});
const digestOf = (want: Partial<DesiredIdentity>, revision = "r1", rules: Partial<Policy> = {}) =>
  planFor(
    { ...desired(wanted(want)), revision },
    observed({ identities: [live()], targets: [vm("vm-1"), vm("vm-2")] }),
    { ...policy, ...rules },
  ).digest;

const first = () => digestOf(machines("vm-1"));

test("the same plan has the same digest", () => {
  expect(first()).toBe(first());
});

test.each([
  ["another change", () => digestOf(machines("vm-2"))],
  ["one change more", () => digestOf(machines("vm-1", "vm-2"))],
  ["another revision", () => digestOf(machines("vm-1"), "r2")],
  ["a change that is held", () => digestOf(machines("vm-1"), "r1", { protected: [vmId("vm-1")] })],
  ["a value instead of another", () => digestOf({ ...machines("vm-1"), tags: { team: "x" } })],
])("%s is another plan", (_, other) => {
  expect(other()).not.toBe(first());
});

test("the value of a tag belongs to the digest, and so does the reason why something is held", () => {
  expect(digestOf({ tags: { team: "x" } })).not.toBe(digestOf({ tags: { team: "y" } }));
  const everywhere: Partial<Policy> = {
    limits: { removals: { count: 0, percent: 0 }, additions: { count: 0 } },
  };
  expect(digestOf(machines("vm-1"), "r1", everywhere)).not.toBe(
    digestOf(machines("vm-1"), "r1", { protected: [vmId("vm-1")] }),
  );
});
