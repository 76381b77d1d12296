// What an ARM id says, and when two of them mean the same thing.

/** The parts of an ARM resource id. Text keeps the spelling it was written in; compare by `idKey`. */
export interface ArmId {
  readonly subscriptionId: string;
  readonly resourceGroup: string;
  /** Provider and types, "Microsoft.Compute/virtualMachines"; nested types are joined by slashes. */
  readonly type: string;
  /** The last segment: the resource's own name. */
  readonly name: string;
}

const guid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** True for a GUID in the usual form with dashes, in any case. */
export function isGuid(text: string): boolean {
  return guid.test(text);
}

/**
 * The key by which ids, scopes and GUIDs are compared: Azure ignores case in all of them and spells the same id
 * differently from API to API (Compute lists give the group in capitals, identities say `resourcegroups`).
 */
export function idKey(id: string): string {
  const lower = id.toLowerCase();
  return lower.endsWith("/") ? lower.replace(/\/+$/, "") : lower;
}

/** True if two ids, scopes or GUIDs mean the same thing. */
export function sameId(a: string, b: string): boolean {
  return idKey(a) === idKey(b);
}

/** Reads the id of a resource in a resource group; undefined for everything else (groups and subscriptions too). */
export function parseArmId(text: string): ArmId | undefined {
  const segments = idSegments(text);
  const [subscriptions, subscriptionId, groups, resourceGroup, providers, namespace, ...rest] =
    segments ?? [];
  if (subscriptions?.toLowerCase() !== "subscriptions" || groups?.toLowerCase() !== "resourcegroups") return;
  if (providers?.toLowerCase() !== "providers" || !namespace || !resourceGroup) return;
  if (!subscriptionId || !isGuid(subscriptionId) || rest.length === 0 || rest.length % 2 === 1) return;
  const types = rest.filter((_, i) => i % 2 === 0);
  return { subscriptionId, resourceGroup, type: [namespace, ...types].join("/"), name: rest.at(-1) ?? "" };
}

/** The subscription that an id or scope lies in, in lower case; undefined for management groups and the root. */
export function subscriptionOf(scope: string): string | undefined {
  return /^\/subscriptions\/([^/]+)/i.exec(scope)?.[1]?.toLowerCase();
}

/** The id of the resource group that an id or scope lies in, or undefined. */
export function resourceGroupIdOf(scope: string): string | undefined {
  return /^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+/i.exec(scope)?.[0];
}

/** The name of the management group that a scope is, or undefined. */
export function managementGroupOf(scope: string): string | undefined {
  return /^\/providers\/Microsoft\.Management\/managementGroups\/([^/]+)$/i.exec(scope)?.[1];
}

/** True if an id or scope is the given scope or lies below it ("/" is above everything). */
export function isAtOrBelow(id: string, scope: string): boolean {
  const [inner, outer] = [idKey(id), idKey(scope)];
  return inner === outer || inner.startsWith(`${outer}/`);
}

/** The last segment of an id: what people call the resource. */
export function nameOf(id: string): string {
  return id.split("/").findLast((s) => s !== "") ?? id;
}

/** The id of a user-assigned identity, in the spelling that attachments use. */
export function identityIdFrom(subscriptionId: string, resourceGroup: string, name: string): string {
  return resourceIdFrom(
    subscriptionId,
    resourceGroup,
    "Microsoft.ManagedIdentity/userAssignedIdentities",
    name,
  );
}

/** The id of a top-level resource of a type. */
export function resourceIdFrom(
  subscriptionId: string,
  resourceGroup: string,
  type: string,
  name: string,
): string {
  return `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}/providers/${type}/${name}`;
}

function idSegments(text: string): string[] | undefined {
  if (!text.startsWith("/") || text.includes("//")) return;
  return text.replace(/\/$/, "").slice(1).split("/");
}
