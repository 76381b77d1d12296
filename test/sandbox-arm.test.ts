import { AuthorizationManagementClient } from "@azure/arm-authorization";
import { ResourceManagementClient } from "@azure/arm-resources";
import { SubscriptionClient } from "@azure/arm-resources-subscriptions";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { billingSubscriptionId, productionSubscriptionId } from "../src/sandbox/seed/default-world.ts";
import { type Sandbox, startSandbox } from "../src/sandbox/start.ts";
import { adminOf, clientOf, rawClient } from "./sandbox-client.ts";

const subscription = `/subscriptions/${productionSubscriptionId}`;
const group = `${subscription}/resourceGroups/rg-orders`;
const vault = `${group}/providers/Microsoft.KeyVault/vaults/kv-orders`;
const quick = { listLagInMs: 0, graphLagInMs: 0, roleLagInMs: 0, principalLagInMs: 0, operationInMs: 50 };

let sandbox: Sandbox;
let bindery: Awaited<ReturnType<typeof rawClient>>;
let operator: Awaited<ReturnType<typeof rawClient>>;

beforeAll(async () => {
  sandbox = await startSandbox({ settings: quick });
  const { ready } = sandbox;
  bindery = await rawClient(sandbox, ready.clientId, ready.clientSecret);
  operator = await rawClient(sandbox, ready.operatorClientId, ready.operatorClientSecret);
});
afterAll(() => sandbox.close());

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

describe("the SDKs over sockets", () => {
  test("subscriptions and locations", async () => {
    const { credential, options } = clientOf(sandbox);
    const client = new SubscriptionClient(credential, options);
    const names = (await collect(client.subscriptions.list())).map((s) => s.displayName);
    expect(names).toEqual(["contoso-production", "contoso-billing"]);
    const locations = await collect(client.subscriptions.listLocations(productionSubscriptionId));
    expect(locations.map((l) => l.displayName)).toContain("West Europe");
  });

  test("resource groups from creation to deletion, as the operator", async () => {
    const { credential, options } = clientOf(sandbox, "operator");
    const client = new ResourceManagementClient(credential, productionSubscriptionId, options);
    const created = await client.resourceGroups.createOrUpdate("rg-new", {
      location: "West Europe",
      tags: { a: "b" },
    });
    expect(created).toMatchObject({ location: "westeurope", tags: { a: "b" } });
    expect((await client.resourceGroups.checkExistence("RG-NEW")).body).toBe(true);
    expect((await client.resourceGroups.checkExistence("rg-other")).body).toBe(false);
    const deletion = client.resourceGroups.delete("rg-new", { updateIntervalInMs: 20 });
    await deletion;
    await expect(client.resourceGroups.get("rg-new")).rejects.toMatchObject({
      code: "ResourceGroupNotFound",
    });
  });

  test("the generic list follows its pages and carries identity and tags", async () => {
    const { credential, options } = clientOf(sandbox);
    const client = new ResourceManagementClient(credential, productionSubscriptionId, options);
    const filter = "resourceType eq 'Microsoft.Compute/virtualMachines'";
    const machines = await collect(client.resources.list({ filter, top: 3 }));
    expect(machines).toHaveLength(8);
    const five = machines.find((m) => m.name === "vm-orders-5");
    expect(Object.keys(five?.identity?.userAssignedIdentities ?? {})).toHaveLength(2);
    expect(five?.tags).toEqual({ app: "orders", tier: "worker" });
  });

  test("tags are merged, deleted and replaced at a scope", async () => {
    const { credential, options } = clientOf(sandbox);
    const { tagsOperations } = new ResourceManagementClient(credential, productionSubscriptionId, options);
    const scope = vault.slice(1);
    const patch = (operation: string, tags: Record<string, string>) =>
      tagsOperations.updateAtScope(scope, { operation, properties: { tags } });
    expect((await patch("Merge", { x: "1" })).properties.tags).toEqual({ app: "orders", x: "1" });
    expect((await patch("Delete", { x: "" })).properties.tags).toEqual({ app: "orders" });
    expect((await tagsOperations.getAtScope(scope)).properties.tags).toEqual({ app: "orders" });
  });

  test("roles by name and assignments at a scope", async () => {
    const { credential, options } = clientOf(sandbox);
    const client = new AuthorizationManagementClient(credential, productionSubscriptionId, options);
    const roles = await collect(
      client.roleDefinitions.list(subscription, { filter: "roleName eq 'key vault secrets user'" }),
    );
    expect(roles.map((r) => r.roleName)).toEqual(["Key Vault Secrets User"]);
    const atVault = await collect(client.roleAssignments.listForScope(vault, { filter: "atScope()" }));
    expect(atVault.map((a) => a.scope)).toContain("/");
  });
});

