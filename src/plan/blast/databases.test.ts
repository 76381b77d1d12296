import { expect, test } from "vitest";
import { type DatabaseUser, databaseKey, sidFrom } from "../../model/database.ts";
import type { Observed } from "../../observed/observed.ts";
import type { DatabaseSubject } from "../database-subjects.ts";
import { assignment, document, identityId, live, observed, principal, reader, vm } from "../fixtures.ts";
import type { Change, ChangeKind } from "../plan.ts";
import { blastRadiusOf } from "./radius.ts";

const ref = { server: "sql-orders.database.windows.net", database: "orders" };
const sid = sidFrom(principal.clientId);
const deadClient = "dddddddd-0000-4000-8000-000000000001";
const deadSid = sidFrom(deadClient);
const execute = { permission: "EXECUTE", securable: { class: "schema", schema: "sales" } } as const;
const denied = { permission: "SELECT", securable: { class: "database" }, state: "DENY" } as const;

/** A database in which the identity's user has db_datareader and may execute, and a machine that has the identity. */
function seen(change: Partial<DatabaseUser> = {}, at = ref): Observed {
  const user: DatabaseUser = {
    name: "id-orders",
    sid,
    type: "E",
    roles: ["db_datareader"],
    permissions: [{ ...execute, state: "GRANT" }, denied],
    ownedSchemas: [],
    ownedRoles: [],
    ownedObjects: [],
    granteesOf: [],
    ...change,
  };
  const rights = {
    user: "b",
    seesAll: true,
    isOwner: true,
    altersUsers: true,
    altersRoles: true,
    controls: true,
  };
  const contents = { rights, isReadOnly: false, users: [user], roles: [], schemas: [] };
  const resource = { id: "/db", ref: at, status: "Online" };
  return observed(
    { identities: [live()], targets: [vm("vm-1", [identityId]), vm("vm-2")] },
    { databases: new Map([[databaseKey(at), { kind: "read", resource, contents }]]) },
  );
}

function changeOf(kind: ChangeKind, subject: Change["subject"]): Change {
  return { id: "1", kind, identityId, document: document(), subject, reason: "", needs: [] };
}

const mine = { database: ref, userName: "id-orders" };
const role = (name: string, more = {}): DatabaseSubject => ({
  kind: "databaseRole",
  ...mine,
  role: name,
  ...more,
});

test.each<[string, Observed, Change, readonly string[]]>([
  [
    "a role is gained, and said to be privileged",
    seen(),
    changeOf("grant", role("db_owner")),
    ["gain db_owner !"],
  ],
  ["a role that it has is not", seen(), changeOf("grant", role("DB_DataReader")), []],
  ["a role is lost", seen(), changeOf("revoke", role("db_datareader", { sid })), ["lose db_datareader"]],
  [
    "what a dead principal's user loses is not",
    seen(),
    changeOf("revoke", role("db_datareader", { sid: deadSid })),
    [],
  ],
  [
    "a permission is gained",
    seen({ permissions: [] }),
    changeOf("grant", { kind: "databasePermission", ...mine, ...execute }),
    ["gain EXECUTE"],
  ],
  [
    "all rights go with the user",
    seen(),
    changeOf("revoke", { kind: "databaseUser", ...mine, sid }),
    ["lose EXECUTE", "lose db_datareader"],
  ],
  [
    "a user that takes a dead one's place has its rights from the beginning",
    seen({ sid: deadSid }),
    changeOf("update", {
      kind: "databaseUser",
      ...mine,
      sid: deadSid,
      replaces: { name: "x", ownedSchemas: [], ownedRoles: [], roles: ["db_owner"], permissions: [execute] },
    }),
    ["gain db_owner !", "gain CONNECT", "gain EXECUTE"],
  ],
  [
    "a new user may sign in, and no more",
    seen({ sid: deadSid }),
    changeOf("grant", { kind: "databaseUser", ...mine }),
    ["gain CONNECT"],
  ],
  [
    "a new user in master is more than that",
    seen({ sid: deadSid }),
    changeOf("grant", { kind: "databaseUser", ...mine, database: { ...ref, database: "master" } }),
    ["gain CONNECT !"],
  ],
  [
    "a machine that is newly attached gains what the identity has in databases, and nothing that is denied",
    seen(),
    changeOf("attach", { kind: "target", targetId: vm("vm-2").id }),
    ["gain EXECUTE", "gain db_datareader"],
  ],
])("%s", (_, world, change, lines) => {
  expect(toldOf(world, [change])).toEqual(lines);
});

test("with a user goes what is in its database, and nothing else", () => {
  const billing = { ...ref, database: "billing" };
  const world = {
    ...seen(),
    assignments: observed({ assignments: [assignment(reader)] }).assignments,
    databases: new Map([...seen().databases, ...seen({ roles: ["clerks"] }, billing).databases]),
  };
  const drop = changeOf("revoke", { kind: "databaseUser", ...mine, database: billing, sid });
  expect(toldOf(world, [drop])).toEqual(["lose EXECUTE", "lose clerks"]);
});

test("a machine that goes from one user of a database to a new one may sign in as before", () => {
  const connect = { permission: "CONNECT", securable: { class: "database" }, state: "GRANT" } as const;
  const next = { ...live(), id: `${identityId}-next`, principalId: "next", clientId: deadClient };
  const world = seen({ permissions: [connect] });
  const changes = [
    changeOf("detach", { kind: "target", targetId: vm("vm-1").id }),
    ...[
      changeOf("attach", { kind: "target", targetId: vm("vm-1").id }),
      changeOf("grant", { kind: "databaseUser", ...mine, userName: "next" }),
    ].map((change) => ({ ...change, identityId: next.id })),
  ];
  const identities = observed({ identities: [live(), next] }).identities;
  expect(toldOf({ ...world, identities }, changes)).toEqual(["lose db_datareader"]);
});

/** "gain db_owner !", where it is privileged. */
function toldOf(world: Observed, changes: readonly Change[]): readonly string[] {
  const effects = blastRadiusOf(world, changes).flatMap((radius) => radius.effects);
  return effects.map(({ kind, power, holders }) => {
    expect(holders).toHaveLength(1);
    if (power.kind === "azureRole") return `${kind} ${power.roleName}`;
    const name = power.kind === "databaseRole" ? power.role : power.permission;
    return `${kind} ${name}${power.privileged === undefined ? "" : " !"}`;
  });
}
