import { describe, expect, test } from "vitest";
import { idKey } from "../../model/arm-id.ts";
import type { RoleAssignment } from "../../model/grant.ts";
import type { FederatedCredential } from "../../model/identity.ts";
import type { ScaleSetInstance } from "../../model/scale-set.ts";
import type { OperationAction } from "../../plan/plan.ts";
import { applyTo, type FakeAzure, fakeAzure, type Seed } from "../fake-azure.ts";
import {
  change,
  failure,
  identity,
  identityId,
  lateInstance,
  linesOf,
  operation,
  planOfOne,
  planWith,
} from "../fixtures.ts";

const id = identityId("one");
const scope = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/kv";
const cut = failure("transient", "ECONNRESET", { mayHaveHappened: true });
const busy = failure("transient", "TooManyRequests");
const locked = failure("terminal", "ScopeLocked");
const unknownPrincipal = failure("propagating", "PrincipalNotFound", { retryAfterInMs: 5_000 });

const credential: FederatedCredential = {
  name: "github",
  issuer: "https://issuer",
  subject: "repo:contoso/orders",
  audience: "api://AzureADTokenExchange",
};
const assignment: RoleAssignment = {
  id: `${scope}/providers/Microsoft.Authorization/roleAssignments/existing`,
  scope,
  principalId: "principal-of-one",
  roleGuid: "reader",
  description: "marker",
};

const create: OperationAction = {
  kind: "createIdentity",
  identityId: id,
  location: "westeurope",
  tags: { "bindery-owner": "prod" },
};
const merge = (tags: Record<string, string>, recordPrincipal = false): OperationAction => ({
  kind: "mergeTags",
  identityId: id,
  tags,
  recordPrincipal,
});
const untag = (tags: Record<string, string>): OperationAction => ({
  kind: "deleteTags",
  identityId: id,
  tags,
});
const putCredential: OperationAction = { kind: "putCredential", identityId: id, credential };
const deleteCredential: OperationAction = { kind: "deleteCredential", identityId: id, credential };
const put: Extract<OperationAction, { kind: "putAssignment" }> = {
  kind: "putAssignment",
  identityId: id,
  principalId: "principal-of-one",
  scope,
  roleGuid: "reader",
  roleName: "Reader",
  description: "marker",
};
const revoke: OperationAction = {
  kind: "deleteAssignment",
  assignmentId: assignment.id,
  principalId: "principal-of-one",
  roleName: "Reader",
  scope,
};
const remove: OperationAction = { kind: "deleteIdentity", identityId: id, principalId: "principal-of-one" };
const upgrade: OperationAction = { kind: "upgradeInstances", targetId: identityId("set") };

type Row = readonly [
  name: string,
  action: OperationAction,
  seed: Seed,
  outcome: string,
  log: readonly string[],
];

async function expectRow([, action, seed, outcome, log]: Row): Promise<void> {
  const azure = fakeAzure(seed);
  const report = await applyTo(azure, planOfOne(action), { retry: { visibilityInMs: 2_000 } });
  expect(azure.log).toEqual(log);
  expect(linesOf(report)).toEqual([`it: ${outcome}`]);
}

function stripTags(azure: FakeAzure): void {
  const made = azure.identities.get(idKey(id));
  if (made) azure.identities.set(idKey(id), { ...made, tags: {} });
}

