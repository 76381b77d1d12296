// Entra's endpoints as functions: what they refuse, in which words, and what stands in the tokens they give.
import { decodeJwt, exportJWK, generateKeyPair, SignJWT } from "jose";
import { describe, expect, test } from "vitest";
import type { Principal, Tenant } from "./directory.ts";
import { isEntraPath } from "./endpoints.ts";
import { createEntra, WORKLOAD_ISSUER } from "./entra.ts";
import { AZURE_RESOURCES } from "./resources.ts";

const TENANT = "11111111-0000-0000-0000-000000000001";
const APP = "22222222-0000-0000-0000-000000000001";
const OUTSIDE = "https://token.actions.githubusercontent.com";
const UNREACHABLE = "https://oidc.example.net";
const EXCHANGE = "api://AzureADTokenExchange";
const SUBJECT = "repo:contoso/orders:ref:refs/heads/main";
const JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const ARM = "https://management.azure.com/.default";

const app: Principal = {
  objectId: "33333333-0000-0000-0000-000000000001",
  clientId: APP,
  displayName: "bindery",
  kind: "Application",
  secret: "s3cr3t~&",
  federated: [
    { issuer: OUTSIDE, subject: SUBJECT, audience: EXCHANGE },
    { issuer: UNREACHABLE, subject: SUBJECT, audience: EXCHANGE },
    { issuer: WORKLOAD_ISSUER, subject: "system:serviceaccount:apps:orders", audience: EXCHANGE },
  ],
};
const tenant: Tenant = {
  tenantId: TENANT,
  displayName: "Contoso",
  domain: "contoso.onmicrosoft.com",
  directory: { byClientId: (id) => (id.toLowerCase() === APP ? app : undefined) },
};
const otherTenant: Tenant = {
  ...tenant,
  tenantId: "11111111-0000-0000-0000-000000000002",
  domain: "other.test",
};

const outside = await generateKeyPair("RS256");
const outsideJwk = { ...(await exportJWK(outside.publicKey)), kid: "outside" };
const impostor = await generateKeyPair("RS256");
const clock = { now: Date.parse("2026-03-01T12:00:00Z") };
const entra = await createEntra({
  tenants: [tenant, otherTenant],
  resources: [...AZURE_RESOURCES, "https://localhost:8443"],
  now: () => clock.now,
  keysOf: (issuer) => (issuer === OUTSIDE ? [outsideJwk] : undefined),
});

/** The members of answers that are looked at one by one. */
interface Answer {
  readonly error_codes?: readonly number[];
  readonly error_description?: string;
  readonly correlation_id?: string;
  readonly access_token?: string;
  readonly jwks_uri?: string;
  readonly keys?: readonly object[];
}

interface AssertionOptions {
  readonly iss?: string;
  readonly sub?: string;
  readonly aud?: string | string[];
  readonly key?: CryptoKeyLike;
  readonly kid?: string;
  readonly ageInSeconds?: number;
}
type CryptoKeyLike = (typeof outside)["privateKey"];

async function assertion(options: AssertionOptions = {}): Promise<string> {
  const issuedAt = clock.now / 1000 - (options.ageInSeconds ?? 0);
  return new SignJWT({})
    .setProtectedHeader({ alg: "RS256", kid: options.kid ?? "outside" })
    .setIssuer(options.iss ?? OUTSIDE)
    .setSubject(options.sub ?? SUBJECT)
    .setAudience(options.aud ?? EXCHANGE)
    .setIssuedAt(issuedAt)
    .setNotBefore(issuedAt)
    .setExpirationTime(issuedAt + 300)
    .sign(options.key ?? outside.privateKey);
}

const good = { grant_type: "client_credentials", client_id: APP, client_secret: "s3cr3t~&", scope: ARM };
type Fields = Readonly<Record<string, string | undefined>>;

async function post(path: string, fields: Fields, headers: Record<string, string> = {}) {
  const body = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined) {
      body.append(name, value);
    }
  }
  const request = new Request(`https://localhost:8443${path}`, { method: "POST", body, headers });
  const response = await entra.fetch(request);
  return { status: response.status, body: (await response.json()) as Answer };
}

async function withAssertion(jwt: string): Promise<Fields> {
  return { ...good, client_secret: undefined, client_assertion_type: JWT_BEARER, client_assertion: jwt };
}

const V2 = `/${TENANT}/oauth2/v2.0/token`;

