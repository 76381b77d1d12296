// Names are never more than names: whatever users, roles, schemas, objects and databases are called, a change does just that change.
import fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { type DatabaseChange, type Securable, sidFrom } from "../src/model/database.ts";
import type { Session } from "../src/sandbox/sql/engine/batch.ts";
import { createDatabase } from "../src/sandbox/sql/engine/create-database.ts";
import { done, given, sessionOf } from "../src/sandbox/sql/engine/engine-world.ts";
import { addTable } from "../src/sandbox/sql/engine/objects.ts";
import { parseBatchText } from "../src/sandbox/sql/language/parse.ts";
import type { Statement } from "../src/sandbox/sql/language/statement.ts";
import { startSandbox } from "../src/sandbox/start.ts";
import { contentsFrom, type Row, readingBatch } from "../src/sql/reading.ts";
import { batchesFor } from "../src/sql/statements.ts";
import { harnessFor } from "./support/harness.ts";
import { tokenOf } from "./support/sql-client.ts";
import { connectTds, refusalOf, tokenBySecret } from "./support/tds.ts";

const clientId = "11223344-5566-7788-99aa-bbccddeeff00";
const principalId = "aaaaaaaa-0000-4000-8000-000000000001";
const deadSid = sidFrom("dddddddd-0000-4000-8000-000000000001");

/** Pieces of which bad names are made: ends of names, texts and comments, words of SQL, and letters of all sorts. */
const pieces = [
  ..."[]'\";-.%_@#:/\\*(){}$ \t\n\r\u00a0\u200b\u2028\ufeff",
  ..."aZ0éßİı漢",
  "𝄞",
  "]]",
  "''",
  "--",
  "/*",
  "*/",
  "];",
  "');",
  "\nGO\n",
  "DROP USER [reader]",
  "] WITH SID = 0x00; --",
  "N'",
  "sys.",
  "dbo",
  "public",
];

/** A name that begins with a letter of its own, so that two of one case are never the same; up to 128 characters. */
const nameOf = (first: string) =>
  fc
    .array(fc.constantFrom(...pieces), { minLength: 1, maxLength: 40 })
    .map((parts) => wellFormed(`${first}${parts.join("")}`.slice(0, 128)).trimEnd());

/** Cut in the middle of a pair, or not. */
function wellFormed(name: string): string {
  return name.isWellFormed() ? name : name.slice(0, -1);
}

const names = fc.record({
  user: nameOf("u"),
  stale: nameOf("v"),
  role: nameOf("r"),
  schema: nameOf("s"),
  object: nameOf("t"),
  marker: nameOf("m"),
});

type Names = typeof names extends fc.Arbitrary<infer T> ? T : never;

/** Everything that a database holds of principals (dbo is left out where users are compared: it gives and takes), read as its administrator by the same SELECTs that Bindery sends. */
async function catalogOf(session: Session) {
  const { results, errors } = await session.run(readingBatch, new Map());
  expect(errors).toEqual([]);
  const rows = results.flatMap((result) =>
    result.kind === "rows"
      ? [result.rows.map((row): Row => Object.fromEntries(result.columns.map((c, i) => [c.name, row[i]])))]
      : [],
  );
  const { users, roles, schemas } = contentsFrom(rows);
  return { users, roles, schemas };
}

/** A database with what a case names, made by QUOTENAME and not by our quoting. */
async function databaseWith({ stale, role, schema, object }: Names): Promise<Session> {
  const database = createDatabase("SQL_Latin1_General_CP1_CI_AS", () => 0);
  addTable(database, { schema, name: object, columns: ["id int NOT NULL"], rows: [[1]] });
  const session = sessionOf(database);
  const texts = [
    ["CREATE ROLE ", role, ""],
    ["CREATE USER ", "reader", " WITHOUT LOGIN"],
    ["CREATE USER ", stale, ` WITH SID = ${deadSid}, TYPE = E`],
  ];
  for (const [before, name = "", after] of texts) {
    const text = `DECLARE @t nvarchar(max) = CONCAT(N'${before}', QUOTENAME(@n), N'${after}'); EXEC (@t)`;
    expect(await given(session, text, { "@n": name })).toEqual([]);
  }
  return session;
}