describe("createIdentity", () => {
  const read = "readIdentity one";
  const made = "createIdentity one";
  test.each<Row>([
    ["only after a 404", create, {}, "applied", [read, made, read]],
    [
      "what is there is not written",
      create,
      { identities: [identity("one")] },
      "skipped AlreadyExists",
      [read],
    ],
    [
      "a refused read writes nothing",
      create,
      { faults: [{ on: read, throws: locked }] },
      "failed ScopeLocked",
      [read],
    ],
    [
      "cut after Azure had acted: the owner tag tells that it is ours",
      create,
      { faults: [{ on: made, throws: cut, happened: true }] },
      "applied",
      [read, made, read, read],
    ],
    [
      "refused for now: tried again after another 404",
      create,
      { faults: [{ on: made, throws: busy }] },
      "applied",
      [read, made, read, made, read],
    ],
  ])("%s", async (...row) => expectRow(row));

  test("someone was faster: CreateRaced, and our tag does not stay on what is theirs", async () => {
    const theirs = identity("one", { tags: { team: "theirs" } });
    const azure: FakeAzure = fakeAzure({
      faults: [{ on: made, before: () => azure.identities.set(idKey(id), theirs) }],
    });
    const changes = [change("it", "create"), change("record", "update", { needs: ["it"] })];
    const plan = planWith(changes, [
      operation("it", create),
      operation("record", merge({}, true), { after: ["it"] }),
    ]);
    expect(linesOf(await applyTo(azure, plan))).toEqual([
      "it: failed CreateRaced",
      "record: skipped WaitsFor",
    ]);
    expect(azure.log).toEqual([read, made, "deleteTags one"]);
    expect(azure.identities.get(idKey(id))?.tags).not.toHaveProperty("bindery-owner");
  });

  test("the tag that cannot be taken back is told", async () => {
    const azure: FakeAzure = fakeAzure({
      faults: [
        { on: made, before: () => azure.identities.set(idKey(id), identity("one")) },
        { on: "deleteTags one", throws: locked },
      ],
    });
    const { outcomes } = await applyTo(azure, planOfOne(create));
    expect(outcomes[0]?.code).toBe("CreateRaced");
    expect(outcomes[0]?.message).toContain("could not be taken back");
  });

  test("a policy takes our tag off on the way: not ours, and nothing comes to depend on it", async () => {
    const azure: FakeAzure = fakeAzure({
      faults: [{ on: read, skip: 1, before: () => stripTags(azure) }],
    });
    const changes = [change("it", "create"), change("record", "update", { needs: ["it"] })];
    const plan = planWith(changes, [
      operation("it", create),
      operation("record", merge({}, true), { after: ["it"] }),
    ]);
    expect(linesOf(await applyTo(azure, plan))).toEqual([
      "it: failed OverriddenByPolicy",
      "record: skipped WaitsFor",
    ]);
  });

  test("cut, and what is there then carries another's tag: not ours", async () => {
    const theirs = identity("one", { tags: { "bindery-owner": "other" } });
    const azure: FakeAzure = fakeAzure({
      faults: [{ on: made, throws: cut, before: () => azure.identities.set(idKey(id), theirs) }],
    });
    expect(linesOf(await applyTo(azure, planOfOne(create)))).toEqual(["it: skipped AlreadyExists"]);
    expect(azure.log).toEqual([read, made, read]);
  });

  test("an identity that came between a refusal and the next try is left alone", async () => {
    const azure: FakeAzure = fakeAzure({
      faults: [{ on: made, throws: busy, before: () => azure.identities.set(idKey(id), identity("one")) }],
    });
    expect(linesOf(await applyTo(azure, planOfOne(create)))).toEqual(["it: skipped AlreadyExists"]);
  });
});

