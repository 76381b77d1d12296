// Which tokens a resource takes, and ARM's 401 for each of the others.
import { SignJWT } from "jose";
import { describe, expect, test } from "vitest";
import { type TokenRefusal, verifyAccessToken } from "./access-token.ts";
import { armClaimsChallenge, armUnauthorized } from "./arm-challenge.ts";
import type { Principal, Tenant } from "./directory.ts";
import { createEntra } from "./entra.ts";
import { AZURE_RESOURCES } from "./resources.ts";
import { createSigningKey } from "./signing-key.ts";

const HOME = "11111111-0000-0000-0000-000000000001";
const OTHER = "11111111-0000-0000-0000-000000000002";
const ARM = ["https://management.core.windows.net/", "https://management.azure.com/"];
const START = Date.parse("2026-03-01T23:30:00Z");
const AUTHORITY = `https://localhost:8443/${HOME}`;

const identity: Principal = {
  objectId: "33333333-0000-0000-0000-000000000001",
  clientId: "22222222-0000-0000-0000-000000000001",
  displayName: "id-orders",
  kind: "ManagedIdentity",
  resourceId:
    "/subscriptions/s/resourcegroups/rg/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-orders",
};
const tenant: Tenant = { tenantId: HOME, displayName: "Contoso", directory: { byClientId: () => identity } };
const clock = { now: START };
const options = { resources: AZURE_RESOURCES, now: () => clock.now };
const entra = await createEntra({ ...options, tenants: [tenant], managedIdentityLifetimeInSeconds: 1800 });
const stranger = await createEntra({ ...options, tenants: [tenant] });

async function tokenFor(resource: string, issuer = entra): Promise<string> {
  const token = await issuer.issueManagedIdentityToken(identity, resource);
  return token?.accessToken ?? "no token";
}

async function refusalOf(
  header: string | null,
  at: number,
  tenantId = HOME,
): Promise<TokenRefusal["kind"] | "none"> {
  clock.now = at;
  const verdict = await entra.authenticate(header, ARM, tenantId);
  clock.now = START;
  return verdict.ok ? "none" : verdict.refusal.kind;
}

const armToken = await tokenFor("https://management.azure.com");
const sqlToken = await tokenFor("https://database.windows.net/");
const strangersToken = await tokenFor("https://management.azure.com", stranger);
const workloadToken = await entra.issueWorkloadToken({
  subject: "s",
  audience: "https://management.azure.com/",
});
const [header = "", payload = "", signature = ""] = armToken.split(".");
const unsigned = `${Buffer.from('{"alg":"none"}').toString("base64url")}.${payload}.`;
const forged = Buffer.from(
  JSON.stringify({ ...JSON.parse(Buffer.from(payload, "base64url").toString()), oid: "x" }),
);

describe("a token for ARM", () => {
  const rows: [string, string | null, number, TokenRefusal["kind"] | "none"][] = [
    ["in its time", `Bearer ${armToken}`, START, "none"],
    ["with the scheme in lower case", `bearer ${armToken}`, START + 1_799_000, "none"],
    ["in the second it expires", `Bearer ${armToken}`, START + 1_800_000, "Expired"],
    ["before it is valid", `Bearer ${armToken}`, START - 1000, "NotYetValid"],
    ["for another resource", `Bearer ${sqlToken}`, START, "WrongAudience"],
    ["of an earlier start", `Bearer ${strangersToken}`, START, "BadSignature"],
    [
      "with other claims under the same signature",
      `Bearer ${header}.${forged.toString("base64url")}.${signature}`,
      START,
      "BadSignature",
    ],
    ["without a signature", `Bearer ${unsigned}`, START, "BadSignature"],
    ["that is a workload's assertion", `Bearer ${workloadToken}`, START, "Malformed"],
    ["that is none", "Bearer nonsense", START, "Malformed"],
    ["by HTTP Basic", "Basic YTpi", START, "MalformedHeader"],
    ["that is not there", "Bearer ", START, "MalformedHeader"],
    ["without a header", null, START, "MissingHeader"],
  ];
  test.each(rows)("%s", async (_case, authorization, at, expected) => {
    expect(await refusalOf(authorization, at)).toBe(expected);
  });

  test("for a subscription of another tenant", async () => {
    expect(await refusalOf(`Bearer ${armToken}`, START, OTHER)).toBe("WrongTenant");
  });

  test("says who is calling", async () => {
    expect(await entra.authenticate(`Bearer ${armToken}`, ARM)).toEqual({
      ok: true,
      caller: {
        objectId: identity.objectId,
        clientId: identity.clientId,
        tenantId: HOME,
        mirid: identity.resourceId,
        audience: "https://management.azure.com",
        capabilities: [],
        issuedAt: START,
        expiresAt: START + 1_800_000,
      },
    });
  });

  test("needs the claims that ARM reads", async () => {
    const key = await createSigningKey();
    const bare = await new SignJWT({}).setProtectedHeader({ alg: "RS256" }).sign(key.privateKey);
    const verdict = await verifyAccessToken(bare, key, { audiences: ARM, tenantId: HOME, now: START });
    expect(verdict).toEqual({ ok: false, refusal: { kind: "Malformed" } });
  });

  test("is not to be had for a resource that the tenant does not know", async () => {
    expect(await entra.issueManagedIdentityToken(identity, "https://vault.azure.net")).toBeUndefined();
  });
});

