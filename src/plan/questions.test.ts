import { expect, test } from "vitest";
import {
  binding,
  desired,
  identityId,
  live,
  namedVm,
  observed,
  policy,
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
