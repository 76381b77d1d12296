// Whose a user of a database is, and what Bindery's own user may do there: rights step by step, users of others, and refusals.
import { readFileSync } from "node:fs";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { parseCloudFile } from "../src/azure/cloud.ts";
import type { DatabaseResource } from "../src/model/database.ts";
import { sidFrom } from "../src/model/database.ts";
import { Failure } from "../src/model/failure.ts";
import { assignmentMarker } from "../src/model/grant.ts";
import { addressesOf, connectSql, type SqlOptions } from "../src/sql/connect.ts";
import {
  databaseId,
  documents,
  identityId,
  on,
  type SqlWorld,
  server,
  startSqlWorld,
} from "./support/sql-world.ts";
import { tokenBySecret } from "./support/tds.ts";

const reader = "roles: [db_datareader]";
const select = "SELECT customer FROM sales.orders WHERE id = 1";
const contoso = [{ customer: "Contoso" }];
const [permissionDenied, loginFailed] = [229, 18456];
const deadSid = sidFrom("dddddddd-0000-4000-8000-000000000001");
const names = [
  "id-seeing",
  "id-provider",
  "id-replaced",
  "id-conflict",
  "id-owner",
  "id-grantor",
  "id-login",
  "id-denied",
  "id-united",
  "id-suspended",
  "id-found",
  "id-deadlock",
  "id-busy",
  "id-readonly",
  "id-more",
  "id-dropped",
  "id-overtaken",
  "id-deputy",
];

let world: SqlWorld;
beforeAll(async () => {
  world = await startSqlWorld(names);
});
afterEach(() => world.sandbox.sql.faults.clear());
afterAll(() => world.close());

const userIn = async (name: string, database = "orders", where = "sql-a") =>
  await world.operate(`SELECT name FROM sys.database_principals WHERE name = N'${name}'`, database, where);

test("what Bindery's user may not do is held with the statement that gives the right; those very statements mend it", async () => {
  const name = "id-seeing";
  const line = `roles: [db_datareader, order_reader], permissions: [{ grant: [INSERT], securable: "schema::sales" }]`;
  const text = documents(name, [[on("blind", line)]]);
  await world.applied(documents(name, []));
  const statements: string[] = [];
  for (let round = 0; round < 6; round += 1) {
    const { held } = await world.plan(text);
    const hold = held.find((h) => h.reason === "DatabaseNotVisible" || h.reason === "DatabaseRightMissing");
    if (!hold) break;
    const [, statement = ""] = /^Run in blind: (.+)$/.exec(hold.cure) ?? [];
    statements.push(`${hold.reason}: ${statement}`);
    await world.operate(statement, "blind");
    await world.applied(text);
  }
  expect(statements).toEqual([
    "DatabaseNotVisible: GRANT VIEW DEFINITION TO [bindery];",
    "DatabaseRightMissing: GRANT ALTER ANY USER TO [bindery];",
    "DatabaseRightMissing: ALTER ROLE [db_owner] ADD MEMBER [bindery];",
  ]);
  expect(await world.planned(text)).toEqual([]);
  expect(await world.as(name, select, "blind")).toEqual(contoso);
});

test.each([
  ["a custom role", "roles: [order_reader]", "GRANT ALTER ANY ROLE TO [bindery];"],
  [
    "a permission",
    'permissions: [{ grant: [SELECT], securable: "schema::sales" }]',
    "GRANT CONTROL TO [bindery];",
  ],
])(
  "with VIEW DEFINITION only a plan is made; users and %s each take a right of their own",
  async (_, line, right) => {
    const name = "id-more";
    const text = documents(name, [[on("viewed", line)]]);
    await world.applied(documents(name, []));
    await world.operate("GRANT ALTER ANY USER TO [bindery]", "viewed");
    await world.applied(text);
    const held = (await world.plan(text)).held.map((h) => `${h.reason} ${h.cure}`);
    expect(held).toEqual([`DatabaseRightMissing Run in viewed: ${right}`]);
    expect(await world.as(name, select, "viewed")).toBe(permissionDenied);
    await world.operate(right, "viewed");
    expect(await world.applied(text)).toEqual([]);
    expect(await world.as(name, select, "viewed")).toEqual(contoso);
    expect(await world.planned(text)).toEqual([]);
    expect(await world.applied(documents(name, []))).toEqual([]);
    expect(await world.as(name, select, "viewed")).toBe(loginFailed);
  },
);