describe("ARM's 401", () => {
  const rows: [TokenRefusal, string, string][] = [
    [
      { kind: "MissingHeader" },
      "AuthenticationFailed",
      "Authentication failed. The 'Authorization' header is missing.",
    ],
    [
      { kind: "MalformedHeader" },
      "AuthenticationFailedInvalidHeader",
      "Authentication failed. The 'Authorization' header is provided in an invalid format.",
    ],
    [{ kind: "Malformed" }, "InvalidAuthenticationToken", "The access token is invalid."],
    [{ kind: "BadSignature" }, "InvalidAuthenticationToken", "The access token is invalid."],
    [{ kind: "NotYetValid" }, "InvalidAuthenticationToken", "The access token is invalid."],
    [
      {
        kind: "Expired",
        expiresAt: Date.parse("2025-11-24T23:31:00Z"),
        now: Date.parse("2025-11-28T05:28:45Z"),
      },
      "ExpiredAuthenticationToken",
      "The access token expiry UTC time '11/24/2025 11:31:00 PM' is earlier than current UTC time '11/28/2025 5:28:45 AM'.",
    ],
    [
      { kind: "WrongAudience", audience: "https://vault.azure.net", allowed: ARM },
      "InvalidAuthenticationTokenAudience",
      "The access token has been obtained for wrong audience or resource 'https://vault.azure.net'. It should exactly match with one of the allowed audiences 'https://management.core.windows.net/','https://management.azure.com/'.",
    ],
  ];
  test.each(rows)("%j", async (refusal, code, message) => {
    const response = armUnauthorized(refusal, AUTHORITY);
    expect(response.status).toBe(401);
    expect(await response.json()).toEqual({ error: { code, message } });
    expect(response.headers.get("www-authenticate")).toMatch(
      /^Bearer authorization_uri="https:\/\/localhost:8443\/[0-9-]{36}", error="invalid_token", error_description="[^"]+"$/,
    );
  });

  test("for another tenant names both", async () => {
    const response = armUnauthorized({ kind: "WrongTenant", tenantId: OTHER, expected: HOME }, AUTHORITY);
    const { error } = (await response.json()) as { error: { code: string; message: string } };
    expect(error.code).toBe("InvalidAuthenticationTokenTenant");
    expect(error.message).toContain(
      `The access token is from the wrong issuer 'https://sts.windows.net/${OTHER}/'. It must match the tenant 'https://sts.windows.net/${HOME}/' associated`,
    );
  });

  test("without a header has the challenge by which clients find the tenant", () => {
    expect(armUnauthorized({ kind: "MissingHeader" }, AUTHORITY).headers.get("www-authenticate")).toBe(
      `Bearer authorization_uri="${AUTHORITY}", error="invalid_token", error_description="The authentication failed because of missing 'Authorization' header."`,
    );
  });

  test("as a claims challenge asks for a token of that time or later", () => {
    const challenge = armClaimsChallenge(1_603_742_800_000, AUTHORITY).headers.get("www-authenticate") ?? "";
    const claims = /error="insufficient_claims", claims="([^"]+)"$/.exec(challenge)?.[1] ?? "";
    expect(JSON.parse(Buffer.from(claims, "base64").toString())).toEqual({
      access_token: { nbf: { essential: true, value: "1603742800" } },
    });
  });
});
