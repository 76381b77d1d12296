// Databases that cannot be changed now, not at all, or not by Bindery: what is held, what is concluded, and who signs in.
import { createServer } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { admin, resourcePath } from "./support/admin.ts";
import {
  databaseId,
  documents,
  manyDatabases,
  on,
  type SqlWorld,
  server,
  startSqlWorld,
} from "./support/sql-world.ts";

const reader = "roles: [db_datareader]";
const select = "SELECT customer FROM sales.orders WHERE id = 1";
const contoso = [{ customer: "Contoso" }];
const [permissionDenied, loginFailed] = [229, 18456];

let world: SqlWorld;
beforeAll(async () => {
  world = await startSqlWorld([
    "id-replica",
    "id-listener",
    "id-doomed",
    "id-faulty",
    "id-sleeper",
    "id-redirected",
    "id-led-away",
    "id-far",
    "id-master",
    "id-many",
  ]);
});
afterEach(() => world.sandbox.sql.faults.clear());
afterAll(() => world.close());

/** Brings a database into another state, behind everybody's back. */
async function setStatus(database: string, status: string): Promise<void> {
  await admin(world.sandbox, "PATCH", resourcePath(databaseId(database)), { properties: { status } });
}
const statusOf = (database: string) =>
  world.sandbox.world.resources.get(databaseId(database))?.properties?.status;

test("a read-only replica is verified, never changed", async () => {
  const name = "id-replica";
  const line = on("orders", reader, "sql-b");
  await world.applied(documents(name, []));
  const held = await world.plan(documents(name, [[line]]));
  expect(await world.planned(documents(name, [[line]]))).toEqual(
    expect.arrayContaining([
      `DatabaseReadOnly: grant user ${name} in sql-b/orders`,
      "DatabaseReadOnly: grant db_datareader in sql-b/orders",
    ]),
  );
  expect(held.held.find((h) => h.reason === "DatabaseReadOnly")?.cure).toMatch(/primary|listener/);
  const both = documents(name, [[line, on("orders", reader)]]);
  expect(await world.applied(both)).toEqual([]);
  expect(await world.planned(both)).toEqual([]);
  expect(await world.as(name, select, "orders", "sql-b")).toEqual(contoso);
  expect(await world.applied(documents(name, []))).toEqual([]);
  expect(await world.as(name, select, "orders", "sql-b")).toBe(loginFailed);
  expect(await world.planned(documents(name, []))).toEqual([]);
  expect(world.remembered(name)).toEqual([]);
});

test("the listener of a failover group leads to the primary", async () => {
  const name = "id-listener";
  const text = documents(name, [[on("orders", reader, "fog-a")]]);
  expect(await world.applied(text)).toEqual([]);
  expect(await world.planned(text)).toEqual([]);
  expect(await world.as(name, select, "orders", "fog-a")).toEqual(contoso);
  expect(await world.as(name, select, "orders", "sql-a")).toEqual(contoso);
  expect(await world.as(name, "DELETE FROM sales.orders", "orders", "fog-a")).toBe(permissionDenied);
});

test("a dropped database is forgotten; a line that wants something there is held", async () => {
  const name = "id-doomed";
  const text = documents(name, [[on("doomed", reader)]]);
  await world.applied(text);
  expect(world.remembered(name)).toEqual([`${server("sql-a")}/doomed`]);
  await admin(world.sandbox, "DELETE", resourcePath(databaseId("doomed")));
  expect(await world.planned(text)).toEqual(["DatabaseNotFound: grant db_datareader in sql-a/doomed"]);
  expect(await world.planned(documents(name, []))).toEqual(["update tags -bindery-sql-1"]);
  expect(await world.applied(documents(name, []))).toEqual([]);
  expect(world.remembered(name)).toEqual([]);
});

describe("a database that cannot be read", () => {
  const name = "id-faulty";
  const text = documents(name, [[on("faulty", reader)]]);
  const more = documents(name, [[on("faulty", "roles: [db_datareader, db_datawriter]")]]);
  beforeAll(() => world.applied(text));

  test.each([
    ["4060: it may be moving", 4060, /./],
    ["40613: it is not available", 40613, /./],
    ["40615: the firewall", 40615, /firewall/],
    ["18456: the sign-in", 18456, /user of the database/],
  ])("%s proves nothing", async (_, error, cure) => {
    world.sandbox.sql.faults.add({ at: "login", database: "faulty", error });
    const { changes, held } = await world.plan(documents(name, []));
    expect(changes).toEqual([]);
    expect(held.map((h) => h.reason)).toEqual(["DatabaseUnreadable"]);
    expect(held[0]?.cure).toMatch(cure);
    expect(await world.planned(more)).toEqual([
      "DatabaseUnreadable: grant db_datareader in sql-a/faulty",
      "DatabaseUnreadable: grant db_datawriter in sql-a/faulty",
    ]);
    await world.applied(documents(name, []));
    expect(world.remembered(name)).toEqual([`${server("sql-a")}/faulty`]);
    world.sandbox.sql.faults.clear();
    expect(await world.as(name, select, "faulty")).toEqual(contoso);
    expect(await world.planned(text)).toEqual([]);
  });
});

