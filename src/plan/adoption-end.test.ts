import { describe, expect, test } from "vitest";
import type { DesiredIdentity } from "../desired/desired.ts";
import { identityIdFrom } from "../model/arm-id.ts";
import { ownerTag, principalMark, principalTag, pruneTag } from "../model/identity.ts";
import { database, key, reads } from "./diff/fixtures.ts";
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
import type { Plan } from "./plan.ts";
import { noReleases, planFor } from "./plan-for.ts";

const adopted = live({ tags: { ...live().tags, [pruneTag]: "pending" } });
const principal = { principalId: "p-other", clientId: "c-other" };
const otherId = identityIdFrom(subscription, "rg", "id-other");
const other = live({
  id: otherId,
  ...principal,
  tags: { [ownerTag]: "prod", [principalTag]: principalMark(principal), [pruneTag]: "pending" },
});
const ours = { [ownerTag]: "prod", [principalTag]: principalMark(principal) };
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

describe("the end of the protection", () => {
  const bothWanted = (change: Partial<DesiredIdentity> = {}) =>
    desired(
      wanted(change),
      wanted({ ...change, id: otherId, document: document("UserAssignedIdentity", "p") }),
    );
  const endOf = (plan: Plan, id = identityId) =>
    plan.changes.find(
      ({ identityId: of, subject }) => of === id && subject.kind === "tags" && pruneTag in subject.remove,
    );

  test("says whether something was too much, each identity for itself", () => {
    const seen = observed({
      identities: [adopted, live({ ...other, tags: ours })],
      targets: [attachedOther, vm("vm-1", [identityId])],
    });
    const [held] = planFor(bothWanted(), seen, policy).held;
    const releases = { ...noReleases, digests: new Set([held?.digest ?? ""]) };
    const plan = planFor(bothWanted(), seen, policy, releases);
    expect(endOf(plan)?.reason).toBe("what it had too much was released");
    expect(endOf(plan)?.needs).toEqual([]);
  });

  test("does not come before the principal is recorded: until then somebody may have written our owner tag", () => {
    const unfinished = live({ tags: { [ownerTag]: "prod", [pruneTag]: "pending" } });
    const plan = planFor(desired(wanted()), observed({ identities: [unfinished] }), policy);
    expect(linesOf(plan)).toEqual(["update tags principal"]);
  });

  test("of a recreated one waits for what it is to get in databases, and for nothing else", () => {
    const recreated = { [pruneTag]: "recreated", "bindery-sql-1": key };
    const databases = new Map([[key, database([])]]);
    const want = { bindings: [...reads(), binding([namedVm("vm-1")])] };
    const planWith = (extra: Record<string, string>, releases = noReleases) =>
      planFor(
        bothWanted(want),
        observed(
          {
            identities: [
              live({ tags: { ...live().tags, ...extra } }),
              live({ ...other, tags: { ...ours, ...extra } }),
            ],
            targets: [vm("vm-1", [])],
          },
          { databases },
        ),
        policy,
        releases,
      );
    const digests = new Set(planWith(recreated).held.map((h) => h.digest));
    const plan = planWith(recreated, { ...noReleases, digests });
    const inDatabases = plan.changes.filter((c) => c.identityId === identityId && "database" in c.subject);
    expect(inDatabases.length).toBeGreaterThan(0);
    expect(endOf(plan)?.needs).toEqual(inDatabases.map((c) => c.id));
    expect(endOf(planWith({ ...recreated, [pruneTag]: "pending" }))?.needs).toEqual([]);
  });
});

test("the owner tag with a principal that is nobody's any more is a recreated identity, whoever else lives", () => {
  const again = live({ principalId: "p-new", clientId: "c-new" });
  const plan = planFor(desired(wanted()), observed({ identities: [again, other] }), policy);
  expect(plan.held.map((h) => h.reason)).toEqual(["Recreated"]);
});
