// Which identity of a host a token request means, and what the managed identity endpoints ask of the sandbox.
import type { IssuedToken } from "./access-token.ts";
import type { Principal } from "./directory.ts";

/** What is attached to a host at this moment. */
export interface HostIdentities {
  readonly system?: Principal;
  readonly userAssigned: readonly Principal[];
  /** The secret of an App Service like host (IDENTITY_HEADER); a host without one has no such endpoint. */
  readonly identityHeader?: string;
}

/** What the endpoints ask of the rest of the sandbox. */
export interface ManagedIdentityPorts {
  /**
   * The identities of a host, undefined if there is no such host. The host is what stands in the path before the
   * endpoint's own path, decoded: "" for `/metadata/identity/oauth2/token`, `/subscriptions/…/virtualMachines/vm-1`
   * for `/subscriptions/…/virtualMachines/vm-1/metadata/identity/oauth2/token`.
   */
  identitiesOf(host: string): HostIdentities | undefined;
  /** A token, or undefined for a resource that the tenant does not know. */
  issue(principal: Principal, resource: string): Promise<IssuedToken | undefined>;
  /** The name of the tenant, for messages. */
  readonly tenantName: string;
}

/** How a request names one of several identities. */
export interface IdentitySelector {
  readonly by: "clientId" | "objectId" | "resourceId";
  readonly value: string;
}

/** The identity that a selector names, with ids compared without casing. */
export function selectIdentity(host: HostIdentities, { by, value }: IdentitySelector): Principal | undefined {
  const all = host.system === undefined ? host.userAssigned : [host.system, ...host.userAssigned];
  return all.find((principal) => principal[by]?.toLowerCase() === value.toLowerCase());
}

/** The selectors in a query, by the parameter names that the endpoint knows. */
export function selectorsFrom(
  query: URLSearchParams,
  names: Readonly<Record<string, IdentitySelector["by"]>>,
): readonly IdentitySelector[] {
  return Object.entries(names).flatMap(([name, by]) => query.getAll(name).map((value) => ({ by, value })));
}
