// Microsoft.Sql as ARM shows it, and what it decides for those who sign in.
import { afterEach, beforeEach, expect, test } from "vitest";
import { SeedError } from "../src/sandbox/seed/read.ts";
import { type Sandbox, startSandbox } from "../src/sandbox/start.ts";
import { type Reply, rawClient } from "./sandbox-client.ts";
import { connectTds, refusalOf, tokenBySecret } from "./support/tds.ts";

const S = "00000000-0000-4000-8000-000000000001";
const servers = `/subscriptions/${S}/resourceGroups/rg/providers/Microsoft.Sql/servers`;
const one = `${servers}/sql-one`;

const seed = `
subscriptions: [{ subscriptionId: ${S} }]
resourceGroups: [{ name: rg, location: westeurope }]
identities: [{ resourceGroup: rg, name: id-server }]
settings: { listLagInMs: 0, graphLagInMs: 0 }
sqlServers:
  - resourceGroup: rg
    name: sql-one
    tags: { app: orders }
    identities: [id-server]
    systemAssigned: true
    entraAdmin: operator
    databases: [{ name: orders, collation: Latin1_General_100_CI_AS }, { name: sleepy, status: Paused }]
    failoverGroups: [{ name: fog, partner: sql-two, databases: [orders] }]
  - { resourceGroup: rg, name: sql-two, location: northeurope, databases: [{ name: orders, replicaOf: sql-one/orders }] }
`;

let sandbox: Sandbox;
let call: (method: string, path: string, body?: unknown) => Promise<Reply>;

beforeEach(async () => {
  sandbox = await startSandbox({ seed: { text: seed, filename: "seed.yaml" } });
  const { operatorClientId, operatorClientSecret } = sandbox.ready;
  const send = await rawClient(sandbox, operatorClientId, operatorClientSecret);
  call = (method, path, body) => {
    const version = path.includes("/administrators") ? "2020-11-01-preview" : "2022-08-01-preview";
    return send(method, `${path}?api-version=${version}`, body);
  };
});
afterEach(() => sandbox.close());

async function namesAt(path: string): Promise<readonly string[]> {
  const { body } = await call("GET", path);
  return body.value.map((r: { name: string }) => r.name);
}

test("servers, databases, administrators, replicas and groups are read and listed", async () => {
  expect(await namesAt(servers)).toEqual(["sql-one", "sql-two"]);
  expect(await namesAt(`/subscriptions/${S}/providers/Microsoft.Sql/servers`)).toEqual([
    "sql-one",
    "sql-two",
  ]);
  expect(await namesAt(`${one}/databases`)).toEqual(["orders", "sleepy", "master"]);
  expect((await call("GET", one)).body).toMatchObject({
    kind: "v12.0",
    location: "westeurope",
    tags: { app: "orders" },
    identity: { type: "SystemAssigned,UserAssigned", principalId: expect.any(String) },
    properties: {
      state: "Ready",
      fullyQualifiedDomainName: "sql-one.database.windows.net",
      administrators: { login: "operator", azureADOnlyAuthentication: false },
    },
  });
  expect((await call("GET", `${one}/databases/sleepy`)).body.properties).toMatchObject({ status: "Paused" });
  expect((await call("GET", `${one}/databases/orders`)).body.properties).toMatchObject({
    status: "Online",
    collation: "Latin1_General_100_CI_AS",
    databaseId: expect.any(String),
  });
  const links = (await call("GET", `${servers}/sql-two/databases/orders/replicationLinks`)).body.value;
  expect(links).toMatchObject([
    { properties: { role: "Secondary", partnerServer: "sql-one", partnerDatabase: "orders" } },
  ]);
  expect((await call("GET", `${servers}/sql-two/databases/orders`)).body.properties.secondaryType).toBe(
    "Geo",
  );
  const groups = (await call("GET", `${servers}/sql-two/failoverGroups`)).body.value;
  expect(groups).toMatchObject([{ name: "fog", properties: { replicationRole: "Secondary" } }]);
});

test("what is not there is told in the provider's own words", async () => {
  const notFound = (type: string, name: string) => ({
    status: 404,
    body: {
      error: {
        code: "ResourceNotFound",
        message: `The requested resource of type '${type}' with name '${name}' was not found.`,
      },
    },
  });
  expect(await call("GET", `${servers}/none`)).toMatchObject(notFound("Microsoft.Sql/servers", "none"));
  const database = notFound("Microsoft.Sql/servers/databases", "none");
  expect(await call("GET", `${one}/databases/none`)).toMatchObject(database);
  expect(await call("GET", `${servers}/none/databases`)).toMatchObject({ status: 404 });
});