/** Every change that can be named, with what the users are to look like after it. */
function storyOf({ user, role, schema, object, marker, stale }: Names) {
  const onSchema: Securable = { class: "schema", schema };
  const onObject: Securable = { class: "object", schema, object };
  const select = { permission: "SELECT", securable: onObject } as const;
  const execute = { permission: "EXECUTE", securable: onSchema } as const;
  const connect = { permission: "CONNECT", securable: { class: "database" }, state: "GRANT" };
  const made = { name: user, sid: sidFrom(clientId), type: "E", marker, roles: [], permissions: [connect] };
  const none = { ownedSchemas: [], ownedRoles: [] };
  const granted = [connect, { ...select, state: "GRANT" }];
  const steps: readonly (readonly [DatabaseChange, object | undefined])[] = [
    [{ kind: "createUser", user, clientId, principalId, from: "Sid", marker }, made],
    [
      { kind: "addToRole", user, role },
      { ...made, roles: [role] },
    ],
    [
      { kind: "grantPermission", user, ...select },
      { ...made, roles: [role], permissions: granted },
    ],
    [
      { kind: "dropFromRole", user, role },
      { ...made, permissions: granted },
    ],
    [{ kind: "revokePermission", user, ...select, cascade: true }, made],
    [
      { kind: "grantPermission", user, ...execute },
      { ...made, permissions: [connect, { ...execute, state: "GRANT" }] },
    ],
    [{ kind: "revokePermission", user, ...execute, cascade: false }, made],
    [{ kind: "dropUser", user, ...none }, undefined],
    [
      {
        kind: "replaceUser",
        stale,
        user,
        clientId,
        marker,
        ownedSchemas: [schema],
        ownedRoles: [role],
        roles: [],
        permissions: [],
      },
      { ...made, ownedSchemas: [schema], ownedRoles: [role] },
    ],
    [{ kind: "dropUser", user, ownedSchemas: [schema], ownedRoles: [role] }, undefined],
  ];
  return steps;
}

test("a change does just that, whatever things are called: the embedded engine is the witness", async () => {
  await fc.assert(
    fc.asyncProperty(names, async (called) => {
      const session = await databaseWith(called);
      const before = await catalogOf(session);
      const isOther = ({ name }: { readonly name: string }) =>
        ![called.user, called.stale, "dbo"].includes(name);
      const others = before.users.filter(isOther);
      expect(others.map(({ name }) => name)).toContain("reader");
      for (const [change, expected] of storyOf(called)) {
        for (const batch of batchesFor(change)) await done(session, batch);
        const after = await catalogOf(session);
        const mine = after.users.filter(({ name }) => name === called.user);
        expect(mine).toMatchObject(expected ? [expected] : []);
        expect(after.users.filter(isOther)).toEqual(others);
        expect([after.roles, after.schemas]).toEqual([before.roles, before.schemas]);
      }
      expect(await given(session, "SELECT COUNT(*) FROM sys.objects")).toEqual([[[1]]]);
    }),
    { numRuns: 60 },
  );
});

/** What a statement does and to whom, without its text. */
function saidBy(statement: Statement): readonly unknown[] {
  switch (statement.kind) {
    case "alterRole":
      return [statement.verb, statement.role, statement.member];
    case "permission":
      return [statement.verb, ...statement.on.name, ...statement.principals];
    case "authorize":
      return ["authorize", ...statement.on.name, statement.owner];
    case "createUser":
    case "drop":
      return [statement.kind, statement.name];
    case "execute":
      return statement.name;
    case "transaction":
      return [statement.verb];
    default:
      return [statement.kind];
  }
}

/** The same, as it should be, beside each change of the story. */
function meantBy({ user, role, schema, object, stale }: Names): readonly unknown[][] {
  const within = (...inner: unknown[][]) => [["set"], ["begin"], ...inner, ["commit"]];
  const mark = ["sys", "sp_addextendedproperty"];
  const handOver = (to: string) => [
    ["authorize", schema, to],
    ["authorize", role, to],
  ];
  return [
    ...within(["createUser", user], mark),
    ["ADD", role, user],
    ["GRANT", schema, object, user],
    ["DROP", role, user],
    ["REVOKE", schema, object, user],
    ["GRANT", schema, user],
    ["REVOKE", schema, user],
    ...within(["drop", user]),
    ...within(...handOver("dbo"), ["drop", stale], ["createUser", user], mark, ...handOver(user)),
    ...within(...handOver("dbo"), ["drop", user]),
  ];
}

test("a change is just those statements, as the embedded server's own parser reads them", () => {
  fc.assert(
    fc.property(names, (called) => {
      const batches = storyOf(called).flatMap(([change]) => batchesFor(change));
      expect(batches.flatMap((batch) => parseBatchText(batch)).map(saidBy)).toEqual(meantBy(called));
    }),
    { numRuns: 1_000 },
  );
});