describe("what the token endpoint refuses", () => {
  const rows: [string, string, Fields, number, string, number, RegExp][] = [
    [
      "unknown tenant",
      "/11111111-0000-0000-0000-00000000000f/oauth2/v2.0/token",
      good,
      400,
      "invalid_request",
      90002,
      /Tenant '11111111-0000-0000-0000-00000000000f' not found/,
    ],
    [
      "no tenant",
      "/common/oauth2/v2.0/token",
      good,
      400,
      "invalid_request",
      50059,
      /No tenant-identifying information/,
    ],
    ["no grant", V2, { ...good, grant_type: undefined }, 400, "invalid_request", 900144, /'grant_type'/],
    [
      "another grant",
      V2,
      { ...good, grant_type: "password" },
      400,
      "unsupported_grant_type",
      70003,
      /'password'/,
    ],
    ["no client", V2, { ...good, client_id: undefined }, 400, "invalid_request", 900144, /'client_id'/],
    [
      "unknown client",
      V2,
      { ...good, client_id: "nobody" },
      400,
      "unauthorized_client",
      700016,
      /'nobody' was not found in the directory 'Contoso'/,
    ],
    [
      "wrong secret",
      V2,
      { ...good, client_secret: "guess" },
      401,
      "invalid_client",
      7000215,
      /Invalid client secret provided.*app '22222222/,
    ],
    [
      "empty secret",
      V2,
      { ...good, client_secret: "" },
      401,
      "invalid_client",
      7000218,
      /'client_assertion' or 'client_secret'/,
    ],
    [
      "secret and assertion",
      V2,
      { ...good, client_assertion: "a.b.c" },
      400,
      "invalid_request",
      90023,
      /'client_assertion'/,
    ],
    [
      "no assertion type",
      V2,
      { ...good, client_secret: undefined, client_assertion: "a.b.c" },
      400,
      "invalid_request",
      900144,
      /'client_assertion_type'/,
    ],
    [
      "another assertion type",
      V2,
      { ...good, client_secret: undefined, client_assertion: "a.b.c", client_assertion_type: "saml" },
      400,
      "invalid_request",
      90023,
      /'client_assertion_type'/,
    ],
    [
      "an assertion that is none",
      V2,
      { ...good, client_secret: undefined, client_assertion: "a.b.c", client_assertion_type: JWT_BEARER },
      400,
      "invalid_request",
      50027,
      /malformed/,
    ],
    ["no scope", V2, { ...good, scope: undefined }, 400, "invalid_request", 90014, /'scope' is missing/],
    [
      "a scope without .default",
      V2,
      { ...good, scope: "https://management.azure.com/user_impersonation" },
      400,
      "invalid_scope",
      1002012,
      /\/\.default suffixed/,
    ],
    ["two scopes", V2, { ...good, scope: `openid ${ARM}` }, 400, "invalid_scope", 1002012, /openid/],
    [
      "unknown resource",
      V2,
      { ...good, scope: "https://vault.azure.net/.default" },
      400,
      "invalid_resource",
      500011,
      /named https:\/\/vault\.azure\.net was not found in the tenant named Contoso/,
    ],
    [
      "v1 parameter on v2",
      V2,
      { ...good, resource: "https://management.azure.com/" },
      400,
      "invalid_request",
      901002,
      /'resource' request parameter/,
    ],
    [
      "v1 without resource",
      `/${TENANT}/oauth2/token`,
      good,
      400,
      "invalid_request",
      90014,
      /'resource' is missing/,
    ],
    ["claims that are no JSON", V2, { ...good, claims: "{" }, 400, "invalid_request", 90023, /'claims'/],
  ];
  test.each(rows)("%s", async (_case, path, fields, status, error, code, description) => {
    const answer = await post(path, fields);
    expect(answer.status).toBe(status);
    expect(answer.body).toMatchObject({
      error,
      error_codes: [code],
      timestamp: "2026-03-01 12:00:00Z",
      error_uri: `https://login.microsoftonline.com/error?code=${code}`,
    });
    expect(answer.body.error_description).toMatch(new RegExp(`^AADSTS${code}: `));
    expect(answer.body.error_description).toMatch(description);
    expect(answer.body.error_description).toMatch(
      /\r\nTrace ID: [0-9a-f-]{36}\r\nCorrelation ID: [0-9a-f-]{36}\r\nTimestamp: 2026-03-01 12:00:00Z$/,
    );
  });

  test("a parameter given twice", async () => {
    const body = `${new URLSearchParams(good)}&client_id=${APP}`;
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    const response = await entra.fetch(new Request(`https://h${V2}`, { method: "POST", body, headers }));
    expect(await response.json()).toMatchObject({ error_codes: [90023] });
  });

  test("another method than POST", async () => {
    const response = await entra.fetch(new Request(`https://h${V2}`));
    expect(await response.json()).toMatchObject({ error_codes: [900561] });
  });

  test("with the caller's own correlation id", async () => {
    const id = "99999999-0000-0000-0000-000000000001";
    const byQuery = await post(`${V2}?client-request-id=${id}`, {});
    const byHeader = await post(V2, {}, { "client-request-id": id });
    expect([byQuery.body.correlation_id, byHeader.body.correlation_id]).toEqual([id, id]);
  });
});

