import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { SqlValue } from "../wire/sql-type.ts";
import { done, given, ordersDatabase, sessionOf } from "./engine-world.ts";

const sid = "0xC4A3B7D1341278569ABCDEF012345678";
const clientId = "D1B7A3C4-1234-5678-9ABC-DEF012345678";

describe("queries", () => {
  const cases: [sql: string, rows: unknown, parameters?: Record<string, SqlValue>][] = [
    ["SELECT DB_NAME(), USER_NAME(), @@TRANCOUNT", [["orders", "dbo", 0]]],
    [
      "SELECT SERVERPROPERTY(N'EngineEdition'), DATABASEPROPERTYEX(DB_NAME(), N'Updateability')",
      [[5, "READ_WRITE"]],
    ],
    ["SELECT IS_ROLEMEMBER(N'db_owner'), IS_ROLEMEMBER(N'nope')", [[1, null]]],
    [
      "SELECT HAS_PERMS_BY_NAME(DB_NAME(), N'DATABASE', N'CONTROL'), HAS_PERMS_BY_NAME(NULL, N'DATABASE', N'NOPE')",
      [[1, null]],
    ],
    ["SELECT customer FROM sales.orders WHERE customer = N'CONTOSO'", [["Contoso"]]],
    ["SELECT customer FROM [sales].[orders] AS [o o] WHERE [o o].id = @id", [["Fabrikam"]], { "@id": 2 }],
    ["SELECT TOP (1) id FROM sales.orders ORDER BY id DESC", [[2]]],
    ["SELECT (SELECT TOP 1 id FROM sales.orders ORDER BY id), 7", [[1, 7]]],
    ["SELECT customer FROM sales.orders WHERE customer LIKE N'[a-d]%'", [["Contoso"]]],
    ["SELECT customer FROM sales.orders WHERE customer LIKE N'_ABRI%'", [["Fabrikam"]]],
    ["SELECT QUOTENAME(N'a]b'), LEN(N'ab  '), ISNULL(NULL, 3), LEFT(N'abc', 2)", [["[a]]b]", 2, 3, "ab"]]],
    [`SELECT CAST(${sid} AS uniqueidentifier)`, [[clientId]]],
    ["SELECT CONVERT(varbinary(16), CAST(@c AS uniqueidentifier))", [[sid]], { "@c": clientId }],
    [`SELECT CONVERT(nvarchar(64), ${sid}, 1)`, [[sid]]],
    [
      "SELECT STRING_AGG(customer, N',') WITHIN GROUP (ORDER BY customer DESC) FROM sales.orders",
      [["Fabrikam,Contoso"]],
    ],
    ["WITH c AS (SELECT id FROM sales.orders) SELECT COUNT(*) FROM c", [[2]]],
    [
      "SELECT CASE WHEN EXISTS (SELECT 1 FROM sys.schemas WHERE name = N'SALES') THEN N'there' ELSE N'not' END",
      [["there"]],
    ],
    [
      "SELECT name FROM sys.tables UNION SELECT name FROM sys.procedures ORDER BY name",
      [["order_count"], ["orders"]],
    ],
  ];

  test.each(cases)("%s", async (sql, rows, parameters: Record<string, SqlValue> = {}) => {
    expect(await given(sessionOf(ordersDatabase()), sql, parameters)).toEqual([rows]);
  });

  test.each([
    ["SELECT * FROM nope", "!208"],
    ["SELECT * FROM sys.principals_", "!208"],
    ["SELECT * FROM sqlite_master", "!208"],
    ["SELECT * FROM sys.sqlite_master", "!208"],
    ["SELECT * FROM pragma_table_list", "!208"],
    ["SELECT nope FROM sales.orders", "!207"],
    ["SELECT hex(customer) FROM sales.orders", "!195"],
    ["SELECT [hex](customer) FROM sales.orders", "!195"],
    ["SELECT TSQL_DB_NAME()", "!195"],
    ["SELECT id FROM sales.orders LIMIT 1", "!102"],
    ["SELECT N'a' + N'b'", "!40510"],
    ["SELECT x = 1", "!40510"],
    ["SELECT @nope", "!137"],
    ["SELECT CAST(N'x' AS uniqueidentifier)", "!8169"],
    ["SELECT CAST(1 AS xml)", "!243"],
    ["WITH r AS (SELECT 1 AS n UNION ALL SELECT n FROM r) SELECT n FROM r", "!40510"],
    ["INSERT INTO sys.schemas_ VALUES (N'x', 9, 1, N'x')", "!259"],
    ["USE master", "!40508"],
    ["THROW 51000, N'mine', 1", "!51000"],
  ])("%s → %s", async (sql, error) => {
    expect(await given(sessionOf(ordersDatabase()), sql)).toEqual([error]);
  });
});