test("a role of one's own that is a member of db_owner is held as what it is, until somebody takes it out", async () => {
  const text = documents("id-deputy", [[on("orders", "roles: [deputies]")]]);
  await world.operate("CREATE ROLE deputies");
  await world.operate("CREATE ROLE clerks; ALTER ROLE clerks ADD MEMBER deputies");
  await world.operate("ALTER ROLE db_owner ADD MEMBER clerks");
  await world.applied(text);
  const held = (await world.plan(text)).held.map(({ reason, message }) => `${reason}: ${message}`);
  expect(held).toEqual([expect.stringMatching(/^Privileged: deputies in .+, through db_owner\.$/)]);
  await world.operate("ALTER ROLE db_owner DROP MEMBER clerks");
  await world.applied(text);
  expect(await world.planned(text)).toEqual([]);
  await world.operate("GRANT CONTROL TO clerks");
  const { blastRadius } = await world.plan(documents("id-deputy", []));
  expect(JSON.stringify(blastRadius)).toContain("through CONTROL on database");
});

test("users that Entra is to look up: where the server may not read the directory, that is said; where it may, they come", async () => {
  const name = "id-provider";
  const from = `${reader}, userFrom: ExternalProvider`;
  const refused = await world.applied(documents(name, [[on("orders", from)]]));
  expect(refused.join("\n")).toMatch(/ExternalProviderFailed .*33134/);
  expect(await userIn(name)).toEqual([]);
  const text = documents(name, [[on("listed", from, "sql-b")]]);
  expect(await world.applied(text)).toEqual([]);
  expect(await world.as(name, select, "listed", "sql-b")).toEqual(contoso);
  expect(await world.planned(text)).toEqual([]);
});

test("a user of the wanted name gives way only where the document names its SID", async () => {
  const name = "id-replaced";
  await world.operate(
    `CREATE USER [${name}] WITH SID = ${deadSid}, TYPE = E; GRANT INSERT ON SCHEMA::sales TO [${name}]`,
  );
  await world.applied(documents(name, []));
  const { changes, held } = await world.plan(documents(name, [[on("orders", reader)]]));
  expect(held.map((h) => h.reason)).toContain("UserNameTaken");
  expect(changes.filter((c) => "database" in c.subject)).toEqual([]);
  expect(held.find((h) => h.reason === "UserNameTaken")?.cure).toContain(`replaceUserWithSid: ${deadSid}`);
  const text = documents(name, [[on("orders", `${reader}, replaceUserWithSid: "${deadSid}"`)]]);
  expect(await world.applied(text)).toEqual([]);
  expect(await world.as(name, select)).toEqual(contoso);
  expect(await world.as(name, "INSERT INTO sales.orders (id, customer) VALUES (9, N'x')")).toBe(
    permissionDenied,
  );
  expect(await world.planned(text)).toEqual([]);
});

test("the user of a living identity never gives way, whatever the document names", async () => {
  const name = "id-conflict";
  const sid = sidFrom(world.clientIdOf("id-living"));
  await world.operate(`CREATE USER [${name}] WITH SID = ${sid}, TYPE = E`);
  await world.applied(documents(name, []));
  const text = documents(name, [[on("orders", `${reader}, replaceUserWithSid: "${sid}"`)]]);
  const { held } = await world.plan(text);
  expect(held.map((h) => h.reason)).toContain("UserConflict");
  await world.applied(text);
  expect(await world.operate(`SELECT sid FROM sys.database_principals WHERE name = N'${name}'`)).toEqual([
    { sid: Buffer.from(sid.slice(2), "hex") },
  ]);
});