describe("client assertions", () => {
  const rows: [string, AssertionOptions, number | "token"][] = [
    ["of a federated issuer", {}, "token"],
    ["with several audiences", { aud: ["x", EXCHANGE] }, "token"],
    ["subject in another case", { sub: SUBJECT.toUpperCase() }, 70021],
    ["another subject", { sub: `${SUBJECT}x` }, 70021],
    ["another audience", { aud: "https://github.com/contoso" }, 70021],
    ["issuer with a slash more", { iss: `${OUTSIDE}/` }, 70021],
    ["signed by somebody else", { key: impostor.privateKey }, 700027],
    ["with a key id that the issuer does not have", { kid: "other" }, 700027],
    ["of the application itself, which has no certificate", { iss: APP, sub: APP }, 700027],
    ["expired", { ageInSeconds: 300 }, 700024],
    ["not valid yet", { ageInSeconds: -60 }, 700024],
    ["of an issuer whose keys cannot be had", { iss: UNREACHABLE }, 50166],
  ];
  test.each(rows)("%s", async (_case, options, expected) => {
    const answer = await post(V2, await withAssertion(await assertion(options)));
    expect(answer.body.error_codes ?? "token").toEqual(expected === "token" ? "token" : [expected]);
  });

  test("the refusal names what was presented", async () => {
    const answer = await post(V2, await withAssertion(await assertion({ sub: "s" })));
    expect(answer.body.error_description).toContain(
      `Assertion Issuer: '${OUTSIDE}'. Assertion Subject: 's'. Assertion Audience: '${EXCHANGE}'.`,
    );
  });

  test("the sandbox's own workload tokens can be exchanged", async () => {
    const jwt = await entra.issueWorkloadToken({ subject: "system:serviceaccount:apps:orders" });
    const answer = await post(V2, await withAssertion(jwt));
    expect(decodeJwt(answer.body.access_token ?? "")).toMatchObject({ appid: APP, appidacr: "2" });
    const other = await entra.issueWorkloadToken({ subject: "system:serviceaccount:apps:other" });
    expect((await post(V2, await withAssertion(other))).body.error_codes).toEqual([70021]);
  });

  test("an unsigned assertion is not taken", async () => {
    const [, payload] = (await assertion()).split(".");
    const header = Buffer.from(JSON.stringify({ alg: "none" })).toString("base64url");
    const answer = await post(V2, await withAssertion(`${header}.${payload}.`));
    expect(answer.body.error_codes).toEqual([700027]);
  });
});

