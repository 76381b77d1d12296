// The sandbox's Azure SQL as clients meet it: over sockets, in both modes of TDS, under the servers' real names.

import { createSocket } from "node:dgram";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { connect as connectSocket } from "node:net";
import { type Connection, Request as TdsRequest, TYPES } from "tedious";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type SqlEvent, sqlChannel } from "../src/sandbox/sql/service/log.ts";
import { type Sandbox, startSandbox } from "../src/sandbox/start.ts";
import { admin } from "./support/admin.ts";
import {
  type Client,
  connectTds,
  refusalOf,
  type SignIn,
  tokenBySecret,
  tokenOfIdentity,
} from "./support/tds.ts";

const S = "00000000-0000-4000-8000-000000000001";
const group = `/subscriptions/${S}/resourceGroups/rg`;
const machine = `${group}/providers/Microsoft.Compute/virtualMachines/vm`;
const identity = `${group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-orders`;
const server = `${group}/providers/Microsoft.Sql/servers/sql-orders`;
const sa = { user: ["sqladmin", "P@ss w0rd!é"] } as const;

const seed = `
subscriptions: [{ subscriptionId: ${S} }]
resourceGroups: [{ name: rg, location: westeurope }]
identities: [{ resourceGroup: rg, name: id-orders }, { resourceGroup: rg, name: id-other }]
virtualMachines: [{ resourceGroup: rg, name: vm, identities: [id-orders] }]
sqlServers:
  - resourceGroup: rg
    name: sql-orders
    entraAdmin: operator
    sqlAdmin: { login: sqladmin, password: "P@ss w0rd!é" }
    databases:
      - name: orders
        readScale: Enabled
        tables: [{ name: sales.orders, columns: [id int NOT NULL, customer nvarchar(100)], rows: [[1, Contoso], [2, Fabrikam]] }]
        procedures: [{ name: sales.order_count, body: SELECT COUNT(*) AS n FROM sales.orders }]
        roles: [order_reader]
        users: [{ name: bindery, principal: bindery, roles: [db_owner] }, { name: reader, password: secret-1 }]
        script: |
          GRANT SELECT ON SCHEMA::sales TO order_reader;
          ALTER ROLE order_reader ADD MEMBER reader
      - { name: sleepy, status: Paused, users: [{ name: bindery, principal: bindery }] }
    failoverGroups: [{ name: fog-orders, partner: sql-dr, databases: [orders] }]
  - resourceGroup: rg
    name: sql-dr
    location: northeurope
    entraAdmin: operator
    directoryReaders: true
    databases: [{ name: orders, replicaOf: sql-orders/orders }, { name: own }]
  - { resourceGroup: rg, name: sql-entra, entraAdmin: operator, entraOnly: true, sqlAdmin: { login: sqladmin, password: "P@ss w0rd!é" }, databases: [{ name: orders }] }
`;

let sandbox: Sandbox;
let bindery: string;
let operator: string;
const open: Client[] = [];

async function start(): Promise<void> {
  sandbox = await startSandbox({ seed: { text: seed, filename: "seed.yaml" } });
  [bindery, operator] = [await tokenBySecret(sandbox), await tokenBySecret(sandbox, "operator")];
}

async function connect(signIn: SignIn): Promise<Client> {
  const client = await connectTds(sandbox, signIn);
  open.push(client);
  return client;
}

function closeClients(): void {
  for (const client of open.splice(0)) client.close();
}

/** What one connection of the TLS of tedious has agreed on. */
function tlsOf(connection: Connection): { protocol: unknown; alpn: unknown } {
  const { messageIo, socket } = connection as unknown as {
    messageIo: { securePair?: { cleartext: TlsSide } };
    socket: TlsSide;
  };
  const side = messageIo.securePair?.cleartext ?? socket;
  return { protocol: side.getProtocol?.(), alpn: side.alpnProtocol };
}

