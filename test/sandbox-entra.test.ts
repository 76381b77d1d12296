// The real @azure/identity credentials against the sandbox's Entra and managed identity endpoints, over real sockets.
import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer as createHttpServer } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { ClientSecretCredential, WorkloadIdentityCredential } from "@azure/identity";
import { createAdaptorServer, type ServerType } from "@hono/node-server";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { TokenVerdict } from "../src/sandbox/entra/access-token.ts";
import type { Principal, Tenant } from "../src/sandbox/entra/directory.ts";
import { createEntra, type Entra, WORKLOAD_ISSUER } from "../src/sandbox/entra/entra.ts";
import type { HostIdentities } from "../src/sandbox/entra/host-identities.ts";
import { createManagedIdentityEndpoints } from "../src/sandbox/entra/managed-identity.ts";
import { AZURE_RESOURCES } from "../src/sandbox/entra/resources.ts";
import { createCertificateAuthority } from "../src/sandbox/pki.ts";

const run = promisify(execFile);
const TENANT = "11111111-0000-0000-0000-000000000001";
const SCOPE = "https://management.azure.com/.default";
const IDENTITY_HEADER = "853b9a84-5bfa-4b22-a3f3-0b9a43d9ad8a";
const SUBJECT = "system:serviceaccount:apps:orders";

const app: Principal = {
  objectId: "33333333-0000-0000-0000-000000000001",
  clientId: "22222222-0000-0000-0000-000000000001",
  displayName: "bindery",
  kind: "Application",
  secret: "s3cr3t",
};

function identity(name: string, digit: string): Principal {
  return {
    objectId: `33333333-0000-0000-0000-00000000000${digit}`,
    clientId: `22222222-0000-0000-0000-00000000000${digit}`,
    displayName: name,
    kind: "ManagedIdentity",
    resourceId: `/subscriptions/s/resourcegroups/rg/providers/Microsoft.ManagedIdentity/userAssignedIdentities/${name}`,
    federated: [{ issuer: WORKLOAD_ISSUER, subject: SUBJECT, audience: "api://AzureADTokenExchange" }],
  };
}

const [first, second] = [identity("id-a", "a"), identity("id-b", "b")];
const principals = [app, first, second];
const tenant: Tenant = {
  tenantId: TENANT,
  displayName: "Contoso",
  directory: { byClientId: (id) => principals.find((p) => p.clientId === id) },
};
const host: { attached: HostIdentities } = { attached: { userAssigned: [] } };

let entra: Entra;
let ca: string;
let authority: string;
let plain: string;
const servers: ServerType[] = [];
const requests: string[] = [];

async function listen(server: ServerType): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  return (server.address() as AddressInfo).port;
}

function recorded(fetch: (request: Request) => Promise<Response>) {
  return (request: Request) => {
    const { pathname, searchParams } = new URL(request.url);
    searchParams.sort();
    requests.push(`${request.method} ${pathname} ${[...searchParams.keys()].join(",")}`.trim());
    return fetch(request);
  };
}

beforeAll(async () => {
  const pki = await createCertificateAuthority({ now: Date.now, hosts: [] });
  ca = pki.caPem;
  const resources = [...AZURE_RESOURCES];
  entra = await createEntra({ tenants: [tenant], resources, now: Date.now });
  const https = createAdaptorServer({
    fetch: recorded((request) => entra.fetch(request)),
    createServer: createHttpsServer,
    serverOptions: { cert: pki.certificatePem, key: pki.keyPem },
  });
  authority = `https://localhost:${await listen(https)}`;
  resources.push(authority);
  const endpoints = createManagedIdentityEndpoints({
    identitiesOf: (name) => (name === "" || name === "/hosts/vm-1" ? host.attached : undefined),
    issue: (principal, resource) => entra.issueManagedIdentityToken(principal, resource),
    tenantName: tenant.displayName,
  });
  const http = createAdaptorServer({ fetch: recorded(endpoints.fetch), createServer: createHttpServer });
  plain = `http://127.0.0.1:${await listen(http)}`;
});