describe("paths", () => {
  test.each([
    ["in any case", vault.toUpperCase()],
    ["with doubled slashes", `/${vault}`],
    ["percent-encoded", vault.replace("kv-orders", "kv%2Dorders")],
    ["with a slash at the end", `${vault}/`],
  ])("%s", async (_, path) => {
    expect(await bindery("GET", `${path}?api-version=2023-07-01`)).toMatchObject({
      status: 200,
      body: { name: "kv-orders" },
    });
  });

  test("an encoding that is none is refused", async () => {
    expect((await bindery("GET", `${vault}%?api-version=2023-07-01`)).status).toBe(400);
  });
});

describe("refusals in ARM's words", () => {
  const missing = `${group}/providers/Microsoft.KeyVault/vaults/nope`;
  test.each([
    ["GET", `${subscription}`, 400, "MissingApiVersionParameter"],
    ["GET", "/subscriptions?api-version=2001-01-01", 400, "InvalidApiVersionParameter"],
    ["GET", `${vault}?api-version=2001-01-01`, 400, "NoRegisteredProviderFound"],
    [
      "GET",
      `${subscription}/providers/Microsoft.KeyVault/vaults?api-version=2001-01-01`,
      404,
      "InvalidResourceType",
    ],
    [
      "GET",
      `${subscription}/providers/Microsoft.KeyVault/nope?api-version=2023-07-01`,
      404,
      "InvalidResourceType",
    ],
    [
      "GET",
      `${subscription}/providers/Microsoft.Nope/nope?api-version=2023-07-01`,
      404,
      "InvalidResourceNamespace",
    ],
    [
      "GET",
      "/global/providers/Microsoft.Authorization/roleDefinitions?api-version=2022-04-01",
      404,
      "MissingSubscription",
    ],
    ["GET", "/providers/Microsoft.KeyVault/vaults?api-version=2023-07-01", 404, "MissingSubscription"],
    ["GET", "/subscriptions/nope/resourcegroups?api-version=2021-04-01", 400, "InvalidSubscriptionId"],
    [
      "GET",
      "/subscriptions/00000000-0000-0000-0000-00000000ffff/resourcegroups?api-version=2021-04-01",
      404,
      "SubscriptionNotFound",
    ],
    ["GET", `${subscription}/resourceGroups/nope?api-version=2021-04-01`, 404, "ResourceGroupNotFound"],
    [
      "DELETE",
      `${subscription}/resourceGroups/nope/providers/Microsoft.KeyVault/vaults/v?api-version=2023-07-01`,
      403,
      "AuthorizationFailed",
    ],
    [
      "DELETE",
      `${subscription}/resourceGroups/nope/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-x?api-version=2024-11-30`,
      404,
      "ResourceGroupNotFound",
    ],
    ["GET", `${missing}?api-version=2023-07-01`, 404, "ResourceNotFound"],
    [
      "GET",
      `${subscription}/resourceGroups/rg-orders/providers/Microsoft.Storage/storageAccounts/nope/blobServices/default?api-version=2023-05-01`,
      404,
      "ParentResourceNotFound",
    ],
    ["DELETE", `${vault}?api-version=2023-07-01`, 403, "AuthorizationFailed"],
    ["POST", `${vault}?api-version=2023-07-01`, 403, "AuthorizationFailed"],
    [
      "GET",
      `${subscription}/resources?api-version=2021-04-01&$filter=nonsense`,
      400,
      "InvalidFilterInQueryString",
    ],
    [
      "GET",
      `${subscription}/resources?api-version=2021-04-01&$skiptoken=nonsense`,
      400,
      "InvalidSkipTokenParameter",
    ],
  ])("%s %s: %i %s", async (method, path, status, code) => {
    const reply = await bindery(method, path);
    expect(reply.body).toMatchObject({ error: { code, message: expect.any(String) } });
    expect(reply.status).toBe(status);
  });

  test.each([
    ["no JSON", "{", 400, "InvalidRequestContent"],
    ["no object", "[]", 400, "InvalidRequestContent"],
    ["no location", "{}", 400, "LocationRequired"],
    ["an unknown location", '{"location":"mars"}', 400, "LocationNotAvailableForResourceType"],
    ["another location", '{"location":"northeurope"}', 409, "InvalidResourceLocation"],
  ])("a body with %s", async (_, body, status, code) => {
    const reply = await operator("PUT", `${vault}?api-version=2023-07-01`, body);
    expect([reply.status, reply.body.error.code]).toEqual([status, code]);
  });

  test("a body that is too large", async () => {
    const reply = await operator(
      "PUT",
      `${vault}?api-version=2023-07-01`,
      `"${"x".repeat(5 * 1024 * 1024)}"`,
    );
    expect(reply.status).toBe(413);
  });

  test("no token, and a token of nobody", async () => {
    const url = `${sandbox.ready.arm}/subscriptions?api-version=2022-12-01`;
    const none = await sandbox.fetch(new Request(url));
    expect(none.status).toBe(401);
    expect(none.headers.get("www-authenticate")).toContain("authorization_uri");
    const wrong = await sandbox.fetch(new Request(url, { headers: { authorization: "Bearer nonsense" } }));
    expect(wrong.status).toBe(401);
  });
});

