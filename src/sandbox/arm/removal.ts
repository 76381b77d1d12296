// What goes when a resource goes: its children, what is assigned at it, its principals; references to it stay.
import type { ArmResource, World } from "../world.ts";

const identityType = "microsoft.managedidentity/userassignedidentities";

/**
 * Removes a resource (or, given the id of a resource group, everything in the group) with its children, the role
 * assignments at or below it and the principals of its identities. Attachments elsewhere that name a removed identity
 * are left dangling, and so are the role assignments of its principal (Microsoft's documentation of both).
 */
export function removeWithChildren(world: World, id: string): void {
  const prefix = `${id.toLowerCase()}/`;
  const isGone = (other: string) => `${other.toLowerCase()}/`.startsWith(prefix);
  for (const resource of world.resources.values().filter((r) => isGone(r.id))) {
    removePrincipals(world, resource);
    world.resources.delete(resource.id);
    if (resource.type.toLowerCase() === identityType) forgetIds(world, resource.id);
  }
  for (const assignment of world.roleAssignments.values().filter((a) => isGone(a.scope))) {
    world.roleAssignments.delete(assignment.id);
  }
}

/**
 * "The clientID and principalID are null", and stay so when the identity is made again: machines and scale sets do not
 * notice (aad-pod-identity#725). An attach that is under way has none to show anyway.
 */
function forgetIds(world: World, identityId: string): void {
  if (world.switches.deletedIdentityIds === "kept") return;
  for (const resource of world.resources.values()) {
    const { userAssignedIdentities: map, ...rest } = resource.identity ?? { type: "None" };
    const key = Object.keys(map ?? {}).find((id) => id.toLowerCase() === identityId.toLowerCase());
    if (key === undefined || !/^microsoft\.compute\//i.test(resource.type)) continue;
    const identity = { ...rest, userAssignedIdentities: { ...map, [key]: {} } };
    world.resources.set(resource.id, { ...resource, identity });
  }
}

function removePrincipals(world: World, resource: ArmResource): void {
  const principals = [resource.identity?.principalId];
  if (resource.type.toLowerCase() === identityType) principals.push(textOf(resource.properties?.principalId));
  for (const principal of principals) {
    if (principal !== undefined) world.principals.delete(principal);
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
