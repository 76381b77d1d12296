import { describe, expect, test } from "vitest";
import { parseBatchText } from "./parse.ts";

/** The statements of a batch, as their kinds and texts. */
function outline(sql: string): readonly (readonly [string, string])[] {
  return parseBatchText(sql).map(({ kind, text }) => [kind, text]);
}

describe("where statements end", () => {
  test.each<[string, readonly (readonly [string, string])[]]>([
    [
      "SELECT 1 SELECT 2",
      [
        ["query", "SELECT 1"],
        ["query", "SELECT 2"],
      ],
    ],
    ["SELECT 1 UNION ALL SELECT 2;", [["query", "SELECT 1 UNION ALL SELECT 2"]]],
    ["WITH c AS (SELECT 1 AS x) SELECT x FROM c", [["query", "WITH c AS (SELECT 1 AS x) SELECT x FROM c"]]],
    [
      "SELECT CASE WHEN 1=1 THEN 2 ELSE 3 END AS x",
      [["query", "SELECT CASE WHEN 1=1 THEN 2 ELSE 3 END AS x"]],
    ],
    [
      "INSERT INTO t (a) SELECT 1 UPDATE t SET a = 2 DELETE t",
      [
        ["change", "INSERT INTO t (a) SELECT 1"],
        ["change", "UPDATE t SET a = 2"],
        ["change", "DELETE t"],
      ],
    ],
    [
      "set ansi_nulls on\nset transaction isolation level read committed\nset xact_abort off",
      [
        ["set", "set ansi_nulls on"],
        ["set", "set transaction isolation level read committed"],
        ["set", "set xact_abort off"],
      ],
    ],
    [
      "BEGIN TRANSACTION; DROP USER [a]; COMMIT TRAN",
      [
        ["transaction", "BEGIN TRANSACTION"],
        ["drop", "DROP USER [a]"],
        ["transaction", "COMMIT TRAN"],
      ],
    ],
    [
      "IF EXISTS (SELECT 1) BEGIN SELECT 1; SELECT 2 END ELSE SELECT 3; SELECT 4",
      [
        ["if", "IF EXISTS (SELECT 1) BEGIN SELECT 1; SELECT 2 END ELSE SELECT 3"],
        ["query", "SELECT 4"],
      ],
    ],
    ["IF 1 = 1 DROP USER a; ELSE DROP USER b", [["if", "IF 1 = 1 DROP USER a; ELSE DROP USER b"]]],
    ["DROP USER [x]] ; DROP USER [[y]", [["drop", "DROP USER [x]] ; DROP USER [[y]"]]],
  ])("%s", (sql, expected) => {
    expect(outline(sql)).toEqual(expected);
  });
});

describe("what definitions say", () => {
  test.each([
    [
      "CREATE USER [a b] WITH SID = 0x00FF, TYPE = E, DEFAULT_SCHEMA = sales",
      { name: "a b", source: { from: "sid", sid: "00FF", type: "E" }, defaultSchema: "sales" },
    ],
    ["CREATE USER a FROM EXTERNAL PROVIDER", { source: { from: "external", objectId: undefined } }],
    [
      "CREATE USER a FROM EXTERNAL PROVIDER WITH OBJECT_ID = N'x'",
      { source: { from: "external", objectId: "x" } },
    ],
    ["CREATE USER a WITHOUT LOGIN", { source: { from: "nothing" } }],
    ["CREATE USER a WITH PASSWORD = N'p'", { source: { from: "password", password: "p" } }],
    ["CREATE ROLE r AUTHORIZATION o", { kind: "createRole", name: "r", owner: "o" }],
    ["CREATE SCHEMA s", { kind: "createSchema", name: "s", owner: undefined }],
    ["ALTER USER u WITH NAME = v", { kind: "alterUser", name: "u", newName: "v" }],
    ["ALTER ROLE [r] DROP MEMBER [m]", { kind: "alterRole", role: "r", verb: "DROP", member: "m" }],
    ["DROP ROLE IF EXISTS r", { kind: "drop", what: "ROLE", name: "r", ifExists: true }],
    [
      "GRANT SELECT, VIEW DEFINITION ON SCHEMA::[s] TO a, b WITH GRANT OPTION",
      {
        verb: "GRANT",
        permissions: ["SELECT", "VIEW DEFINITION"],
        on: { class: "SCHEMA", name: ["s"] },
        principals: ["a", "b"],
        isGrantable: true,
      },
    ],
    ["GRANT CONNECT TO a", { on: { class: "DATABASE", name: [] }, permissions: ["CONNECT"] }],
    [
      "REVOKE EXECUTE ON OBJECT::[s].[o] FROM [a] CASCADE",
      { verb: "REVOKE", on: { class: "OBJECT", name: ["s", "o"] }, isCascade: true },
    ],
    ["DENY SELECT ON s.o TO a", { verb: "DENY", on: { class: "OBJECT", name: ["s", "o"] } }],
    [
      "ALTER AUTHORIZATION ON ROLE::[r] TO [dbo]",
      { kind: "authorize", on: { class: "ROLE", name: ["r"] }, owner: "dbo" },
    ],
    [
      "EXEC sys.sp_addextendedproperty @name = N'n', @value = NULL",
      {
        kind: "execute",
        name: ["sys", "sp_addextendedproperty"],
        arguments: [{ name: "@name" }, { name: "@value" }],
      },
    ],
  ])("%s", (sql, expected) => {
    expect(parseBatchText(sql)).toMatchObject([expected]);
  });
});

describe("what is refused before anything runs", () => {
  test.each([
    ["SELEC 1", 102],
    ["CREATE TABLE t (a int)", 156],
    ["CREATE USER [z] WITH WHAT = 1", 102],
    ["CREATE USER z WITH SID = 0x00", 102],
    ["CREATE USER z WITH SID = 0x00, TYPE = S", 102],
    ["CREATE USER user WITHOUT LOGIN", 156],
    ["CREATE USER [] WITHOUT LOGIN", 1038],
    [`CREATE USER [${"x".repeat(129)}] WITHOUT LOGIN`, 103],
    ["GRANT SELECT (a) ON s.o TO u", 40510],
    ["GRANT SELECT ON SERVER::s TO u", 102],
    ["REVOKE GRANT OPTION FOR SELECT ON s.o FROM u", 40510],
    ["BEGIN TRY SELECT 1 END TRY", 40510],
    ["BEGIN END", 156],
    ["BEGIN SELECT 1", 102],
    ["SELECT (1", 102],
    ["SELECT 1)", 102],
    ["DROP DATABASE d", 156],
    ["DROP USER a b", 102],
    ["IF 1 = 1", 102],
    [`${"BEGIN ".repeat(70)}SELECT 1${" END".repeat(70)}`, 191],
  ])("%s → %i", (sql, number) => {
    expect(() => parseBatchText(sql)).toThrow(expect.objectContaining({ number }));
  });
});
