import { expect, test } from "vitest";
import { type DatabaseUser, sidFrom } from "../../model/database.ts";
import type { Observed } from "../../observed/observed.ts";
import type { DatabaseSubject } from "../database-subjects.ts";
import { document, identityId, live, observed, principal, vm } from "../fixtures.ts";
import type { Change, ChangeKind } from "../plan.ts";
import { blastRadiusOf } from "./radius.ts";

const ref = { server: "sql-orders.database.windows.net", database: "orders" };
const sid = sidFrom(principal.clientId);
const deadSid = sidFrom("dddddddd-0000-4000-8000-000000000001");
const execute = { permission: "EXECUTE", securable: { class: "schema", schema: "sales" } } as const;
const denied = { permission: "SELECT", securable: { class: "database" }, state: "DENY" } as const;

/** A database in which the identity's user has db_datareader and may execute, and a machine that has the identity. */
function seen(change: Partial<DatabaseUser> = {}): Observed {
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
  const resource = { id: "/db", ref, status: "Online" };
  return observed(
    { identities: [live()], targets: [vm("vm-1", [identityId]), vm("vm-2")] },
    { databases: new Map([[`${ref.server}/orders`, { kind: "read", resource, contents }]]) },
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
    ["gain db_owner !", "gain EXECUTE"],
  ],
  [
    "a machine that is newly attached gains what the identity has in databases, and nothing that is denied",
    seen(),
    changeOf("attach", { kind: "target", targetId: vm("vm-2").id }),
    ["gain EXECUTE", "gain db_datareader"],
  ],
])("%s", (_, world, change, lines) => {
  const effects = blastRadiusOf(world, [change]).flatMap((radius) => radius.effects);
  const told = effects.map(({ kind, power, holders }) => {
    expect(holders).toHaveLength(1);
    if (power.kind === "azureRole") return "a role of Azure";
    const name = power.kind === "databaseRole" ? power.role : power.permission;
    return `${kind} ${name}${power.privileged === undefined ? "" : " !"}`;
  });
  expect(told).toEqual(lines);
});
