// What the second client finds in the world: targets, identities, its own ones, and what it leaves alone for now.
import { etagAfter } from "../arm/compute/compute-body.ts";
import { isBusy } from "../arm/compute/compute-operations.ts";
import { outdateInstances } from "../arm/compute/scale-set-instances.ts";
import { attach, placeResource } from "../seed/place.ts";
import type { ArmResource, World } from "../world.ts";
import type { DeedWish, Scene } from "./deed.ts";

const identityType = "Microsoft.ManagedIdentity/userAssignedIdentities";
const machineType = "Microsoft.Compute/virtualMachines";
const scaleSetType = "Microsoft.Compute/virtualMachineScaleSets";

/** True if the resource is of the type. */
function isOf(type: string): (resource: ArmResource) => boolean {
  return (resource) => resource.type.toLowerCase() === type.toLowerCase();
}

export const isIdentity: (resource: ArmResource) => boolean = isOf(identityType);
export const isMachine: (resource: ArmResource) => boolean = isOf(machineType);
export const isScaleSet: (resource: ArmResource) => boolean = isOf(scaleSetType);

/** Machines and scale sets. */
export function isTarget(resource: ArmResource): boolean {
  return isMachine(resource) || isScaleSet(resource);
}

/**
 * The resource that is meant, or one by chance among those that fit; undefined if there is none. Resources with an
 * operation in flight are left alone, as Azure's 409 would have it.
 */
export function chosen(
  { world, random, mayTouch }: Scene,
  { resourceId }: DeedWish,
  fits: (resource: ArmResource) => boolean,
): ArmResource | undefined {
  const named = resourceId === undefined ? undefined : world.resources.get(resourceId);
  const candidates =
    resourceId === undefined ? world.resources.values().filter((r) => mayTouch(r.id)) : [named];
  const fitting = candidates
    .filter((r) => r !== undefined)
    .filter((r) => fits(r) && !isBusy(world, r.id))
    .toSorted((a, b) => (a.id.toLowerCase() < b.id.toLowerCase() ? -1 : 1));
  return random.pick(fitting);
}

/** The id of the second client's own identity for resources of a group. */
export function ownIdentityId(resourceId: string): string {
  const [, , subscriptionId, , group] = resourceId.split("/");
  return `/subscriptions/${subscriptionId}/resourceGroups/${group}/providers/${identityType}/id-somebody-else`;
}

/** True if the second client made the identity. */
export function isOwnIdentity(identityId: string): boolean {
  return identityId.toLowerCase().endsWith("/id-somebody-else");
}

/** The second client's own identity beside the resource; made if it is not there. */
export function ownIdentity({ world, random }: Scene, { id, location }: ArmResource): ArmResource {
  const identityId = ownIdentityId(id);
  const existing = world.resources.get(identityId);
  if (existing !== undefined) return existing;
  const body = {
    location: location ?? "westeurope",
    tags: { owner: "somebody-else" },
    id: identityId.replace("/resourceGroups/", "/resourcegroups/"),
    name: "id-somebody-else",
    type: identityType,
    properties: { isolationScope: "None" },
  };
  return placeResource(world, body, () => random.guid());
}

/** The resource with the etag of another write, where it has one. */
export function rewritten(resource: ArmResource): ArmResource {
  return resource.etag === undefined ? resource : { ...resource, etag: etagAfter(resource) };
}

/** Attaches an identity, as a write of its own. */
export function attachTo({ world, random }: Scene, target: ArmResource, identityId: string): void {
  attach(world, rewritten(target), [identityId], () => random.guid());
  outdate(world, target);
}

/** A write to a scale set's model leaves its instances behind, whoever it comes from. */
export function outdate(world: World, target: ArmResource): void {
  const written = world.resources.get(target.id);
  if (written !== undefined && isScaleSet(written)) outdateInstances(world, written);
}

/** The key under which an identity is attached to a resource, in the spelling of the map; undefined: it is not. */
export function keyOf({ identity }: ArmResource, identityId: string): string | undefined {
  const keys = Object.keys(identity?.userAssignedIdentities ?? {});
  return keys.find((key) => key.toLowerCase() === identityId.toLowerCase());
}