interface TlsSide {
  getProtocol?: () => unknown;
  alpnProtocol?: unknown;
}

describe("signing in", () => {
  beforeAll(start);
  afterEach(closeClients);
  afterAll(() => sandbox.close());

  test.each([
    ["strict", { protocol: "TLSv1.3", alpn: "tds/8.0" }],
    [true, { protocol: "TLSv1.2", alpn: false }],
  ] as const)("with TDS and TLS in the mode %s", async (encrypt, tls) => {
    const byToken = await connect({ token: bindery, encrypt });
    expect(await byToken.run("SELECT USER_NAME() AS u, DB_NAME() AS d")).toEqual([
      { u: "bindery", d: "orders" },
    ]);
    expect(tlsOf(byToken.connection)).toEqual(tls);
    const byLogin = await connect({ ...sa, encrypt });
    expect(await byLogin.run("SELECT USER_NAME() AS u")).toEqual([{ u: "dbo" }]);
    const byUser = await connect({ user: ["reader", "secret-1"], encrypt });
    expect(await byUser.run("SELECT COUNT(*) AS n FROM sales.orders")).toEqual([{ n: 2 }]);
  });

  test("with a token that is got on the way, for the resource that the server names", async () => {
    const asked: unknown[] = [];
    const credential = {
      getToken: async (scope: string | string[]) => {
        asked.push(scope);
        return { token: bindery, expiresOnTimestamp: Date.now() + 3_600_000 };
      },
    };
    const authentication = { type: "token-credential" as const, options: { credential } };
    const client = await connect({ authentication });
    expect(await client.run("SELECT USER_NAME() AS u")).toEqual([{ u: "bindery" }]);
    expect(asked).toEqual(["https://database.windows.net/.default"]);
  });

  test("as the Microsoft Entra administrator, who is dbo in every database", async () => {
    for (const database of ["orders", "master"]) {
      const client = await connect({ token: operator, database });
      expect(await client.run("SELECT USER_NAME() AS u, DB_NAME() AS d")).toEqual([
        { u: "dbo", d: database },
      ]);
    }
  });

  test.each<[string, () => Promise<SignIn> | SignIn, number | string]>([
    [
      "a token for ARM",
      async () => ({
        token: await tokenBySecret(sandbox, "bindery", "https://management.azure.com/.default"),
      }),
      18456,
    ],
    ["a token with another signature", () => ({ token: `${bindery.slice(0, -6)}AAAAAA` }), 18456],
    ["a token that is none", () => ({ token: "nonsense" }), 18456],
    ["a token without a user", async () => ({ token: await tokenOfIdentity(sandbox, machine) }), 18456],
    ["a user of another database", () => ({ token: bindery, database: "master" }), 18456],
    ["a database that is not there", () => ({ token: bindery, database: "nope" }), 4060],
    ["a wrong password", () => ({ user: ["sqladmin", "x"] }), 18456],
    ["an unknown login", () => ({ user: ["nobody", "x"] }), 18456],
    ["a user without a password", () => ({ user: ["bindery", ""] }), 18456],
    ["a password where only tokens are taken", () => ({ ...sa, server: "sql-entra" }), 18456],
    ["no encryption", () => ({ token: bindery, encrypt: false }), "EENCRYPT"],
  ])("not with %s", async (_, signIn, expected) => {
    expect(await refusalOf(sandbox, await signIn())).toBe(expected);
  });

  test("under a name that the certificate has not, nobody believes the server", async () => {
    const { "sql-orders.database.windows.net": address = "" } = sandbox.ready.sqlAddresses;
    const other = "sql-other.database.windows.net";
    const ready = { ...sandbox.ready, sqlAddresses: { [other]: address } };
    expect(await refusalOf({ ...sandbox, ready }, { token: bindery, server: other })).toBe("ESOCKET");
  });
});