describe("principals", () => {
  test.each([
    [`CREATE USER [app] WITH SID = ${sid}, TYPE = E`, "!15023"],
    [`CREATE USER [APP] WITH SID = 0x${"0".repeat(32)}, TYPE = E`, "!15023"],
    [`CREATE USER [other] WITH SID = ${sid}, TYPE = E`, "!15063"],
    ["CREATE USER [x] WITH SID = 0x00, TYPE = E", "!15419"],
    ["CREATE USER [x] FROM EXTERNAL PROVIDER", "!33134"],
    ["ALTER ROLE [nope] ADD MEMBER [app]", "!15151"],
    ["ALTER ROLE [db_datareader] ADD MEMBER [nope]", "!15151"],
    ["ALTER ROLE [public] ADD MEMBER [app]", "!15081"],
    ["ALTER ROLE [db_owner] ADD MEMBER [dbo]", "!15405"],
    ["ALTER ROLE [r1] ADD MEMBER [r2]; ALTER ROLE [r2] ADD MEMBER [r1]", "!15413"],
    ["DROP USER [nope]", "!15151"],
    ["DROP ROLE [app]", "!15151"],
    ["DROP USER [dbo]", "!15150"],
    ["DROP ROLE [db_owner]", "!15150"],
    ["ALTER ROLE [r1] ADD MEMBER [app]; DROP ROLE [r1]", "!15144"],
    ["CREATE SCHEMA [s] AUTHORIZATION [app]; DROP USER [app]", "!15138"],
    ["ALTER AUTHORIZATION ON ROLE::[r1] TO [app]; DROP USER [app]", "!15138"],
    ["ALTER AUTHORIZATION ON OBJECT::[sales].[orders] TO [app]; DROP USER [app]", "!15183"],
    ["GRANT SELECT ON SCHEMA::nope TO [app]", "!15151"],
    ["GRANT SELECT ON SCHEMA::sales TO [nope]", "!15151"],
    ["GRANT CONNECT ON SCHEMA::sales TO [app]", "!102"],
    ["GRANT SELECT TO [dbo]", "!4617"],
    ["GRANT SELECT TO [db_owner]", "!4617"],
    [
      "GRANT SELECT ON SCHEMA::sales TO [app] WITH GRANT OPTION; REVOKE SELECT ON SCHEMA::sales FROM [app]",
      "!4611",
    ],
    ["DROP SCHEMA sales", "!3729"],
    ["CREATE SCHEMA sales", "!2714"],
    ["EXEC sp_dropextendedproperty N'bindery', N'USER', N'app'", "!15217"],
    ["EXEC sp_addextendedproperty N'bindery', N'1', N'USER', N'nope'", "!15135"],
    ["EXEC sp_addextendedproperty N'bindery', N'1', N'USER', N'app', N'X', N'y'", "!15135"],
    ["EXEC sp_addextendedproperty @nope = 1", "!8145"],
    ["EXEC sp_nope", "!2812"],
    ["COMMIT", "!3902"],
    ["ROLLBACK", "!3903"],
  ])("%s → %s", async (sql, error) => {
    const session = sessionOf(ordersDatabase());
    await done(session, `CREATE USER [app] WITH SID = ${sid}, TYPE = E; CREATE ROLE r1; CREATE ROLE r2`);
    expect(await given(session, sql)).toEqual([error]);
  });

  test("a user comes with CONNECT, and goes with everything about it", async () => {
    const session = sessionOf(ordersDatabase());
    await done(session, `CREATE USER [app] WITH SID = ${sid}, TYPE = E`);
    const users = "SELECT name, type, sid FROM sys.database_principals WHERE type IN ('E', 'X')";
    const grants =
      "SELECT permission_name, state FROM sys.database_permissions WHERE grantee_principal_id = 5";
    expect(await given(session, users)).toEqual([[["app", "E", sid]]]);
    expect(await given(session, grants)).toEqual([[["CONNECT", "G"]]]);
    await done(
      session,
      "ALTER ROLE db_datareader ADD MEMBER app; EXEC sp_addextendedproperty N'bindery', N'1', N'USER', N'app'; DROP USER app",
    );
    const left = [
      users,
      grants,
      "SELECT * FROM sys.database_role_members",
      "SELECT * FROM sys.extended_properties",
    ];
    expect(await given(session, left.join(";"))).toEqual([[], [], [], []]);
  });

  test("a marker is an extended property of class 4", async () => {
    const session = sessionOf(ordersDatabase());
    await done(session, "CREATE USER app WITHOUT LOGIN");
    const mark = "@name = N'bindery', @value = N'x', @level0type = N'USER', @level0name = N'app'";
    await done(session, `EXEC sys.sp_addextendedproperty ${mark}`);
    const read = "SELECT class, major_id, name, CONVERT(nvarchar(4000), value) FROM sys.extended_properties";
    expect(await given(session, read)).toEqual([[[4, 5, "bindery", "x"]]]);
    expect(await given(session, `EXEC sp_addextendedproperty ${mark}`)).toEqual(["!15233"]);
    await done(session, `EXEC sp_updateextendedproperty ${mark.replace("N'x'", "N'y'")}`);
    expect(await given(session, read)).toEqual([[[4, 5, "bindery", "y"]]]);
  });

  test("grants are withdrawn with what was passed on", async () => {
    const database = ordersDatabase();
    const session = sessionOf(database);
    await done(session, "CREATE USER a WITHOUT LOGIN; CREATE USER b WITHOUT LOGIN");
    await done(session, "GRANT SELECT ON SCHEMA::sales TO a WITH GRANT OPTION");
    await done(sessionOf(database, "a"), "GRANT SELECT ON SCHEMA::sales TO b");
    expect(await given(session, "DROP USER a")).toEqual(["!15284"]);
    await done(session, "REVOKE SELECT ON SCHEMA::sales FROM a CASCADE");
    expect(await given(sessionOf(database, "b"), "SELECT id FROM sales.orders")).toEqual(["!229"]);
    await done(session, "DROP USER a");
  });

  test("in a case-sensitive database names differ by case", async () => {
    const session = sessionOf(ordersDatabase("SQL_Latin1_General_CP1_CS_AS"));
    await done(session, "CREATE USER app WITHOUT LOGIN; CREATE USER APP WITHOUT LOGIN");
    const read = "SELECT COUNT(*) FROM sys.database_principals WHERE name = N'app'";
    expect(await given(session, read)).toEqual([[[1]]]);
  });

  test("in a database that ignores accents they are one name", async () => {
    const session = sessionOf(ordersDatabase("Latin1_General_CI_AI"));
    expect(await given(session, "CREATE USER [é] WITHOUT LOGIN; CREATE USER [E] WITHOUT LOGIN")).toEqual([
      "!15023",
    ]);
  });
});

