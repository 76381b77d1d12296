// What an identity may do in a database, proven by signing in as that identity: after apply it can, after revoke it cannot.
import { afterEach, beforeEach, expect, test } from "vitest";
import { sidFrom } from "../src/model/database.ts";
import { linesOf } from "../src/plan/fixtures.ts";
import { type Sandbox, startSandbox } from "../src/sandbox/start.ts";
import { readingBatch } from "../src/sql/reading.ts";
import { type Harness, harnessFor } from "./support/harness.ts";
import { ask, askAsOperator, tokenOf } from "./support/sql-client.ts";

const speed = 20;
const P = "0b1f6471-0000-4000-8000-00000000a001";
const machine = `/subscriptions/${P}/resourceGroups/rg-orders/providers/Microsoft.Compute/virtualMachines/vm-orders-1`;
const identityId = `/subscriptions/${P}/resourceGroups/rg-identities/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-sql`;
const select = "SELECT customer FROM sales.orders WHERE id = 1";
const permissionDenied = 229;
const loginFailed = 18456;

let sandbox: Sandbox;
let bindery: Harness;

beforeEach(async () => {
  sandbox = await startSandbox({ speed });
  bindery = harnessFor(sandbox, speed);
});
afterEach(() => sandbox.close());

function documents(grant: string, spec = "prunePolicy: Authoritative"): string {
  const grants =
    grant === ""
      ? ""
      : `{ sqlDatabase: { server: sql-orders.database.windows.net, database: orders, ${grant} } }`;
  return `apiVersion: bindery.dev/v1alpha1
kind: UserAssignedIdentity
metadata: { name: id-sql, namespace: team }
spec: { subscriptionId: ${P}, resourceGroup: rg-identities, location: westeurope, ${spec} }
---
apiVersion: bindery.dev/v1alpha1
kind: IdentityBinding
metadata: { name: id-sql, namespace: team }
spec:
  identityRef: { name: id-sql }
  targets: [{ virtualMachine: { resourceGroup: rg-orders, name: vm-orders-1 } }]
  grants: [${grants}]
`;
}

async function asIdentity(batch: string) {
  const clientId = String(sandbox.world.resources.get(identityId)?.properties?.clientId);
  return await ask(sandbox, await tokenOf(sandbox, machine, clientId), batch);
}

async function apply(text: string): Promise<readonly string[]> {
  const { passes } = await bindery.apply(text);
  return passes.flatMap((p) =>
    p.report.outcomes
      .filter((o) => o.state !== "applied")
      .map((o) => `${o.change.id}: ${o.code} ${o.message}`),
  );
}

async function planned(text: string): Promise<readonly string[]> {
  sandbox.advance(120_000);
  return linesOf(await bindery.plan(text));
}

test("a role lets the identity read, and no more; without it, it cannot sign in any more", async () => {
  const reads = documents("roles: [db_datareader]");
  expect(await planned(reads)).toEqual([
    "create id-sql",
    "update tags principal",
    "attach vm-orders-1",
    "update tags bindery-sql-1",
    "grant user id-sql in sql-orders/orders",
    "grant db_datareader in sql-orders/orders",
  ]);
  expect(await apply(reads)).toEqual([]);
  expect(await asIdentity(select)).toEqual([{ customer: "Contoso" }]);
  expect(await asIdentity("DELETE FROM sales.orders")).toBe(permissionDenied);
  expect(await planned(reads)).toEqual([]);

  const nothing = documents("");
  expect(await planned(nothing)).toEqual(["revoke user id-sql in sql-orders/orders"]);
  expect(await apply(nothing)).toEqual([]);
  expect(await asIdentity(select)).toBe(loginFailed);
  expect(await planned(nothing)).toEqual([]);
  expect(sandbox.world.resources.get(identityId)?.tags).not.toHaveProperty("bindery-sql-1");
});

test("permissions and custom roles come and go one by one", async () => {
  const before = documents(
    'roles: [order_reader], permissions: [{ grant: [EXECUTE], securable: "schema::sales" }]',
  );
  expect(await apply(before)).toEqual([]);
  expect(await asIdentity(select)).toEqual([{ customer: "Contoso" }]);
  expect(await asIdentity("EXEC sales.order_count")).toEqual([{ orders: 3 }]);

  const after = documents('permissions: [{ grant: [INSERT], securable: "object::sales.orders" }]');
  expect(await planned(after)).toEqual([
    "grant INSERT on object::sales.orders in sql-orders/orders",
    "revoke order_reader in sql-orders/orders",
    "revoke EXECUTE on schema::sales in sql-orders/orders",
  ]);
  expect(await apply(after)).toEqual([]);
  expect(await asIdentity(select)).toBe(permissionDenied);
  expect(await asIdentity("EXEC sales.order_count")).toBe(permissionDenied);
  expect(await asIdentity("INSERT INTO sales.orders (id, customer, total) VALUES (9, N'x', 1)")).toEqual([]);
  expect(await planned(after)).toEqual([]);
});