const S = "00000000-0000-4000-8000-000000000001";
const group = `/subscriptions/${S}/resourceGroups/rg`;
const bad = "]; DROP USER [reader]; --'\"é漢𝄞[";
const called = {
  user: `u${bad}`,
  role: `r${bad}`,
  schema: `s${bad}`,
  database: "d]; DROP DATABASE [x]; --'\"é漢[(",
  long: "ü".repeat(128),
};

test("from a document to a database and back, over sockets", async () => {
  const { user, role, schema, database, long } = called;
  const seed = JSON.stringify({
    subscriptions: [{ subscriptionId: S }],
    resourceGroups: [{ name: "rg", location: "westeurope" }],
    virtualMachines: [{ resourceGroup: "rg", name: "vm" }],
    settings: {
      listLagInMs: 0,
      graphLagInMs: 0,
      roleLagInMs: 0,
      principalLagInMs: 0,
      operationInMs: 0,
      throttled: false,
    },
    sqlServers: [
      {
        resourceGroup: "rg",
        name: "sql-bad",
        entraAdmin: "operator",
        databases: [database, long].map((name) => ({
          name,
          schemas: [schema],
          roles: [role],
          tables: [{ name: "sales.orders", columns: ["id int NOT NULL"], rows: [[1]] }],
          users: [
            { name: "bindery", principal: "bindery", roles: ["db_owner"] },
            { name: "reader", password: "secret-1" },
          ],
        })),
      },
    ],
  });
  const speed = 1_000;
  const sandbox = await startSandbox({ speed, seed: { text: seed, filename: "seed" } });
  onTestFinished(() => sandbox.close());
  const bindery = harnessFor(sandbox, speed);
  const grantIn = (name: string, userName: string) => ({
    sqlDatabase: {
      server: "sql-bad.database.windows.net",
      database: name,
      userName,
      roles: [role],
      permissions: [
        { grant: ["EXECUTE"], securable: `schema::${schema}` },
        { grant: ["SELECT"], securable: "object::sales.orders" },
      ],
    },
  });
  const documents = (grants: readonly object[]) =>
    [
      {
        apiVersion: "bindery.dev/v1alpha1",
        kind: "UserAssignedIdentity",
        metadata: { name: "id-bad", namespace: "team" },
        spec: {
          subscriptionId: S,
          resourceGroup: "rg",
          location: "westeurope",
          prunePolicy: "Authoritative",
        },
      },
      {
        apiVersion: "bindery.dev/v1alpha1",
        kind: "IdentityBinding",
        metadata: { name: "id-bad", namespace: "team" },
        spec: {
          identityRef: { name: "id-bad" },
          targets: [{ virtualMachine: { resourceGroup: "rg", name: "vm" } }],
          grants,
        },
      },
    ]
      .map((document) => JSON.stringify(document))
      .join("\n---\n");
  const everyone = async (name: string) => {
    const token = await tokenBySecret(sandbox, "operator");
    const client = await connectTds(sandbox, { token, server: "sql-bad", database: name });
    const rows = await client.run("SELECT name FROM sys.database_principals WHERE type IN ('E', 'S')");
    client.close();
    return rows.map((row) => row.name);
  };
  const before = [await everyone(database), await everyone(long)];
  const text = documents([grantIn(database, user), grantIn(long, long)]);
  const outcomesOf = async (wanted: string) =>
    (await bindery.apply(wanted)).passes
      .flatMap((p) => p.report.outcomes)
      .filter((o) => o.state !== "applied");
  expect(await outcomesOf(text)).toEqual([]);
  expect((await bindery.plan(text)).changes).toEqual([]);
  expect([await everyone(database), await everyone(long)]).toEqual([
    [...(before[0] ?? []), user],
    [...(before[1] ?? []), long],
  ]);
  const id = `${group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-bad`;
  const clientIdOfIt = String(sandbox.world.resources.get(id)?.properties?.clientId);
  const vm = `${group}/providers/Microsoft.Compute/virtualMachines/vm`;
  const token = await tokenOf(sandbox, vm, clientIdOfIt);
  const client = await connectTds(sandbox, { token, server: "sql-bad", database });
  expect(await client.run("SELECT id FROM sales.orders")).toEqual([{ id: 1 }]);
  client.close();
  expect(await outcomesOf(documents([]))).toEqual([]);
  expect(await refusalOf(sandbox, { token, server: "sql-bad", database })).toBe(18456);
  expect([await everyone(database), await everyone(long)]).toEqual(before);
  expect((await bindery.plan(documents([]))).changes).toEqual([]);
});
