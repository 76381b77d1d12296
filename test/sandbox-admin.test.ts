import { existsSync, readFileSync, statSync } from "node:fs";
import { ResourceManagementClient } from "@azure/arm-resources";
import { afterEach, beforeEach, expect, test } from "vitest";
import { runSandbox } from "../src/sandbox/command.ts";
import { productionSubscriptionId } from "../src/sandbox/seed/default-world.ts";
import { type Sandbox, startSandbox } from "../src/sandbox/start.ts";
import { adminOf, clientOf } from "./sandbox-client.ts";

const group = `/subscriptions/${productionSubscriptionId}/resourceGroups/rg-shared`;
const identity = `${group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-backup`;
const vm = `/subscriptions/${productionSubscriptionId}/resourceGroups/rg-orders/providers/Microsoft.Compute/virtualMachines/vm-orders-4`;
const groupPath = `${group}?api-version=2021-04-01`;

let sandbox: Sandbox;
beforeEach(async () => {
  sandbox = await startSandbox();
});
afterEach(() => sandbox.close());

function client() {
  const { credential, options } = clientOf(sandbox);
  return new ResourceManagementClient(credential, productionSubscriptionId, options);
}

test("without its token the admin endpoint tells nothing", async () => {
  const url = `${sandbox.ready.admin}/world`;
  expect((await sandbox.fetch(new Request(url))).status).toBe(401);
  const wrong = new Request(url, { headers: { authorization: `Bearer ${"x".repeat(32)}` } });
  expect((await sandbox.fetch(wrong)).status).toBe(401);
});

test("the log shows who asked what, the counters how often", async () => {
  const admin = adminOf(sandbox);
  await client().resourceGroups.get("rg-shared");
  const entry = (await admin("GET", "requests")).find((e: { path: string }) => e.path.includes("rg-shared"));
  expect(entry).toMatchObject({
    method: "GET",
    status: 200,
    apiVersion: "2025-04-01",
    callerId: expect.any(String),
  });
  expect((await admin("GET", "counters")).byMethod.GET).toBeGreaterThan(0);
  await admin("DELETE", "requests");
  expect(await admin("GET", "requests")).toEqual([]);
});

test("a fault fails so many requests as asked, with its status, body and headers", async () => {
  const admin = adminOf(sandbox);
  const fault = {
    method: "GET",
    path: "**/resourceGroups/rg-shared",
    times: 1,
    status: 429,
    headers: { "retry-after": "7" },
  };
  await admin("POST", "faults", { ...fault, body: { error: { code: "Busy", message: "later" } } });
  const failed = client().resourceGroups.get("rg-shared");
  await expect(failed).rejects.toMatchObject({ statusCode: 429, code: "Busy" });
  await expect(client().resourceGroups.get("rg-shared")).resolves.toMatchObject({ name: "rg-shared" });
  expect(await admin("GET", "faults")).toMatchObject([{ hits: 1 }]);
});

test("a connection is cut before or after the request is carried out", async () => {
  const admin = adminOf(sandbox);
  const { credential, options } = clientOf(sandbox, "operator");
  const groups = new ResourceManagementClient(credential, productionSubscriptionId, options).resourceGroups;
  for (const [cut, exists] of [
    ["before", false],
    ["after", true],
  ] as const) {
    const name = `rg-${cut}`;
    await admin("POST", "faults", { method: "PUT", path: `**/${name}`, times: 1, cut });
    await expect(groups.createOrUpdate(name, { location: "westeurope" })).rejects.toMatchObject({
      code: "ECONNRESET",
    });
    expect((await groups.checkExistence(name)).body).toBe(exists);
  }
  const entries = await admin("GET", "requests");
  expect(entries.filter((e: { status: number }) => e.status === 0)).toHaveLength(2);
});

test("a mistake in a fault is named", async () => {
  await expect(adminOf(sandbox)("POST", "faults", { path: "**", stauts: 500 })).rejects.toThrow(/stauts/);
  await expect(adminOf(sandbox)("PATCH", "settings", { listLagInMs: 1e9 })).rejects.toThrow(/listLagInMs/);
});

