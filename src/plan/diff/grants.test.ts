import { describe, expect, test } from "vitest";
import type { DesiredBinding, DesiredGrant, DesiredIdentity } from "../../desired/desired.ts";
import { assignmentNameFor } from "../../model/assignment-name.ts";
import { assignmentMarker, type RoleAssignment, type RoleDefinition } from "../../model/grant.ts";
import { pruneTag } from "../../model/identity.ts";
import type { Observed } from "../../observed/observed.ts";
import {
  assignment,
  binding,
  desired,
  document,
  grantOf,
  group,
  identityId,
  linesOf,
  live,
  observed,
  policy,
  principal,
  reader,
  type Seen,
  secretsUser,
  subscription,
  vaultScope,
  wanted,
} from "../fixtures.ts";
import type { Plan } from "../plan.ts";
import { planFor } from "../plan-for.ts";

const roleScope = `/subscriptions/${subscription}`;
const condition = "@Resource[Microsoft.Storage/…:name] StringEquals 'orders'";
const twin: RoleDefinition = { ...reader, guid: "99999999-0000-4000-8000-000000000001", isCustom: true };
const withTwin = { roles: new Map([[roleScope, [reader, twin]]]) };
const byGuid = (guid: string, change: Partial<DesiredGrant> = {}): DesiredGrant => ({
  ...grantOf(""),
  role: { guid },
  document: document("IdentityBinding", "by-guid"),
  ...change,
});
const active = (...grants: readonly DesiredGrant[]): DesiredBinding => binding([], grants);
const suspended = (...grants: readonly DesiredGrant[]): DesiredBinding => binding([], grants, true);

interface Case {
  readonly want?: Partial<DesiredIdentity>;
  readonly bindings?: readonly DesiredBinding[];
  readonly see?: Seen;
  readonly change?: Partial<Observed>;
  readonly allowed?: typeof policy;
}

function planned({ want, bindings = [], see, change, allowed = policy }: Case): Plan {
  const seen = observed({ identities: [live()], ...see }, change);
  return planFor(desired(wanted({ bindings, ...want })), seen, allowed);
}

const there = (...assignments: readonly RoleAssignment[]) => ({ see: { assignments } });

describe("an assignment with another condition than the document's", () => {
  const theirs = "given by hand";
  const adopted = live({ tags: { ...live().tags, [pruneTag]: "pending" } });
  test.each([
    ["ours is updated", "Additive", assignmentMarker("prod", identityId), live(), ["update Reader"]],
    ["another owner's is left", "Additive", assignmentMarker("test", identityId), live(), []],
    ["one that was there before is left", "Additive", theirs, live(), []],
    ["so is one without a description", "Additive", undefined, live(), []],
    ["unless the documents are the whole truth", "Authoritative", theirs, live(), ["update Reader"]],
    ["and the adoption is over", "Authoritative", theirs, adopted, ["update tags -bindery-prune"]],
    [
      "ours is updated during an adoption too",
      "Authoritative",
      assignmentMarker("prod", identityId),
      adopted,
      ["update Reader", "update tags -bindery-prune"],
    ],
  ] as const)("%s", (_, prunePolicy, description, identity, lines) => {
    const { description: _ours, ...plain } = assignment(reader);
    const assignments = [{ ...plain, ...(description !== undefined && { description }) }];
    const bindings = [active(grantOf("Reader", vaultScope, condition))];
    const plan = planned({ bindings, want: { prunePolicy }, see: { identities: [identity], assignments } });
    expect(linesOf(plan)).toEqual(lines);
  });
});

