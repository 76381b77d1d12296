// What no source settles about SQL: Bindery is right under both behaviours of the sandbox's switches.

import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { sidFrom } from "../src/model/database.ts";
import { runScript } from "../src/sandbox/sql/engine/script.ts";
import { type SqlEvent, sqlChannel } from "../src/sandbox/sql/service/log.ts";
import { contentOf } from "../src/sandbox/sql/service/resources.ts";
import { defaultSwitches, type Switches, switchTable } from "../src/sandbox/switches.ts";
import { databaseId, documents, on, type SqlWorld, startSqlWorld } from "./support/sql-world.ts";

const reader = "roles: [db_datareader]";
const external = `${reader}, userFrom: ExternalProvider`;
const select = "SELECT customer FROM sales.orders WHERE id = 1";
const contoso = [{ customer: "Contoso" }];
const permissionDenied = 229;
const timeout = { timeout: 30_000, interval: 5 };

let world: SqlWorld;
beforeAll(async () => {
  const names = ["member", "former", "new", "refused", "granted", "stranger"].flatMap((name) => [
    `id-${name.toLowerCase()}-0`,
    `id-${name.toLowerCase()}-1`,
  ]);
  const lives = ["applicationType", "externalAuthentication", "externalUserInTransaction"].flatMap((name) => [
    `id-${name.toLowerCase()}-0`,
    `id-${name.toLowerCase()}-1`,
  ]);
  world = await startSqlWorld([...names, ...lives]);
});
afterEach(() => {
  Object.assign(world.sandbox.world.switches, defaultSwitches());
  world.sandbox.world.settings.principalLagInMs = 0;
});
afterAll(() => world.close());

/** Both behaviours, with their index. */
const both = [0, 1] as const;

function turn(name: keyof Switches, index: 0 | 1): void {
  Object.assign(world.sandbox.world.switches, { [name]: switchTable[name].values[index] });
}

/** Applies while somebody else does something between Bindery's reading and its request that contains a text. */
async function overtaken(text: string, request: string, deed: string): Promise<readonly string[]> {
  let isDone = false;
  const listener = (message: unknown): void => {
    const event = message as SqlEvent;
    if (isDone || event.kind !== "request" || !event.text.includes(request)) return;
    isDone = true;
    asDbo(deed);
  };
  subscribe(sqlChannel, listener);
  try {
    return await world.applied(text, { maxPasses: 1 });
  } finally {
    unsubscribe(sqlChannel, listener);
    expect(isDone).toBe(true);
  }
}

/** Runs a script at once, in the very moment. */
function asDbo(script: string): void {
  const { world: azure } = world.sandbox;
  const resource = azure.resources.get(databaseId("orders"));
  if (resource === undefined) throw new Error("There is no such database.");
  const { database } = contentOf(azure, resource);
  const { context } = database;
  database.context = { ...context, principalId: 1, switches: defaultSwitches() };
  runScript(database, script);
  database.context = context;
}

test.each(both)(
  "repeatedMembership %i: what somebody else has given or taken in the meantime is done",
  async (index) => {
    turn("repeatedMembership", index);
    const [name, former] = [`id-member-${index}`, `id-former-${index}`];
    const add = `ALTER ROLE [db_datareader] ADD MEMBER [${name}]`;
    const text = documents(name, [[on("orders", reader)]]);
    expect(await overtaken(text, add, add)).toEqual([]);
    expect(await world.as(name, select)).toEqual(contoso);
    expect(await world.planned(text)).toEqual([]);

    const more = documents(former, [[on("orders", "roles: [db_datareader, order_reader]")]]);
    expect(await world.applied(more)).toEqual([]);
    const drop = `ALTER ROLE [db_datareader] DROP MEMBER [${former}]`;
    const less = documents(former, [[on("orders", "roles: [order_reader]")]]);
    expect(await overtaken(less, drop, drop)).toEqual([]);
    expect(await world.as(former, select)).toBe(permissionDenied);
    expect(await world.planned(less)).toEqual([]);
  },
);