describe("tags", () => {
  const read = "readIdentity one";
  const ours = { identities: [identity("one")] };
  const marked = { "bindery-owner": "prod", "bindery-principal": "principal-of-one/client-of-one" };
  const theirs = { identities: [identity("one", { tags: { "bindery-owner": "other" } })] };
  const bare = { identities: [identity("one", { tags: {} })] };
  const merged = [read, "mergeTags one", read];
  test.each<Row>([
    ["a tag is set", merge({ team: "a" }), ours, "applied", merged],
    ["the principal comes from the fresh read", merge({}, true), ours, "applied", merged],
    ["already so", merge({}, true), { identities: [identity("one", { tags: marked })] }, "applied", [read]],
    ["adoption sets the owner", merge({ "bindery-owner": "prod" }, true), bare, "applied", merged],
    [
      "adoption, and another was faster",
      merge({ "bindery-owner": "prod" }),
      theirs,
      "skipped OwnedByAnother",
      [read],
    ],
    ["no longer ours", merge({ team: "a" }), bare, "skipped OwnershipLost", [read]],
    ["gone", merge({ team: "a" }), {}, "skipped IdentityGone", [read]],
    [
      "cut, but done",
      merge({ team: "a" }),
      { ...ours, faults: [{ on: "mergeTags one", throws: cut, happened: true }] },
      "applied",
      [read, "mergeTags one", read],
    ],
    [
      "release",
      untag(marked),
      { identities: [identity("one", { tags: marked })] },
      "applied",
      [read, "deleteTags one", read],
    ],
    ["release of what is free already", untag({ "bindery-owner": "prod" }), bare, "applied", [read]],
    [
      "release of what is another's",
      untag({ "bindery-owner": "prod" }),
      theirs,
      "skipped OwnedByAnother",
      [read],
    ],
  ])("%s", async (...row) => expectRow(row));

  test("a tag is deleted whatever its casing and value are by now", async () => {
    const tags = { "Bindery-Owner": "prod", "bindery-prune": "changed", team: "a" };
    const azure = fakeAzure({ identities: [identity("one", { tags })] });
    await applyTo(azure, planOfOne(untag({ "bindery-owner": "prod", "bindery-prune": "pending" })));
    expect(azure.identities.get(idKey(id))?.tags).toEqual({ team: "a" });
  });

  test("a takeover means the principal that the plan saw", async () => {
    const azure = fakeAzure(bare);
    const action = { ...merge({ "bindery-owner": "prod" }, true), principalId: "another" } as const;
    expect(linesOf(await applyTo(azure, planOfOne(action)))).toEqual(["it: skipped PrincipalChanged"]);
    expect(azure.log).toEqual([read]);
  });

  /** A fake in which somebody has the last word on what is written. */
  function overriding(change: (tags: Record<string, string>) => Record<string, string>): FakeAzure {
    const azure: FakeAzure = fakeAzure({ identities: [identity("one", { tags: { ...marked, team: "b" } })] });
    const then = async (write: Promise<void>): Promise<void> => {
      await write;
      const live = azure.identities.get(idKey(id));
      if (live) azure.identities.set(idKey(id), { ...live, tags: change({ ...live.tags }) });
    };
    return {
      ...azure,
      mergeTags: (...args) => then(azure.mergeTags(...args)),
      deleteTags: (...args) => then(azure.deleteTags(...args)),
    };
  }
  const reads = (azure: FakeAzure) => azure.log.filter((line) => line === read).length;

  test("a tag that comes back with a third value is overridden, and that is seen at the first read", async () => {
    const azure = overriding((tags) => ({ ...tags, team: "policy" }));
    const { outcomes } = await applyTo(azure, planOfOne(merge({ team: "a" })));
    expect(outcomes).toMatchObject([{ state: "failed", code: "OverriddenByPolicy" }]);
    expect(outcomes[0]?.message).toContain('team is "policy" instead of "a"');
    expect(outcomes[0]?.transient).toBeUndefined();
    expect(reads(azure)).toBe(2);
  });

  test("one that keeps its value is so once nothing would still be on its way", async () => {
    const azure = overriding((tags) => ({ ...tags, team: "b" }));
    const report = await applyTo(azure, planOfOne(merge({ team: "a" })));
    expect(linesOf(report)).toEqual(["it: failed OverriddenByPolicy"]);
    expect(reads(azure)).toBeGreaterThan(3);
  });

  test("one that shows late is just late", async () => {
    const azure: FakeAzure = fakeAzure(ours);
    let seen = 0;
    const ports = {
      ...azure,
      readIdentity: async (...args: Parameters<FakeAzure["readIdentity"]>) => {
        seen += 1;
        const live = await azure.readIdentity(...args);
        return seen < 5 && live ? { ...live, tags: { "bindery-owner": "prod" } } : live;
      },
    };
    expect(linesOf(await applyTo(ports, planOfOne(merge({ team: "a" }))))).toEqual(["it: applied"]);
  });

  test("a stop proves nothing: what does not show yet is propagating", async () => {
    const stop = new AbortController();
    const azure = overriding((tags) => {
      stop.abort();
      return { ...tags, team: "b" };
    });
    const report = await applyTo(azure, planOfOne(merge({ team: "a" })), { stop: stop.signal });
    expect(linesOf(report)).toEqual(["it: propagating NotVisibleYet"]);
  });

  test("a deleted tag that comes back is overridden", async () => {
    const azure = overriding((tags) => ({ ...tags, "bindery-prune": "policy" }));
    azure.identities.set(idKey(id), identity("one", { tags: { ...marked, "bindery-prune": "pending" } }));
    const { outcomes } = await applyTo(azure, planOfOne(untag({ "bindery-prune": "pending" })));
    expect(outcomes).toMatchObject([{ state: "failed", code: "OverriddenByPolicy" }]);
    expect(outcomes[0]?.message).toContain('bindery-prune is "policy" instead of missing');
  });
});

