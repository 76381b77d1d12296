// Deeds about what is where: tags that go, machines that move, scale sets that grow and shrink, locks.

import { isRecord } from "../arm/body.ts";
import { instanceIdOf, instancesOf, isMemberOf } from "../arm/compute/scale-set-instances.ts";
import { removeWithChildren } from "../arm/removal.ts";
import { moveResource } from "../move.ts";
import { placeLock } from "../seed/governance.ts";
import { placeResource } from "../seed/place.ts";
import type { ArmResource, World } from "../world.ts";
import type { Doer, Scene } from "./deed.ts";
import { chosen, isIdentity, isMachine, isScaleSet, isTarget, rewritten } from "./scene.ts";

/** Takes all tags away, from an identity or a target. */
export const stripTags: Doer = (scene, wish) => {
  const isTagged = ({ tags }: ArmResource) => Object.keys(tags ?? {}).length > 0;
  const resource = chosen(scene, wish, (r) => (isTarget(r) || isIdentity(r)) && isTagged(r));
  if (resource === undefined) return undefined;
  scene.world.resources.set(resource.id, { ...rewritten(resource), tags: {} });
  return { resourceId: resource.id, ...(resource.tags !== undefined && { tags: resource.tags }) };
};

/** Moves a machine to another resource group of its subscription, where there is one that has no machine of its name. */
export const moveMachine: Doer = (scene, wish) => {
  const isMovable = (r: ArmResource) =>
    isMachine(r) && !isRecord(r.properties?.virtualMachineScaleSet) && groupsFor(scene, r).length > 0;
  const machine = chosen(scene, wish, isMovable);
  if (machine === undefined) return undefined;
  const group = scene.random.pick(groupsFor(scene, machine));
  if (group === undefined) return undefined;
  const { id } = moveResource(scene.world, machine.id, group.id);
  return { resourceId: machine.id, newId: id };
};

function groupsFor({ world }: Scene, { id }: ArmResource): ArmResource[] {
  const [, , subscriptionId = "", , own = ""] = id.toLowerCase().split("/");
  const tail = id.slice(id.toLowerCase().indexOf("/providers/"));
  return world.resourceGroups
    .values()
    .filter((g) => g.id.toLowerCase().startsWith(`/subscriptions/${subscriptionId}/`))
    .filter((g) => g.name.toLowerCase() !== own && g.managedBy === undefined)
    .filter((g) => !world.resources.has(g.id + tail))
    .toSorted((a, b) => (a.id.toLowerCase() < b.id.toLowerCase() ? -1 : 1));
}

/** Adds an instance to a scale set like the ones it has, or (one time in three) removes the last one. */
export const scaleSet: Doer = (scene, wish) => {
  const { world, random } = scene;
  const set = chosen(scene, wish, (r) => isScaleSet(r) && membersOf(world, r).length > 0);
  if (set === undefined) return undefined;
  const members = membersOf(world, set);
  const last = members.at(-1);
  if (last === undefined) return undefined;
  const shrinks = members.length > 1 && random.next() < 1 / 3;
  const sku = isRecord(set.sku) ? set.sku : {};
  const capacity = members.length + (shrinks ? -1 : 1);
  world.resources.set(set.id, { ...rewritten(set), sku: { ...sku, capacity } });
  if (shrinks) {
    removeWithChildren(world, last.id);
    return { resourceId: set.id, removedId: last.id };
  }
  return { resourceId: set.id, newId: addedLike(scene, set, members, last).id };
};

function membersOf(world: World, set: ArmResource): ArmResource[] {
  const uniform = instancesOf(world, set.id);
  return uniform.length > 0 ? uniform : world.resources.values().filter((r) => isMemberOf(r, set.id));
}

/** Instances of a uniform set have numbers and what the set has; machines of a flexible one come without identities. */
function addedLike(
  { world, random }: Scene,
  set: ArmResource,
  members: readonly ArmResource[],
  like: ArmResource,
): ArmResource {
  const isUniform = like.type.split("/").length > 2;
  const number = Math.max(...members.map((m) => Number(instanceIdOf(m)) || 0)) + 1;
  const name = isUniform ? `${set.name}_${number}` : `${set.name}_${random.guid().slice(0, 8)}`;
  const parent = like.id.slice(0, like.id.lastIndexOf("/"));
  const { identity: _, ...body } = like;
  return placeResource(
    world,
    {
      ...body,
      id: `${parent}/${isUniform ? number : name}`,
      name,
      etag: '"1"',
      ...(isUniform && { instanceId: String(number) }),
      ...(isUniform && set.identity !== undefined && { identity: set.identity }),
    },
    () => random.guid(),
  );
}

/** Locks a target or an identity. */
export const addLock: Doer = (scene, wish) => {
  const name = "somebody-else";
  const lockIdOf = (id: string) => `${id}/providers/Microsoft.Authorization/locks/${name}`;
  const isLockable = (r: ArmResource) =>
    (isTarget(r) || isIdentity(r)) && !scene.world.resources.has(lockIdOf(r.id));
  const resource = chosen(scene, wish, isLockable);
  if (resource === undefined) return undefined;
  const lock = placeLock(scene.world, { scope: resource.id, level: wish.level ?? "CanNotDelete", name });
  return { resourceId: resource.id, lockId: lock.id };
};