describe("values and results", () => {
  beforeAll(start);
  afterEach(closeClients);
  afterAll(() => sandbox.close());

  test("parameters come back as they went", async () => {
    const client = await connect({ token: bindery });
    const guid = "D1B7A3C4-1234-5678-9ABC-DEF012345678";
    const long = "é漢𝄞".repeat(20_000);
    const rows = await client.query("SELECT @t AS t, @l AS l, @b AS b, @i AS i, @g AS g, @n AS n, @f AS f", {
      t: [TYPES.NVarChar, "it's ]me["],
      l: [TYPES.NVarChar, long],
      b: [TYPES.VarBinary, Buffer.from("00ff10", "hex")],
      i: [TYPES.Int, -5],
      g: [TYPES.UniqueIdentifier, guid],
      n: [TYPES.NVarChar, null],
      f: [TYPES.Bit, true],
    });
    expect(rows).toEqual([
      { t: "it's ]me[", l: long, b: Buffer.from("00ff10", "hex"), i: -5, g: guid, n: null, f: 1 },
    ]);
  });

  test("columns of the catalog have their types", async () => {
    const client = await connect({ token: bindery });
    const [row = {}] = await client.run(
      "SELECT name, type, sid, is_fixed_role, create_date, principal_id FROM sys.database_principals WHERE name = N'bindery'",
    );
    expect(row).toMatchObject({
      name: "bindery",
      type: "E",
      is_fixed_role: false,
      principal_id: expect.any(Number),
    });
    expect(row.sid).toBeInstanceOf(Buffer);
    expect(row.create_date).toBeInstanceOf(Date);
  });

  test("a sql_variant holds texts and numbers", async () => {
    const client = await connect({ token: bindery });
    await client.run(
      "EXEC sp_addextendedproperty N'text', N'größe'; EXEC sp_addextendedproperty N'number', 7",
    );
    expect(await client.run("SELECT name, value FROM sys.extended_properties ORDER BY name")).toEqual([
      { name: "number", value: 7 },
      { name: "text", value: "größe" },
    ]);
  });

  test("an answer of several packets, and several answers in one", async () => {
    const client = await connect({ token: bindery });
    const many = Array.from({ length: 300 }, (_, i) => `CREATE USER [u${i}] WITHOUT LOGIN;`).join("\n");
    await client.run(many);
    expect(await client.run("SELECT * FROM sys.database_principals WHERE name LIKE N'u%'")).toHaveLength(300);
    const rows = await client.run("SELECT 1 AS a; SELECT 2 AS a; SELECT 3 AS a");
    expect(rows).toEqual([{ a: 1 }, { a: 2 }, { a: 3 }]);
  });

  test("all errors of a batch arrive, and a transaction of the driver's own", async () => {
    const client = await connect({ token: bindery });
    await expect(client.run("DROP USER a; DROP USER b")).rejects.toMatchObject({
      errors: [{ number: 15151 }, { number: 15151 }],
    });
    await new Promise<void>((resolve, reject) => {
      client.connection.beginTransaction((error) => (error ? reject(error) : resolve()));
    });
    await client.run("CREATE USER inside WITHOUT LOGIN");
    await new Promise<void>((resolve, reject) => {
      client.connection.rollbackTransaction((error) => (error ? reject(error) : resolve()));
    });
    expect(await client.run("SELECT name FROM sys.database_principals WHERE name = N'inside'")).toEqual([]);
  });

  test("the name of a user is never more than a name", async () => {
    const client = await connect({ token: bindery });
    const name = "x]; DROP USER [reader]; -- '\"é漢";
    const quoted = `[${name.replaceAll("]", "]]")}]`;
    await client.run(`CREATE USER ${quoted} WITHOUT LOGIN`);
    const found = await client.query("SELECT name FROM sys.database_principals WHERE name = @n", {
      n: [TYPES.NVarChar, name],
    });
    expect(found).toEqual([{ name }]);
    await client.run(`DROP USER ${quoted}`);
    expect(await client.run("SELECT name FROM sys.database_principals WHERE name = N'reader'")).toHaveLength(
      1,
    );
  });
});

