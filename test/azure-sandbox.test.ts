// Every port against the embedded Azure: real SDKs, real sockets, and rules as hard as Azure's.
import { readFileSync } from "node:fs";
import { ClientSecretCredential } from "@azure/identity";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type AzureCloud, parseCloudFile } from "../src/azure/cloud.ts";
import { type AzureConnection, type ConnectOptions, connectAzure } from "../src/azure/connect.ts";
import { credentialFor } from "../src/azure/credential.ts";
import type { RequestEvent } from "../src/azure/policies.ts";
import { assignmentMarker } from "../src/model/grant.ts";
import type { Clock } from "../src/model/ports.ts";
import type { Target } from "../src/model/target.ts";
import { type Sandbox, startSandbox } from "../src/sandbox/start.ts";
import { adminOf } from "./sandbox-client.ts";

const s1 = "00000000-0000-4000-8000-00000000000a";
const s2 = "00000000-0000-4000-8000-00000000000b";
const hidden = "00000000-0000-4000-8000-00000000000c";
const group = `/subscriptions/${s1}/resourceGroups/rg`;
const vmId = (name: string): string => `${group}/providers/Microsoft.Compute/virtualMachines/${name}`;
const setId = `${group}/providers/Microsoft.Compute/virtualMachineScaleSets/set`;
const identityId = (name: string): string =>
  `${group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/${name}`;
const vaultId = `${group}/providers/Microsoft.KeyVault/vaults/kv`;
const reader = "acdd72a7-3385-48ef-bd42-f606fba81ae7";

const machines = 1_040;
const seed = `
subscriptions:
  - { subscriptionId: ${s1}, displayName: one }
  - { subscriptionId: ${s2}, displayName: two }
  - { subscriptionId: ${hidden}, displayName: hidden }
managementGroups:
  - { name: mg, displayName: MG, subscriptions: [${s1}, ${s2}] }
resourceGroups:
  - { name: rg, location: westeurope }
  - { name: rg-aks, location: westeurope, managedBy: ${group}/providers/Microsoft.ContainerService/managedClusters/aks }
  - { subscriptionId: ${s2}, name: rg-many, location: westeurope }
  - { subscriptionId: ${hidden}, name: rg, location: westeurope }
identities:
  - { resourceGroup: rg, name: id-foreign, tags: { owner: somebody } }
virtualMachines:
  - { resourceGroup: rg, name: vm-plain, tags: { app: orders } }
  - { resourceGroup: rg, name: vm-both, systemAssigned: true, identities: [id-foreign] }
  - { resourceGroup: rg-aks, name: vm-aks }
${Array.from({ length: machines }, (_, i) => `  - { subscriptionId: ${s2}, resourceGroup: rg-many, name: vm-${String(i).padStart(4, "0")} }`).join("\n")}
virtualMachineScaleSets:
  - { resourceGroup: rg, name: set, mode: Uniform, instances: 2, upgradePolicy: Manual }
  - { resourceGroup: rg, name: flex, mode: Flexible, instances: 1 }
resources:
  - id: ${vaultId}
    location: westeurope
    properties: { provisioningState: Succeeded }
callers:
  bindery:
    roles:
${[s1, s2]
  .flatMap((s) =>
    [
      "Reader",
      "Managed Identity Contributor",
      "Managed Identity Operator",
      "Virtual Machine Contributor",
      "Tag Contributor",
      "Role Based Access Control Administrator",
    ].map((role) => `      - { role: ${role}, scope: /subscriptions/${s} }`),
  )
  .join("\n")}
`;

/** The sandbox's clock runs this many times as fast as ours, and so do our waits. */
const speed = 20;
const clock: Clock = {
  now: () => Date.now() * speed,
  sleep: (inMs, signal) =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(resolve, inMs / speed);
      signal.addEventListener("abort", () => {
        clearTimeout(timer);
        reject(signal.reason);
      });
    }),
};

