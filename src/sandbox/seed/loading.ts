// What the parts of loading a seed share: the document, the world, and how shorthand names what it means.
import { normalizeLocation } from "../arm/regions.ts";
import type { World } from "../world.ts";
import type { Seed } from "./schema.ts";

/** What loading works on. */
export interface Loading {
  readonly world: World;
  readonly seed: Seed;
  /** ISO instant of creation for whatever has one. */
  readonly createdAt: string;
  readonly complain: (path: readonly PropertyKey[], message: string) => void;
}

/** The subscription that is meant: the first of the document by default. */
export function subscriptionOf(seed: Seed, subscriptionId: string | undefined): string {
  return subscriptionId ?? seed.subscriptions[0]?.subscriptionId ?? "";
}

/** A resource of a group, by its shorthand. */
export interface Placed {
  readonly subscriptionId?: string | undefined;
  readonly resourceGroup: string;
  readonly name: string;
  readonly location?: string | undefined;
}

/** The ARM id of a resource by its shorthand. */
export function idOf(seed: Seed, { subscriptionId, resourceGroup, name }: Placed, type: string): string {
  return `/subscriptions/${subscriptionOf(seed, subscriptionId)}/resourceGroups/${resourceGroup}/providers/${type}/${name}`;
}

/** Complains about a resource group that is not there, and about a resource that is there already. */
export function requireGroup({ world, complain }: Loading, id: string, path: PropertyKey[]): void {
  const group = /^\/subscriptions\/[^/]+\/resourcegroups\/[^/]+/i.exec(id)?.[0];
  if (group !== undefined && !world.resourceGroups.has(group))
    complain(path, `there is no resource group '${group}'`);
  if (!/\/resourcegroups\/[^/]+$/i.test(id) && world.resources.has(id))
    complain(path, `'${id}' is there twice`);
}

/** The region that is meant: the group's by default. */
export function locationOf({ world, seed }: Loading, placed: Placed): string {
  const group = `/subscriptions/${subscriptionOf(seed, placed.subscriptionId)}/resourceGroups/${placed.resourceGroup}`;
  return normalizeLocation(placed.location ?? world.resourceGroups.get(group)?.location ?? "westeurope");
}

/** The ARM id that an identity is meant by: itself, or the one with this name in the document. */
export function identityIdOf(
  loading: Loading,
  text: string,
  path: readonly PropertyKey[],
): string | undefined {
  if (text.startsWith("/")) return text;
  const found = loading.seed.identities.filter((i) => i.name.toLowerCase() === text.toLowerCase());
  const [only] = found;
  if (only === undefined || found.length > 1) {
    loading.complain(
      path,
      found.length > 1
        ? `'${text}' is the name of several identities: write its id`
        : `there is no identity '${text}'`,
    );
    return undefined;
  }
  return idOf(loading.seed, only, "Microsoft.ManagedIdentity/userAssignedIdentities");
}
