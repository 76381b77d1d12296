import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { DatabaseChange } from "../model/database.ts";
import { Failure } from "../model/failure.ts";
import { identifier, literal } from "./quote.ts";
import { batchesFor } from "./statements.ts";

const clientId = "11223344-5566-7788-99aa-bbccddeeff00";
const principalId = "aaaaaaaa-0000-4000-8000-000000000001";
const sid = "0x443322116655887799AABBCCDDEEFF00";

const rows: readonly (readonly [DatabaseChange, readonly string[]])[] = [
  [
    { kind: "createUser", user: "id-orders", clientId, principalId, from: "Sid", marker: "m" },
    [
      `SET XACT_ABORT ON;
BEGIN TRANSACTION;
CREATE USER [id-orders] WITH SID = ${sid}, TYPE = E;
EXEC sys.sp_addextendedproperty @name = N'bindery', @value = N'm', @level0type = N'USER', @level0name = N'id-orders';
COMMIT TRANSACTION;`,
    ],
  ],
  [
    { kind: "createUser", user: "id-orders", clientId, principalId, from: "ExternalProvider", marker: "m" },
    [
      `CREATE USER [id-orders] FROM EXTERNAL PROVIDER WITH OBJECT_ID = N'${principalId}';`,
      "EXEC sys.sp_addextendedproperty @name = N'bindery', @value = N'm', @level0type = N'USER', @level0name = N'id-orders';",
    ],
  ],
  [
    {
      kind: "replaceUser",
      stale: "id-old",
      user: "id-orders",
      clientId,
      marker: "m",
      ownedSchemas: ["sales"],
      ownedRoles: ["clerks"],
      roles: ["db_datareader"],
      permissions: [{ permission: "EXECUTE", securable: { class: "schema", schema: "sales" } }],
    },
    [
      `SET XACT_ABORT ON;
BEGIN TRANSACTION;
ALTER AUTHORIZATION ON SCHEMA::[sales] TO [dbo];
ALTER AUTHORIZATION ON ROLE::[clerks] TO [dbo];
DROP USER [id-old];
CREATE USER [id-orders] WITH SID = ${sid}, TYPE = E;
EXEC sys.sp_addextendedproperty @name = N'bindery', @value = N'm', @level0type = N'USER', @level0name = N'id-orders';
ALTER AUTHORIZATION ON SCHEMA::[sales] TO [id-orders];
ALTER AUTHORIZATION ON ROLE::[clerks] TO [id-orders];
ALTER ROLE [db_datareader] ADD MEMBER [id-orders];
GRANT EXECUTE ON SCHEMA::[sales] TO [id-orders];
COMMIT TRANSACTION;`,
    ],
  ],
  [
    { kind: "dropUser", user: "id-orders", ownedSchemas: ["sales"], ownedRoles: [] },
    [
      `SET XACT_ABORT ON;
BEGIN TRANSACTION;
ALTER AUTHORIZATION ON SCHEMA::[sales] TO [dbo];
DROP USER IF EXISTS [id-orders];
COMMIT TRANSACTION;`,
    ],
  ],
  [{ kind: "addToRole", user: "u", role: "db_datareader" }, ["ALTER ROLE [db_datareader] ADD MEMBER [u];"]],
  [
    { kind: "dropFromRole", user: "u", role: "db_datareader" },
    ["ALTER ROLE [db_datareader] DROP MEMBER [u];"],
  ],
  [
    { kind: "grantPermission", user: "u", permission: "VIEW DEFINITION", securable: { class: "database" } },
    ["GRANT VIEW DEFINITION TO [u];"],
  ],
  [
    {
      kind: "grantPermission",
      user: "u",
      permission: "EXECUTE",
      securable: { class: "object", schema: "sales", object: "ship" },
    },
    ["GRANT EXECUTE ON OBJECT::[sales].[ship] TO [u];"],
  ],
  [
    {
      kind: "revokePermission",
      user: "u",
      permission: "SELECT",
      securable: { class: "schema", schema: "sales" },
      cascade: false,
    },
    ["REVOKE SELECT ON SCHEMA::[sales] FROM [u];"],
  ],
  [
    {
      kind: "revokePermission",
      user: "u",
      permission: "SELECT",
      securable: { class: "schema", schema: "sales" },
      cascade: true,
    },
    ["REVOKE SELECT ON SCHEMA::[sales] FROM [u] CASCADE;"],
  ],
];

test.each(rows)("%j", (change, batches) => {
  expect(batchesFor(change)).toEqual(batches);
});

describe("what cannot be said is refused", () => {
  const user = "u";
  test.each<readonly [string, DatabaseChange]>([
    ["an empty name", { kind: "addToRole", user: "", role: "r" }],
    ["a name of 129 characters", { kind: "addToRole", user: "x".repeat(129), role: "r" }],
    ["a NUL", { kind: "addToRole", user: "a\0b", role: "r" }],
    ["half a character", { kind: "addToRole", user: "\ud800", role: "r" }],
    [
      "a client id that is none",
      { kind: "createUser", user, clientId: "1) --", principalId, from: "Sid", marker: "" },
    ],
    [
      "an object id that is none",
      { kind: "createUser", user, clientId, principalId: "'", from: "ExternalProvider", marker: "" },
    ],
    [
      "a permission with more in it",
      { kind: "grantPermission", user, permission: "SELECT TO [x]; --", securable: { class: "database" } },
    ],
    [
      "another securable",
      {
        kind: "grantPermission",
        user,
        permission: "SELECT",
        securable: { class: "other", what: "a column" },
      },
    ],
  ])("%s", (_, change) => {
    expect(() => batchesFor(change)).toThrow(Failure);
  });
});

describe("names and text stay names and text", () => {
  const nasty = fc.string({
    unit: fc.constantFrom("[", "]", "'", '"', ";", "-", "/", "*", "\n", " ", "é", "漢", "💥", "a", "GO"),
    minLength: 1,
    maxLength: 60,
  });

  /** Reads one delimited token as the T-SQL reference defines it: up to the first closing mark that is not doubled. */
  function undelimited(text: string, close: string): { inner: string; rest: string } {
    let inner = "";
    for (let i = 0; i < text.length; i += 1) {
      if (text[i] !== close) inner += text[i];
      else if (text[i + 1] === close) {
        inner += close;
        i += 1;
      } else return { inner, rest: text.slice(i + 1) };
    }
    throw new Error("not closed");
  }

  test("an identifier is one token with just that name", () => {
    fc.assert(
      fc.property(nasty, (name) => {
        const text = identifier(name);
        expect(text.startsWith("[")).toBe(true);
        expect(undelimited(text.slice(1), "]")).toEqual({ inner: name, rest: "" });
      }),
    );
  });

  test("a literal is one token with just that text", () => {
    fc.assert(
      fc.property(nasty, (name) => {
        const text = literal(name);
        expect(text.startsWith("N'")).toBe(true);
        expect(undelimited(text.slice(2), "'")).toEqual({ inner: name, rest: "" });
      }),
    );
  });

  test("none of our statements has a DENY", () => {
    expect(JSON.stringify(rows.map(([, batches]) => batches))).not.toMatch(/\bDENY\b/);
  });
});
