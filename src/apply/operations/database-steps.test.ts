import { expect, test } from "vitest";
import type { DatabaseContents, DatabaseUser } from "../../model/database.ts";
import { assignmentMarker } from "../../model/grant.ts";
import type { DatabaseStep } from "../../plan/plan.ts";
import { identityId } from "../fixtures.ts";
import { changeFor } from "./database-steps.ts";

const id = identityId("one");
const clientId = "33221100-5544-7766-8899-aabbccddeeff";
const sid = "0x00112233445566778899AABBCCDDEEFF";
const person = { identityId: id, clientId, principalId: "principal-of-one" };
const select = { permission: "SELECT", securable: { class: "schema", schema: "sales" } } as const;
const ours = { marker: assignmentMarker("prod", id) };

function contents(user: Partial<DatabaseUser>): DatabaseContents {
  const rights = {
    user: "bindery",
    seesAll: true,
    isOwner: true,
    altersUsers: true,
    altersRoles: true,
    controls: true,
  };
  const none = { permissions: [], ownedSchemas: [], ownedRoles: [], ownedObjects: [], granteesOf: [] };
  const one: DatabaseUser = { name: "id-one", sid, type: "E", roles: ["clerks"], ...none, ...user };
  return { rights, isReadOnly: false, users: [one], roles: [], schemas: [] };
}

const database = { server: "sql-orders.database.windows.net", database: "orders" };
const common = { database, userName: "id-one" };
const step = (changeKind: DatabaseStep["changeKind"], subject: DatabaseStep["subject"]): DatabaseStep => ({
  changeId: "c",
  changeKind,
  subject,
});

const loseRole = step("revoke", { ...common, kind: "databaseRole", role: "clerks", sid });
const losePermission = step("revoke", { ...common, ...select, kind: "databasePermission", sid });
const drop = step("revoke", { ...common, kind: "databaseUser", sid });
const replaces = { name: "id-one", ownedSchemas: [], ownedRoles: [], roles: [], permissions: [] };
const giveWay = step("update", { ...common, kind: "databaseUser", sid, replaces });
const getPermission = step("grant", { ...common, ...select, kind: "databasePermission" });

test.each([
  ["a role of a user with our mark goes", loseRole, ours, { kind: "dropFromRole" }],
  ["not of one that has lost it since the plan", loseRole, {}, { code: "UserNotMarked" }],
  [
    "not of one with another's",
    loseRole,
    { marker: assignmentMarker("test", id) },
    { code: "UserNotMarked" },
  ],
  [
    "not of one that is another identity's",
    loseRole,
    { marker: assignmentMarker("prod", identityId("two")) },
    { code: "UserNotMarked" },
  ],
  ["neither does a permission", losePermission, {}, { code: "UserNotMarked" }],
  ["nor the user itself", drop, {}, { code: "UserNotMarked" }],
  ["a user with our mark is dropped", drop, ours, { kind: "dropUser" }],
  [
    "a grant would lift what somebody has denied since the plan",
    getPermission,
    { ...ours, permissions: [{ ...select, state: "DENY" }] },
    { code: "PermissionDenied" },
  ],
  ["a stale user gives way", giveWay, ours, { kind: "replaceUser" }],
  [
    "not one to whom somebody has denied something since the plan",
    giveWay,
    { ...ours, permissions: [{ ...select, state: "DENY" }] },
    { code: "PermissionDenied" },
  ],
  [
    "what is denied elsewhere is in nobody's way",
    getPermission,
    { permissions: [{ permission: "SELECT", securable: { class: "database" }, state: "DENY" }] },
    { kind: "grantPermission" },
  ],
] satisfies readonly [string, DatabaseStep, Partial<DatabaseUser>, object][])(
  "%s",
  (_, one, user, expected) => {
    expect(changeFor(one, person, contents(user), "prod")).toMatchObject(expected);
  },
);