test("a user that owns an object is not dropped: what it may do goes, and it is remembered until it can go", async () => {
  const name = "id-owner";
  await world.applied(documents(name, [[on("billing", reader)]]));
  await world.operate(`ALTER AUTHORIZATION ON OBJECT::sales.orders TO [${name}]`, "billing");
  const nothing = documents(name, []);
  const { changes, held } = await world.plan(nothing);
  expect(changes.map((c) => c.subject)).toMatchObject([{ kind: "databaseRole", role: "db_datareader" }]);
  expect(held.map((h) => h.reason)).toEqual(["UserNotDroppable"]);
  expect(held[0]?.message).toContain("it owns sales.orders");
  await world.applied(nothing);
  expect(await userIn(name, "billing")).toEqual([{ name }]);
  expect(await world.as(name, "SELECT IS_ROLEMEMBER(N'db_datareader') AS reads", "billing")).toEqual([
    { reads: 0 },
  ]);
  expect(world.remembered(name)).toEqual([`${server("sql-a")}/billing`]);
  await world.operate("ALTER AUTHORIZATION ON OBJECT::sales.orders TO [dbo]", "billing");
  await world.applied(nothing);
  expect(await world.planned(nothing)).toEqual([]);
  expect(await userIn(name, "billing")).toEqual([]);
  expect(world.remembered(name)).toEqual([]);
});

test("a user that has granted something on goes after what it has granted", async () => {
  const name = "id-grantor";
  await world.applied(documents(name, [[on("billing", reader)]]));
  await world.operate(
    `CREATE USER clerk WITHOUT LOGIN; GRANT UPDATE ON SCHEMA::sales TO [${name}] WITH GRANT OPTION`,
    "billing",
  );
  expect(await world.as(name, "GRANT UPDATE ON SCHEMA::sales TO clerk", "billing")).toEqual([]);
  const { held } = await world.plan(documents(name, []));
  expect(held.map((h) => h.reason)).toEqual(["UserNotDroppable"]);
  expect(held[0]?.message).toContain("it has granted rights to clerk");
  await world.applied(documents(name, []));
  expect(await world.planned(documents(name, []))).toEqual([]);
  expect(await userIn(name, "billing")).toEqual([]);
  const left = `SELECT permission_name FROM sys.database_permissions WHERE permission_name = N'UPDATE'`;
  expect(await world.operate(left, "billing")).toEqual([]);
});

test("a user that was made from a server login is never dropped, even if it carries our marker", async () => {
  const name = "id-login";
  const mark = assignmentMarker("test", identityId(name));
  await world.operate(
    `EXEC sys.sp_addextendedproperty @name = N'bindery', @value = N'${mark}', @level0type = N'USER', @level0name = N'${name}'`,
    "billing",
  );
  const adopted = { adoptionPolicy: "Additive" } as const;
  expect(await world.applied(documents(name, [[on("billing", reader)]], adopted))).toEqual([]);
  const nothing = documents(name, [], adopted);
  const { held } = await world.plan(nothing);
  expect(held.map((h) => h.reason)).toContain("UserNotDroppable");
  await world.applied(nothing, { release: held.map((h) => h.digest) });
  expect(await userIn(name, "billing")).toEqual([{ name }]);
  expect((await world.plan(nothing)).held.map((h) => h.message)).toEqual([
    expect.stringContaining("it belongs to a login of the server"),
  ]);
});

test("a DENY of somebody else is shown and stays", async () => {
  const name = "id-denied";
  const text = documents(name, [[on("orders", reader)]]);
  await world.applied(text);
  await world.operate(`DENY SELECT ON OBJECT::sales.orders TO [${name}]`);
  const { changes, held, warnings } = await world.plan(text);
  expect([changes, held]).toEqual([[], []]);
  expect(warnings.find((w) => w.code === "DeniedPermission")?.message).toContain("denied SELECT");
  await world.applied(text);
  expect(await world.as(name, select)).toBe(permissionDenied);
});

