// Deeds about who machines are: system identities, foreign identities that come and go, roles, recreated identities.

import { withIdentity } from "../arm/compute/compute-state.ts";
import { removeWithChildren } from "../arm/removal.ts";
import { placeResource } from "../seed/place.ts";
import { placeAssignment, roleNamed } from "../seed/roles.ts";
import type { Doer, Scene } from "./deed.ts";
import {
  attachTo,
  chosen,
  isIdentity,
  isOwnIdentity,
  isTarget,
  keyOf,
  outdate,
  ownIdentity,
  ownIdentityId,
  rewritten,
} from "./scene.ts";

function hasSystem(type: string | undefined): boolean {
  return /systemassigned/i.test(type ?? "");
}

/** Turns the system-assigned identity on where it is off. */
export const enableSystemIdentity: Doer = (scene, wish) => {
  const target = chosen(scene, wish, (r) => isTarget(r) && !hasSystem(r.identity?.type));
  if (target === undefined) return undefined;
  const hadUser = Object.keys(target.identity?.userAssignedIdentities ?? {}).length > 0;
  const type = hadUser ? "SystemAssigned, UserAssigned" : "SystemAssigned";
  const body = rewritten(withIdentity(target, { ...target.identity, type }));
  const after = placeResource(scene.world, body, () => scene.random.guid());
  return { resourceId: target.id, ...principalOf(after.identity?.principalId) };
};

function principalOf(principalId: string | undefined): { principalId?: string } {
  return principalId === undefined ? {} : { principalId };
}

/** Attaches an identity that nobody's manifest names, or the one that is wished for. */
export const attachForeign: Doer = (scene, wish) => {
  const idFor = (resourceId: string) => wish.identityId ?? ownIdentityId(resourceId);
  const target = chosen(scene, wish, (r) => isTarget(r) && keyOf(r, idFor(r.id)) === undefined);
  if (target === undefined) return undefined;
  const identity =
    wish.identityId === undefined ? ownIdentity(scene, target) : scene.world.resources.get(wish.identityId);
  if (identity === undefined) return undefined;
  attachTo(scene, target, idFor(target.id));
  return { resourceId: target.id, identityId: idFor(target.id) };
};

/** Detaches its own identity, or the one that is wished for; the type follows what is left. */
export const detachForeign: Doer = (scene, wish) => {
  const idFor = (resourceId: string) => wish.identityId ?? ownIdentityId(resourceId);
  const target = chosen(scene, wish, (r) => isTarget(r) && keyOf(r, idFor(r.id)) !== undefined);
  if (target?.identity === undefined) return undefined;
  const key = keyOf(target, idFor(target.id)) ?? "";
  const { userAssignedIdentities = {}, ...rest } = target.identity;
  const left = Object.fromEntries(Object.entries(userAssignedIdentities).filter(([k]) => k !== key));
  const isEmpty = Object.keys(left).length === 0;
  const type = isEmpty ? rest.type.replace(/,?\s*UserAssigned/i, "").trim() : rest.type;
  const block = isEmpty ? { ...rest, type } : { ...rest, type, userAssignedIdentities: left };
  scene.world.resources.set(target.id, rewritten(withIdentity(target, type === "" ? undefined : block)));
  outdate(scene.world, target);
  return { resourceId: target.id, identityId: key };
};

/** Gives its own identity, or the one that is wished for, the role Reader at the resource. */
export const grantRole: Doer = (scene, wish) => {
  const { world, random } = scene;
  const target = chosen(scene, wish, isTarget);
  const role = roleNamed(world, "Reader");
  if (target === undefined || role === undefined) return undefined;
  const identity = granteeOf(scene, wish.identityId, target);
  const principalId = identity?.properties?.principalId;
  if (identity === undefined || typeof principalId !== "string") return undefined;
  const isThere = world.roleAssignments
    .values()
    .some(
      (a) =>
        a.principalId === principalId &&
        a.scope.toLowerCase() === target.id.toLowerCase() &&
        a.roleDefinitionId.toLowerCase().endsWith(role.name.toLowerCase()),
    );
  if (isThere) return undefined;
  const parts = { name: random.guid(), scope: target.id, principalId, role, description: "somebody else" };
  const { id } = placeAssignment(world, parts);
  return { resourceId: target.id, identityId: identity.id, principalId, assignmentId: id };
};

function granteeOf(scene: Scene, identityId: string | undefined, target: Parameters<typeof ownIdentity>[1]) {
  return identityId === undefined ? ownIdentity(scene, target) : scene.world.resources.get(identityId);
}

/** Deletes an identity and creates it again under the same id, without tags: another principal. */
export const recreateIdentity: Doer = (scene, wish) => {
  const { world, random } = scene;
  const identity = chosen(scene, wish, (r) => isIdentity(r) && !isOwnIdentity(r.id));
  if (identity === undefined) return undefined;
  removeWithChildren(world, identity.id);
  const { tenantId, isolationScope = "None" } = identity.properties ?? {};
  const body = { ...identity, tags: {}, properties: { isolationScope, tenantId } };
  const after = placeResource(world, body, () => random.guid());
  return { resourceId: identity.id, principalId: String(after.properties?.principalId) };
};