afterAll(() => {
  for (const server of servers) {
    server.close();
  }
});

afterEach(() => {
  requests.length = 0;
});

function clientOptions() {
  return {
    authorityHost: authority,
    disableInstanceDiscovery: true,
    tlsOptions: { ca },
    retryOptions: { maxRetries: 0 },
  };
}

async function judge(token: string): Promise<TokenVerdict> {
  return entra.authenticate(`Bearer ${token}`, ["https://management.azure.com/", authority]);
}

describe("ClientSecretCredential", () => {
  test("gets a token that ARM takes, by one document and one request", async () => {
    const credential = new ClientSecretCredential(TENANT, app.clientId, "s3cr3t", clientOptions());
    const { token, expiresOnTimestamp } = await credential.getToken(SCOPE);
    expect(await judge(token)).toMatchObject({
      ok: true,
      caller: { objectId: app.objectId, clientId: app.clientId, tenantId: TENANT, capabilities: [] },
    });
    expect(expiresOnTimestamp).toBeGreaterThan(Date.now() + 3_500_000);
    expect(requests).toEqual([
      `GET /${TENANT}/v2.0/.well-known/openid-configuration`,
      `POST /${TENANT}/oauth2/v2.0/token client-request-id`,
    ]);
  });

  test("gets one for the sandbox's own endpoint, which legacy clients ask for", async () => {
    const credential = new ClientSecretCredential(TENANT, app.clientId, "s3cr3t", clientOptions());
    const { token } = await credential.getToken(`${authority}/.default`);
    expect(await judge(token)).toMatchObject({ ok: true, caller: { audience: authority } });
  });

  test("says that it can handle claims challenges, and answers one with a new token", async () => {
    const credential = new ClientSecretCredential(TENANT, app.clientId, "s3cr3t", clientOptions());
    const able = await credential.getToken(SCOPE, { enableCae: true });
    expect(await judge(able.token)).toMatchObject({ caller: { capabilities: ["cp1"] } });
    const claims = JSON.stringify({ access_token: { nbf: { essential: true, value: "1603742800" } } });
    const renewed = await credential.getToken(SCOPE, { enableCae: true, claims });
    expect(renewed.token).not.toBe(able.token);
    expect(await judge(renewed.token)).toMatchObject({ caller: { capabilities: ["cp1"] } });
  });

  test("works with the AD FS shape of a custom cloud", async () => {
    const credential = new ClientSecretCredential("adfs", app.clientId, "s3cr3t", clientOptions());
    expect(await judge((await credential.getToken(SCOPE)).token)).toMatchObject({ ok: true });
    expect(requests).toEqual([
      "GET /adfs/.well-known/openid-configuration",
      "POST /adfs/oauth2/token/ client-request-id",
    ]);
  });

  test.each([
    ["a wrong secret", TENANT, app.clientId, "guess", SCOPE, /AADSTS7000215/],
    ["an unknown client", TENANT, "22222222-0000-0000-0000-00000000000f", "x", SCOPE, /AADSTS700016/],
    [
      "an unknown resource",
      TENANT,
      app.clientId,
      "s3cr3t",
      "https://vault.azure.net/.default",
      /AADSTS500011/,
    ],
  ])("reports %s", async (_case, tenantId, clientId, secret, scope, message) => {
    const credential = new ClientSecretCredential(tenantId, clientId, secret, clientOptions());
    await expect(credential.getToken(scope)).rejects.toThrow(message);
  });

  test("finds no endpoints for an unknown tenant", async () => {
    const unknown = "11111111-0000-0000-0000-00000000000f";
    const credential = new ClientSecretCredential(unknown, app.clientId, "s3cr3t", clientOptions());
    await expect(credential.getToken(SCOPE)).rejects.toThrow(/endpoints_resolution_error|AADSTS90002/);
  });

  test("does not trust the server without the sandbox's authority", async () => {
    const options = { ...clientOptions(), tlsOptions: {} };
    const credential = new ClientSecretCredential(TENANT, app.clientId, "s3cr3t", options);
    await expect(credential.getToken(SCOPE)).rejects.toThrow();
    expect(requests).toEqual([]);
  });
});

