// What the adapters send, byte by byte: the real SDKs against a scripted server that records every request.
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { wellKnownClouds } from "../src/azure/cloud.ts";
import { type AzureConnection, type ConnectOptions, connectAzure } from "../src/azure/connect.ts";
import type { RequestEvent } from "../src/azure/policies.ts";
import type { Clock } from "../src/model/ports.ts";
import { createCertificateAuthority } from "../src/sandbox/pki.ts";

interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: unknown;
}

interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

type Script = (seen: Seen, count: number) => Answer;

interface Host {
  readonly server: Server;
  readonly origin: string;
  readonly seen: Seen[];
  script: Script;
}

const hosts: Host[] = [];
let ca = "";
let arm: Host;
let evil: Host;
const signal = new AbortController().signal;
const events: RequestEvent[] = [];
const waits: number[] = [];

const tid = "99999999-9999-4999-8999-999999999999";
const token = `e30.${Buffer.from(JSON.stringify({ oid: "o", tid })).toString("base64url")}.c2ln`;
const credential = { getToken: async () => ({ token, expiresOnTimestamp: Date.now() + 3_600_000 }) };
const s1 = "00000000-0000-0000-0000-000000000001";
const s2 = "00000000-0000-0000-0000-000000000002";
const group = `/subscriptions/${s1}/resourceGroups/rg`;
const vm = `${group}/providers/Microsoft.Compute/virtualMachines/vm`;
const set = `${group}/providers/Microsoft.Compute/virtualMachineScaleSets/set`;
const id1 = `${group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-1`;
const id2 = `${group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-2`;
const role = "acdd72a7-3385-48ef-bd42-f606fba81ae7";
const principal = "11111111-1111-1111-1111-111111111111";

let sleptInMs = 0;
const clock: Clock = {
  now: () => Date.now() + sleptInMs,
  async sleep(inMs) {
    waits.push(inMs);
    sleptInMs += inMs;
  },
};

