// What Entra has to know of the tenants and of who is in them; how they are stored is somebody else's business.
import type { JWK } from "jose";

/** A federated credential: whose tokens are accepted in place of a secret. All three are compared exactly. */
export interface FederatedCredential {
  readonly issuer: string;
  readonly subject: string;
  readonly audience: string;
}

/** A service principal: an application's, or a managed identity's. */
export interface Principal {
  readonly objectId: string;
  readonly clientId: string;
  readonly displayName: string;
  readonly kind: "Application" | "ManagedIdentity";
  readonly secret?: string;
  readonly federated?: readonly FederatedCredential[];
  /** The ARM id that a managed identity stands for; tokens carry it as `xms_mirid`. */
  readonly resourceId?: string;
}

/** Looks up service principals; ids in any casing, undefined where there is none. */
export interface Directory {
  byClientId(clientId: string): Principal | undefined;
}

/** A tenant that tokens are issued for. */
export interface Tenant {
  readonly tenantId: string;
  readonly displayName: string;
  /** Its verified domain, by which requests may name it too, e.g. `contoso.onmicrosoft.com`. */
  readonly domain?: string;
  readonly directory: Directory;
}

/** The public keys of an outside token issuer, or undefined for one whose OIDC documents cannot be fetched. */
export type IssuerKeys = (issuer: string) => readonly JWK[] | undefined;

/** The tenant that a path segment names by id or domain, in any casing. */
export function tenantFrom(segment: string, tenants: readonly Tenant[]): Tenant | undefined {
  const wanted = segment.toLowerCase();
  return tenants.find((t) => t.tenantId.toLowerCase() === wanted || t.domain?.toLowerCase() === wanted);
}