describe("WorkloadIdentityCredential", () => {
  async function tokenWith(jwt: string): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), "entra-"));
    try {
      const tokenFilePath = join(folder, "token");
      // A file for a token is where a token belongs: written past the watch over what is printed and logged.
      writeFileSync(tokenFilePath, jwt);
      const options = { ...clientOptions(), tenantId: TENANT, clientId: first.clientId, tokenFilePath };
      return (await new WorkloadIdentityCredential(options).getToken(SCOPE)).token;
    } finally {
      await rm(folder, { recursive: true });
    }
  }

  test("exchanges a workload's token for the managed identity's", async () => {
    const token = await tokenWith(await entra.issueWorkloadToken({ subject: SUBJECT }));
    expect(await judge(token)).toMatchObject({ ok: true, caller: { mirid: first.resourceId } });
  });

  test("reports a subject that no federated credential has", async () => {
    const jwt = await entra.issueWorkloadToken({ subject: "system:serviceaccount:apps:other" });
    await expect(tokenWith(jwt)).rejects.toThrow(
      /AADSTS70021.*Assertion Subject: 'system:serviceaccount:apps:other'/,
    );
  });
});

/** MSAL chooses the kind of endpoint, and caches tokens, once per process: each client is a process of its own. */
const CLIENT = `
  import { ManagedIdentityCredential } from "@azure/identity";
  const options = { ...JSON.parse(process.env.OPTIONS), retryOptions: { maxRetries: 0 } };
  const { token } = await new ManagedIdentityCredential(options).getToken("${SCOPE}");
  process.stdout.write(token);
`;

async function tokenOf(options: object, env: Record<string, string>): Promise<string> {
  const args = ["--input-type=module", "--eval", CLIENT];
  const childEnv = { PATH: process.env.PATH, OPTIONS: JSON.stringify(options), ...env };
  return (await run(process.execPath, args, { env: childEnv })).stdout;
}

describe("ManagedIdentityCredential", () => {
  const { clientId, objectId, resourceId } = second;

  test.each([
    ["client id", { clientId }, "client_id"],
    ["resource id", { resourceId }, "mi_res_id"],
    ["object id", { objectId }, "object_id"],
  ])("App Service by %s", async (_case, options, parameter) => {
    host.attached = { userAssigned: [first, second], identityHeader: IDENTITY_HEADER };
    const env = { IDENTITY_ENDPOINT: `${plain}/hosts/vm-1/msi/token`, IDENTITY_HEADER };
    expect(await judge(await tokenOf(options, env))).toMatchObject({
      ok: true,
      caller: { objectId: second.objectId, mirid: second.resourceId },
    });
    expect(requests).toEqual([`GET /hosts/vm-1/msi/token api-version,${parameter},resource`]);
  });

  test.each([
    ["client id", { clientId }, "client_id"],
    ["resource id", { resourceId }, "msi_res_id"],
    ["object id", { objectId }, "object_id"],
  ])("IMDS by %s", async (_case, options, parameter) => {
    host.attached = { userAssigned: [first, second] };
    const token = await tokenOf(options, { AZURE_POD_IDENTITY_AUTHORITY_HOST: plain });
    expect(await judge(token)).toMatchObject({ ok: true, caller: { objectId: second.objectId } });
    expect(requests).toEqual([`GET /metadata/identity/oauth2/token/ api-version,${parameter},resource`]);
  });

  test("IMDS of a host in the path, without a selector", async () => {
    host.attached = { userAssigned: [first] };
    const token = await tokenOf({}, { AZURE_POD_IDENTITY_AUTHORITY_HOST: `${plain}/hosts/vm-1` });
    expect(await judge(token)).toMatchObject({ ok: true, caller: { objectId: first.objectId } });
  });

  test("reports that a second identity has made the default ambiguous", async () => {
    host.attached = { userAssigned: [first, second] };
    await expect(tokenOf({}, { AZURE_POD_IDENTITY_AUTHORITY_HOST: plain })).rejects.toThrow(
      /Multiple user assigned identities exist/,
    );
  });
});