describe("rights", () => {
  const select = "SELECT COUNT(*) FROM sales.orders";
  const insert = "INSERT INTO sales.orders VALUES (3, N'Northwind')";
  const update = "UPDATE sales.orders SET customer = N'x' WHERE id = 1";
  const remove = "DELETE FROM sales.orders WHERE id = 1";
  const execute = "EXEC sales.order_count @customer = N'contoso'";
  const all = [select, insert, update, remove, execute];
  const no = "!229";

  test.each<[grants: string, expected: readonly unknown[]]>([
    ["", [no, no, no, no, no]],
    ["ALTER ROLE db_datareader ADD MEMBER app", [[[2]], no, no, no, no]],
    ["ALTER ROLE db_datawriter ADD MEMBER app", [no, 1, no, no, no]],
    ["GRANT SELECT ON SCHEMA::sales TO app", [[[2]], no, no, no, no]],
    ["GRANT SELECT ON OBJECT::sales.orders TO app", [[[2]], no, no, no, no]],
    ["GRANT SELECT ON SCHEMA::sales TO app; DENY SELECT ON sales.orders TO app", [no, no, no, no, no]],
    ["GRANT SELECT ON SCHEMA::sales TO app; DENY SELECT TO public", [no, no, no, no, no]],
    ["GRANT SELECT TO app", [[[2]], no, no, no, no]],
    ["GRANT SELECT, INSERT, UPDATE, DELETE ON SCHEMA::sales TO app", [[[2]], 1, 1, 1, no]],
    ["GRANT EXECUTE ON SCHEMA::sales TO app", [no, no, no, no, [[1]]]],
    ["GRANT EXECUTE ON OBJECT::sales.order_count TO app", [no, no, no, no, [[1]]]],
    ["GRANT CONTROL ON SCHEMA::sales TO app", [[[2]], 1, 1, 1, [[0]]]],
    [
      "CREATE ROLE r; GRANT SELECT ON SCHEMA::sales TO r; ALTER ROLE r ADD MEMBER app",
      [[[2]], no, no, no, no],
    ],
    [
      "ALTER ROLE db_owner ADD MEMBER app; ALTER ROLE db_denydatareader ADD MEMBER app",
      [no, 1, no, no, [[0]]],
    ],
    ["ALTER AUTHORIZATION ON SCHEMA::sales TO app", [[[2]], 1, 1, 1, [[0]]]],
  ])("%s", async (grants, expected) => {
    const database = ordersDatabase();
    await done(sessionOf(database), `CREATE USER app WITHOUT LOGIN; ${grants}`);
    const session = sessionOf(database, "app");
    const seen: unknown[] = [];
    for (const sql of all) seen.push(...(await given(session, sql)));
    if (
      grants.includes("db_denydatareader") ||
      grants.includes("CONTROL") ||
      grants.includes("AUTHORIZATION")
    ) {
      // The changes before it have taken the row away, or left it.
      expect(seen.slice(0, 4)).toEqual(expected.slice(0, 4));
      expect(seen[4]).toEqual([[expect.any(Number)]]);
      return;
    }
    expect(seen).toEqual(expected);
  });

  test.each([
    ["ALTER ROLE db_accessadmin ADD MEMBER app", "CREATE USER x WITHOUT LOGIN; DROP USER x", []],
    ["ALTER ROLE db_accessadmin ADD MEMBER app", "ALTER ROLE db_datareader ADD MEMBER b", ["!15151"]],
    ["ALTER ROLE db_accessadmin ADD MEMBER app", "GRANT SELECT TO b", ["!4613"]],
    ["ALTER ROLE db_securityadmin ADD MEMBER app", "GRANT SELECT ON SCHEMA::sales TO b", []],
    ["ALTER ROLE db_securityadmin ADD MEMBER app", "ALTER ROLE r ADD MEMBER b", []],
    ["ALTER ROLE db_securityadmin ADD MEMBER app", "ALTER ROLE db_owner ADD MEMBER b", ["!15151"]],
    ["ALTER ROLE db_securityadmin ADD MEMBER app", "DROP USER b", ["!15151"]],
    ["GRANT ALTER ANY USER TO app", "CREATE USER x WITHOUT LOGIN", []],
    ["GRANT ALTER ANY USER TO app", "EXEC sp_addextendedproperty N'bindery', N'1', N'USER', N'b'", []],
    ["", "CREATE USER x WITHOUT LOGIN", ["!15247"]],
    ["", "CREATE ROLE x", ["!15247"]],
    ["", "EXEC sp_addextendedproperty N'bindery', N'1', N'USER', N'b'", ["!15135"]],
    ["", "ALTER AUTHORIZATION ON SCHEMA::sales TO app", ["!15151"]],
    ["ALTER ROLE db_owner ADD MEMBER app", "ALTER AUTHORIZATION ON SCHEMA::sales TO b", []],
    ["ALTER ROLE db_owner ADD MEMBER app", "GRANT SELECT TO app", ["!4617"]],
  ])("with %s: %s", async (grants, sql, expected) => {
    const database = ordersDatabase();
    await done(
      sessionOf(database),
      "CREATE USER app WITHOUT LOGIN; CREATE USER b WITHOUT LOGIN; CREATE ROLE r",
    );
    await done(sessionOf(database), grants);
    expect(await given(sessionOf(database, "app"), sql)).toEqual(expected);
  });

  test.each([
    ["", [["app"]], [["app"]], []],
    ["GRANT ALTER ANY USER TO app", [["app"], ["b"]], [["app"], ["b"]], []],
    [
      "ALTER ROLE db_accessadmin ADD MEMBER app",
      [["app"], ["b"]],
      [["app"], ["b"]],
      [["app", "db_accessadmin"]],
    ],
    ["GRANT VIEW DEFINITION TO app", [["app"], ["b"], ["r"]], [["app"], ["b"]], [["b", "db_datareader"]]],
    ["GRANT VIEW DEFINITION ON USER::b TO app", [["app"], ["b"]], [["app"]], []],
    ["ALTER ROLE r ADD MEMBER app", [["app"], ["r"]], [["app"]], [["app", "r"]]],
  ])("with %s one sees", async (grants, principals, grantees, members) => {
    const database = ordersDatabase();
    await done(
      sessionOf(database),
      "CREATE USER app WITHOUT LOGIN; CREATE USER b WITHOUT LOGIN; CREATE ROLE r",
    );
    await done(sessionOf(database), `ALTER ROLE db_datareader ADD MEMBER b; ${grants}`);
    const session = sessionOf(database, "app");
    const own = "principal_id > 4 AND principal_id < 16384 ORDER BY name";
    expect(await given(session, `SELECT name FROM sys.database_principals WHERE ${own}`)).toEqual([
      principals,
    ]);
    const connects =
      "SELECT USER_NAME(grantee_principal_id) FROM sys.database_permissions WHERE permission_name = N'CONNECT' ORDER BY 1";
    expect(await given(session, connects)).toEqual([grantees]);
    const membersOf =
      "SELECT USER_NAME(member_principal_id), USER_NAME(role_principal_id) FROM sys.database_role_members ORDER BY 1, 2";
    expect(await given(session, membersOf)).toEqual([members]);
  });

  test("nothing is written to a read-only replica", async () => {
    const session = sessionOf(ordersDatabase(), "dbo", { isReadOnly: true });
    expect(await given(session, "SELECT DATABASEPROPERTYEX(DB_NAME(), N'Updateability')")).toEqual([
      [["READ_ONLY"]],
    ]);
    const property = "EXEC sp_addextendedproperty N'a', N'b'";
    for (const sql of [insert, "CREATE USER x WITHOUT LOGIN", property]) {
      expect(await given(session, sql)).toEqual(["!3906"]);
    }
  });

  test("a SQL login asks nobody for users of Microsoft Entra, and gives them nothing", async () => {
    const database = ordersDatabase();
    const directory = {
      byDisplayName: (name: string) =>
        ["one", "two", "two"].filter((n) => n === name).map((_, i) => ({ objectId: `${i}`, clientId })),
      byObjectId: (id: string) => (id === clientId ? { objectId: id, clientId } : undefined),
    };
    const login = sessionOf(database, "dbo", { isEntra: false, directory });
    expect(await given(login, "CREATE USER one FROM EXTERNAL PROVIDER")).toEqual(["!33159"]);
    const entra = sessionOf(database, "dbo", { directory });
    expect(await given(entra, "CREATE USER nobody FROM EXTERNAL PROVIDER")).toEqual(["!33130"]);
    expect(await given(entra, "CREATE USER two FROM EXTERNAL PROVIDER")).toEqual(["!33131"]);
    const byId = "CREATE USER two9 FROM EXTERNAL PROVIDER WITH OBJECT_ID =";
    expect(await given(entra, `${byId} 'x'`)).toEqual(["!37545"]);
    await done(entra, `${byId} '${clientId}'`);
    expect(await given(login, "ALTER AUTHORIZATION ON SCHEMA::sales TO two9")).toEqual(["!15151"]);
    await done(entra, "ALTER AUTHORIZATION ON SCHEMA::sales TO two9");
  });
});