describe("federated credentials", () => {
  const list = "listCredentials one";
  const wrote = "putCredential one";
  const gone = "deleteCredential one";
  const has = (one: FederatedCredential): Seed => ({ credentials: { one: [one] } });
  test.each<Row>([
    ["is written", putCredential, {}, "applied", [wrote, list]],
    [
      "cut, but done",
      putCredential,
      { faults: [{ on: wrote, throws: cut, happened: true }] },
      "applied",
      [wrote, list, list],
    ],
    [
      "concurrent writes",
      putCredential,
      { faults: [{ on: wrote, throws: busy }] },
      "applied",
      [wrote, list, wrote, list],
    ],
    ["is deleted", deleteCredential, has(credential), "applied", [list, gone, list]],
    ["is gone already", deleteCredential, {}, "applied", [list]],
    [
      "trusts another subject by now",
      deleteCredential,
      has({ ...credential, subject: "x" }),
      "skipped CredentialChanged",
      [list],
    ],
    [
      "trusts another issuer by now",
      deleteCredential,
      has({ ...credential, issuer: "x" }),
      "skipped CredentialChanged",
      [list],
    ],
  ])("%s", async (...row) => expectRow(row));
});

describe("role assignments", () => {
  const find = "findAssignments kv";
  const wrote = "putAssignment kv";
  const readNew = "readAssignment new";
  const readOld = "readAssignment existing";
  const gone = "deleteAssignment existing";
  const there: Seed = { assignments: [assignment] };
  const update: OperationAction = { ...put, assignmentId: assignment.id, condition: "x" };
  const { principalId: _principalId, ...unknown } = put;
  test.each<Row>([
    ["a role is assigned", put, {}, "applied", [wrote, readNew]],
    ["somebody else's is left as it is", { ...put, description: "ours" }, there, "applied", [wrote, readOld]],
    [
      "cut, but done: asked before it is repeated",
      put,
      { faults: [{ on: wrote, throws: cut, happened: true }] },
      "applied",
      [wrote, find, readNew],
    ],
    [
      "a new principal is waited for",
      put,
      { faults: [{ on: wrote, throws: unknownPrincipal, times: 2 }] },
      "applied",
      [wrote, find, wrote, find, wrote, readNew],
    ],
    [
      "404 after 201",
      put,
      { faults: [{ on: readNew, throws: failure("transient", "Busy") }] },
      "applied",
      [wrote, readNew, readNew],
    ],
    ["no principal is known", unknown, {}, "skipped PrincipalUnknown", []],
    ["a condition is changed", update, there, "applied", [readOld, wrote, readOld]],
    [
      "a condition that is so already",
      update,
      { assignments: [{ ...assignment, condition: "x" }] },
      "applied",
      [readOld, readOld],
    ],
    ["the assignment to change is gone", update, {}, "skipped AssignmentGone", [readOld]],
    [
      "the assignment to change is another's",
      update,
      { assignments: [{ ...assignment, principalId: "x" }] },
      "skipped PrincipalChanged",
      [readOld],
    ],
    ["a role is revoked", revoke, there, "applied", [readOld, gone, readOld]],
    ["revoked already", revoke, {}, "applied", [readOld]],
    [
      "another principal's by now",
      revoke,
      { assignments: [{ ...assignment, principalId: "x" }] },
      "skipped PrincipalChanged",
      [readOld],
    ],
    [
      "revoking is refused",
      revoke,
      { ...there, faults: [{ on: gone, throws: locked }] },
      "failed ScopeLocked",
      [readOld, gone],
    ],
  ])("%s", async (...row) => expectRow(row));

  test("a principal that stays unknown is lag, never a failure", async () => {
    const azure = fakeAzure({ faults: [{ on: wrote, throws: unknownPrincipal, times: 999 }] });
    const { outcomes } = await applyTo(azure, planOfOne(put));
    expect(outcomes).toMatchObject([{ state: "propagating", code: "PrincipalNotFound" }]);
    // Three minutes at five seconds each, and the first attempt.
    expect(azure.log.filter((one) => one === wrote)).toHaveLength(37);
  });

  test("a role goes to the principal that this run has created", async () => {
    const azure = fakeAzure();
    const changes = [change("it", "create"), change("grant", "grant", { needs: ["it"] })];
    const plan = planWith(changes, [operation("grant", unknown), operation("it", create)]);
    expect(linesOf(await applyTo(azure, plan))).toEqual(["it: applied", "grant: applied"]);
    expect([...azure.assignments.values()]).toMatchObject([{ principalId: "principal-of-one" }]);
  });
});