describe("an identity of its own", () => {
  beforeEach(start);
  afterEach(async () => {
    closeClients();
    await sandbox.close();
  });

  test("does what it was granted and nothing else, until it is somebody new", async () => {
    const owner = await connect({ token: bindery });
    const signIn = { token: await tokenOfIdentity(sandbox, machine) };
    expect(await refusalOf(sandbox, signIn)).toBe(18456);
    const clientId = String(sandbox.world.resources.get(identity)?.properties?.clientId);
    await owner.query(
      "DECLARE @s nvarchar(max) = CONCAT(N'CREATE USER [app] WITH SID = ', CONVERT(nvarchar(64), CONVERT(varbinary(16), @id), 1), N', TYPE = E'); EXEC (@s)",
      {
        id: [TYPES.UniqueIdentifier, clientId],
      },
    );
    const app = await connect(signIn);
    expect(await app.run("SELECT USER_NAME() AS u")).toEqual([{ u: "app" }]);
    const read = "SELECT customer FROM sales.orders WHERE id = 1";
    const count = "EXEC sales.order_count";
    expect(await app.refusal(read)).toBe(229);
    await owner.run("GRANT SELECT ON SCHEMA::[sales] TO [app]");
    expect(await app.run(read)).toEqual([{ customer: "Contoso" }]);
    expect(await app.refusal(count)).toBe(229);
    expect(await app.refusal("DELETE FROM sales.orders")).toBe(229);
    await owner.run(
      "REVOKE SELECT ON SCHEMA::[sales] FROM [app]; GRANT EXECUTE ON OBJECT::[sales].[order_count] TO [app]",
    );
    expect(await app.refusal(read)).toBe(229);
    expect(await app.run(count)).toEqual([{ n: 2 }]);
    expect(
      await app.run(
        "SELECT name FROM sys.database_principals WHERE name IN (N'app', N'reader', N'order_reader')",
      ),
    ).toEqual([{ name: "app" }]);
    await owner.run("REVOKE CONNECT FROM [app]");
    expect(await refusalOf(sandbox, signIn)).toBe(18456);
    await owner.run("GRANT CONNECT TO [app]");
    await recreate();
    expect(await refusalOf(sandbox, { token: await tokenOfIdentity(sandbox, machine) })).toBe(18456);
  });

  async function recreate(): Promise<void> {
    const { id, name, type, location } = sandbox.world.resources.get(identity) ?? {};
    const path = `resources?id=${encodeURIComponent(identity)}`;
    await admin(sandbox, "DELETE", path);
    await admin(sandbox, "PUT", path, { id, name, type, location });
    const block = { type: "UserAssigned", userAssignedIdentities: { [identity]: {} } };
    await admin(sandbox, "PATCH", `resources?id=${encodeURIComponent(machine)}`, { identity: null });
    await admin(sandbox, "PATCH", `resources?id=${encodeURIComponent(machine)}`, { identity: block });
  }

  test("is found in Microsoft Entra only by a server that may look, and not at once", async () => {
    const first = await connect({ token: bindery });
    expect(await first.refusal("CREATE USER [id-orders] FROM EXTERNAL PROVIDER")).toBe(33134);
    const second = await connect({ token: operator, server: "sql-dr", database: "own" });
    sandbox.advance(60_000);
    await second.run("CREATE USER [id-orders] FROM EXTERNAL PROVIDER");
    const { principalId, clientId } = sandbox.world.resources.get(identity)?.properties ?? {};
    const sql =
      "SELECT CAST(sid AS uniqueidentifier) AS id FROM sys.database_principals WHERE name = N'id-orders'";
    expect(await second.run(sql)).toEqual([{ id: String(clientId).toUpperCase() }]);
    const again = `CREATE USER [other] FROM EXTERNAL PROVIDER WITH OBJECT_ID = '${principalId}'`;
    expect(await second.refusal(again)).toBe(15063);
    expect(await second.refusal("CREATE USER [nobody] FROM EXTERNAL PROVIDER")).toBe(33130);
  });
});