describe("transactions", () => {
  const count = "SELECT COUNT(*) FROM sys.database_principals WHERE name LIKE N't_'";

  test("a mistake in the text runs nothing at all", async () => {
    const session = sessionOf(ordersDatabase());
    expect(await given(session, "CREATE USER t1 WITHOUT LOGIN; CREATE USER t2 WITH WHAT = 1")).toEqual([
      "!102",
    ]);
    expect(await given(session, count)).toEqual([[[0]]]);
  });

  test("without XACT_ABORT a batch goes on behind an error, with it everything is undone", async () => {
    const session = sessionOf(ordersDatabase());
    const batch =
      "BEGIN TRANSACTION; CREATE USER t1 WITHOUT LOGIN; ALTER ROLE nope ADD MEMBER t1; CREATE USER t2 WITHOUT LOGIN; COMMIT";
    expect(await given(session, batch)).toEqual(["!15151"]);
    expect(await given(session, count)).toEqual([[[2]]]);
    await done(session, "DROP USER t1; DROP USER t2");
    expect(await given(session, `SET XACT_ABORT ON; ${batch}`)).toEqual(["!15151"]);
    expect(await given(session, `${count}; SELECT @@TRANCOUNT`)).toEqual([[[0]], [[0]]]);
  });

  test("what is not committed goes with the session, and others wait for it", async () => {
    const database = ordersDatabase();
    const [first, second] = [sessionOf(database), sessionOf(database)];
    await done(first, "BEGIN TRAN; BEGIN TRAN; CREATE USER t1 WITHOUT LOGIN; COMMIT");
    const waiting = given(second, count);
    first.reset();
    expect(await waiting).toEqual([[[0]]]);
  });

  test("IF, variables and dynamic texts", async () => {
    const session = sessionOf(ordersDatabase());
    const batch = `DECLARE @name nvarchar(128) = N't1', @sql nvarchar(max);
      SET @sql = CONCAT(N'CREATE USER ', QUOTENAME(@name), N' WITHOUT LOGIN');
      IF NOT EXISTS (SELECT 1 FROM sys.database_principals WHERE name = @name) BEGIN EXEC (@sql); END ELSE SELECT N'there';`;
    expect(await given(session, batch)).toEqual([]);
    expect(await given(session, batch)).toEqual([[["there"]]]);
    const inner = "EXEC sp_executesql N'SELECT @a', N'@a int', @a = 5";
    expect(await given(session, inner)).toEqual([[[5]]]);
    expect(await given(session, "EXEC sales.order_count")).toEqual(["!201"]);
  });

  test("who is dropped while signed in is let go", async () => {
    const database = ordersDatabase();
    const session = sessionOf(database);
    await done(session, "CREATE USER t1 WITHOUT LOGIN");
    const other = sessionOf(database, "t1");
    await done(session, "DROP USER t1");
    expect(await given(other, "SELECT 1")).toEqual(["!916"]);
  });
});