describe("deleteIdentity", () => {
  const read = "readIdentity one";
  const gone = "deleteIdentity one";
  test.each<Row>([
    [
      "ours and the one that was meant",
      remove,
      { identities: [identity("one")] },
      "applied",
      [read, gone, read],
    ],
    ["gone already", remove, {}, "applied", [read]],
    [
      "recreated",
      remove,
      { identities: [identity("one", { principalId: "x" })] },
      "skipped PrincipalChanged",
      [read],
    ],
    [
      "without our tag",
      remove,
      { identities: [identity("one", { tags: {} })] },
      "skipped OwnershipLost",
      [read],
    ],
    [
      "with another's tag",
      remove,
      { identities: [identity("one", { tags: { "bindery-owner": "x" } })] },
      "skipped OwnedByAnother",
      [read],
    ],
    [
      "cut, but done",
      remove,
      { identities: [identity("one")], faults: [{ on: gone, throws: cut, happened: true }] },
      "applied",
      [read, gone, read],
    ],
    [
      "refused",
      remove,
      { identities: [identity("one")], faults: [{ on: gone, throws: locked }] },
      "failed ScopeLocked",
      [read, gone],
    ],
  ])("%s", async (...row) => expectRow(row));
});

describe("upgradeInstances", () => {
  const [upgraded, look] = ["upgradeInstances set", "listInstances set"];
  const instance = (instanceId: string, change: Partial<ScaleSetInstance> = {}): ScaleSetInstance => ({
    ...lateInstance,
    instanceId,
    ...change,
  });
  const has = { attachments: { systemAssigned: false, userAssigned: [{ id: identityId("one") }] } };
  const set = (...instances: ScaleSetInstance[]) => ({ instances: { [identityId("set")]: instances } });
  test.each<Row>([
    [
      "is waited for and looked at",
      upgrade,
      set(instance("0"), instance("1")),
      "applied",
      [look, upgraded, "= 0 1", "ended set", look],
    ],
    [
      "is for those only that lack the identity and are not protected",
      upgrade,
      set(instance("0", has), instance("1"), instance("2", { isProtected: true })),
      "applied",
      [look, upgraded, "= 1", "ended set", look],
    ],
    [
      "is for those too of which a late list says that they have the latest model",
      upgrade,
      set(instance("0", { hasLatestModel: true })),
      "applied",
      [look, upgraded, "= 0", "ended set", look],
    ],
    ["is not asked for where nobody lacks the identity", upgrade, set(instance("0", has)), "applied", [look]],
    [
      "is repeated for those that still lack it",
      upgrade,
      { ...set(instance("0"), instance("1")), faults: [{ on: "ended set", throws: busy }] },
      "applied",
      [look, upgraded, "= 0 1", "ended set", look, upgraded, "= 0 1", "ended set", look],
    ],
    [
      "is refused",
      upgrade,
      { ...set(instance("0")), faults: [{ on: upgraded, throws: locked }] },
      "failed ScopeLocked",
      [look, upgraded],
    ],
  ])("%s", async (...row) => expectRow(row));

  test("is propagating while instances still show that they lag behind", async () => {
    const azure = fakeAzure(set(instance("0")));
    const ports = { ...azure, listInstances: async () => [instance("0")] };
    const report = await applyTo(ports, planOfOne(upgrade), { retry: { visibilityInMs: 2_000 } });
    expect(linesOf(report)).toEqual(["it: propagating NotVisibleYet"]);
    expect(azure.log).toEqual([upgraded, "= 0", "ended set"]);
  });
});
