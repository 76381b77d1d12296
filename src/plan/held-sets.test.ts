import { describe, expect, test } from "vitest";
import { assignmentNameFor } from "../model/assignment-name.ts";
import type { RoleDefinition } from "../model/grant.ts";
import { principalMark, principalTag, pruneTag } from "../model/identity.ts";
import type { Observed } from "../observed/observed.ts";
import { database, key, reads } from "./diff/fixtures.ts";
import type { Releases } from "./draft.ts";
import {
  assignment,
  binding,
  desired,
  grantOf,
  identityId,
  linesOf,
  live,
  observed,
  owner,
  policy,
  principal,
  reader,
  type Seen,
  vaultScope,
  vm,
  wanted,
} from "./fixtures.ts";
import type { Plan } from "./plan.ts";
import { noReleases, planFor } from "./plan-for.ts";

const dead = { principalId: "dddddddd-0000-4000-8000-000000000001", clientId: "c-dead" };

function released(...digests: readonly (string | undefined)[]): Releases {
  return { ...noReleases, digests: new Set(digests.filter((one) => one !== undefined)) };
}

function leftOf(role: RoleDefinition) {
  const name = assignmentNameFor(vaultScope, dead.principalId, role.guid);
  const id = `${vaultScope}/providers/Microsoft.Authorization/roleAssignments/${name}`;
  return assignment(role, { id, principalId: dead.principalId });
}

describe("what was there when an identity was taken over", () => {
  const planWith = (who: typeof principal, names: readonly string[], releases: Releases = noReleases) => {
    const tags = { ...live().tags, [principalTag]: principalMark(who), [pruneTag]: "pending" };
    const targets = names.map((name) => vm(name, [identityId]));
    return planFor(
      desired(wanted()),
      observed({ identities: [live({ ...who, tags })], targets }),
      policy,
      releases,
    );
  };

  test("is released for one principal: a later one of the same name keeps it", () => {
    const digest = planWith(principal, ["vm-1"]).held[0]?.digest;
    expect(linesOf(planWith(principal, ["vm-1"], released(digest)))).toContain("detach vm-1");
    const another = planWith(dead, ["vm-1"], released(digest));
    expect(linesOf(another)).toEqual(["AdoptionPending: detach vm-1"]);
  });

  test("goes on to be held if more of it has come up, although a person released the rest before", () => {
    const changes = new Set(
      planWith(principal, ["vm-1"], released(planWith(principal, ["vm-1"]).held[0]?.digest)).released,
    );
    expect(linesOf(planWith(principal, ["vm-1", "vm-2"], { digests: new Set(), changes }))).toEqual([
      "AdoptionPending: detach vm-1",
      "AdoptionPending: detach vm-2",
    ]);
  });
});

describe("the release of a recreated identity", () => {
  const tags = { ...live().tags, [principalTag]: principalMark(dead) };
  const want = {
    bindings: [binding([], [grantOf("Owner"), grantOf("Reader")]), ...reads({ roles: ["db_owner"] })],
  };
  const planWith = (see: Seen, releases: Releases = noReleases, change: Partial<Observed> = {}): Plan =>
    planFor(
      desired(wanted(want)),
      observed({ identities: [live({ tags })], ...see }, change),
      policy,
      releases,
    );

  test("covers each of several roles that it had from us", () => {
    const see = { assignments: [leftOf(reader), leftOf(owner)] };
    const plan = planWith(see, released(planWith(see).held[0]?.digest));
    expect(linesOf(plan)).toContain("grant Owner");
    expect(plan.held.map((h) => h.reason)).not.toContain("Privileged");
  });

  test("does not cover power over a database: nobody can tell that it had that from us", () => {
    const databases = new Map([[key, database([])]]);
    const see = { assignments: [leftOf(owner)] };
    const first = planWith(see, noReleases, { databases });
    const plan = planWith(see, released(...first.held.map((h) => h.digest)), { databases });
    expect(linesOf(plan)).toContain("Privileged: grant db_owner in sql-orders/orders");
  });

  test("counts as no release of what is still held for another reason", () => {
    const see = { assignments: [leftOf(reader)] };
    const plan = planWith(see, released(planWith(see).held[0]?.digest));
    const held = plan.held.filter((h) => h.reason === "Privileged").map((h) => h.change.id);
    expect(held).toHaveLength(1);
    expect(plan.released.filter((id) => held.includes(id))).toEqual([]);
  });
});
