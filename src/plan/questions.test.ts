import { expect, test } from "vitest";
import {
  assignment,
  binding,
  desired,
  grantOf,
  group,
  identityId,
  live,
  namedVm,
  observed,
  policy,
  principal,
  reader,
  secretsUser,
  vaultScope,
  vm,
  vmId,
  wanted,
} from "./fixtures.ts";
import { planFor } from "./plan-for.ts";
import { questionsOf } from "./questions.ts";

test("whoever is to be attached is asked for again: a list may show the owner tag of a minute ago", () => {
  const seen = observed({ identities: [live()], targets: [vm("vm-1")] });
  const plan = planFor(desired(wanted({ bindings: [binding([namedVm("vm-1")])] })), seen, policy);
  expect(plan.changes.map((c) => c.kind)).toEqual(["attach"]);
  const { identityIds, targetIds } = questionsOf(plan);
  expect(identityIds).toEqual([identityId]);
  expect(targetIds).toEqual([vmId("vm-1")]);
});

test("where nothing changes nothing is asked", () => {
  const seen = observed({ identities: [live()] });
  expect(questionsOf(planFor(desired(wanted()), seen, policy)).identityIds).toEqual([]);
});

test("what refers to an identity is asked of what may be deleted, not of what is somebody else's", () => {
  const want = desired(wanted({ lifecycle: "Absent" }));
  const deletionsOf = (identity: ReturnType<typeof live>) =>
    questionsOf(planFor(want, observed({ identities: [identity] }, { references: new Map() }), policy))
      .deletions;
  expect(deletionsOf(live())).toEqual([identityId]);
  expect(deletionsOf(live({ tags: {} }))).toEqual([]);
});

test("exactly what would change is asked again: machines, assignments that go, and where somebody is to be given something", () => {
  const surplus = assignment(reader);
  const want = wanted({ bindings: [binding([namedVm("vm-1")], [grantOf(secretsUser.roleName, group)])] });
  const seen = observed({ identities: [live()], targets: [vm("vm-1")], assignments: [surplus] });
  expect(questionsOf(planFor(desired(want), seen, policy))).toEqual({
    identityIds: [identityId, identityId, identityId],
    targetIds: [vmId("vm-1")],
    assignmentIds: [surplus.id],
    grants: [{ scope: group, principalId: principal.principalId }],
    deletions: [],
  });
  expect(surplus.scope).toBe(vaultScope);
});

test("a scale set whose instances are to be brought up to date is asked for again", () => {
  const { changes, held } = planFor(desired(wanted()), observed(), policy);
  const [create] = [...changes, ...held.map((h) => h.change)];
  const rollOut = create && { ...create, subject: { kind: "instances" as const, targetId: vmId("set") } };
  expect(questionsOf({ changes: rollOut ? [rollOut] : [], held: [] }).targetIds).toEqual([vmId("set")]);
});
