import { describe, expect, test } from "vitest";
import { identityIdFrom, idKey } from "../model/arm-id.ts";
import type { Observed } from "../observed/observed.ts";
import {
  assignment,
  binding,
  desired,
  document,
  grantOf,
  identityId,
  live,
  namedVm,
  observed,
  policy,
  principal,
  reader,
  secretsUser,
  subscription,
  vm,
  wanted,
} from "./fixtures.ts";
import type { Plan } from "./plan.ts";
import { planFor } from "./plan-for.ts";
import { narrowed, type SavedChange, type SavedPlan } from "./saved-plan.ts";
import { refusalsOf } from "./saved-plan-fit.ts";

const otherId = identityIdFrom(subscription, "rg", "id-other");
const otherLive = live({
  id: otherId,
  principalId: "p-other",
  clientId: "c-other",
  tags: { "bindery-owner": "prod", "bindery-principal": "p-other/c-other" },
});
const oneVm = [binding([namedVm("vm-1")])];
const generous = { ...policy, limits: { removals: { count: 99, percent: 100 }, additions: { count: 99 } } };

function savedOf(changes: readonly SavedChange[], savedAtInMs = 0): SavedPlan {
  return {
    revision: "r1",
    owner: "prod",
    cloud: "public",
    tenantId: "t",
    policyDigest: "p",
    digest: "d",
    savedAt: "then",
    savedAtInMs,
    changes,
  };
}

/** The file as it is written for these changes of a plan. */
function fileOf(changes: Plan["changes"]): SavedPlan {
  return savedOf(JSON.parse(JSON.stringify(changes)) as SavedChange[]);
}

function narrowedBy(saved: SavedPlan, plan: Plan, world: Observed, created: readonly string[] = []) {
  const { plan: part, leftOut } = narrowed(plan, world, { saved, created: new Set(created.map(idKey)) });
  const words = (one: { readonly kind: string; readonly identityId: string }) =>
    `${one.kind} ${one.identityId.split("/").at(-1)}`;
  return {
    part,
    done: part.changes.map(words),
    left: leftOut.map((one) => `${one.reason}: ${words(one)}`),
    leftOut,
  };
}

/** Two identities at the same machine: both come to it, or both leave it. */
function twoAtOne(bindings: typeof oneVm, attached: readonly string[]): { plan: Plan; world: Observed } {
  const second = wanted({ id: otherId, document: document("UserAssignedIdentity", "second"), bindings });
  const world = observed({ identities: [live(), otherLive], targets: [vm("vm-1", attached)] });
  return { plan: planFor(desired(wanted({ bindings }), second), world, generous), world };
}

describe("at one machine", () => {
  test.each([
    ["an identity leaves although another one that leaves was not seen", [], [identityId, otherId], "detach"],
    ["an identity comes although another one that comes was not seen", oneVm, [], "attach"],
  ] as const)("%s", (_, bindings, attached, kind) => {
    const { plan, world } = twoAtOne([...bindings], attached);
    expect(plan.changes.map((c) => c.kind)).toEqual([kind, kind]);
    const seen = plan.changes.filter((c) => c.identityId === identityId);
    const { done, left } = narrowedBy(fileOf(seen), plan, world);
    expect(done).toEqual([`${kind} id-orders`]);
    expect(left).toEqual([`NotInPlan: ${kind} id-other`]);
  });
});

test("what needs two others does not go if either is left out", () => {
  const { plan, world } = twoAtOne(oneVm, []);
  const [first, second] = plan.changes;
  if (!first || !second) throw new Error("The plan has no two changes.");
  const third = {
    ...second,
    id: "third",
    identityId: `${identityId}-3`,
    subject: { kind: "tags", set: {}, remove: {} },
  } as const;
  for (const needs of [
    [first.id, second.id],
    [second.id, first.id],
  ]) {
    const changes = [first, second, { ...third, needs }];
    const { done, left } = narrowedBy(fileOf([first, { ...third, needs }]), { ...plan, changes }, world);
    expect(done).toEqual(["attach id-orders"]);
    expect(left).toEqual(["NotInPlan: attach id-other", "NeedLeftOut: attach id-orders-3"]);
  }
});

test("an identity that this apply has created is not another one that the file names", () => {
  const world = observed({ identities: [live()] });
  const plan = planFor(desired(wanted({ bindings: [binding([], [grantOf("Reader")])] })), world, policy);
  const subjectWith = (principalId: string) =>
    fileOf(plan.changes.map((c) => ({ ...c, subject: { ...c.subject, principalId } as typeof c.subject })));
  expect(narrowedBy(subjectWith(principal.principalId), plan, world, [identityId]).done).toEqual([
    "grant id-orders",
  ]);
  expect(narrowedBy(subjectWith("p-other"), plan, world, [identityId]).left).toEqual([
    "Changed: grant id-orders",
  ]);
});

test("each part of a plan has a digest of its own", () => {
  const { plan, world } = twoAtOne(oneVm, []);
  const digests = [plan.changes, plan.changes.slice(0, 1), plan.changes.slice(1), []].map(
    (changes) => narrowedBy(fileOf(changes), plan, world).part.digest,
  );
  expect(digests[0]).toBe(plan.digest);
  expect(new Set(digests).size).toBe(4);
});

test("what is so already is named by what it gives, or by whose it is", () => {
  const want = wanted({ bindings: [binding([], [grantOf(secretsUser.roleName)])], tags: { a: "1" } });
  const before = planFor(desired(want), observed({ identities: [live()] }), policy);
  const database = {
    ...before.changes[0],
    id: "user",
    subject: { kind: "databaseUser", userName: "orders" },
  };
  const saved = savedOf([...fileOf(before.changes).changes, database as unknown as SavedChange]);
  const world = observed({
    identities: [live({ tags: { ...live().tags, a: "1" } })],
    assignments: [assignment(secretsUser), assignment(reader, { principalId: "somebody" })],
  });
  const { leftOut } = narrowedBy(saved, planFor(desired(want), world, policy), world);
  expect(leftOut.map((one) => `${one.reason}: ${one.words}`)).toEqual([
    "AlreadySo: update tags of id-orders",
    "AlreadySo: grant Key Vault Secrets User on kv",
    "AlreadySo: update databaseUser orders",
  ]);
});

describe("the age of a saved plan counts from when it was saved", () => {
  const [hour, day] = [3_600_000, 86_400_000];
  const saved = savedOf([], 20_000 * day);
  test.each([
    ["it may be applied within its time", 20_000 * day + hour, []],
    ["and not later", 20_000 * day + hour + 1, ["It was saved at then, more than 1 hour ago."]],
  ])("%s", (_, timeInMs, expected) => {
    expect(refusalsOf(saved, saved, { timeInMs, maxAgeInMs: hour })).toEqual(expected);
  });
});