test("a paused database is left asleep, woken when something is due, and waited for", async () => {
  const name = "id-sleeper";
  const text = documents(name, [[on("sleeper", reader)]]);
  await world.applied(text);
  await setStatus("sleeper", "Paused");
  world.sandbox.sql.log.clear();
  const { changes, held, warnings } = await world.plan(text);
  expect([changes, held]).toEqual([[], []]);
  expect(warnings.map((w) => w.code)).toContain("DatabaseAsleep");
  await world.applied(text);
  expect(world.signIns("sleeper")).toBe(0);
  expect(statusOf("sleeper")).toBe("Paused");

  expect(await world.applied(documents(name, []))).toEqual([]);
  expect(world.signIns("sleeper")).toBeGreaterThan(1);
  expect(statusOf("sleeper")).toBe("Online");
  expect(world.remembered(name)).toEqual([]);
  await setStatus("sleeper", "Paused");
  expect(await world.applied(text)).toEqual([]);
  expect(await world.as(name, select, "sleeper")).toEqual(contoso);
});

test("a redirect is followed within the suffix", async () => {
  const name = "id-redirected";
  const text = documents(name, [[on("billing", reader)]]);
  world.sandbox.sql.faults.add({ at: "login", database: "billing", redirect: true, times: 1 });
  expect(await world.applied(text)).toEqual([]);
  expect(world.sandbox.sql.faults.list()[0]?.hits).toBe(1);
  expect(await world.planned(text)).toEqual([]);
});

test("a redirect to any other host is refused before anything is sent there", async () => {
  const name = "id-led-away";
  let connections = 0;
  const elsewhere = createServer((socket) => {
    connections += 1;
    socket.destroy();
  });
  await new Promise<void>((resolve) => elsewhere.listen(0, "127.0.0.1", resolve));
  const address = elsewhere.address();
  const port = typeof address === "object" && address ? address.port : 0;
  await world.applied(documents(name, []));
  for (const host of ["127.0.0.1", "localhost", "sql-a.database.windows.net.example.com"]) {
    world.sandbox.sql.faults.clear();
    world.sandbox.sql.faults.add({ at: "login", database: "billing", redirect: { server: host, port } });
    const { held } = await world.plan(documents(name, [[on("billing", reader)]]));
    expect(held.map((h) => h.reason)).toEqual(["DatabaseUnreadable"]);
    expect(held[0]?.message).toContain(`does not go to ${host}`);
  }
  elsewhere.close();
  expect(connections).toBe(0);
});

test.each([
  ["outside the estate", "sql-far", {}, "ServerNotInEstate"],
  ["that is not there", "sql-none", {}, "ServerNotInEstate"],
  ["that the policy does not allow", "sql-a", { sqlServers: ["sql-b.*.windows.net"] }, "ServerNotAllowed"],
])("nobody signs in to a server %s", async (_, where, policy, reason) => {
  world.sandbox.sql.log.clear();
  const { held } = await world.plan(documents("id-far", [[on("orders", reader, where)]]), { policy });
  expect(new Set(held.map((h) => h.reason))).toEqual(new Set([reason]));
  expect(world.sandbox.sql.log.entries()).toEqual([]);
});

test("master is held as privileged", async () => {
  const name = "id-master";
  await world.applied(documents(name, []));
  const { held } = await world.plan(documents(name, [[on("master", reader)]]));
  expect(held.map((h) => [h.reason, h.change.subject.kind])).toContainEqual(["Privileged", "databaseRole"]);
  expect(held.find((h) => h.reason === "Privileged")?.cure).toContain(`scope: ${databaseId("master")}`);
});

test("more databases than tags can remember are held, and nothing is given in them", async () => {
  const name = "id-many";
  const lines = manyDatabases.map((database) => on(database, reader));
  const few = documents(name, [lines.slice(0, 20)]);
  expect(await world.applied(few)).toEqual([]);
  expect(world.remembered(name)).toHaveLength(20);
  const all = await world.plan(documents(name, [lines]));
  expect(all.changes).toEqual([]);
  expect(all.held.map((h) => h.reason)).toContain("MemoryFull");
  await world.applied(documents(name, [lines]));
  const [last = ""] = manyDatabases.slice(-1);
  const users = await world.operate("SELECT name FROM sys.database_principals WHERE type = 'E'", last);
  expect(users.map((row) => row.name)).not.toContain(name);
  expect(await world.as(name, "SELECT 1 AS n", manyDatabases[0])).toEqual([{ n: 1 }]);
}, 180_000);