test("an identity deleted behind everybody's back leaves its references; made again it is another principal", async () => {
  const admin = adminOf(sandbox);
  const path = `resources?id=${encodeURIComponent(identity)}`;
  const before = await admin("GET", path);
  await admin("DELETE", path);
  expect(sandbox.world.principals.has(before.properties.principalId)).toBe(false);
  const machine = await admin("GET", `resources?id=${encodeURIComponent(vm)}`);
  expect(Object.values(machine.identity.userAssignedIdentities)).toEqual([{}]);
  const after = await admin("PUT", path, {
    id: before.id,
    name: before.name,
    type: before.type,
    location: before.location,
    tags: {},
  });
  expect(after.properties.principalId).not.toBe(before.properties.principalId);
});

test("a resource is changed by a merge patch", async () => {
  const admin = adminOf(sandbox);
  const path = `resources?id=${encodeURIComponent(vm)}`;
  await admin("PATCH", path, { tags: { tier: null, more: "x" } });
  expect((await admin("GET", path)).tags).toEqual({ app: "orders", more: "x" });
});

test("the managed identity endpoint of a machine gives tokens that ARM takes", async () => {
  const { origin } = sandbox.managedIdentity;
  const url = `${origin}${vm}/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https://management.azure.com/`;
  const reply = await fetch(url, { headers: { Metadata: "true" } });
  const { access_token: token } = (await reply.json()) as { access_token: string };
  const answer = await sandbox.fetch(
    new Request(`${sandbox.ready.arm}${groupPath}`, { headers: { authorization: `Bearer ${token}` } }),
  );
  expect(answer.status).toBe(403);
});

test("a custom cloud is described in the shape of each api-version", async () => {
  const at = async (version: string) => {
    const reply = await sandbox.fetch(
      new Request(`${sandbox.ready.arm}/metadata/endpoints?api-version=${version}`),
    );
    return reply.json();
  };
  expect(await at("2015-01-01")).toMatchObject({
    authentication: { loginEndpoint: `${sandbox.ready.arm}/adfs` },
  });
  expect(await at("2019-05-01")).toMatchObject([
    { name: "BinderySandbox", resourceManager: `${sandbox.ready.arm}/` },
  ]);
  expect(await at("2022-09-01")).toMatchObject({ authentication: { identityProvider: "ADFS" } });
});

test("the files are private and go with the sandbox", async () => {
  const other = await startSandbox();
  const { caFile, envFile } = other.ready;
  expect(statSync(envFile).mode & 0o077).toBe(0);
  expect(readFileSync(envFile, "utf8")).toContain(`export AZURE_CLIENT_ID='${other.ready.clientId}'`);
  expect(JSON.parse(readFileSync(other.cloudFile, "utf8"))).toMatchObject({
    sandbox: true,
    caFile,
    resourceManager: other.ready.arm,
  });
  await other.close();
  expect([caFile, envFile, other.cloudFile].some((f) => existsSync(f))).toBe(false);
});

test("a token of another start is worthless", async () => {
  const other = await startSandbox();
  const { credential } = clientOf(other);
  const token = await credential.getToken("https://management.azure.com/.default");
  const headers = { authorization: `Bearer ${token.token}` };
  const url = `${sandbox.ready.arm}/subscriptions?api-version=2022-12-01`;
  expect((await sandbox.fetch(new Request(url, { headers }))).status).toBe(401);
  await other.close();
});

test("the command prints one line of JSON, and ends with the signal", async () => {
  const ending = new AbortController();
  const out: string[] = [];
  const err: string[] = [];
  const run = runSandbox(
    {},
    { stdout: { write: (t) => out.push(t) }, stderr: { write: (t) => err.push(t) } },
    ending.signal,
  );
  while (err.length === 0) await new Promise((r) => setTimeout(r, 10));
  const ready = JSON.parse(out.join(""));
  expect(out.join("").trimEnd()).not.toContain("\n");
  expect(Object.keys(ready)).toEqual([
    "arm",
    "authority",
    "caFile",
    "tenantId",
    "clientId",
    "clientSecret",
    "operatorClientId",
    "operatorClientSecret",
    "subscriptions",
    "admin",
    "adminToken",
    "envFile",
    "sqlAddresses",
  ]);
  ending.abort();
  await run;
  expect(existsSync(ready.caFile)).toBe(false);
});
