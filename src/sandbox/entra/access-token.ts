// What stands in an access token, and whether a token that is presented to a resource is good.
import { compactVerify, decodeProtectedHeader, errors, SignJWT } from "jose";
import { z } from "zod";
import type { Principal, Tenant } from "./directory.ts";
import { isSameResource, TOKEN_EXCHANGE_RESOURCE } from "./resources.ts";
import type { SigningKey } from "./signing-key.ts";

/** What a token is issued for. */
export interface TokenRequest {
  readonly tenant: Tenant;
  readonly principal: Principal;
  /** Becomes the audience as it is. */
  readonly resource: string;
  /** What the client says it can handle, e.g. `cp1`: claims challenges. */
  readonly capabilities?: readonly string[];
  readonly lifetimeInSeconds: number;
  /** "1" for a secret, "2" for an assertion or a managed identity. */
  readonly authentication: "1" | "2";
}

/** A token with the seconds since the epoch between which it is valid. */
export interface IssuedToken {
  readonly accessToken: string;
  readonly notBefore: number;
  readonly expiresOn: number;
}

/** Who is calling, as a good token says. Times in milliseconds since the epoch. */
export interface Caller {
  readonly objectId: string;
  readonly clientId: string;
  readonly tenantId: string;
  /** The ARM id of a managed identity. */
  readonly mirid?: string;
  readonly audience: string;
  /** What the client can handle; a claims challenge helps only one that has `cp1`. */
  readonly capabilities: readonly string[];
  readonly issuedAt: number;
  readonly expiresAt: number;
}

/** Why a request is not authenticated; the first two are about the header, the others about the token in it. */
export type TokenRefusal =
  | { readonly kind: "MissingHeader" }
  | { readonly kind: "MalformedHeader" }
  | { readonly kind: "Malformed" }
  | { readonly kind: "BadSignature" }
  | { readonly kind: "NotYetValid" }
  | { readonly kind: "Expired"; readonly expiresAt: number; readonly now: number }
  | { readonly kind: "WrongAudience"; readonly audience: string; readonly allowed: readonly string[] }
  | { readonly kind: "WrongTenant"; readonly tenantId: string; readonly expected: string };

/** The answer to "is this token good". */
export type TokenVerdict =
  | { readonly ok: true; readonly caller: Caller }
  | { readonly ok: false; readonly refusal: TokenRefusal };

/** What a token is checked against: the resource's own names, its tenant, and the time in milliseconds. */
export interface TokenExpectations {
  readonly audiences: readonly string[];
  readonly tenantId: string;
  readonly now: number;
}

const Claims = z.object({
  aud: z.string(),
  oid: z.string(),
  appid: z.string(),
  tid: z.string(),
  iat: z.number(),
  nbf: z.number(),
  exp: z.number(),
  xms_mirid: z.string().optional(),
  xms_cc: z.array(z.string()).optional(),
});

/** The issuer of v1.0 tokens, and (for tokens to be exchanged) of v2.0 tokens, as Azure's public cloud names them. */
export function issuersOf(tenantId: string): { readonly v1: string; readonly v2: string } {
  return {
    v1: `https://sts.windows.net/${tenantId}/`,
    v2: `https://login.microsoftonline.com/${tenantId}/v2.0`,
  };
}

/** Signs an app-only access token with the claims that Azure's resources read, valid from `now` (milliseconds). */
export async function issueAccessToken(
  request: TokenRequest,
  key: SigningKey,
  now: number,
): Promise<IssuedToken> {
  const { principal, tenant } = request;
  const notBefore = Math.floor(now / 1000);
  const expiresOn = notBefore + request.lifetimeInSeconds;
  const forExchange = isSameResource(request.resource, TOKEN_EXCHANGE_RESOURCE);
  const issuers = issuersOf(tenant.tenantId);
  const claims = {
    appid: principal.clientId,
    appidacr: request.authentication,
    azp: principal.clientId,
    idp: issuers.v1,
    idtyp: "app",
    oid: principal.objectId,
    tid: tenant.tenantId,
    uti: crypto.randomUUID(),
    ver: forExchange ? "2.0" : "1.0",
    ...(principal.resourceId === undefined ? {} : { xms_mirid: principal.resourceId }),
    ...(request.capabilities?.includes("cp1") ? { xms_cc: ["cp1"] } : {}),
  };
  const accessToken = await new SignJWT(claims)
    .setProtectedHeader({ typ: "JWT", alg: "RS256", kid: key.keyId })
    .setAudience(request.resource)
    .setIssuer(forExchange ? issuers.v2 : issuers.v1)
    .setSubject(principal.objectId)
    .setIssuedAt(notBefore)
    .setNotBefore(notBefore)
    .setExpirationTime(expiresOn)
    .sign(key.privateKey);
  return { accessToken, notBefore, expiresOn };
}

