import { describe, expect, test } from "vitest";
import { identityIdFrom, idKey, resourceIdFrom } from "../../model/arm-id.ts";
import { ownerTag, principalMark, principalTag } from "../../model/identity.ts";
import type { Policy } from "../../model/policy.ts";
import { armTypeOf, type Target } from "../../model/target.ts";
import {
  assignment,
  binding,
  desired,
  document,
  grantOf,
  group,
  identityId,
  live,
  namedVm,
  observed,
  policy,
  reader,
  subscription,
  vm,
  wanted,
} from "../fixtures.ts";
import type { Plan } from "../plan.ts";
import { planFor } from "../plan-for.ts";

const names = (count: number) => Array.from({ length: count }, (_, i) => `vm-${i}`);
const attached = (count: number, id = identityId) => names(count).map((name) => vm(name, [id]));
const keeps = (count: number) => binding(names(count).map(namedVm));
const widest: Policy["limits"]["removals"] = { count: 1_000, percent: 100 };
const removals = (count: number, percent: number): Partial<Policy> => ({
  limits: { removals: { count, percent }, additions: { count: 500 } },
});
const additions = (count: number): Partial<Policy> => ({
  limits: { removals: widest, additions: { count } },
});

const setId = (i: number) => resourceIdFrom(subscription, "rg", armTypeOf.virtualMachineScaleSet, `set-${i}`);
const sets = (count: number): readonly Target[] =>
  Array.from({ length: count }, (_, i) =>
    vm("", [identityId], {
      id: setId(i),
      kind: "virtualMachineScaleSet",
      type: armTypeOf.virtualMachineScaleSet,
    }),
  );
const keepsSets = (count: number) =>
  binding(
    Array.from({ length: count }, (_, i) => ({
      kind: "virtualMachineScaleSet",
      id: setId(i),
      instanceUpgrade: "Never",
      document: document(),
    })),
  );
const roles = (count: number) =>
  Array.from({ length: count }, (_, i) =>
    assignment(reader, { scope: `${group}-${i}`, id: `${group}-${i}/a` }),
  );
const keepsRoles = (count: number) =>
  binding(
    [],
    Array.from({ length: count }, (_, i) => grantOf("Reader", `${group}-${i}`)),
  );

function countsOf({ changes, held }: Plan): Record<string, number> {
  const kinds = [...changes.map((c) => c.kind), ...held.map((h) => `${h.reason}: ${h.change.kind}`)];
  return Object.fromEntries([...Map.groupBy(kinds, (n) => n)].map(([name, all]) => [name, all.length]));
}

describe("a share is measured where it is large, however much there is elsewhere", () => {
  const share = { ...policy, ...removals(1_000, 20) };

  test("of one identity", () => {
    const principal = { principalId: "p-other", clientId: "c-other" };
    const id = identityIdFrom(subscription, "rg", "id-other");
    const tags = { [ownerTag]: "prod", [principalTag]: principalMark(principal) };
    const attachments = { systemAssigned: false, userAssigned: [{ id, ...principal }] };
    const machines = names(60).map((name) => vm(`other-${name}`, [], { attachments }));
    const other = wanted({
      id,
      document: document("UserAssignedIdentity", "other"),
      bindings: [binding(machines.map((m) => namedVm(m.id.split("/").at(-1) ?? "")))],
    });
    const plan = planFor(
      desired(wanted({ bindings: [keeps(1)] }), other),
      observed({
        identities: [live(), live({ id, ...principal, tags })],
        targets: [...attached(6), ...machines],
      }),
      share,
    );
    expect(countsOf(plan)).toEqual({ "TooManyRemovals: detach": 5 });
    expect(plan.held[0]?.message).toContain("5 of 6");
  });

  test("of the scale sets", () => {
    const plan = planFor(
      desired(wanted({ bindings: [keeps(60), keepsSets(1)] })),
      observed({ identities: [live()], targets: [...attached(60), ...sets(6)] }),
      share,
    );
    expect(countsOf(plan)).toEqual({ "TooManyRemovals: detach": 5 });
    expect(plan.held[0]?.message).toContain("5 of 6 attachments to scale sets");
  });

  test("of the roles", () => {
    const plan = planFor(
      desired(wanted({ bindings: [keeps(60), keepsRoles(1)] })),
      observed({ identities: [live()], targets: attached(60), assignments: roles(6) }),
      share,
    );
    expect(countsOf(plan)).toEqual({ "TooManyRemovals: revoke": 5 });
    expect(plan.held[0]?.message).toContain("5 of 6 role assignments");
  });

  test("and machines that the identity is not attached to make it no smaller", () => {
    const free = names(60).map((name) => vm(`free-${name}`));
    const plan = planFor(
      desired(wanted({ bindings: [keeps(1)] })),
      observed({ identities: [live()], targets: [...attached(6), ...free] }),
      share,
    );
    expect(countsOf(plan)).toEqual({ "TooManyRemovals: detach": 5 });
  });
});

test("machines, sets, roles and credentials together are what there is to be removed from", () => {
  const credential = { name: "main", issuer: "https://issuer.example", subject: "s", audience: "api://x" };
  const planWith = (credentials: readonly (typeof credential)[]) =>
    planFor(
      desired(wanted({ bindings: [keeps(11), keepsSets(8)] })),
      observed(
        { identities: [live()], targets: [...attached(14), ...sets(10)] },
        { credentials: new Map([[idKey(identityId), credentials]]) },
      ),
      { ...policy, ...removals(1_000, 20) },
    );
  expect(planWith([]).held).toHaveLength(5);
  expect(planWith([credential]).held).toEqual([]);
});

test.each([
  ["the count, where that is exceeded", removals(4, 100), "limit is 4."],
  ["the share, where that is exceeded", removals(5, 20), "limit is 20 %."],
])("the message names %s", (_, change, words) => {
  const plan = planFor(
    desired(wanted({ bindings: [keeps(1)] })),
    observed({ identities: [live()], targets: attached(6) }),
    { ...policy, ...change },
  );
  expect(plan.held.map((h) => h.message)).toEqual(Array(5).fill(expect.stringContaining(words)));
});

describe("additions", () => {
  const planned = (change: Partial<Policy>, see: readonly Target[] = []) =>
    planFor(
      desired(wanted({ tags: { team: "x" }, bindings: [keeps(2), keepsRoles(2)] })),
      observed({ identities: [live()], targets: [vm("vm-0"), vm("vm-1"), ...see] }),
      { ...policy, ...change },
    );

  test("are attachments and roles", () => {
    expect(countsOf(planned(additions(4)))).toEqual({ update: 1, attach: 2, grant: 2 });
    expect(countsOf(planned(additions(3)))).toEqual({
      update: 1,
      "TooManyAdditions: attach": 2,
      "TooManyAdditions: grant": 2,
    });
  });

  test("are not what is taken away beside them", () => {
    const others = names(3).map((name) => vm(`gone-${name}`, [identityId]));
    expect(countsOf(planned(additions(4), others))).toEqual({ update: 1, attach: 2, grant: 2, detach: 3 });
  });

  test("are not what is held for another reason", () => {
    const change = { ...additions(3), protected: [vm("vm-0").id] };
    expect(countsOf(planned(change))).toEqual({ update: 1, attach: 1, grant: 2, "Protected: attach": 1 });
  });
});