describe("replicas, groups and sleep", () => {
  beforeEach(start);
  afterEach(async () => {
    closeClients();
    await sandbox.close();
  });

  const updateability = "SELECT DATABASEPROPERTYEX(DB_NAME(), N'Updateability') AS u";

  test("a geo-replica shows what its primary has, and takes no changes", async () => {
    const primary = await connect({ token: bindery });
    const replica = await connect({ token: bindery, server: "sql-dr" });
    expect(await replica.run(updateability)).toEqual([{ u: "READ_ONLY" }]);
    await primary.run("CREATE USER later WITHOUT LOGIN");
    const later = "SELECT name FROM sys.database_principals WHERE name = N'later'";
    expect(await replica.run(later)).toEqual([{ name: "later" }]);
    expect(await replica.refusal("DROP USER later")).toBe(3906);
    const scaledOut = await connect({ token: bindery, isReadOnlyIntent: true });
    expect(await scaledOut.run(updateability)).toEqual([{ u: "READ_ONLY" }]);
  });

  test("a listener of a failover group leads to whoever is primary", async () => {
    const listener = { token: bindery, server: "fog-orders" };
    const name = "SELECT SERVERPROPERTY(N'ServerName') AS s";
    expect(await (await connect(listener)).run(name)).toEqual([{ s: "sql-orders" }]);
    const other = { token: bindery, server: "fog-orders.secondary.database.windows.net" };
    expect(await (await connect(other)).run(name)).toEqual([{ s: "sql-dr" }]);
    for (const [host, replicationRole] of [
      ["sql-orders", "Secondary"],
      ["sql-dr", "Primary"],
    ]) {
      const id = `${group}/providers/Microsoft.Sql/servers/${host}/failoverGroups/fog-orders`;
      await admin(sandbox, "PATCH", `resources?id=${encodeURIComponent(id)}`, {
        properties: { replicationRole },
      });
    }
    expect(await (await connect(listener)).run(name)).toEqual([{ s: "sql-dr" }]);
  });

  test("a paused database wakes a while after somebody has asked for it", async () => {
    const status = () => sandbox.world.resources.get(`${server}/databases/sleepy`)?.properties?.status;
    const signIn = { token: bindery, database: "sleepy" };
    expect(status()).toBe("Paused");
    expect(await refusalOf(sandbox, signIn)).toBe(40613);
    expect(status()).toBe("Resuming");
    expect(await refusalOf(sandbox, signIn)).toBe(40613);
    sandbox.advance(10_000);
    expect(await refusalOf(sandbox, signIn)).toBe("let in");
    expect(status()).toBe("Online");
  });

  test("a database that ARM has not any more is not there, and a new one of its name is empty", async () => {
    const path = `resources?id=${encodeURIComponent(`${server}/databases/orders`)}`;
    await admin(sandbox, "DELETE", path);
    expect(await refusalOf(sandbox, { token: bindery })).toBe(4060);
    const body = {
      id: `${server}/databases/orders`,
      location: "westeurope",
      properties: { databaseId: crypto.randomUUID() },
    };
    await admin(sandbox, "PUT", path, body);
    expect(await refusalOf(sandbox, { token: bindery })).toBe(18456);
    const client = await connect({ token: operator });
    expect(await client.refusal("SELECT * FROM sales.orders")).toBe(208);
  });
});