async function listen(tls: { cert: string; key: string }): Promise<Host> {
  const seen: Seen[] = [];
  const server = createServer(tls, async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString("utf8");
    const one = {
      method: request.method ?? "",
      url: request.url ?? "",
      headers: request.headers,
      body: text ? JSON.parse(text) : undefined,
    };
    seen.push(one);
    const { status = 200, headers = {}, body } = host.script(one, seen.length);
    response.writeHead(status, { "content-type": "application/json", ...headers });
    response.end(typeof body === "string" ? body : JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const host: Host = {
    server,
    seen,
    origin: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    script: () => ({}),
  };
  hosts.push(host);
  return host;
}

function connect(options: Partial<ConnectOptions> = {}): AzureConnection {
  const cloud = { ...wellKnownClouds.public, name: "test", resourceManager: arm.origin, wellKnown: false };
  return connectAzure({
    cloud,
    credential,
    dryRun: false,
    clock,
    ca,
    version: "1.2.3",
    onRequest: (e) => events.push(e),
    ...options,
  });
}

function failed(code: string, message = code): object {
  return { error: { code, message } };
}

beforeAll(async () => {
  const made = await createCertificateAuthority({ now: Date.now, hosts: [] });
  ca = made.caPem;
  const tls = { cert: made.certificatePem, key: made.keyPem };
  [arm, evil] = [await listen(tls), await listen(tls)];
});

beforeEach(() => {
  for (const list of [arm.seen, evil.seen, events, waits]) list.length = 0;
  arm.script = () => ({ status: 500 });
  evil.script = () => ({ body: { value: [], status: "Succeeded" } });
});

afterAll(() => {
  for (const { server } of hosts) {
    server.closeAllConnections();
    server.close();
  }
});

describe("a request", () => {
  test("carries token, user agent and correlation id, and is reported", async () => {
    arm.script = () => ({ status: 404, body: failed("ResourceNotFound") });
    const azure = connect();
    const correlationId = "c0ffee00-0000-4000-8000-000000000000";
    expect(await azure.correlated(correlationId, () => azure.read.readIdentity(id1, signal))).toBeUndefined();
    const { headers } = arm.seen[0] as Seen;
    expect(headers.authorization).toBe(`Bearer ${token}`);
    expect(headers["user-agent"]).toMatch(/^bindery\/1\.2\.3 /);
    expect(headers["x-ms-correlation-request-id"]).toBe(correlationId);
    expect(events).toEqual([
      {
        method: "GET",
        operation: "Microsoft.ManagedIdentity/userAssignedIdentities",
        status: 404,
        correlationId,
        durationInMs: expect.any(Number),
      },
    ]);
  });

  test.each([["ResourceNotFound"], ["ResourceGroupNotFound"], ["NotFound"]])(
    "404 %s says that the thing is not there",
    async (code) => {
      arm.script = () => ({ status: 404, body: failed(code) });
      expect(await connect().read.readTarget(vm, signal)).toBeUndefined();
    },
  );

  test.each([["SubscriptionNotFound"], ["InvalidResourceType"], ["ParentResourceNotFound"]])(
    "404 %s says nothing about it",
    async (code) => {
      arm.script = () => ({ status: 404, body: failed(code) });
      await expect(connect().read.readTarget(vm, signal)).rejects.toMatchObject({
        class: "terminal",
        details: { code },
      });
    },
  );

  test("reads are repeated as slowly as Azure asks, writes never", async () => {
    arm.script = () => ({ status: 503, headers: { "retry-after": "3" } });
    await expect(connect().read.readTarget(vm, signal)).rejects.toMatchObject({
      class: "transient",
      details: { retryAfterInMs: 3_000 },
    });
    expect([arm.seen.length, waits]).toEqual([4, [3_000, 3_000, 3_000]]);
    await expect(connect().write.deleteIdentity(id1, signal)).rejects.toMatchObject({
      class: "transient",
      details: { mayHaveHappened: true },
    });
    expect(arm.seen.length).toBe(5);
  });

  test("a wait of half an hour is left to the next pass", async () => {
    arm.script = () => ({ status: 429, headers: { "retry-after": "1800" }, body: failed("TooManyRequests") });
    await expect(connect().read.readTarget(vm, signal)).rejects.toMatchObject({
      details: { retryAfterInMs: 1_800_000 },
    });
    expect(arm.seen.length).toBe(1);
  });

  test("that takes too long, or answers too much, is given up", async () => {
    arm.script = () => ({ body: { id: "x".repeat(5_000) } });
    const bounds = { timeoutInMs: 60_000, answerInBytes: 1_000 };
    await expect(connect({ bounds }).read.readTarget(vm, signal)).rejects.toMatchObject({
      details: { code: "AnswerTooLarge" },
    });
  });

  test("of an aborted caller is an abort, not a failure", async () => {
    await expect(connect().read.readTarget(vm, AbortSignal.abort())).rejects.toMatchObject({
      name: "AbortError",
    });
    expect(arm.seen).toEqual([]);
  });

  test("needs the cloud's certificate authority", async () => {
    const { ca: _, ...options } = { ca };
    const cloud = { ...wellKnownClouds.public, resourceManager: arm.origin };
    const azure = connectAzure({ ...options, cloud, credential, dryRun: false, clock });
    await expect(azure.read.readTarget(vm, signal)).rejects.toMatchObject({ class: "terminal" });
    expect(arm.seen).toEqual([]);
  });
});

describe("rule 12: another host", () => {
  test("in a next link gets neither request nor token", async () => {
    arm.script = () => ({ body: { value: [], nextLink: `${evil.origin}/next` } });
    await expect(connect().read.listCredentials(id1, signal)).rejects.toMatchObject({
      class: "terminal",
      details: { code: "ForeignHost" },
    });
    expect([arm.seen.length, evil.seen.length]).toEqual([1, 0]);
  });

  test.each(["azure-asyncoperation", "location"])(
    "in the %s of an operation gets neither request nor token",
    async (header) => {
      arm.script = () => ({ status: 202, headers: { [header]: `${evil.origin}/operations/1` } });
      const running = await connect().write.upgradeInstances(set, ["0"], signal);
      await expect(running.ended(signal)).rejects.toMatchObject({
        class: "terminal",
        details: { code: "ForeignHost" },
      });
      expect([arm.seen.length, evil.seen.length]).toEqual([1, 0]);
    },
  );

  test.each([301, 302, 307, 308])("in a redirect %d gets neither request nor token", async (status) => {
    arm.script = () => ({ status, headers: { location: `${evil.origin}/x` } });
    await expect(connect().read.readIdentity(id1, signal)).rejects.toMatchObject({
      class: "terminal",
      details: { code: "RedirectRefused" },
    });
    expect([arm.seen.length, evil.seen.length]).toEqual([1, 0]);
  });
});

describe("a dry run", () => {
  const patch = { targetId: vm, type: "UserAssigned", attach: [id1], detach: [] };
  const writes: [string, (w: AzureConnection["write"]) => Promise<unknown>][] = [
    ["createIdentity", (w) => w.createIdentity({ id: id1, location: "westeurope", tags: {} }, signal)],
    ["mergeTags", (w) => w.mergeTags(id1, { a: "b" }, signal)],
    ["deleteTags", (w) => w.deleteTags(id1, { a: "b" }, signal)],
    ["deleteIdentity", (w) => w.deleteIdentity(id1, signal)],
    [
      "putCredential",
      (w) => w.putCredential(id1, { name: "n", issuer: "i", subject: "s", audience: "a" }, signal),
    ],
    ["deleteCredential", (w) => w.deleteCredential(id1, "n", signal)],
    ["patchAttachments, machine", (w) => w.patchAttachments(patch, signal)],
    ["patchAttachments, scale set", (w) => w.patchAttachments({ ...patch, targetId: set }, signal)],
    ["upgradeInstances", (w) => w.upgradeInstances(set, ["0"], signal)],
    [
      "putAssignment",
      (w) => w.putAssignment({ scope: group, principalId: principal, roleGuid: role }, signal),
    ],
    [
      "deleteAssignment",
      (w) => w.deleteAssignment(`${group}/providers/Microsoft.Authorization/roleAssignments/${role}`, signal),
    ],
  ];

  test("every write there is is tried here", () => {
    const tried = new Set(writes.map(([name]) => name.split(",")[0]));
    expect(tried).toEqual(new Set(Object.keys(connect().write)));
  });

  test.each(writes)("refuses %s without sending it", async (_, write) => {
    await expect(write(connect({ dryRun: true }).write)).rejects.toMatchObject({
      class: "terminal",
      details: { code: "DryRunRefused" },
    });
    expect(arm.seen).toEqual([]);
  });

  test("reads, Resource Graph's query included", async () => {
    arm.script = () => ({ body: { totalRecords: 0, count: 0, data: [], resultTruncated: "false" } });
    const { unknown } = await connect({ dryRun: true }).read.listTargets([s1], signal);
    expect(unknown).toHaveLength(1);
    expect(arm.seen.map((s) => s.method)).toEqual(["POST", "POST"]);
  });
});

describe("a write of attachments", () => {
  test("sends only what changes, with the etag, and polls the operation under the same correlation id", async () => {
    const operation = "/operations/1?t=1&c=2";
    arm.script = ({ method }, count) =>
      method === "PATCH"
        ? {
            headers: { "azure-asyncoperation": `${arm.origin}${operation}` },
            body: { id: vm, location: "w" },
          }
        : { body: { status: count < 4 ? "InProgress" : "Succeeded" } };
    const patch = {
      targetId: vm,
      type: "SystemAssigned, UserAssigned",
      attach: [id1],
      detach: [id2],
      ifMatch: '"5"',
    };
    const running = await connect().write.patchAttachments(patch, signal);
    expect(arm.seen).toHaveLength(1);
    expect(arm.seen[0]?.body).toEqual({
      identity: { type: "SystemAssigned, UserAssigned", userAssignedIdentities: { [id1]: {}, [id2]: null } },
    });
    expect(arm.seen[0]?.headers["if-match"]).toBe('"5"');
    await running.ended(signal);
    expect(arm.seen.slice(1).map((s) => [s.method, s.url])).toEqual(
      Array.from({ length: 3 }, () => ["GET", operation]),
    );
    expect(new Set(arm.seen.map((s) => s.headers["x-ms-correlation-request-id"])).size).toBe(1);
    expect(waits).toEqual([1_000, 2_000, 4_000]);
  });

  test("states the type alone where no user identity is left", async () => {
    arm.script = () => ({ body: { id: set, location: "w" } });
    const running = await connect().write.patchAttachments(
      { targetId: set, type: "None", attach: [], detach: [id1] },
      signal,
    );
    await running.ended(signal);
    expect(arm.seen.map((s) => s.body)).toEqual([{ identity: { type: "None" } }]);
    expect(arm.seen[0]?.headers["if-match"]).toBeUndefined();
  });

  test("that would attach under a type without user identities is a bug", async () => {
    const patch = { targetId: vm, type: "None", attach: [id1], detach: [] };
    await expect(connect().write.patchAttachments(patch, signal)).rejects.toThrow(TypeError);
    expect(arm.seen).toEqual([]);
  });

  test("names at most 150 identities, and only kinds it knows", async () => {
    const attach = Array.from({ length: 151 }, (_, i) => `${id1}-${i}`);
    const patch = { targetId: vm, type: "UserAssigned", attach, detach: [] };
    await expect(connect().write.patchAttachments(patch, signal)).rejects.toMatchObject({
      details: { code: "TooManyIdentities" },
    });
    const site = { ...patch, targetId: `${group}/providers/Microsoft.Web/sites/x`, attach: [id1] };
    await expect(connect().write.patchAttachments(site, signal)).rejects.toMatchObject({
      details: { code: "UnsupportedTargetType" },
    });
    expect(arm.seen).toEqual([]);
  });

  test("a 412 is read again by the caller", async () => {
    arm.script = () => ({ status: 412, body: failed("ConditionNotMet") });
    const patch = { targetId: vm, type: "UserAssigned", attach: [id1], detach: [], ifMatch: '"5"' };
    await expect(connect().write.patchAttachments(patch, signal)).rejects.toMatchObject({
      class: "transient",
      details: { code: "PreconditionFailed" },
    });
  });
});

describe("a role assignment", () => {
  const wanted = { scope: group, principalId: principal, roleGuid: role, description: "d", condition: "@x" };
  const shown = {
    id: `${group}/providers/Microsoft.Authorization/roleAssignments/n`,
    properties: { scope: group, principalId: principal, roleDefinitionId: `/x/${role}` },
  };

  test("has the same name whatever the spelling, and a type that spares Entra", async () => {
    arm.script = () => ({ status: 201, body: shown });
    await connect().write.putAssignment(wanted, signal);
    await connect().write.putAssignment(
      { ...wanted, principalId: principal.toUpperCase(), roleGuid: role.toUpperCase() },
      signal,
    );
    const names = arm.seen.map((s) => new URL(s.url, arm.origin).pathname.split("/").at(-1));
    expect(new Set(names).size).toBe(1);
    expect(arm.seen[0]?.url).not.toContain("//");
    expect(arm.seen[0]?.body).toEqual({
      properties: {
        principalId: principal,
        principalType: "ServicePrincipal",
        roleDefinitionId: `/subscriptions/${s1}/providers/Microsoft.Authorization/roleDefinitions/${role}`,
        description: "d",
        condition: "@x",
        conditionVersion: "2.0",
      },
    });
  });

  test("above subscriptions names a role of the tenant", async () => {
    arm.script = () => ({ status: 201, body: shown });
    const scope = "/providers/Microsoft.Management/managementGroups/mg";
    await connect().write.putAssignment({ scope, principalId: principal, roleGuid: role }, signal);
    expect(arm.seen[0]?.body).toMatchObject({
      properties: { roleDefinitionId: `/providers/Microsoft.Authorization/roleDefinitions/${role}` },
    });
  });

  test("that exists under another name is returned as it is", async () => {
    arm.script = ({ method }) =>
      method === "PUT" ? { status: 409, body: failed("RoleAssignmentExists") } : { body: { value: [shown] } };
    expect(await connect().write.putAssignment(wanted, signal)).toEqual({
      id: shown.id,
      scope: group,
      principalId: principal,
      roleGuid: role,
    });
    expect(arm.seen.map((s) => s.method)).toEqual(["PUT", "GET"]);
  });

  test("that exists is read by the name that the refusal gives, ahead of any list", async () => {
    const name = "0a1b2c3d-0000-4000-8000-00000000abcd";
    const message = `The role assignment already exists. The ID of the existing role assignment is ${name.replaceAll("-", "")}.`;
    arm.script = ({ method }) =>
      method === "PUT" ? { status: 409, body: failed("RoleAssignmentExists", message) } : { body: shown };
    expect(await connect().write.putAssignment(wanted, signal)).toMatchObject({ id: shown.id });
    expect(arm.seen.map((s) => s.method)).toEqual(["PUT", "GET"]);
    expect(arm.seen[1]?.url).toContain(`${group}/providers/Microsoft.Authorization/roleAssignments/${name}?`);
  });

  test("that exists and is another one than the refusal says is not taken for it", async () => {
    const message = "The ID of the existing role assignment is 0a1b2c3d00004000800000000000abcd.";
    const properties = { ...shown.properties, principalId: "22222222-2222-2222-2222-222222222222" };
    arm.script = ({ method }) =>
      method === "PUT"
        ? { status: 409, body: failed("RoleAssignmentExists", message) }
        : { body: { ...shown, properties } };
    await expect(connect().write.putAssignment(wanted, signal)).rejects.toMatchObject({
      class: "propagating",
    });
  });

  test("that exists and is not listed yet is propagating", async () => {
    arm.script = ({ method }) =>
      method === "PUT" ? { status: 409, body: failed("RoleAssignmentExists") } : { body: { value: [] } };
    await expect(connect().write.putAssignment(wanted, signal)).rejects.toMatchObject({
      class: "propagating",
    });
  });
});

describe("Resource Graph", () => {
  const row = (name: string): object => ({
    id: `${group}/providers/Microsoft.Compute/virtualMachines/${name}`,
    type: "microsoft.compute/virtualmachines",
    location: "w",
    tags: null,
    identity: null,
  });
  const container = { id: `/subscriptions/${s1}`, type: "microsoft.resources/subscriptions", managedBy: "" };
  const answer = (data: readonly object[], more: object = {}): Answer => ({
    body: { totalRecords: data.length, count: data.length, data, resultTruncated: "false", ...more },
  });
  const isContainers = ({ body }: Seen): boolean =>
    String((body as { query: string }).query).startsWith("resourcecontainers");
  const optionsOf = ({ body }: Seen): Record<string, unknown> =>
    (body as { options: Record<string, unknown> }).options;

  test("is paged by the skip token alone", async () => {
    arm.script = (seen) => {
      if (isContainers(seen)) return answer([container]);
      return optionsOf(seen).$skipToken
        ? answer([row("b")], { totalRecords: 2 })
        : answer([row("a")], { totalRecords: 2, $skipToken: "t" });
    };
    const { items, unknown } = await connect().read.listTargets([s1], signal);
    expect(items.map((t) => t.id.at(-1))).toEqual(["a", "b"]);
    expect(unknown).toEqual([]);
    expect(optionsOf(arm.seen[0] as Seen)).toEqual({
      $top: 1000,
      resultFormat: "objectArray",
      authorizationScopeFilter: "AtScopeAndBelow",
    });
  });

  test("is not asked faster than its quota", async () => {
    arm.script = (seen) => ({
      ...(isContainers(seen)
        ? answer([container])
        : optionsOf(seen).$skipToken
          ? answer([])
          : answer([], { $skipToken: "t" })),
      headers: { "x-ms-user-quota-remaining": "0", "x-ms-user-quota-resets-after": "00:00:04" },
    });
    await connect().read.listTargets([s1], signal);
    expect(waits[0]).toBeGreaterThan(3_000);
  });

  test("a subscription that it does not show is unknown, not empty", async () => {
    arm.script = (seen) => (isContainers(seen) ? answer([container]) : answer([row("a")]));
    const { items, unknown } = await connect().read.listTargets([s1, s2], signal);
    expect(items).toHaveLength(1);
    expect(unknown).toMatchObject([{ subscriptionId: s2, reason: expect.stringMatching(/shows nothing/) }]);
  });

  test("an identity block that cannot be relied on makes its subscription unknown", async () => {
    arm.script = (seen) =>
      isContainers(seen)
        ? answer([container])
        : answer([row("a"), { ...row("b"), identity: { type: "UserAssigned" } }]);
    const { items, unknown } = await connect().read.listTargets([s1], signal);
    expect(items).toHaveLength(1);
    expect(unknown).toMatchObject([
      { subscriptionId: s1, reason: expect.stringMatching(/^the identity block of .*\/b cannot be read/) },
    ]);
  });

  test("a managed group makes all in it managed", async () => {
    const managed = {
      id: group.toUpperCase(),
      type: "microsoft.resources/subscriptions/resourcegroups",
      managedBy: "/aks",
    };
    arm.script = (seen) => (isContainers(seen) ? answer([container, managed]) : answer([row("a")]));
    expect((await connect().read.listTargets([s1], signal)).items).toMatchObject([{ managedBy: "/aks" }]);
  });

  test("a list that came short is read again, then given up for the plain lists", async () => {
    arm.script = (seen) => {
      if (seen.method === "GET") return { status: 403, body: failed("AuthorizationFailed", "no right") };
      return isContainers(seen) ? answer([container]) : answer([row("a")], { totalRecords: 2 });
    };
    const { items, unknown } = await connect().read.listTargets([s1], signal);
    expect({ items, unknown }).toEqual({ items: [], unknown: [{ subscriptionId: s1, reason: "no right" }] });
    expect(arm.seen.filter((s) => s.method === "POST" && !isContainers(s)).length).toBe(2);
  });

  test("a query that it does not understand is a mistake of ours and no reason to look elsewhere", async () => {
    arm.script = () => ({ status: 400, body: failed("BadRequest") });
    await expect(connect().read.listTargets([s1], signal)).rejects.toMatchObject({
      class: "terminal",
      details: { status: 400 },
    });
    // The query beside it is still on its way when the first one has failed.
    await vi.waitFor(() => expect(arm.seen).toHaveLength(2));
    expect(arm.seen.every((s) => s.method === "POST")).toBe(true);
  });

  test("assignments are asked for at, above and below, once for many principals", async () => {
    const assignment = { id: "/a", scope: "/", principalId: principal, roleDefinitionId: `/x/${role}` };
    arm.script = (seen) => (isContainers(seen) ? answer([container]) : answer([assignment]));
    const query = { subscriptions: [s1], managementGroups: ["mg"], principalIds: [principal], owner: "prod" };
    const { items, unknown } = await connect().read.listAssignments(query, signal);
    expect({ items, unknown }).toEqual({
      items: [{ id: "/a", scope: "/", principalId: principal, roleGuid: role }],
      unknown: [],
    });
    const asked = arm.seen.filter((s) => !isContainers(s));
    expect(asked.map((s) => optionsOf(s).authorizationScopeFilter)).toEqual([
      "AtScopeAboveAndBelow",
      "AtScopeAboveAndBelow",
    ]);
    expect(asked.map((s) => (s.body as { managementGroups?: string[] }).managementGroups)).toEqual([
      undefined,
      ["mg"],
    ]);
  });
});

describe("the estate", () => {
  const listed = (tenantId: string): object => ({
    id: `/subscriptions/${s1}`,
    subscriptionId: s1,
    displayName: "one",
    tenantId,
    state: "Enabled",
  });

  test("knows what the caller cannot see", async () => {
    arm.script = () => ({ body: { value: [listed(tid)] } });
    const { items, unknown } = await connect().read.listSubscriptions(
      { subscriptions: [s1.toUpperCase(), s2], managementGroups: [] },
      signal,
    );
    expect(items).toEqual([s1]);
    expect(unknown).toMatchObject([{ subscriptionId: s2 }]);
  });

  test("rule 6: has no subscription of another tenant", async () => {
    arm.script = () => ({ body: { value: [listed("22222222-2222-2222-2222-222222222222")] } });
    const estate = { subscriptions: [s1], managementGroups: [] };
    await expect(connect().read.listSubscriptions(estate, signal)).rejects.toMatchObject({
      class: "terminal",
      details: { code: "ForeignTenant" },
    });
  });

  test("takes in what lies below its management groups", async () => {
    const chain = (name: string): object => ({ ancestors: [{ name, displayName: name }] });
    const rows = [
      { id: `/subscriptions/${s1}`, subscriptionId: s1, tenantId: tid, ...chain("MG") },
      { id: `/subscriptions/${s2}`, subscriptionId: s2, tenantId: tid, ...chain("elsewhere") },
    ];
    arm.script = ({ method }) =>
      method === "GET"
        ? { body: { value: [] } }
        : { body: { totalRecords: 2, count: 2, data: rows, resultTruncated: "false" } };
    const { items, unknown } = await connect().read.listSubscriptions(
      { subscriptions: [], managementGroups: ["mg"] },
      signal,
    );
    expect(items).toEqual([s1]);
    expect(unknown).toMatchObject([{ subscriptionId: s2 }]);
  });

  test("rule 6: tokens of another tenant than the policy's are never sent", async () => {
    const azure = connect({ tenantId: "22222222-2222-2222-2222-222222222222" });
    await expect(azure.read.readTarget(vm, signal)).rejects.toMatchObject({
      class: "terminal",
      details: { code: "ForeignTenant" },
    });
    expect(arm.seen).toEqual([]);
  });
});
