// How a resource is moved to another group behind the callers' backs: it gets another id, and what names the old one stays.
import { AdminRefusal } from "./admin-refusal.ts";
import type { ArmResource, World } from "./world.ts";

/**
 * Moves a resource with its children into another resource group and answers it as it is then. Role assignments at it
 * do not move and are orphaned, and whoever kept its id has a dead one ("Move Azure resources to a new resource group or
 * subscription"). User-assigned identities cannot be moved, which Azure refuses, and so does this.
 */
export function moveResource(world: World, id: string, groupId: string): ArmResource {
  const resource = world.resources.get(id);
  const group = world.resourceGroups.get(groupId);
  if (resource === undefined) throw new AdminRefusal(404, `There is no resource '${id}'.`);
  if (group === undefined) throw new AdminRefusal(400, `There is no resource group '${groupId}'.`);
  if (/\/userassignedidentities\//i.test(id)) {
    throw new AdminRefusal(400, "Azure does not move user-assigned identities.");
  }
  const prefix = `${resource.id}/`.toLowerCase();
  const moved = world.resources
    .values()
    .filter((r) => `${r.id}/`.toLowerCase().startsWith(prefix))
    .map((r) => ({ from: r.id, to: { ...r, id: idIn(group.id, r.id) } }));
  for (const { to } of moved) {
    if (world.resources.has(to.id)) throw new AdminRefusal(409, `'${to.id}' is there already.`);
  }
  for (const { from, to } of moved) {
    world.resources.delete(from);
    world.resources.set(to.id, to);
    movePrincipal(world, from, to);
  }
  return { ...resource, id: idIn(group.id, resource.id) };
}

function idIn(groupId: string, id: string): string {
  return groupId + id.slice(id.toLowerCase().indexOf("/providers/"));
}

/** A system-assigned identity goes along with its resource. */
function movePrincipal(world: World, from: string, { id, identity }: ArmResource): void {
  const principal = world.principals.get(identity?.principalId ?? "");
  if (principal === undefined || principal.resourceId?.toLowerCase() !== from.toLowerCase()) return;
  world.principals.set(principal.objectId, { ...principal, resourceId: id });
}