let sandbox: Sandbox;
let cloud: AzureCloud;
let ca: string;
const signal = new AbortController().signal;
const events: RequestEvent[] = [];

function connect(options: Partial<ConnectOptions> = {}): AzureConnection {
  const { tenantId, clientId, clientSecret } = sandbox.ready;
  const credential = new ClientSecretCredential(tenantId, clientId, clientSecret, {
    authorityHost: cloud.authorityHost,
    disableInstanceDiscovery: true,
    tlsOptions: { ca },
  });
  return connectAzure({
    cloud,
    credential,
    dryRun: false,
    clock,
    ca,
    tenantId,
    onRequest: (e) => events.push(e),
    ...options,
  });
}

async function admin(method: string, path: string, body?: unknown): Promise<void> {
  const headers = { authorization: `Bearer ${sandbox.ready.adminToken}`, "content-type": "application/json" };
  const init = body === undefined ? { method, headers } : { method, headers, body: JSON.stringify(body) };
  const answer = await sandbox.fetch(new Request(`${sandbox.ready.admin}/${path}`, init));
  expect(answer.status, await answer.clone().text()).toBeLessThan(300);
}

async function targetOf(azure: AzureConnection, id: string): Promise<Target> {
  const target = await azure.read.readTarget(id, signal);
  if (!target) throw new Error(`${id} is not there`);
  return target;
}

beforeAll(async () => {
  const settings = { listLagInMs: 0, graphLagInMs: 0, roleLagInMs: 0, principalLagInMs: 0, throttled: false };
  sandbox = await startSandbox({ seed: { text: seed, filename: "seed.yaml" }, speed, settings });
  ca = readFileSync(sandbox.ready.caFile, "utf8");
  const { cloud: read, problems } = parseCloudFile(readFileSync(sandbox.cloudFile, "utf8"));
  expect(problems).toBeUndefined();
  cloud = read as AzureCloud;
});

afterEach(async () => {
  events.length = 0;
  await admin("DELETE", "faults");
});

afterAll(async () => {
  await sandbox.close();
});