describe("faults", () => {
  beforeEach(start);
  afterEach(async () => {
    closeClients();
    await sandbox.close();
  });

  test.each([40613, 4060, 18456, 40615, 40501, 49918, 40197, 10928])(
    "%i refuses a sign-in, so often as asked",
    async (error) => {
      await admin(sandbox, "POST", "sql/faults", {
        at: "login",
        server: "sql-*",
        database: "orders",
        error,
        times: 1,
      });
      expect(await refusalOf(sandbox, { token: bindery })).toBe(error);
      expect(await refusalOf(sandbox, { token: bindery })).toBe("let in");
      expect(await admin(sandbox, "GET", "sql/faults")).toMatchObject([{ hits: 1, seen: 2 }]);
    },
  );

  test("a redirect leads to the server under another name", async () => {
    await admin(sandbox, "POST", "sql/faults", { at: "login", redirect: true, times: 1 });
    const client = await connect({ token: bindery });
    expect(await client.run("SELECT USER_NAME() AS u")).toEqual([{ u: "bindery" }]);
    expect(sandbox.sql.log.entries().filter((e) => e.kind === "login")).toHaveLength(2);
  });

  test.each([
    [{ error: 1205 }, 1205, 0],
    [{ error: 40501 }, 40501, 0],
    [{ error: 50_001, message: "Mine." }, 50_001, 0],
    [{ error: 49918, applied: true }, 49918, 1],
    [{ cut: "before" }, "ECONNRESET", 0],
    [{ cut: "after" }, "ECONNRESET", 1],
  ])("%j at the second change", async (fault, expected, left) => {
    const client = await connect({ token: bindery });
    await admin(sandbox, "POST", "sql/faults", {
      at: "statement",
      statements: "writes",
      after: 1,
      times: 1,
      ...fault,
    });
    await client.run("SELECT 1; CREATE USER before WITHOUT LOGIN");
    expect(await client.refusal("CREATE USER here WITHOUT LOGIN")).toBe(expected);
    const other = await connect({ token: bindery });
    expect(
      await other.run("SELECT name FROM sys.database_principals WHERE name IN (N'before', N'here')"),
    ).toHaveLength(1 + left);
  });

  test.each(["before", "after"])("a cut %s a COMMIT undoes what is open, and only that", async (cut) => {
    const client = await connect({ token: bindery });
    await admin(sandbox, "POST", "sql/faults", { at: "statement", contains: "commit", times: 1, cut });
    const batch = "SET XACT_ABORT ON; BEGIN TRANSACTION; CREATE USER here WITHOUT LOGIN; COMMIT";
    expect(await client.refusal(batch)).toBe("ECONNRESET");
    const other = await connect({ token: bindery });
    const rows = await other.run("SELECT name FROM sys.database_principals WHERE name = N'here'");
    expect(rows).toHaveLength(cut === "after" ? 1 : 0);
  });

  test("a slow answer can be waited for, and cancelled", async () => {
    const client = await connect({ token: bindery });
    await admin(sandbox, "POST", "sql/faults", { at: "statement", delayInMs: 300, times: 1 });
    const startedAt = performance.now();
    expect(await client.run("SELECT 1 AS x")).toEqual([{ x: 1 }]);
    expect(performance.now() - startedAt).toBeGreaterThan(250);
    await admin(sandbox, "POST", "sql/faults", { at: "statement", delayInMs: 600_000, times: 1 });
    const cancelled = new Promise<unknown>((resolve) => {
      client.connection.execSqlBatch(new TdsRequest("SELECT 1 AS x", resolve));
    });
    setTimeout(() => client.connection.cancel(), 200);
    expect(await cancelled).toMatchObject({ code: "ECANCEL" });
    expect(await client.run("SELECT 2 AS y")).toEqual([{ y: 2 }]);
  });

  test.each([
    [{}, /at/],
    [{ at: "statement" }, /one of error, redirect, cut, delayInMs/],
    [{ at: "login", error: 1, cut: "before" }, /only one of/],
    [{ at: "login", error: 12_345 }, /message/],
    [{ at: "statement", redirect: true }, /redirect/],
    [{ at: "login", error: 40613, sevrer: "x" }, /sevrer/],
  ])("%j is a mistake that is named", async (fault, message) => {
    await expect(admin(sandbox, "POST", "sql/faults", fault)).rejects.toThrow(message);
    expect(sandbox.sql.faults.list()).toEqual([]);
  });
});

