import { describe, expect, test } from "vitest";
import type { DesiredIdentity } from "../../desired/desired.ts";
import { idKey } from "../../model/arm-id.ts";
import { type FederatedCredential, ownerTag, principalMark, principalTag } from "../../model/identity.ts";
import {
  binding,
  desired,
  identityId,
  linesOf,
  live,
  namedVm,
  observed,
  policy,
  vm,
  wanted,
} from "../fixtures.ts";
import type { OwnershipState } from "../ownership.ts";
import type { Plan } from "../plan.ts";
import { planFor } from "../plan-for.ts";
import { mayPrune } from "./identity.ts";

const main: FederatedCredential = {
  name: "main",
  issuer: "https://issuer",
  subject: "repo:contoso/orders",
  audience: "api",
};
const allowed = { ...policy, federatedCredentials: [{ issuer: "**", subject: "**" }] };

function planned(
  want: Partial<DesiredIdentity>,
  identity = live(),
  there: readonly FederatedCredential[] = [],
): Plan {
  const credentials = new Map([[idKey(identityId), there]]);
  return planFor(desired(wanted(want)), observed({ identities: [identity] }, { credentials }), allowed);
}

describe("what no document lists may go", () => {
  const states: readonly OwnershipState[] = [
    "Absent",
    "Unowned",
    "Lost",
    "Another",
    "Ours",
    "Unfinished",
    "Copied",
    "Recreated",
  ];
  const ours = ["Ours", "Unfinished"];
  const takenOver = ["Unowned", "Ours", "Unfinished", "Recreated"];
  test.each<
    [
      DesiredIdentity["lifecycle"],
      DesiredIdentity["prunePolicy"],
      DesiredIdentity["adoptionPolicy"],
      readonly string[],
    ]
  >([
    ["Present", "Authoritative", "Never", ours],
    ["Present", "Authoritative", "Additive", takenOver],
    ["Present", "Additive", "Never", []],
    ["Present", "Additive", "Additive", []],
    ["Absent", "Authoritative", "Additive", ours],
    ["Absent", "Additive", "Never", ours],
    ["Released", "Authoritative", "Never", []],
    ["Released", "Authoritative", "Additive", []],
  ])("%s, %s, adoption %s", (lifecycle, prunePolicy, adoptionPolicy, expected) => {
    const identity = wanted({ lifecycle, prunePolicy, adoptionPolicy });
    const ownership = { prunePending: false, isBeingRepaired: false };
    expect(states.filter((state) => mayPrune({ identity, ownership: { ...ownership, state } }))).toEqual(
      expected,
    );
  });
});

describe("federated credentials", () => {
  const other = { ...main, name: "other" };
  test.each<[string, readonly FederatedCredential[], readonly string[], string]>([
    ["the same is left", [{ ...main, name: "MAIN" }], [], ""],
    [
      "another issuer",
      [other, { ...main, issuer: "https://else" }],
      ["update credential main"],
      "differs from",
    ],
    ["another subject", [other, { ...main, subject: "else" }], ["update credential main"], "differs from"],
    ["another audience", [other, { ...main, audience: "else" }], ["update credential main"], "differs from"],
    ["the same under another name", [other], ["update credential main"], "listed and missing"],
  ])("%s", (_, there, lines, reason) => {
    const want = { federatedCredentials: [main] };
    const plan = planned({ ...want, prunePolicy: "Additive" }, live(), there);
    expect(linesOf(plan)).toEqual(lines);
    expect(plan.changes[0]?.reason ?? "").toContain(reason);
    const surplus = there.includes(other) ? ["update no credential other"] : [];
    expect(linesOf(planned(want, live(), there))).toEqual([...surplus, ...lines]);
  });
});

describe("taking an identity over", () => {
  const want = { adoptionPolicy: "Additive", tags: { team: "a" }, federatedCredentials: [main] } as const;
  test.each([
    ["without an owner", {}, "it exists without an owner and adoptionPolicy is Additive"],
    [
      "that was made again",
      { [ownerTag]: "prod", [principalTag]: principalMark({ principalId: "old", clientId: "old" }) },
      "it was deleted and created again by someone else",
    ],
  ])("%s comes before all else about it", (_, tags, reason) => {
    const { changes } = planned(want, live({ tags }));
    const [adopt, ...rest] = changes;
    expect(adopt?.reason).toBe(reason);
    expect(rest.map(({ subject, needs }) => [subject.kind, needs])).toEqual([
      ["tags", [adopt?.id]],
      ["credential", [adopt?.id]],
    ]);
  });
});

describe("the end of an identity here", () => {
  const released = { lifecycle: "Released" } as const;

  test("a release takes off our tags and no others", () => {
    const tags = { ...live().tags, "Bindery-SQL-1": "s/d", team: "a" };
    expect(linesOf(planned(released, live({ tags })))).toEqual([
      "release tags -bindery-owner,-bindery-principal,-Bindery-SQL-1",
    ]);
  });

  test("there is nothing to release of another owner's", () => {
    expect(linesOf(planned(released, live({ tags: { [ownerTag]: "test" } })))).toEqual([]);
  });

  test("a released one gets nothing, whatever bindings say", () => {
    const want = wanted({ ...released, bindings: [binding([namedVm("vm-1")])] });
    const plan = planFor(desired(want), observed({ identities: [live()], targets: [vm("vm-1")] }), policy);
    expect(linesOf(plan)).toEqual(["release tags -bindery-owner,-bindery-principal"]);
  });

  test("a deletion says whose word it is", () => {
    expect(planned({ lifecycle: "Absent" }).changes[0]?.reason).toBe("team/orders says lifecycle: Absent");
  });
});
