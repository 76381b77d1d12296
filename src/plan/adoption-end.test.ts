import { describe, expect, test } from "vitest";
import { identityIdFrom } from "../model/arm-id.ts";
import { ownerTag, principalMark, principalTag, pruneTag } from "../model/identity.ts";
import {
  binding,
  desired,
  document,
  identityId,
  linesOf,
  live,
  namedVm,
  observed,
  policy,
  subscription,
  vm,
  vmId,
  wanted,
} from "./fixtures.ts";
import { planFor } from "./plan-for.ts";

const adopted = live({ tags: { ...live().tags, [pruneTag]: "pending" } });
const principal = { principalId: "p-other", clientId: "c-other" };
const otherId = identityIdFrom(subscription, "rg", "id-other");
const other = live({
  id: otherId,
  ...principal,
  tags: { [ownerTag]: "prod", [principalTag]: principalMark(principal), [pruneTag]: "pending" },
});
const attachedOther = vm("vm-9", [], {
  attachments: { systemAssigned: false, userAssigned: [{ id: otherId, ...principal }] },
});

describe("the protection of an adopted identity", () => {
  test("ends when it has nothing too much, whatever waits for another one", () => {
    const both = desired(wanted(), wanted({ id: otherId, document: document("UserAssignedIdentity", "p") }));
    const plan = planFor(both, observed({ identities: [adopted, other], targets: [attachedOther] }), policy);
    expect(linesOf(plan)).toEqual(["update tags -bindery-prune", "AdoptionPending: detach vm-9"]);
    expect(plan.changes[0]?.identityId).toBe(identityId);
    expect(plan.changes[0]?.reason).toContain("it has nothing too much");
  });

  test("ends although something else about it is held", () => {
    const plan = planFor(
      desired(wanted({ bindings: [binding([namedVm("vm-1")])] })),
      observed({ identities: [adopted], targets: [vm("vm-1")] }),
      { ...policy, protected: [vmId("vm-1")] },
    );
    expect(linesOf(plan)).toEqual(["update tags -bindery-prune", "Protected: attach vm-1"]);
  });

  test("lasts while a subscription is not fully known: it may have more there", () => {
    const unknown = new Map([["00000000-0000-4000-8000-000000000002", "403"]]);
    expect(
      linesOf(planFor(desired(wanted()), observed({ identities: [adopted] }, { unknown }), policy)),
    ).toEqual([]);
  });
});

test("the owner tag with a principal that is nobody's any more is a recreated identity, whoever else lives", () => {
  const again = live({ principalId: "p-new", clientId: "c-new" });
  const plan = planFor(desired(wanted()), observed({ identities: [again, other] }), policy);
  expect(plan.held.map((h) => h.reason)).toEqual(["Recreated"]);
});
