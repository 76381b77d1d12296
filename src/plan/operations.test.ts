import { describe, expect, test } from "vitest";
import { identityIdFrom } from "../model/arm-id.ts";
import { ownerTag } from "../model/identity.ts";
import { byText } from "../model/order.ts";
import type { DatabaseSubject } from "./database-subjects.ts";
import { database, execute, key, ref } from "./diff/fixtures.ts";
import { changeId } from "./draft.ts";
import {
  document,
  identityId,
  observed,
  principal,
  reader,
  subscription,
  vaultScope,
  vm,
} from "./fixtures.ts";
import { operationsFor } from "./operations.ts";
import type { Change, ChangeKind, Subject } from "./plan.ts";

const otherId = identityIdFrom(subscription, "rg", "id-other");
const billing = { ...ref, database: "billing" };
const billingKey = `${ref.server}/billing`;
const databases = new Map([
  [key, database([])],
  [billingKey, database([])],
]);
const seen = observed({ targets: [vm("vm-1")] }, { databases });

function change(kind: ChangeKind, subject: Subject, id = identityId): Change {
  const reason = "it is so";
  return {
    id: changeId(kind, id, subject),
    kind,
    identityId: id,
    document: document(),
    subject,
    reason,
    needs: [],
  };
}

function inDatabase(kind: "grant" | "revoke", subject: Pick<DatabaseSubject, "kind">, of = ref): Change {
  return change(kind, { database: of, userName: "id-orders", ...subject } as DatabaseSubject);
}

const tags = { kind: "tags", set: {}, remove: {} } as const;
const role = {
  kind: "role",
  scope: vaultScope,
  roleGuid: reader.guid,
  roleName: "Reader",
  principalId: principal.principalId,
} as const;
const credential = { name: "ci", issuer: "https://ci", subject: "repo:a", audience: "api" };
const target = { kind: "target", targetId: vm("vm-1").id } as const;

const create = change("create", { kind: "identity", location: "westeurope", tags: {} });
const adopt = change("adopt", {
  ...tags,
  set: { [ownerTag]: "prod" },
  recordPrincipal: true,
  principalId: "p",
});
const tag = change("update", { ...tags, set: { team: "a" } });
const untag = change("update", { ...tags, remove: { "bindery-prune": "pending" } });
const remember = change("update", { ...tags, set: { "bindery-sql-1": key } });
const forget = change("update", { ...tags, remove: { "bindery-sql-2": billingKey } });
const trust = change("update", { kind: "credential", credential, remove: false });
const distrust = change("update", {
  kind: "credential",
  credential: { ...credential, name: "old" },
  remove: true,
});
const give = change("grant", { ...role, condition: "true", description: "ours" });
const amend = change("grant", { ...role, assignmentId: "/a" });
const take = change("revoke", { ...role, assignmentId: "/a" });
const attach = change("attach", target);
const rollOut = change("update", { kind: "instances", targetId: vm("vm-1").id });
const remove = change("delete", { kind: "identity", principalId: principal.principalId });
const user = inDatabase("grant", { kind: "databaseUser" });
const noUser = inDatabase("revoke", { kind: "databaseUser" });
const reads = { kind: "databaseRole", role: "db_datareader" } as const;
const gets = inDatabase("grant", reads);
const may = inDatabase("grant", { kind: "databasePermission", ...execute } as Pick<DatabaseSubject, "kind">);
const loses = inDatabase("revoke", { kind: "databaseRole", role: "db_owner" } as Pick<
  DatabaseSubject,
  "kind"
>);
const getsElsewhere = inDatabase("grant", reads, billing);

const { kind: _kind, ...grantFacts } = role;

