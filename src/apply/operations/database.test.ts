import { expect, test } from "vitest";
import type { DatabaseContents, DatabaseUser } from "../../model/database.ts";
import { assignmentMarker } from "../../model/grant.ts";
import type { DatabaseStep } from "../../plan/plan.ts";
import { applyTo, fakeAzure } from "../fake-azure.ts";
import { failure, identityId, linesOf, planOfOne } from "../fixtures.ts";

const owner = "prod";
const id = identityId("one");
const sid = "0x00112233445566778899AABBCCDDEEFF";
const clientId = "33221100-5544-7766-8899-aabbccddeeff";
const ref = { server: "sql-orders.database.windows.net", database: "orders" };

function contents(roles: readonly string[]): DatabaseContents {
  const rights = {
    user: "bindery",
    seesAll: true,
    isOwner: true,
    altersUsers: true,
    altersRoles: true,
    controls: true,
  };
  const none = { permissions: [], ownedSchemas: [], ownedRoles: [], ownedObjects: [], granteesOf: [] };
  const marker = assignmentMarker(owner, id);
  const user: DatabaseUser = { name: "id-one", sid, type: "E", marker, roles, ...none };
  return { rights, isReadOnly: false, users: [user], roles: [], schemas: [] };
}

const stepOf = (changeKind: "grant" | "revoke"): DatabaseStep => ({
  changeId: "it",
  changeKind,
  subject: { kind: "databaseRole", role: "clerks", database: ref, userName: "id-one", sid, clientId },
});

test.each([
  ["a role that somebody has given by then", "grant", "DatabaseUserExists", [], ["clerks"], "it: applied"],
  ["one that nobody has", "grant", "DatabasePermissionDenied", [], [], "it: failed DatabasePermissionDenied"],
  [
    "a role that somebody has taken by then",
    "revoke",
    "DatabasePermissionDenied",
    ["clerks"],
    [],
    "it: applied",
  ],
  [
    "one that is still there",
    "revoke",
    "DatabasePermissionDenied",
    ["clerks"],
    ["clerks"],
    "it: failed DatabasePermissionDenied",
  ],
] as const)("refused: %s", async (_, kind, code, before, after, expected) => {
  const shown = [contents(before)];
  const azure = {
    ...fakeAzure({}),
    readDatabase: () => Promise.resolve(shown.shift() ?? contents(after)),
    changeDatabase: () => Promise.reject(failure("terminal", code)),
  };
  const database = { id: "/databases/orders", ref, status: "Online" };
  const plan = planOfOne({ kind: "changeDatabase", database, identityId: id, steps: [stepOf(kind)] });
  expect(linesOf(await applyTo(azure, { ...plan, owner }))).toEqual([expected]);
});

test("a refusal stays one where the database cannot be read again", async () => {
  const shown = [contents([])];
  const azure = {
    ...fakeAzure({}),
    readDatabase: () => {
      const first = shown.shift();
      return first ? Promise.resolve(first) : Promise.reject(failure("terminal", "DatabaseLoginFailed"));
    },
    changeDatabase: () => Promise.reject(failure("terminal", "DatabaseUserExists")),
  };
  const database = { id: "/databases/orders", ref, status: "Online" };
  const plan = planOfOne({ kind: "changeDatabase", database, identityId: id, steps: [stepOf("grant")] });
  expect(linesOf(await applyTo(azure, { ...plan, owner }))).toEqual(["it: failed DatabaseUserExists"]);
});