test.each(both)(
  "unknownPrincipal %i: an identity that Entra does not know yet is waited for, never given up",
  async (index) => {
    turn("unknownPrincipal", index);
    const { log } = world.sandbox.sql;
    const name = `id-new-${index}`;
    const text = documents(name, [[on("listed", external, "sql-b")]]);
    world.sandbox.world.settings.principalLagInMs = Number.MAX_SAFE_INTEGER;
    log.clear();
    const applying = world.applied(text);
    const asked = () =>
      log.entries().filter((e) => e.kind === "statement" && e.text.includes("EXTERNAL PROVIDER")).length;
    await expect.poll(asked, timeout).toBeGreaterThan(0);
    world.sandbox.world.settings.principalLagInMs = 0;
    // Whether this very pass still waits or the next one does it is a matter of speed.
    for (const line of await applying) expect(line).toMatch(/(33134|37545)|not visible|user/i);
    expect(await world.applied(text)).toEqual([]);
    expect(await world.as(name, select, "listed", "sql-b")).toEqual(contoso);
    expect(await world.planned(text)).toEqual([]);
  },
);

test.each([
  [0, /ExternalProviderFailed .*33134/],
  [1, /DatabasePermissionDenied .*15151/],
] as const)(
  "directoryRefusal %i: it fails and says so, nothing is left half done, and the SID needs nobody's leave",
  async (index, refusal) => {
    turn("directoryRefusal", index);
    const name = `id-refused-${index}`;
    expect((await world.applied(documents(name, [[on("orders", external)]]))).join("\n")).toMatch(refusal);
    const text = documents(name, [[on("orders", reader)]]);
    expect(await world.applied(text)).toEqual([]);
    expect(await world.as(name, select)).toEqual(contoso);
  },
);

test.each(
  (["applicationType", "externalAuthentication", "externalUserInTransaction"] as const).flatMap((name) =>
    both.map((index) => [name, index] as const),
  ),
)("%s %i: users that Entra looks up come, are the same ones afterwards, and go", async (name, index) => {
  turn(name, index);
  const identity = `id-${name.toLowerCase()}-${index}`;
  const text = documents(identity, [[on("listed", external, "sql-b")]]);
  expect(await world.applied(text)).toEqual([]);
  expect(await world.as(identity, select, "listed", "sql-b")).toEqual(contoso);
  expect(await world.planned(text)).toEqual([]);
  expect(await world.applied(documents(identity, []))).toEqual([]);
  expect(await world.as(identity, select, "listed", "sql-b")).toBe(18456);
});

test.each(both)(
  "strangerSignIn %i: where Bindery has no user that is held, with what helps, and that helps",
  async (index) => {
    turn("strangerSignIn", index);
    const name = `id-stranger-${index}`;
    const text = documents(name, [[on("billing", reader)]]);
    await world.applied(documents(name, []));
    await world.operate("DROP USER bindery", "billing");
    const { changes, held } = await world.plan(text);
    expect(changes).toEqual([]);
    expect(held.map((h) => h.reason)).toEqual(["DatabaseUnreadable"]);
    expect(held[0]?.message).toContain(`SQL error ${switchTable.strangerSignIn.values[index]}`);
    expect(held[0]?.cure).toContain("Make Bindery a user of the database");
    const sid = sidFrom(world.sandbox.ready.clientId);
    await world.operate(
      `CREATE USER bindery WITH SID = ${sid}, TYPE = E; ALTER ROLE db_owner ADD MEMBER bindery`,
      "billing",
    );
    expect(await world.as(name, select, "billing")).toBe(Number(switchTable.strangerSignIn.values[index]));
    expect(await world.applied(text)).toEqual([]);
    expect(await world.as(name, select, "billing")).toEqual(contoso);
  },
);

test.each([
  [0, /DatabasePermissionDenied .*4613/],
  [1, /Sql49999 .*49999/],
] as const)(
  "unseenNumbers %i: whose right to grant is gone by the time fails, and the next plan says which right",
  async (index, refusal) => {
    turn("unseenNumbers", index);
    const name = `id-granted-${index}`;
    const text = documents(name, [
      [on("orders", 'permissions: [{ grant: [INSERT], securable: "schema::sales" }]')],
    ]);
    const lines = await overtaken(
      text,
      "GRANT INSERT",
      "ALTER ROLE db_owner DROP MEMBER bindery; GRANT VIEW DEFINITION TO bindery",
    );
    expect(lines.join("\n")).toMatch(refusal);
    expect((await world.plan(text)).held.map((h) => h.reason)).toContain("DatabaseRightMissing");
    await world.operate("ALTER ROLE db_owner ADD MEMBER bindery");
    expect(await world.applied(text)).toEqual([]);
    expect(await world.planned(text)).toEqual([]);
  },
);