describe("an operation has all the facts of its change, and no others", () => {
  test.each([
    [
      "a takeover means one principal, and records it",
      adopt,
      {
        kind: "mergeTags",
        identityId,
        tags: { [ownerTag]: "prod" },
        recordPrincipal: true,
        principalId: "p",
      },
    ],
    [
      "tags of the document record nobody",
      tag,
      { kind: "mergeTags", identityId, tags: { team: "a" }, recordPrincipal: false },
    ],
    [
      "tags that go, with their values",
      untag,
      { kind: "deleteTags", identityId, tags: { "bindery-prune": "pending" } },
    ],
    [
      "a new role, with its condition and our marker",
      give,
      { kind: "putAssignment", identityId, ...grantFacts, condition: "true", description: "ours" },
    ],
    [
      "a role that is changed where it stands",
      amend,
      { kind: "putAssignment", identityId, ...grantFacts, assignmentId: "/a" },
    ],
    [
      "a role that goes",
      take,
      {
        kind: "deleteAssignment",
        assignmentId: "/a",
        principalId: principal.principalId,
        roleName: "Reader",
        scope: vaultScope,
      },
    ],
    ["instances", rollOut, { kind: "upgradeInstances", targetId: vm("vm-1").id }],
    [
      "the deletion of one principal",
      remove,
      { kind: "deleteIdentity", identityId, principalId: principal.principalId },
    ],
    [
      "an attach that takes off a dead reference before",
      change("attach", { ...target, stale: { principalId: "dead" } }),
      {
        kind: "patchTarget",
        target: vm("vm-1"),
        attach: [{ identityId, changeId: attach.id, stale: { principalId: "dead" } }],
        detach: [],
      },
    ],
  ])("%s", (_, one, action) => {
    expect(operationsFor([one], seen)).toStrictEqual([
      { id: "op-1", action, changeIds: [one.id], after: [] },
    ]);
  });
});

/** What each operation does, and what it waits for: "give < create". */
function orderOf(changes: readonly Change[]): readonly string[] {
  const operations = operationsFor(changes, seen);
  const words = new Map(operations.map(({ id, changeIds }) => [id, changeIds.map(nameFor).join(" + ")]));
  return operations.map(({ id, after }) => [id, ...after].map((one) => words.get(one)).join(" < "));
}

function nameFor(id: string): string {
  return Object.entries(named).find(([, one]) => one.id === id)?.[0] ?? id;
}

const named = {
  create,
  adopt,
  tag,
  remember,
  forget,
  trust,
  distrust,
  give,
  take,
  attach,
  rollOut,
  remove,
  user,
  noUser,
  gets,
  may,
  loses,
  getsElsewhere,
};

describe("what must have ended before", () => {
  test.each<[string, readonly Change[], readonly string[]]>([
    ["what goes makes room for what comes", [trust, distrust], ["trust < distrust", "distrust"]],
    [
      "a deletion waits for everything, marks included",
      [remove, distrust, take],
      ["distrust", "take", "remove < distrust < take"],
    ],
    ["nothing else waits for marks", [tag, trust, give], ["tag", "trust", "give"]],
    [
      "all that an adopted identity gets waits for the takeover",
      [give, adopt, attach],
      ["adopt", "give < adopt", "attach < adopt < give"],
    ],
    [
      "what is taken waits for what is given",
      [take, attach, rollOut],
      ["attach", "rollOut < attach", "take < attach < rollOut"],
    ],
    [
      "a user is remembered before it is there, and comes before what it gets",
      [gets, user, remember],
      ["remember", "user < remember", "gets < remember < user"],
    ],
    ["and is forgotten after it is gone", [forget, noUser], ["noUser", "forget < noUser"]],
    [
      "nobody waits for another identity",
      [create, change("grant", role, otherId)],
      ["create", expect.stringMatching(/^[^<]*$/)],
    ],
  ])("%s", (_, changes, order) => {
    expect(orderOf(changes)).toEqual(order);
  });
});

describe("in databases", () => {
  test.each<[string, readonly Change[], readonly string[]]>([
    ["what comes to an identity in one database is one operation", [gets, may], ["gets + may"]],
    ["what it gets in another database is another", [gets, getsElsewhere], ["gets", "getsElsewhere"]],
    ["what goes is another, and comes later", [loses, gets], ["gets", "loses < gets"]],
    ["a user that comes is one of its own", [gets, user], ["user", "gets < user"]],
    ["so is one that goes", [loses, noUser, gets], ["gets", "noUser < gets", "loses < gets"]],
  ])("%s", (_, changes, order) => {
    expect([...orderOf(changes)].toSorted(byText)).toEqual([...order].toSorted(byText));
  });
});