describe("what is seen of it", () => {
  beforeAll(start);
  afterEach(closeClients);
  afterAll(() => sandbox.close());

  test("every sign-in, request and statement is in the log and on the channel", async () => {
    const seen: SqlEvent[] = [];
    const listen = (message: unknown) => void seen.push(message as SqlEvent);
    sandbox.sql.log.clear();
    subscribe(sqlChannel, listen);
    const client = await connect({ token: bindery });
    await client.run("SELECT 1; EXEC (N'SELECT 2')");
    await client.refusal("SELEC 3");
    unsubscribe(sqlChannel, listen);
    const own = seen.filter((e) => e.session === seen[0]?.session);
    expect(own).toEqual(sandbox.sql.log.entries());
    expect(own.filter((e) => e.kind === "statement" && e.statement !== "set")).toMatchObject([
      { statement: "query", text: "SELECT 1", user: "bindery", server: "sql-orders", database: "orders" },
      { statement: "query", text: "SELECT 2" },
    ]);
    expect(own.filter((e) => e.kind === "request").slice(1)).toMatchObject([
      { text: "SELECT 1; EXEC (N'SELECT 2')" },
      { text: "SELEC 3" },
    ]);
    expect(await admin(sandbox, "GET", "sql/log")).toEqual(own);
    await admin(sandbox, "DELETE", "sql/log");
    expect(sandbox.sql.log.entries()).toEqual([]);
  });

  test("nonsense ends its connection and nothing else", async () => {
    const prelogin = Buffer.from("120100190000000000000600060100000c0001ff0c0007d0000001", "hex");
    const beginnings = [
      Buffer.from([0x16]),
      Buffer.from([0x12, 1, 0, 4]),
      prelogin,
      Buffer.from("GET / HTTP/1.1\r\n\r\n"),
    ];
    const sent = Array.from({ length: 80 }, (_, i) => {
      const noise = Buffer.from(Array.from({ length: i * 7 }, (__, k) => (i * 31 + k * 17) % 256));
      return Buffer.concat([beginnings[i % 5] ?? Buffer.alloc(0), noise]);
    });
    await Promise.all(sent.map((bytes) => sentAndEnded(port(), bytes)));
    const client = await connect({ token: bindery });
    expect(await client.run("SELECT 1 AS x")).toEqual([{ x: 1 }]);
  });

  test("only this machine reaches it", async ({ skip }) => {
    const outside = await ownAddress();
    if (outside === undefined) return skip("this machine has no address but loopback");
    await expect(sentAndEnded(port(), Buffer.from([0x12]), outside)).rejects.toThrow(/ECONNREFUSED/);
  });
});

/** The port of sql-orders. */
function port(): number {
  const { "sql-orders.database.windows.net": address = "" } = sandbox.ready.sqlAddresses;
  return Number(address.split(":")[1]);
}

/** Sends bytes and hangs up; resolves when the other side has ended. */
function sentAndEnded(port: number, bytes: Buffer, host = "127.0.0.1"): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connectSocket({ host, port });
    socket.on("error", (error: Error & { code?: string }) => {
      if (error.code === "ECONNREFUSED") reject(error);
    });
    socket.on("connect", () => socket.end(bytes));
    socket.on("close", () => resolve());
    socket.resume();
  });
}

/** An address of this machine that is not loopback; undefined where there is none. */
function ownAddress(): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = createSocket("udp4");
    socket.once("error", () => resolve(undefined));
    socket.connect(9, "192.0.2.1", () => {
      const { address } = socket.address();
      socket.close();
      resolve(address.startsWith("127.") ? undefined : address);
    });
  });
}