describe("who Bindery is", () => {
  test("is read from its token", async () => {
    const azure = connect();
    expect(await azure.self(signal)).toMatchObject({
      tenantId: sandbox.ready.tenantId,
      principalId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
  });

  test("comes from the environment, which is all that a sandbox takes", async () => {
    const { tenantId, clientId, clientSecret } = sandbox.ready;
    const names = { AZURE_TENANT_ID: tenantId, AZURE_CLIENT_ID: clientId, AZURE_CLIENT_SECRET: clientSecret };
    const before = { ...process.env };
    Object.assign(process.env, names);
    try {
      const credential = credentialFor({ cloud, tenantId, ca });
      expect(await connect({ credential }).self(signal)).toEqual(await connect().self(signal));
    } finally {
      for (const name of Object.keys(names)) delete process.env[name];
      Object.assign(process.env, before);
    }
  });

  test("must be known to Entra", async () => {
    const credential = new ClientSecretCredential(sandbox.ready.tenantId, sandbox.ready.clientId, "wrong", {
      authorityHost: cloud.authorityHost,
      disableInstanceDiscovery: true,
      tlsOptions: { ca },
    });
    await expect(connect({ credential }).read.readTarget(vmId("vm-plain"), signal)).rejects.toMatchObject({
      class: "terminal",
      details: { code: "SignInFailed" },
    });
  });

  test("and what it could manage is listed for a new policy", async () => {
    const { tenants, subscriptions } = await connect().listEstate(signal);
    expect(tenants.map((t) => t.tenantId)).toEqual([sandbox.ready.tenantId]);
    expect(subscriptions.map((s) => s.displayName).toSorted()).toEqual(["one", "two"]);
  });
});

describe("the inventory", () => {
  test("expands management groups, and knows what cannot be seen", async () => {
    const { items, unknown } = await connect().read.listSubscriptions(
      { subscriptions: [hidden], managementGroups: ["mg"] },
      signal,
    );
    expect(items.toSorted()).toEqual([s1, s2]);
    expect(unknown.map((u) => u.subscriptionId)).toEqual([hidden]);
  });

  test("costs pages, not machines", async () => {
    const { items, unknown } = await connect().read.listTargets([s1, s2], signal);
    expect(items.filter((t) => t.kind === "virtualMachine").length).toBeGreaterThanOrEqual(machines + 3);
    expect(unknown).toEqual([]);
    expect(events.map((e) => [e.method, e.operation])).toEqual(
      Array.from({ length: 3 }, () => ["POST", "Microsoft.ResourceGraph/resources"]),
    );
  });

  test("tells a subscription that Resource Graph drops from an empty one", async () => {
    const { unknown } = await connect().read.listTargets([s1, hidden], signal);
    expect(unknown.map((u) => u.subscriptionId)).toEqual([hidden]);
  });

  test("says the same by the plain lists where Resource Graph is refused", async () => {
    const azure = connect();
    const [byGraph, identities] = [
      await azure.read.listTargets([s1], signal),
      await azure.read.listIdentities([s1], signal),
    ];
    await admin("POST", "faults", {
      method: "POST",
      path: "/providers/Microsoft.ResourceGraph/resources",
      status: 403,
      body: { error: { code: "AuthorizationFailed", message: "refused" } },
    });
    const plainly = await azure.read.listTargets([s1, hidden], signal);
    expect(plainly.unknown.map((u) => u.subscriptionId)).toEqual([hidden]);
    const essence = (t: Target): unknown => {
      const { etag: _, type, id, scaleSetId = "", ...rest } = t;
      return { ...rest, ids: [id, type, scaleSetId].map((text) => text.toLowerCase()) };
    };
    const byId = (a: Target, b: Target): number => (a.id.toLowerCase() < b.id.toLowerCase() ? -1 : 1);
    expect(plainly.items.toSorted(byId).map(essence)).toEqual(byGraph.items.toSorted(byId).map(essence));
    const same = await azure.read.listIdentities([s1], signal);
    expect(same.items.map((i) => [i.id.toLowerCase(), i.principalId])).toEqual(
      identities.items.map((i) => [i.id.toLowerCase(), i.principalId]),
    );
  });

  test("a subscription whose plain list fails is unknown with Azure's reason", async () => {
    await admin("POST", "faults", {
      method: "POST",
      path: "/providers/Microsoft.ResourceGraph/resources",
      status: 403,
      body: { error: { code: "AuthorizationFailed", message: "refused" } },
    });
    await admin("POST", "faults", {
      method: "GET",
      path: `/subscriptions/${s1}/resources`,
      status: 403,
      body: { error: { code: "AuthorizationFailed", message: "no right to list" } },
    });
    const { items, unknown } = await connect().read.listTargets([s1], signal);
    expect({ items, unknown }).toEqual({
      items: [],
      unknown: [{ subscriptionId: s1, reason: "no right to list" }],
    });
  });

  test("one bad page does not fail a list", async () => {
    await admin("POST", "faults", {
      method: "POST",
      path: "/providers/Microsoft.ResourceGraph/resources",
      status: 429,
      times: 2,
      headers: { "x-ms-user-quota-remaining": "0", "x-ms-user-quota-resets-after": "00:00:02" },
      body: { error: { code: "RateLimiting", message: "slow down" } },
    });
    expect((await connect().read.listTargets([s2], signal)).items).toHaveLength(machines);
  });

  test("knows who manages a machine's group, and what a flexible instance belongs to", async () => {
    const { items } = await connect().read.listTargets([s1], signal);
    expect(items.find((t) => t.id.endsWith("/vm-aks"))?.managedBy).toMatch(/managedClusters\/aks$/);
    expect(
      items.filter((t) => t.kind === "virtualMachine" && t.scaleSetId?.toLowerCase().endsWith("/flex")),
    ).toHaveLength(1);
    expect(items.find((t) => t.id.endsWith("/set"))).toMatchObject({
      orchestrationMode: "Uniform",
      upgradeMode: "Manual",
    });
  });
});

describe("an identity", () => {
  test("is created once, tagged key by key, and deleted", async () => {
    const azure = connect();
    const id = identityId("id-life");
    expect(await azure.read.readIdentity(id, signal)).toBeUndefined();
    const wanted = { id, location: "westeurope", tags: { "bindery-owner": "prod" } };
    const made = await azure.write.createIdentity(wanted, signal);
    expect(made).toMatchObject({ created: true, identity: { tags: { "bindery-owner": "prod" } } });
    expect((await azure.write.createIdentity(wanted, signal)).created).toBe(false);
    await azure.write.mergeTags(id, { a: "1", b: "2" }, signal);
    await azure.write.deleteTags(id, { a: "1" }, signal);
    expect(await azure.read.readIdentity(id, signal)).toMatchObject({
      principalId: made.identity.principalId,
      tags: { "bindery-owner": "prod", b: "2" },
    });
    expect((await azure.read.listIdentities([s1], signal)).items.map((i) => i.principalId)).toContain(
      made.identity.principalId,
    );
    await azure.write.deleteIdentity(id, signal);
    await azure.write.deleteIdentity(id, signal);
    expect(await azure.read.readIdentity(id, signal)).toBeUndefined();
  });

  test("trusts others by federated credentials", async () => {
    const azure = connect();
    const id = identityId("id-foreign");
    const credential = {
      name: "github",
      issuer: "https://token.actions.githubusercontent.com",
      subject: "repo:contoso/Orders:ref:refs/heads/main",
      audience: "api://AzureADTokenExchange",
    };
    await azure.write.putCredential(id, credential, signal);
    expect(await azure.read.listCredentials(id, signal)).toEqual([credential]);
    await azure.write.deleteCredential(id, "github", signal);
    await azure.write.deleteCredential(id, "github", signal);
    expect(await azure.read.listCredentials(id, signal)).toEqual([]);
  });
});

describe("a target", () => {
  test.each([
    ["machine", vmId("vm-both")],
    ["scale set", setId],
  ])("%s gains and loses identities, and nothing else", async (_, id) => {
    const azure = connect();
    const [one, two] = [identityId("id-one"), identityId("id-two")];
    for (const i of [one, two])
      await azure.write.createIdentity({ id: i, location: "westeurope", tags: {} }, signal);
    const before = await targetOf(azure, id);
    const type = before.attachments.systemAssigned ? "SystemAssigned, UserAssigned" : "UserAssigned";
    const etag = before.etag ? { ifMatch: before.etag } : {};
    const running = await azure.write.patchAttachments(
      { targetId: id, type, attach: [one, two], detach: [], ...etag },
      signal,
    );
    await running.ended(signal);
    const attached = await targetOf(azure, id);
    expect(attached.attachments.userAssigned).toHaveLength(before.attachments.userAssigned.length + 2);
    expect(attached.attachments.userAssigned.every((a) => a.clientId)).toBe(true);
    const swap = await azure.write.patchAttachments(
      { targetId: id, type, attach: [], detach: [one.toLowerCase()] },
      signal,
    );
    await swap.ended(signal);
    const kept = (await targetOf(azure, id)).attachments;
    expect(kept.systemAssigned).toBe(before.attachments.systemAssigned);
    expect(kept.userAssigned).toHaveLength(before.attachments.userAssigned.length + 1);
    const last =
      before.attachments.userAssigned.length > 0
        ? type
        : before.attachments.systemAssigned
          ? "SystemAssigned"
          : "None";
    await (
      await azure.write.patchAttachments({ targetId: id, type: last, attach: [], detach: [two] }, signal)
    ).ended(signal);
    expect((await targetOf(azure, id)).attachments).toEqual(before.attachments);
  });

  test("that has changed in between is not written", async () => {
    const azure = connect();
    const patch = {
      targetId: vmId("vm-plain"),
      type: "UserAssigned",
      attach: [identityId("id-foreign")],
      detach: [],
      ifMatch: '"no such etag"',
    };
    await expect(azure.write.patchAttachments(patch, signal)).rejects.toMatchObject({
      class: "transient",
      details: { code: "PreconditionFailed" },
    });
  });

  test("is not given an identity that does not exist, and Azure's culprit is named", async () => {
    const azure = connect();
    const missing = identityId("id-missing");
    const patch = {
      targetId: vmId("vm-plain"),
      type: "UserAssigned",
      attach: [identityId("id-foreign"), missing],
      detach: [],
    };
    const attempt = azure.write.patchAttachments(patch, signal).then((running) => running.ended(signal));
    const failure = await attempt.catch((error: unknown) => error);
    expect(failure).toMatchObject({ class: "terminal" });
    const { culprits = [] } = (failure as { details: { culprits?: string[] } }).details;
    expect(culprits.map((c) => c.toLowerCase())).toEqual([missing.toLowerCase()]);
  });

  test("rolls its model out to those of its instances that are named", async () => {
    const azure = connect();
    const patch = { targetId: setId, type: "UserAssigned", attach: [identityId("id-foreign")], detach: [] };
    const attached = await azure.write.patchAttachments(patch, signal);
    await attached.ended(signal);
    events.length = 0;
    const running = await azure.write.upgradeInstances(setId, ["1"], signal);
    await running.ended(signal);
    expect(events[0]).toMatchObject({ method: "POST", status: 202 });
    sandbox.advance(60_000);
    const none = { isProtected: false, provisioningState: "Succeeded" };
    const block = { systemAssigned: false, userAssigned: [{ id: identityId("id-foreign") }] };
    expect(await azure.read.listInstances(setId, signal)).toMatchObject([
      { ...none, instanceId: "0", hasLatestModel: false, attachments: { userAssigned: [] } },
      { ...none, instanceId: "1", hasLatestModel: true, attachments: block },
    ]);
  });

  test("shows which of its instances are protected", async () => {
    await adminOf(sandbox)("PATCH", `resources?id=${setId}/virtualMachines/0`, {
      properties: { protectionPolicy: { protectFromScaleSetActions: true } },
    });
    sandbox.advance(60_000);
    const found = await connect().read.listInstances(setId, signal);
    expect(found.map((one) => one.isProtected)).toEqual([true, false]);
  });

  test("that is not there is told from one that cannot be read", async () => {
    const azure = connect();
    expect(await azure.read.readTarget(vmId("no-such-vm"), signal)).toBeUndefined();
    expect(await azure.read.readTarget(vmId("x").replace("/rg/", "/no-such-group/"), signal)).toBeUndefined();
    const foreign = vmId("x").replace(s1, hidden);
    await expect(azure.read.readTarget(foreign, signal)).rejects.toMatchObject({ class: "terminal" });
  });
});

describe("a grant", () => {
  test("is made, found by principal and by marker, and taken away", async () => {
    const azure = connect();
    const id = identityId("id-granted");
    const { identity } = await azure.write.createIdentity({ id, location: "westeurope", tags: {} }, signal);
    const wanted = {
      scope: vaultId,
      principalId: identity.principalId,
      roleGuid: reader,
      description: assignmentMarker("prod", id),
    };
    const made = await azure.write.putAssignment(wanted, signal);
    expect(await azure.write.putAssignment(wanted, signal)).toEqual(made);
    expect(await azure.read.readAssignment(made.id, signal)).toMatchObject({
      roleGuid: reader,
      description: wanted.description,
    });
    expect(await azure.read.findAssignments(vaultId, identity.principalId, signal)).toMatchObject([
      { id: made.id },
    ]);
    expect(await azure.read.findAssignments(group, identity.principalId, signal)).toEqual([]);
    const query = {
      subscriptions: [s1, s2],
      managementGroups: [],
      principalIds: [identity.principalId],
      owner: "nobody",
    };
    const marked = { ...query, principalIds: [], owner: "prod" };
    for (const q of [query, marked]) {
      expect((await azure.read.listAssignments(q, signal)).items).toMatchObject([
        { id: made.id, roleGuid: reader },
      ]);
    }
    const counts = await azure.read.countAssignments([s1, s2], signal);
    const scopes = sandbox.world.roleAssignments.values().map(({ scope }) => scope.toLowerCase());
    const inside = (s: string): number =>
      scopes.filter((scope) => scope.startsWith(`/subscriptions/${s}`)).length;
    expect(counts).toEqual(new Map([s1, s2].map((s) => [s, inside(s)])));
    await admin("POST", "faults", {
      method: "POST",
      path: "/providers/Microsoft.ResourceGraph/resources",
      status: 403,
      body: { error: { code: "AuthorizationFailed", message: "refused" } },
    });
    for (const q of [query, marked]) {
      expect((await azure.read.listAssignments(q, signal)).items).toMatchObject([
        { id: made.id, roleGuid: reader },
      ]);
    }
    await azure.write.deleteAssignment(made.id, signal);
    await azure.write.deleteAssignment(made.id, signal);
    expect(await azure.read.readAssignment(made.id, signal)).toBeUndefined();
  });

  test("that somebody else made is returned as it is", async () => {
    const azure = connect();
    const { identity } = await azure.write.createIdentity(
      { id: identityId("id-other"), location: "westeurope", tags: {} },
      signal,
    );
    await admin("POST", "role-assignments", {
      scope: group,
      role: "Reader",
      principalId: identity.principalId,
      principalType: "ServicePrincipal",
      description: "by hand",
    });
    const wanted = { scope: group, principalId: identity.principalId, roleGuid: reader, description: "ours" };
    expect(await azure.write.putAssignment(wanted, signal)).toMatchObject({ description: "by hand" });
  });

  test("is of a role that is listed with what it permits", async () => {
    const roles = await connect().read.listRoles(`/subscriptions/${s1}`, signal);
    expect(roles.length).toBeGreaterThan(100);
    expect(roles.find((r) => r.guid === reader)).toMatchObject({
      roleName: "Reader",
      isCustom: false,
      permissions: [{ actions: ["*/read"] }],
    });
  });

  test("is for a scope that exists", async () => {
    const scopes = [
      "/",
      "/providers/Microsoft.Management/managementGroups/mg",
      `/subscriptions/${s1}`,
      group.toUpperCase(),
      vaultId,
      `${vaultId}/secrets/x`,
    ];
    const missing = [
      `/subscriptions/${s1}/resourceGroups/none`,
      `${group}/providers/Microsoft.KeyVault/vaults/none`,
    ];
    expect(await connect().read.existingScopes([...scopes, ...missing], signal)).toEqual(scopes);
    await admin("POST", "faults", {
      method: "POST",
      path: "/providers/Microsoft.ResourceGraph/resources",
      status: 403,
      body: { error: { code: "AuthorizationFailed", message: "refused" } },
    });
    expect(await connect().read.existingScopes([...scopes, ...missing], signal)).toEqual(scopes);
  });
});

test("a dry run reads the whole estate and writes nothing", async () => {
  const azure = connect({ dryRun: true });
  expect((await azure.read.listTargets([s1], signal)).items.length).toBeGreaterThan(3);
  events.length = 0;
  await expect(
    azure.write.createIdentity({ id: identityId("id-dry"), location: "westeurope", tags: {} }, signal),
  ).rejects.toMatchObject({ details: { code: "DryRunRefused" } });
  expect(await azure.read.readIdentity(identityId("id-dry"), signal)).toBeUndefined();
});