test("several bindings unite in one database; without one of them what the others list stays", async () => {
  const name = "id-united";
  const read = on("orders", reader);
  const write = on("orders", 'permissions: [{ grant: [INSERT], securable: "object::sales.orders" }]');
  expect(await world.applied(documents(name, [[read], [write]]))).toEqual([]);
  expect(await world.as(name, select)).toEqual(contoso);
  const insert = "INSERT INTO sales.orders (id, customer) VALUES (7, N'x')";
  expect(await world.as(name, insert)).toEqual([]);
  expect(await world.applied(documents(name, [[read]]))).toEqual([]);
  expect(await world.as(name, select)).toEqual(contoso);
  expect(await world.as(name, insert)).toBe(permissionDenied);
});

test("a suspended binding writes nothing in databases, and keeps what it lists", async () => {
  const name = "id-suspended";
  const line = [[on("orders", reader)]];
  await world.applied(documents(name, line, { suspend: true }));
  expect(await userIn(name)).toEqual([]);
  await world.applied(documents(name, line));
  await world.applied(documents(name, line, { suspend: true }));
  expect(await world.as(name, select)).toEqual(contoso);
});

test("an identity that is adopted gets what is listed", async () => {
  const name = "id-found";
  const line = [[on("orders", reader)]];
  expect(await world.planned(documents(name, line))).toContain(
    `NotOwned: grant db_datareader in sql-a/orders`,
  );
  await world.applied(documents(name, line, { adoptionPolicy: "Additive" }));
  expect(await world.as(name, select)).toEqual(contoso);
});

test.each([
  ["1205, a deadlock", "id-deadlock", 1205, []],
  ["40501, a busy service", "id-busy", 40501, []],
  [
    "3906, a database that was set to read-only",
    "id-readonly",
    3906,
    [expect.stringMatching(/DatabaseReadOnly .*3906/)],
  ],
])("an error in the middle: %s", async (_, name, error, outcomes) => {
  world.sandbox.sql.faults.add({ at: "statement", contains: "ADD MEMBER", error, times: 1 });
  const text = documents(name, [[on("orders", reader)]]);
  const { passes } = await world.bindery.apply(text, { maxPasses: 1 });
  const failed = passes.flatMap((p) => p.report.outcomes).filter((o) => o.state !== "applied");
  expect(failed.map((o) => `${o.code} ${o.message}`)).toEqual(outcomes);
  expect(world.sandbox.sql.faults.list()[0]?.hits).toBe(1);
  await world.applied(text);
  expect(await world.as(name, select)).toEqual(contoso);
});

test.each([
  [
    "drops the user",
    "id-dropped",
    "ADD MEMBER",
    (name: string) => `DROP USER [${name}]`,
    /DatabasePermissionDenied .*15151/,
    [],
  ],
  [
    "makes a user of that name",
    "id-overtaken",
    "BEGIN TRANSACTION",
    (name: string) => `CREATE USER [${name}] WITHOUT LOGIN`,
    /DatabaseUserExists .*15023/,
    [expect.stringMatching(/^UserNameTaken: grant user/), expect.stringMatching(/^DependencyHeld: grant/)],
  ],
])(
  "somebody else %s between reading and writing: it fails there, and the next apply sees it",
  async (_, name, at, deed, failure, rest) => {
    const text = documents(name, [[on("orders", reader)]]);
    world.sandbox.sql.log.clear();
    world.sandbox.sql.faults.add({ at: "statement", contains: at, delayInMs: 1_500, times: 1 });
    const applying = world.bindery.apply(text, { maxPasses: 1 });
    await expect
      .poll(() => world.sandbox.sql.faults.list()[0]?.hits, { timeout: 30_000, interval: 20 })
      .toBe(1);
    await world.operate(deed(name));
    const { passes } = await applying;
    const failed = passes.flatMap((p) => p.report.outcomes).filter((o) => o.state === "failed");
    expect(failed.map((o) => `${o.code} ${o.message}`)).toContainEqual(expect.stringMatching(failure));
    await world.applied(text);
    expect(await world.planned(text)).toEqual(rest);
  },
);