test("rule 12: a plan sends nothing but SELECTs to databases", async () => {
  await apply(documents("roles: [db_datareader]"));
  sandbox.sql.log.clear();
  await planned(documents("roles: [db_datawriter]"));
  const statements = sandbox.sql.log.entries().flatMap((e) => (e.kind === "statement" ? [e.statement] : []));
  expect(statements.length).toBeGreaterThan(5);
  expect(statements.filter((kind) => kind !== "query" && kind !== "set")).toEqual([]);
  const texts = sandbox.sql.log.entries().flatMap((e) => (e.kind === "request" ? [e.text] : []));
  // What is no reading is the driver's own, right after the sign-in.
  expect(new Set(texts.filter((text) => !/^(set [^;]*\s*)+$/i.test(text)))).toEqual(new Set([readingBatch]));
});

test("a recreated identity cannot sign in until its user is repaired, which keeps what it owns", async () => {
  const text = documents("roles: [db_datareader]");
  await apply(text);
  await askAsOperator(sandbox, "CREATE SCHEMA owned AUTHORIZATION [id-sql]");
  sandbox.secondClient.act({ kind: "recreateIdentity", resourceId: identityId });
  sandbox.advance(120_000);
  const adopting = documents(
    "roles: [db_datareader]",
    "prunePolicy: Authoritative, adoptionPolicy: Additive",
  );
  expect(await planned(adopting)).toContain("Recreated: update user id-sql in sql-orders/orders");
  await apply(adopting);
  expect(await asIdentity(select)).toBe(loginFailed);
  sandbox.advance(120_000);
  const { held } = await bindery.plan(adopting);
  const digest = held.find((h) => h.reason === "Recreated")?.digest ?? "";
  await bindery.apply(adopting, { release: [digest] });
  expect(await asIdentity(select)).toEqual([{ customer: "Contoso" }]);
  const owner =
    "SELECT p.name FROM sys.schemas AS s JOIN sys.database_principals AS p ON p.principal_id = s.principal_id WHERE s.name = N'owned'";
  expect(await askAsOperator(sandbox, owner)).toEqual([{ name: "id-sql" }]);
  expect(await planned(adopting)).toEqual([]);
});

test("a user that somebody else made for the identity is added to, and never taken from", async () => {
  await apply(documents("roles: [db_datareader]"));
  await apply(documents(""));
  const clientId = String(sandbox.world.resources.get(identityId)?.properties?.clientId);
  const sid = sidFrom(clientId);
  await askAsOperator(
    sandbox,
    `CREATE USER theirs WITH SID = ${sid}, TYPE = E; ALTER ROLE db_datawriter ADD MEMBER theirs;`,
  );
  const text = documents("roles: [db_datareader]");
  expect(await apply(text)).toEqual([]);
  expect(await asIdentity(select)).toEqual([{ customer: "Contoso" }]);
  expect(await asIdentity("DELETE FROM sales.orders WHERE id = 3")).toEqual([]);
  expect(await planned(text)).toEqual([]);
  await apply(documents(""));
  expect(await asIdentity(select)).toEqual([{ customer: "Contoso" }]);
});

test("Absent drops the user before the identity goes", async () => {
  await apply(documents("roles: [db_datareader]"));
  expect(await apply(documents("", "prunePolicy: Authoritative, lifecycle: Absent"))).toEqual([]);
  expect(sandbox.world.resources.get(identityId)).toBeUndefined();
  expect(
    await askAsOperator(sandbox, "SELECT name FROM sys.database_principals WHERE name = N'id-sql'"),
  ).toEqual([]);
});

test.each([
  [
    "a server that the policy does not allow",
    { sqlServers: [] },
    "roles: [db_datareader]",
    "ServerNotAllowed",
  ],
  ["a role that is not there", {}, "roles: [db_datareeder]", "RoleNotFound"],
  ["a role with power over access", {}, "roles: [db_owner]", "Privileged"],
])("%s is held", async (_, policy, grant, reason) => {
  sandbox.advance(120_000);
  const lines = linesOf(await bindery.plan(documents(grant), { policy }));
  expect(lines.filter((line) => line.startsWith(`${reason}: grant`))).toHaveLength(1);
});