test("Resource Graph and ARM's own list have servers and databases, and nothing below", async () => {
  const { operatorClientId, operatorClientSecret } = sandbox.ready;
  const send = await rawClient(sandbox, operatorClientId, operatorClientSecret);
  const query =
    "resources | where type startswith 'microsoft.sql/' | project name, type | order by type asc, name asc";
  const graph = await send("POST", "/providers/Microsoft.ResourceGraph/resources?api-version=2024-04-01", {
    query,
    subscriptions: [S],
  });
  const rows = [
    ["sql-one", "servers"],
    ["sql-two", "servers"],
    ["master", "servers/databases"],
    ["master", "servers/databases"],
    ["orders", "servers/databases"],
    ["orders", "servers/databases"],
    ["sleepy", "servers/databases"],
  ].map(([name, type]) => ({ name, type: `microsoft.sql/${type}` }));
  expect(graph.body.data).toEqual(rows);
  const list = await send("GET", `/subscriptions/${S}/resources?api-version=2021-04-01`);
  const ofSql = list.body.value.filter((r: { type: string }) => r.type.startsWith("Microsoft.Sql"));
  expect(ofSql).toHaveLength(rows.length);
});

test("who is the administrator in ARM is dbo in the databases", async () => {
  const token = await tokenBySecret(sandbox);
  const signIn = { token, server: "sql-one" };
  expect(await refusalOf(sandbox, signIn)).toBe(18456);
  const administrator = `${one}/administrators/ActiveDirectory`;
  const sid = sandbox.world.principals.values().find((p) => p.displayName === "bindery")?.objectId;
  const properties = {
    administratorType: "ActiveDirectory",
    login: "bindery",
    sid,
    tenantId: sandbox.ready.tenantId,
  };
  expect(await call("PUT", administrator, { properties })).toMatchObject({
    status: 200,
    body: { properties },
  });
  expect((await call("GET", one)).body.properties.administrators).toMatchObject({ login: "bindery", sid });
  const client = await connectTds(sandbox, signIn);
  expect(await client.run("SELECT USER_NAME() AS u")).toEqual([{ u: "dbo" }]);
  client.close();
  expect(await call("DELETE", administrator)).toMatchObject({ status: 200 });
  expect((await call("GET", `${one}/administrators`)).body).toEqual({ value: [] });
  expect((await call("GET", one)).body.properties.administrators).toBeUndefined();
  expect(await refusalOf(sandbox, signIn)).toBe(18456);
  const wrong = await call("PUT", `${one}/administrators/Somebody`, { properties });
  expect(wrong).toMatchObject({ status: 400, body: { error: { code: "InvalidResourceId" } } });
});

test("a database that ARM makes is there and empty, and one that it deletes is gone", async () => {
  const token = await tokenBySecret(sandbox, "operator");
  const signIn = { token, server: "sql-one", database: "made" };
  expect(await refusalOf(sandbox, signIn)).toBe(4060);
  const made = await call("PUT", `${one}/databases/made`, { location: "westeurope" });
  expect(made).toMatchObject({ status: 201, body: { properties: { status: "Online" } } });
  expect(await refusalOf(sandbox, signIn)).toBe("let in");
  expect(await call("DELETE", `${one}/databases/made`)).toMatchObject({ status: 200 });
  expect(await refusalOf(sandbox, signIn)).toBe(4060);
});

test("mistakes of a seed are told with their lines", async () => {
  const text = `subscriptions: [{ subscriptionId: ${S} }]
resourceGroups: [{ name: rg, location: westeurope }]
sqlServers:
  - resourceGroup: rg
    name: sql-one
    entraAdmin: nobody
    databases:
      - name: orders
        tables: [{ name: sales.t, columns: [a blob] }]
        procedures: [{ name: sales.p, body: SELEC 1 }]
        users:
          - { name: u, principal: nobody }
          - { name: v, roles: [none] }
        script: DROP USER w
      - { name: copy, replicaOf: sql-one/none }
    failoverGroups: [{ name: fog, partner: sql-none }]
`;
  const error = await startSandbox({ seed: { text, filename: "s.yaml" } }).then(
    () => undefined,
    (e: unknown) => e,
  );
  expect(error).toBeInstanceOf(SeedError);
  const lines = (error as SeedError).mistakes.map((m) => `${m.line}: ${m.path}: ${m.message.split(":")[0]}`);
  expect(lines.toSorted()).toEqual([
    "10: sqlServers[0].databases[0].procedures[0]: 102",
    "12: sqlServers[0].databases[0].users[0].principal: there is no identity 'nobody'",
    "13: sqlServers[0].databases[0].users[1]: 15151",
    "14: sqlServers[0].databases[0].script: 15151",
    "15: sqlServers[0].databases[1].replicaOf: there is no primary database 'sql-one/none'",
    "16: sqlServers[0].failoverGroups[0].partner: there is no other server 'sql-none'",
    "6: sqlServers[0].entraAdmin: there is no identity 'nobody'",
    "9: sqlServers[0].databases[0].tables[0]: 243",
  ]);
});