function connected(change: Partial<SqlOptions> = {}) {
  const { sandbox } = world;
  const { cloud } = parseCloudFile(readFileSync(sandbox.cloudFile, "utf8"));
  return connectSql({
    serverSuffix: ".database.windows.net",
    isAllowed: () => true,
    token: () => tokenBySecret(sandbox),
    dryRun: false,
    clock: { now: Date.now, sleep: async () => undefined },
    addresses: addressesOf(cloud?.sqlAddresses),
    ca: readFileSync(sandbox.ready.caFile, "utf8"),
    ...change,
  });
}

const orders: DatabaseResource = {
  id: databaseId("orders"),
  ref: { server: server("sql-a"), database: "orders" },
  status: "Online",
};
const addReader = { kind: "addToRole", user: "x", role: "db_datareader" } as const;
const failureOf = async (work: Promise<unknown>) => {
  const error = await work.catch((e: unknown) => e);
  return error instanceof Failure ? [error.class, error.details.code, error.details.mayHaveHappened] : error;
};

test("a connection of a plan changes nothing: nobody even signs in", async () => {
  world.sandbox.sql.log.clear();
  const never = new AbortController().signal;
  expect(await failureOf(connected({ dryRun: true }).changeDatabase(orders, addReader, never))).toEqual([
    "terminal",
    "WriteRefused",
    undefined,
  ]);
  expect(world.sandbox.sql.log.entries()).toEqual([]);
});

test("rule 23: without the lease a database is not changed, and a change is cut when the lease ends", async () => {
  const [never, ended] = [new AbortController().signal, new AbortController()];
  const { faults, log } = world.sandbox.sql;
  log.clear();
  const lost = connected({ fence: { mayWrite: () => false, ended: never } });
  expect(await failureOf(lost.changeDatabase(orders, addReader, never))).toEqual([
    "transient",
    "LeaseLost",
    undefined,
  ]);
  expect(JSON.stringify(log.entries())).not.toContain("ALTER ROLE");
  faults.add({ at: "statement", contains: "ALTER ROLE", delayInMs: 60_000, times: 1 });
  const held = connected({ fence: { mayWrite: () => true, ended: ended.signal } });
  const change = failureOf(held.changeDatabase(orders, addReader, never));
  await expect.poll(() => faults.list()[0]?.hits, { timeout: 30_000, interval: 20 }).toBe(1);
  ended.abort(new Failure("transient", "ended", { code: "LeaseLost", mayHaveHappened: true }));
  expect(await change).toEqual(["transient", "LeaseLost", true]);
});

test.each<readonly [string, () => Partial<SqlOptions>, readonly unknown[]]>([
  [
    "a token for ARM",
    () => ({ token: () => tokenBySecret(world.sandbox, "bindery", "https://management.azure.com/.default") }),
    ["terminal", "DatabaseLoginFailed", undefined],
  ],
  [
    "a name that DNS does not know",
    () => ({ addresses: new Map([[server("sql-a"), { host: "sql-a.invalid", port: 1433 }]]) }),
    ["transient", "DatabaseUnreachable", undefined],
  ],
  [
    "a server whose certificate nobody knows",
    () => ({ ca: "" }),
    ["transient", "DatabaseUnreachable", undefined],
  ],
  [
    "a name outside the cloud",
    () => ({ serverSuffix: ".other.net" }),
    ["terminal", "HostRefused", undefined],
  ],
  [
    "a server that is not allowed",
    () => ({ isAllowed: () => false }),
    ["terminal", "HostRefused", undefined],
  ],
])("%s is refused", async (_, change, expected) => {
  const { readDatabase } = connected(change());
  expect(await failureOf(readDatabase(orders, AbortSignal.timeout(20_000)))).toEqual(expected);
});

test("an answer that is too slow is a failure; whether a change was made is then open", async () => {
  world.sandbox.sql.faults.add({ at: "statement", database: "orders", delayInMs: 5_000, times: 2 });
  const { readDatabase, changeDatabase } = connected({ requestTimeoutInMs: 300 });
  const signal = AbortSignal.timeout(20_000);
  expect(await failureOf(readDatabase(orders, signal))).toEqual(["transient", "DatabaseTimeout", undefined]);
  expect(await failureOf(changeDatabase(orders, addReader, signal))).toEqual([
    "transient",
    "DatabaseTimeout",
    true,
  ]);
});