describe("headers", () => {
  test("every answer has the ids and what is left of the quota", async () => {
    const reply = await bindery("GET", `${vault}?api-version=2023-07-01`, undefined, {
      "x-ms-correlation-request-id": "my-correlation",
    });
    expect(reply.headers.get("x-ms-correlation-request-id")).toBe("my-correlation");
    expect(reply.headers.get("x-ms-request-id")).toMatch(/^[0-9a-f-]{36}$/);
    expect(Number(reply.headers.get("x-ms-ratelimit-remaining-subscription-reads"))).toBeGreaterThan(0);
    expect(Number(reply.headers.get("x-ms-ratelimit-remaining-subscription-global-reads"))).toBeGreaterThan(
      3000,
    );
    expect(reply.headers.get("content-type")).toBe("application/json; charset=utf-8");
  });
});

describe("rights", () => {
  test("a list is shorter with 200 for who may read only a part, a single read is 403", async () => {
    const secret = "a-secret-of-the-reader";
    const objectId = "99999999-0000-4000-8000-000000000009";
    sandbox.world.principals.set(objectId, {
      objectId,
      clientId: objectId,
      displayName: "reader",
      kind: "Application",
      secret,
    });
    await adminOf(sandbox)("POST", "role-assignments", {
      scope: vault,
      role: "Reader",
      principalId: objectId,
    });
    const reader = await rawClient(sandbox, objectId, secret);
    const list = await reader("GET", `${subscription}/resources?api-version=2021-04-01`);
    expect([list.status, list.body.value.map((r: { name: string }) => r.name)]).toEqual([200, ["kv-orders"]]);
    expect((await reader("GET", "/subscriptions?api-version=2022-12-01")).body.value).toHaveLength(1);
    expect(
      (await reader("GET", `/subscriptions/${billingSubscriptionId}?api-version=2022-12-01`)).status,
    ).toBe(403);
    const other = vault.replace("kv-orders", "kv-other");
    const refused = await reader("GET", `${other}?api-version=2023-07-01`);
    expect(refused.status).toBe(403);
    expect(refused.body.error.message).toBe(
      `The client '${objectId}' with object id '${objectId}' does not have authorization to perform action 'Microsoft.KeyVault/vaults/read' over scope '${other}' or the scope is invalid. If access was recently granted, please refresh your credentials.`,
    );
  });
});

test("pages of a list show the world as it was at the first of them", async () => {
  const first = await operator("GET", `${subscription}/resourcegroups?api-version=2021-04-01&$top=2`);
  await operator("PUT", `${subscription}/resourcegroups/rg-between?api-version=2021-04-01`, {
    location: "westeurope",
  });
  const second = await operator("GET", first.body.nextLink);
  const names = [...first.body.value, ...second.body.value].map((g: { name: string }) => g.name);
  expect(names).toEqual(["rg-identities", "rg-orders", "rg-shared", "MC_aks-orders"]);
  expect(second.body.nextLink).toBeUndefined();
});

test("a new group is missing from the list until the lag is over, but not from GET", async () => {
  const admin = adminOf(sandbox);
  await admin("PATCH", "settings", { listLagInMs: 60_000 });
  const path = `${subscription}/resourcegroups/rg-late`;
  await operator("PUT", `${path}?api-version=2021-04-01`, { location: "westeurope" });
  const names = async () => {
    const { body } = await operator("GET", `${subscription}/resourcegroups?api-version=2021-04-01`);
    return body.value.map((g: { name: string }) => g.name);
  };
  expect(await names()).not.toContain("rg-late");
  expect((await operator("GET", `${path}?api-version=2021-04-01`)).status).toBe(200);
  await admin("POST", "clock", { advanceInMs: 60_000 });
  expect(await names()).toContain("rg-late");
  await admin("PATCH", "settings", { listLagInMs: 0 });
});

test("management groups: one with its children, and everything below the root", async () => {
  const one = await operator(
    "GET",
    "/providers/Microsoft.Management/managementGroups/contoso?api-version=2021-04-01&$expand=children&$recurse=true",
  );
  expect(one.body.properties.children[0]).toMatchObject({
    name: "contoso-apps",
    children: [{ type: "/subscriptions" }, { type: "/subscriptions" }],
  });
  const below = await operator(
    "GET",
    `/providers/Microsoft.Management/managementGroups/${sandbox.ready.tenantId}/descendants?api-version=2021-04-01`,
  );
  expect(below.body.value).toHaveLength(4);
  const none = await operator(
    "GET",
    "/providers/Microsoft.Management/managementGroups/nope?api-version=2021-04-01",
  );
  expect(none.status).toBe(404);
});