describe("what a change of a role says", () => {
  const common = { kind: "role", scope: vaultScope, roleGuid: reader.guid, roleName: "Reader" };
  const had = assignment(reader, { condition, description: "given by hand" });
  const ids = { assignmentId: had.id, principalId: principal.principalId };

  test("a grant carries our mark", () => {
    const [change] = planned({ bindings: [active(grantOf("Reader", vaultScope, condition))] }).changes;
    const description = assignmentMarker("prod", identityId);
    expect(change?.subject).toEqual({
      ...common,
      principalId: principal.principalId,
      condition,
      description,
    });
    expect(change).toMatchObject({ reason: "listed by team/orders", needs: [] });
  });

  test("an update names the assignment and keeps what its description says", () => {
    const [change] = planned({ bindings: [active(grantOf("Reader"))], ...there(had) }).changes;
    expect(change?.subject).toEqual({ ...common, ...ids, description: "given by hand" });
    expect(change?.reason).toBe("its condition differs from team/orders");
  });

  test("a revocation shows the condition that goes with it, and waits for nothing", () => {
    const [change] = planned(there(had)).changes;
    expect(change?.subject).toEqual({ ...common, ...ids, condition });
    expect(change).toMatchObject({ kind: "revoke", needs: [] });
  });
});

describe("in a management group", () => {
  const scope = "/providers/Microsoft.Management/managementGroups/Platform";
  test.each([
    ["of the estate what no document lists goes", ["other", "PLATFORM"], [`revoke ${reader.guid}`]],
    ["of no estate it is only shown", ["other"], []],
  ])("%s", (_, managementGroups, lines) => {
    const allowed = { ...policy, estate: { ...policy.estate, managementGroups } };
    expect(linesOf(planned({ ...there(assignment(reader, { scope })), allowed }))).toEqual(lines);
  });
});

test.each([
  ["another role at the scope of a listed one goes", [reader, secretsUser], vaultScope, []],
  ["and is not taken for it", [secretsUser], vaultScope, ["grant Reader"]],
  ["nor is the same role at another scope", [reader], group, ["grant Reader"]],
])("%s", (_, roles, scope, given) => {
  const { changes } = planned({
    bindings: [active(grantOf("Reader"))],
    ...there(...roles.map((role) => assignment(role, { scope }))),
  });
  const last = roles.at(-1)?.roleName;
  expect(
    changes.map(({ kind, subject }) => `${kind} ${subject.kind === "role" && subject.roleName}`),
  ).toEqual([...given, `revoke ${last}`]);
});

describe("what a role's name or GUID means", () => {
  const elsewhere = { ...twin, roleName: "Deployer", assignableScopes: [`${group}-2`] };
  const deployer = { roles: new Map([[roleScope, [reader, elsewhere]]]) };
  const isUnread = { unreadable: new Map([[roleScope, "403"]]) };
  test.each<[string, DesiredGrant, Partial<Observed>, string, string]>([
    ["a GUID, in any case", byGuid(reader.guid.toUpperCase()), {}, "grant Reader", ""],
    ["a name that two roles have", grantOf("Reader"), withTwin, "RoleNotFound: grant Reader", twin.guid],
    [
      "a role that cannot be given there",
      grantOf("Deployer"),
      deployer,
      "RoleNotFound: grant Deployer",
      "No role",
    ],
    ["nor by its GUID", byGuid(twin.guid), deployer, `RoleNotFound: grant ${twin.guid}`, "No role"],
    [
      "nothing while the roles cannot be read",
      grantOf("Raeder"),
      isUnread,
      "ObservationIncomplete: grant Raeder",
      `The role definitions at ${roleScope} could not be read: 403`,
    ],
  ])("%s", (_, grant, change, line, message) => {
    const plan = planned({ bindings: [active(grant)], change });
    expect(linesOf(plan)).toEqual([line]);
    expect(plan.held[0]?.message ?? "").toContain(message);
  });

  test.each([
    ["Raeder", "Nearest names: Reader."],
    ["xyz", "Write the name of a role that exists there."],
  ])("the cure of %s", (name, cure) => {
    expect(planned({ bindings: [active(grantOf(name))] }).held[0]?.cure).toBe(cure);
  });

  test("while it is not known which of two is meant, neither goes", () => {
    const both = there(assignment(reader), assignment(twin));
    for (const bindings of [
      [active(grantOf("Reader"))],
      [active(byGuid(reader.guid)), active(grantOf("Reader"))],
    ]) {
      expect(linesOf(planned({ bindings, change: withTwin, ...both }))).toEqual([
        "RoleNotFound: grant Reader",
      ]);
    }
  });
});