function isSigned(token: string): boolean {
  try {
    return decodeProtectedHeader(token).alg !== undefined;
  } catch (error) {
    if (error instanceof TypeError) {
      return false;
    }
    throw error;
  }
}

async function payloadOf(token: string, key: SigningKey): Promise<string | undefined> {
  try {
    const { payload } = await compactVerify(token, key.publicKey, { algorithms: ["RS256"] });
    return Buffer.from(payload).toString();
  } catch (error) {
    if (error instanceof errors.JOSEError) {
      return undefined;
    }
    throw error;
  }
}

function refusalOf(claims: Claims, expected: TokenExpectations): TokenRefusal | undefined {
  if (claims.exp * 1000 <= expected.now) {
    return { kind: "Expired", expiresAt: claims.exp * 1000, now: expected.now };
  }
  if (claims.nbf * 1000 > expected.now) {
    return { kind: "NotYetValid" };
  }
  if (!expected.audiences.some((audience) => isSameResource(audience, claims.aud))) {
    return { kind: "WrongAudience", audience: claims.aud, allowed: expected.audiences };
  }
  if (claims.tid.toLowerCase() !== expected.tenantId.toLowerCase()) {
    return { kind: "WrongTenant", tenantId: claims.tid, expected: expected.tenantId };
  }
  return undefined;
}

/**
 * Whether a token is good for a resource: signed by this key, in its time, for one of the audiences, of the tenant.
 * The directory is not asked: Azure accepts the token of a deleted principal until it expires (Microsoft's managed
 * identities FAQ).
 */
export async function verifyAccessToken(
  token: string,
  key: SigningKey,
  expected: TokenExpectations,
): Promise<TokenVerdict> {
  const known = signed.get(key)?.get(token);
  const claims = known ?? (await signedClaimsOf(token, key));
  if ("kind" in claims) {
    return { ok: false, refusal: claims };
  }
  const refusal = refusalOf(claims, expected);
  if (refusal !== undefined) {
    return { ok: false, refusal };
  }
  return { ok: true, caller: callerFrom(claims) };
}

type Claims = z.infer<typeof Claims>;

/** The claims of tokens whose signature was found good, by key: clients send the same token again and again. */
const signed = new WeakMap<SigningKey, Map<string, Claims>>();
const mostKept = 100;

async function signedClaimsOf(token: string, key: SigningKey): Promise<Claims | TokenRefusal> {
  if (!isSigned(token)) return { kind: "Malformed" };
  const payload = await payloadOf(token, key);
  if (payload === undefined) return { kind: "BadSignature" };
  const parsed = Claims.safeParse(JSON.parse(payload));
  if (!parsed.success) return { kind: "Malformed" };
  const kept = signed.get(key) ?? new Map<string, Claims>();
  if (kept.size >= mostKept) kept.clear();
  signed.set(key, kept.set(token, parsed.data));
  return parsed.data;
}

function callerFrom(claims: Claims): Caller {
  return {
    objectId: claims.oid,
    clientId: claims.appid,
    tenantId: claims.tid,
    ...(claims.xms_mirid === undefined ? {} : { mirid: claims.xms_mirid }),
    audience: claims.aud,
    capabilities: claims.xms_cc ?? [],
    issuedAt: claims.iat * 1000,
    expiresAt: claims.exp * 1000,
  };
}