describe("whatever is sent", () => {
  const words =
    "SELECT FROM WHERE TOP ( ) , . ; = + * 1 0x01 N'a' @a @@trancount [a] [sales] sales orders id customer sys database_principals schemas CAST AS nvarchar ( max ) CASE WHEN THEN ELSE END IF BEGIN EXISTS IN NULL AND NOT LIKE CREATE ALTER DROP USER ROLE SCHEMA ADD MEMBER GRANT REVOKE DENY ON :: TO public dbo EXEC sp_executesql sp_addextendedproperty INSERT INTO VALUES UPDATE SET DELETE DECLARE int COMMIT ROLLBACK TRANSACTION WITH SID TYPE E COUNT CONVERT UNION ALL GROUP BY ORDER PRINT THROW USE".split(
      " ",
    );

  test("a batch gives results or errors of SQL Server, and the database goes on", async () => {
    const database = ordersDatabase();
    const session = sessionOf(database);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom(...words), { maxLength: 14 }), async (parts) => {
        const { errors } = await session.run(parts.join(" "), new Map([["@a", "x"]]));
        expect(errors.every((e) => e.number > 0 && e.message !== "")).toBe(true);
        session.reset();
      }),
      { numRuns: 3000 },
    );
    expect(await given(session, "SELECT DB_NAME()")).toEqual([[["orders"]]]);
  });

  test("a name of any kind is a name in every definition", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc
          .string({ unit: "binary", minLength: 1, maxLength: 60 })
          .filter((n) => n.trim() !== "" && !/[\0\ud800-\udfff]/u.test(n)),
        async (name) => {
          const session = sessionOf(ordersDatabase());
          const user = `[${name.replaceAll("]", "]]")}]`;
          const value = `N'${name.replaceAll("'", "''")}'`;
          await done(session, `CREATE USER ${user} WITHOUT LOGIN; GRANT SELECT ON SCHEMA::sales TO ${user}`);
          await done(session, `EXEC sp_addextendedproperty N'm', ${value}, N'USER', ${value}`);
          const read = `SELECT p.name, CONVERT(nvarchar(4000), e.value) FROM sys.database_principals AS p
            JOIN sys.extended_properties AS e ON e.class = 4 AND e.major_id = p.principal_id WHERE p.name = @n`;
          expect(await given(session, read, { "@n": name })).toEqual([[[name, name]]]);
          await done(session, `DROP USER ${user}`);
          expect(
            await given(session, "SELECT 1 FROM sys.database_principals WHERE principal_id = 5"),
          ).toEqual([[]]);
        },
      ),
      { numRuns: 60 },
    );
  });
});
