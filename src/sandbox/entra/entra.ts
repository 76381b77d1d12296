// Entra ID as one function from request to response, with what the rest of the sandbox asks of it: issue and verify.
import { SignJWT } from "jose";
import {
  type IssuedToken,
  issueAccessToken,
  issuersOf,
  type TokenVerdict,
  verifyAccessToken,
} from "./access-token.ts";
import type { IssuerKeys, Principal, Tenant } from "./directory.ts";
import { answerEntra } from "./endpoints.ts";
import { isKnownResource } from "./resources.ts";
import { createSigningKey, type SigningKey } from "./signing-key.ts";

/** The issuer of the sandbox's own workload tokens; `.invalid` is reserved, so nobody else can be it. */
export const WORKLOAD_ISSUER = "https://workload.bindery-sandbox.invalid";

/** What Entra is made from. */
export interface EntraOptions {
  /** The first one is meant by the AD FS endpoints and is the home of managed identities. */
  readonly tenants: readonly [Tenant, ...Tenant[]];
  /** What tokens can be asked for: AZURE_RESOURCES and the sandbox's own origin; read at every request. */
  readonly resources: readonly string[];
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Outside issuers whose tokens federated credentials may name; the sandbox's own need not be among them. */
  readonly keysOf?: IssuerKeys;
  /** Default 3600, as Azure's tokens for applications mostly have; read at every request. */
  readonly lifetimeInSeconds?: number;
  /** Default 86400: tokens of managed identities live a day (Microsoft's managed identities FAQ). */
  readonly managedIdentityLifetimeInSeconds?: number;
}

/** A token as a workload's platform (Kubernetes, GitHub) would issue it, to be exchanged by a federated credential. */
export interface WorkloadTokenRequest {
  readonly subject: string;
  /** Default `api://AzureADTokenExchange`. */
  readonly audience?: string;
  /** Default 3600. */
  readonly lifetimeInSeconds?: number;
}

/** Entra ID of one start of the sandbox. */
export interface Entra {
  /** Answers every request whose path `isEntraPath` knows; 404 for others. Needs https URLs as the client sees them. */
  fetch(request: Request): Promise<Response>;
  /** Judges an `Authorization` header for a resource that has these names; the tenant is the first by default. */
  authenticate(header: string | null, audiences: readonly string[], tenantId?: string): Promise<TokenVerdict>;
  /** A token of the first tenant for a managed identity; undefined if the tenant does not know the resource. */
  issueManagedIdentityToken(principal: Principal, resource: string): Promise<IssuedToken | undefined>;
  /** A signed token of WORKLOAD_ISSUER. */
  issueWorkloadToken(request: WorkloadTokenRequest): Promise<string>;
}

/** The sandbox's own issuers (its tenants, its workloads) have its own key; the others are asked of the options. */
function issuerKeys(options: EntraOptions, key: SigningKey): IssuerKeys {
  const own = [WORKLOAD_ISSUER, ...options.tenants.map((tenant) => issuersOf(tenant.tenantId).v2)];
  return (issuer) => (own.includes(issuer) ? [key.publicJwk] : options.keysOf?.(issuer));
}

async function signWorkloadToken(
  request: WorkloadTokenRequest,
  key: SigningKey,
  now: number,
): Promise<string> {
  const seconds = Math.floor(now / 1000);
  return new SignJWT({})
    .setProtectedHeader({ typ: "JWT", alg: "RS256", kid: key.keyId })
    .setIssuer(WORKLOAD_ISSUER)
    .setSubject(request.subject)
    .setAudience(request.audience ?? "api://AzureADTokenExchange")
    .setIssuedAt(seconds)
    .setNotBefore(seconds)
    .setExpirationTime(seconds + (request.lifetimeInSeconds ?? 3600))
    .sign(key.privateKey);
}

async function authenticate(
  header: string | null,
  expected: { audiences: readonly string[]; tenantId: string; now: number },
  key: SigningKey,
): Promise<TokenVerdict> {
  if (header === null) {
    return { ok: false, refusal: { kind: "MissingHeader" } };
  }
  const bearer = header.match(/^bearer +(\S+)$/i)?.[1];
  if (bearer === undefined) {
    return { ok: false, refusal: { kind: "MalformedHeader" } };
  }
  return verifyAccessToken(bearer, key, expected);
}

/** Starts Entra with a new signing key: tokens of an earlier start are worthless. */
export async function createEntra(options: EntraOptions): Promise<Entra> {
  const key = await createSigningKey();
  const { tenants, resources, now } = options;
  const [home] = tenants;
  const keysOf = issuerKeys(options, key);
  const service = {
    tenants,
    resources,
    now,
    key,
    keysOf,
    get lifetimeInSeconds() {
      return options.lifetimeInSeconds ?? 3600;
    },
  };
  const managedLifetime = options.managedIdentityLifetimeInSeconds ?? 86_400;
  return {
    fetch: (request) => answerEntra(request, service),
    authenticate: (header, audiences, tenantId = home.tenantId) =>
      authenticate(header, { audiences, tenantId, now: now() }, key),
    issueManagedIdentityToken: async (principal, resource) =>
      isKnownResource(resource, resources)
        ? issueAccessToken(
            { tenant: home, principal, resource, lifetimeInSeconds: managedLifetime, authentication: "2" },
            key,
            now(),
          )
        : undefined,
    issueWorkloadToken: (request) => signWorkloadToken(request, key, now()),
  };
}