describe("what the token endpoint gives", () => {
  test("v2.0: numbers, and a token with the audience as it was asked for", async () => {
    const answer = await post(V2, good);
    expect(answer).toMatchObject({
      status: 200,
      body: { token_type: "Bearer", expires_in: 3599, ext_expires_in: 3599 },
    });
    const issuedAt = clock.now / 1000;
    expect(decodeJwt(answer.body.access_token ?? "")).toMatchObject({
      aud: "https://management.azure.com",
      iss: `https://sts.windows.net/${TENANT}/`,
      tid: TENANT,
      oid: app.objectId,
      sub: app.objectId,
      appid: APP,
      idtyp: "app",
      ver: "1.0",
      iat: issuedAt,
      nbf: issuedAt,
      exp: issuedAt + 3600,
    });
  });

  test.each([
    ["v1.0 with a resource", `/${TENANT}/oauth2/token`, { resource: "https://management.core.windows.net/" }],
    ["AD FS with a resource", "/adfs/oauth2/token", { resource: "https://management.core.windows.net/" }],
    ["AD FS with a scope", "/adfs/oauth2/token/", { scope: "https://management.core.windows.net//.default" }],
    ["AD FS as v2.0", "/adfs/oauth2/v2.0/token", { scope: "https://management.core.windows.net//.default" }],
  ])("%s: strings", async (_case, path, fields) => {
    const answer = await post(path, { ...good, scope: undefined, ...fields });
    const issuedAt = clock.now / 1000;
    expect(answer.body).toMatchObject({
      token_type: "Bearer",
      expires_in: "3599",
      not_before: String(issuedAt),
      expires_on: String(issuedAt + 3600),
      resource: "https://management.core.windows.net/",
    });
    expect(decodeJwt(answer.body.access_token ?? "").aud).toBe("https://management.core.windows.net/");
  });

  test.each([
    ["HTTP Basic", V2, { client_id: undefined, client_secret: undefined }],
    ["a domain in place of the tenant id", V2.replace(TENANT, "Contoso.onmicrosoft.com"), {}],
    ["doubled slashes and capitals", V2.toUpperCase().replaceAll("/", "//"), {}],
    ["the sandbox's own ARM endpoint", V2, { scope: "https://localhost:8443/.default" }],
    ["a client id in capitals", V2, { client_id: APP.toUpperCase() }],
  ])("also by %s", async (_case, path, fields) => {
    const basic = `Basic ${Buffer.from(`${APP}:${encodeURIComponent("s3cr3t~&")}`).toString("base64")}`;
    const answer = await post(path, { ...good, ...fields }, { authorization: basic });
    expect(answer.status).toBe(200);
  });

  test("xms_cc to those who can handle a claims challenge only", async () => {
    const claims = JSON.stringify({ access_token: { xms_cc: { values: ["cp1"] } } });
    const able = await post(V2, { ...good, claims });
    const unable = await post(V2, good);
    expect(decodeJwt(able.body.access_token ?? "").xms_cc).toEqual(["cp1"]);
    expect(decodeJwt(unable.body.access_token ?? "").xms_cc).toBeUndefined();
  });
});

describe("discovery", () => {
  async function get(path: string) {
    const response = await entra.fetch(new Request(`https://localhost:8443${path}`));
    return { status: response.status, body: (await response.json()) as Answer };
  }

  test.each([
    [
      `/${TENANT}/v2.0/.well-known/openid-configuration`,
      `/${TENANT}/oauth2/v2.0/token`,
      `https://localhost:8443/${TENANT}/v2.0`,
    ],
    [
      "/common/v2.0/.well-known/openid-configuration",
      "/common/oauth2/v2.0/token",
      "https://localhost:8443/{tenantid}/v2.0",
    ],
    [
      `/${TENANT}/.well-known/openid-configuration`,
      `/${TENANT}/oauth2/token`,
      `https://sts.windows.net/${TENANT}/`,
    ],
    ["/adfs/.well-known/openid-configuration", "/adfs/oauth2/token/", "https://localhost:8443/adfs"],
  ])("%s names endpoints that are there", async (path, tokenPath, issuer) => {
    const { status, body } = await get(path);
    expect(status).toBe(200);
    expect(body).toMatchObject({ issuer, token_endpoint: `https://localhost:8443${tokenPath}` });
    const keys = await get(new URL(body.jwks_uri ?? "").pathname);
    expect(keys.body.keys).toMatchObject([{ kty: "RSA", use: "sig", alg: "RS256" }]);
    expect(JSON.stringify(keys.body)).not.toContain('"d"');
  });

  test("an unknown tenant has no document", async () => {
    const { status, body } = await get("/nobody.test/v2.0/.well-known/openid-configuration");
    expect([status, body.error_codes]).toEqual([400, [90002]]);
  });

  test("this host is an instance, others are not", async () => {
    const ask = (host: string) =>
      get(
        `/common/discovery/instance?api-version=1.1&authorization_endpoint=https://${host}/${TENANT}/oauth2/v2.0/authorize`,
      );
    expect((await ask("localhost:8443")).body).toMatchObject({
      tenant_discovery_endpoint: `https://localhost:8443/${TENANT}/v2.0/.well-known/openid-configuration`,
      metadata: [{ aliases: ["localhost:8443"] }],
    });
    expect((await ask("login.example.net")).body).toMatchObject({
      error: "invalid_instance",
      error_codes: [50049],
    });
  });

  test.each([
    ["/adfs/oauth2/token", true],
    [`//${TENANT}//oauth2/V2.0/token/`, true],
    [`/subscriptions/${TENANT}`, false],
    ["/subscriptions/x/resourceGroups/oauth2/token", false],
    ["/metadata/endpoints", false],
  ])("%s is Entra's: %s", async (path, expected) => {
    expect(isEntraPath(path)).toBe(expected);
    const response = await entra.fetch(new Request(`https://h${path}`, { method: "POST", body: "" }));
    expect(response.status === 404).toBe(!expected);
  });
});