describe("two bindings want one role at one scope", () => {
  const name = grantOf("reader");
  const guid = byGuid(reader.guid);
  test.each([
    ["it is granted once", [active(name), active(guid)], ["grant Reader"], "orders"],
    ["one active binding is enough", [suspended(name), active(guid)], ["grant Reader"], "by-guid"],
    ["whichever comes first", [active(guid), suspended(name)], ["grant Reader"], "by-guid"],
    ["two suspended ones are not", [suspended(name), suspended(guid)], ["Suspended: grant Reader"], "orders"],
  ])("%s", (_, bindings, lines, by) => {
    const plan = planned({ bindings });
    expect(linesOf(plan)).toEqual(lines);
    expect([...plan.changes, ...plan.held.map((h) => h.change)][0]?.document.name).toBe(by);
  });

  const conditioned = byGuid(reader.guid, { condition });
  test.each([
    [
      "nobody says which condition counts",
      [active(name), active(conditioned)],
      [],
      "ConditionConflict: grant Reader",
    ],
    ["whichever comes first", [active(conditioned), active(name)], [], "ConditionConflict: grant Reader"],
    [
      "nor when one is suspended",
      [suspended(name), active(conditioned)],
      [],
      "ConditionConflict: grant Reader",
    ],
    [
      "nor by what a third one says",
      [active(name), active(conditioned), active(name)],
      [],
      "ConditionConflict: grant Reader",
    ],
    [
      "nor where only the third one is active",
      [suspended(name), suspended(conditioned), active(name)],
      [],
      "ConditionConflict: grant Reader",
    ],
    [
      "what is there stays as it is",
      [active(name), active(conditioned)],
      [assignment(reader)],
      "ConditionConflict: update Reader",
    ],
  ])("with different conditions: %s", (_, bindings, assignments, line) => {
    const plan = planned({ bindings, see: { assignments } });
    expect(linesOf(plan)).toEqual([line]);
    expect(plan.held[0]?.message).toMatch(/^team\/\S+ and team\/\S+ \(orders.yaml:1\) want the same role at/);
    expect(plan.held[0]?.releasable).toBe(false);
  });

  test("with the same condition it is granted under it", () => {
    const [change] = planned({
      bindings: [active(grantOf("Reader", vaultScope, condition)), active(conditioned)],
    }).changes;
    expect(change?.subject).toMatchObject({ condition });
  });
});

describe("what we gave to a principal that is dead", () => {
  const principalId = "dddddddd-0000-4000-8000-000000000001";
  const name = assignmentNameFor(vaultScope, principalId, secretsUser.guid);
  const id = `${vaultScope}/providers/Microsoft.Authorization/roleAssignments/${name}`;
  const assignments = [assignment(secretsUser, { id, principalId })];
  const needsOf = (case_: Case) => {
    const { changes } = planned(case_);
    return [changes[0]?.id, changes.find(({ kind }) => kind === "revoke")?.needs];
  };

  test("goes after an identity that is yet to be made again", () => {
    const [first, needs] = needsOf({ see: { identities: [], assignments } });
    expect(needs).toEqual([first]);
  });

  test.each<[string, Case]>([
    ["at once where there is one of ours", { see: { assignments } }],
    ["and for lifecycle: Absent", { want: { lifecycle: "Absent" }, see: { identities: [], assignments } }],
  ])("%s", (_, one) => {
    const [, needs] = needsOf(one);
    expect(needs).toEqual([]);
  });
});
