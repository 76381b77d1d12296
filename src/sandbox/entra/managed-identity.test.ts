// The managed identity endpoints as a function: which identity a request means, and every refusal.
import { decodeJwt } from "jose";
import { describe, expect, test } from "vitest";
import type { Principal } from "./directory.ts";
import { createEntra } from "./entra.ts";
import type { HostIdentities } from "./host-identities.ts";
import { createManagedIdentityEndpoints } from "./managed-identity.ts";
import { AZURE_RESOURCES } from "./resources.ts";

const START = Date.parse("2026-03-01T12:00:00Z");
const VM = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/vm";
const ARM = "https://management.azure.com/";
const SECRET = "853b9a84-5bfa-4b22-a3f3-0b9a43d9ad8a";

function identity(name: string, digit: string): Principal {
  return {
    objectId: `33333333-0000-0000-0000-00000000000${digit}`,
    clientId: `22222222-0000-0000-0000-00000000000${digit}`,
    displayName: name,
    kind: "ManagedIdentity",
    resourceId: `/subscriptions/s/resourcegroups/rg/providers/Microsoft.ManagedIdentity/userAssignedIdentities/${name}`,
  };
}

const [a, b, system] = [identity("id-a", "a"), identity("id-b", "b"), identity("vm", "c")];
const hosts: Record<string, HostIdentities> = {
  "": { userAssigned: [a] },
  none: { userAssigned: [], identityHeader: SECRET },
  two: { userAssigned: [a, b] },
  both: { system, userAssigned: [a, b] },
  app: { system, userAssigned: [a, b], identityHeader: SECRET },
  lone: { userAssigned: [a], identityHeader: SECRET },
};
const entra = await createEntra({
  tenants: [
    {
      tenantId: "11111111-0000-0000-0000-000000000001",
      displayName: "Contoso",
      directory: { byClientId: () => undefined },
    },
  ],
  resources: AZURE_RESOURCES,
  now: () => START,
});
const endpoints = createManagedIdentityEndpoints({
  identitiesOf: (host) => (host === VM ? { userAssigned: [b] } : hosts[host.replace(/^\//, "")]),
  issue: (principal, resource) => entra.issueManagedIdentityToken(principal, resource),
  tenantName: "Contoso",
});

async function ask(
  path: string,
  query: Record<string, string>,
  headers: Record<string, string>,
  method = "GET",
) {
  const url = `http://127.0.0.1:8080${path}?${new URLSearchParams(query)}`;
  const response = await endpoints.fetch(new Request(url, { method, headers }));
  const text = await response.text();
  return { status: response.status, body: text === "" ? {} : (JSON.parse(text) as Record<string, string>) };
}

/** What became of a request: the name of the identity in the token, or the refusal. */
async function outcome(answer: ReturnType<typeof ask>): Promise<string> {
  const { status, body } = await answer;
  if (body.access_token === undefined) {
    return [status, body.error, body.error_description ?? body.message].filter(Boolean).join(" ");
  }
  const mirid = String(decodeJwt(body.access_token).xms_mirid);
  return mirid.slice(mirid.lastIndexOf("/") + 1);
}

const IMDS = "/metadata/identity/oauth2/token";
const imdsQuery = { "api-version": "2018-02-01", resource: ARM };
const AMBIGUOUS =
  "400 invalid_request Multiple user assigned identities exist, please specify the clientId / resourceId of the identity in the token request";
const NOT_FOUND = "400 invalid_request Identity not found";

describe("instance metadata service", () => {
  const rows: [string, string, Record<string, string>, string][] = [
    ["the only identity", "", {}, "id-a"],
    ["of the host in the path", VM, {}, "id-b"],
    ["of a host that is not there", "/nobody", {}, "404"],
    ["none attached", "/none", {}, NOT_FOUND],
    ["several", "/two", {}, AMBIGUOUS],
    ["the system identity before all", "/both", {}, "vm"],
    ["by client id", "/two", { client_id: b.clientId.toUpperCase() }, "id-b"],
    ["by object id", "/two", { object_id: b.objectId }, "id-b"],
    ["by resource id", "/two", { msi_res_id: (b.resourceId ?? "").toUpperCase() }, "id-b"],
    ["the system identity by its client id", "/both", { client_id: system.clientId }, "vm"],
    ["one that is not attached", "", { client_id: b.clientId }, NOT_FOUND],
    ["an object id as client id", "", { client_id: a.objectId }, NOT_FOUND],
    [
      "two selectors",
      "/two",
      { client_id: a.clientId, object_id: b.objectId },
      "400 invalid_request Only one of client_id, object_id and msi_res_id can be specified",
    ],
    [
      "no resource",
      "",
      { resource: "" },
      "400 invalid_request Required query variable 'resource' is missing",
    ],
    [
      "unknown api-version",
      "",
      { "api-version": "2017-01-01" },
      "400 Bad request. api-version is invalid or was not specified in the request. For more information refer to aka.ms/azureimds",
    ],
  ];
  test.each(rows)("%s", async (_case, host, query, expected) => {
    expect(await outcome(ask(`${host}${IMDS}/`, { ...imdsQuery, ...query }, { Metadata: "true" }))).toBe(
      expected,
    );
  });

  test("an unknown resource", async () => {
    const answer = ask(IMDS, { ...imdsQuery, resource: "https://vault.azure.net" }, { Metadata: "true" });
    expect(await outcome(answer)).toMatch(
      /^400 invalid_resource AADSTS500011: .*https:\/\/vault\.azure\.net was not found/,
    );
  });

  test.each([
    ["no Metadata header", {}, "GET", "400 bad_request_102 Required metadata header not specified"],
    [
      "forwarded",
      { Metadata: "true", "X-Forwarded-For": "10.0.0.1" },
      "GET",
      "400 invalid_request Requests with the X-Forwarded-For header are not allowed",
    ],
    ["another method", { Metadata: "true" }, "POST", "405"],
  ])("%s", async (_case, headers, method, expected) => {
    expect(await outcome(ask(IMDS, imdsQuery, headers as Record<string, string>, method))).toBe(expected);
  });

  test("answers in strings, for a day", async () => {
    const { body } = await ask(IMDS, imdsQuery, { Metadata: "true" });
    expect(body).toEqual({
      access_token: expect.any(String),
      client_id: a.clientId,
      refresh_token: "",
      expires_in: "86399",
      ext_expires_in: "86399",
      expires_on: String(START / 1000 + 86_400),
      not_before: String(START / 1000),
      resource: ARM,
      token_type: "Bearer",
    });
  });

  test("a path that cannot be decoded is no host", async () => {
    expect((await ask(`/%E0%A4%A${IMDS}`, imdsQuery, { Metadata: "true" })).status).toBe(404);
  });
});

describe("App Service", () => {
  const NEW = { "api-version": "2019-08-01", resource: ARM };
  const OLD = { "api-version": "2017-09-01", resource: ARM };
  const NOT_THERE = "400 No Managed Identity found for specified ClientId/ResourceId/PrincipalId.";
  const rows: [string, string, Record<string, string>, string][] = [
    ["the system identity", "/app", NEW, "vm"],
    [
      "no fallback to the only user-assigned one",
      "/lone",
      NEW,
      "400 Unable to load the proper Managed Identity.",
    ],
    ["by client id", "/app", { ...NEW, client_id: b.clientId }, "id-b"],
    ["by principal id", "/app", { ...NEW, principal_id: b.objectId }, "id-b"],
    ["by object id", "/app", { ...NEW, object_id: b.objectId }, "id-b"],
    ["by resource id", "/app", { ...NEW, mi_res_id: b.resourceId ?? "" }, "id-b"],
    ["one that is not attached", "/lone", { ...NEW, client_id: b.clientId }, NOT_THERE],
    [
      "two selectors",
      "/app",
      { ...NEW, client_id: a.clientId, mi_res_id: b.resourceId ?? "" },
      "400 Only one of the ClientId, PrincipalId and ResourceId can be specified.",
    ],
    ["2017-09-01", "/app", { ...OLD, clientid: b.clientId }, "id-b"],
    [
      "unknown api-version",
      "/app",
      { ...NEW, "api-version": "2020-01-01" },
      "400 The api-version '2020-01-01' is invalid.",
    ],
    [
      "no resource",
      "/app",
      { ...NEW, resource: "" },
      "400 The required query parameter 'resource' is missing.",
    ],
    ["a host that has no such endpoint", "/two", NEW, "404"],
  ];
  test.each(rows)("%s", async (_case, host, query, expected) => {
    const headers = { "X-IDENTITY-HEADER": SECRET, secret: SECRET };
    expect(await outcome(ask(`${host}/MSI/token`, query, headers))).toBe(expected);
  });

  test.each([
    ["2019-08-01 with the header of 2017-09-01", NEW, { secret: SECRET }],
    ["2017-09-01 with the header of 2019-08-01", OLD, { "X-IDENTITY-HEADER": SECRET }],
    ["another secret", NEW, { "X-IDENTITY-HEADER": "guess" }],
  ])("refuses %s", async (_case, query, headers) => {
    expect(await outcome(ask("/app/msi/token", query, headers as Record<string, string>))).toBe(
      "401 Unauthorized",
    );
  });

  test("an unknown resource", async () => {
    const answer = ask("/app/msi/token", { ...NEW, resource: "api://x" }, { "X-IDENTITY-HEADER": SECRET });
    expect(await outcome(answer)).toMatch(
      /^400 AADSTS500011: .*api:\/\/x was not found in the tenant named Contoso/,
    );
  });

  test.each([
    ["seconds", NEW, String(START / 1000 + 86_400)],
    ["a time of day in 2017-09-01", OLD, "3/2/2026 12:00:00 PM +00:00"],
  ])("expires_on is %s", async (_case, query, expected) => {
    const { body } = await ask("/app/msi/token", query, { "X-IDENTITY-HEADER": SECRET, secret: SECRET });
    expect(body).toEqual({
      access_token: expect.any(String),
      expires_on: expected,
      resource: ARM,
      token_type: "Bearer",
      client_id: system.clientId,
    });
  });
});
