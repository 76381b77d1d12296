// What the second client has made and not taken away itself: all of it is foreign to Bindery and must survive.
import type { World } from "../world.ts";
import type { Deed } from "./deed.ts";
import { isOwnIdentity, keyOf } from "./scene.ts";

/** One thing that must still be there; `value` is what of the resource: an identity, a principal, an assignment, a lock. */
export interface Claim {
  readonly kind: "attachment" | "systemIdentity" | "assignment" | "lock" | "instance";
  readonly resourceId: string;
  readonly value: string;
}

/** The claims after a deed. What it did with identities other than its own is no claim: that is Bindery's to judge. */
export function claimsAfter(claims: readonly Claim[], deed: Deed): readonly Claim[] {
  const kept = claims.filter((claim) => !isWithdrawn(claim, deed)).map((claim) => moved(claim, deed));
  const made = claimOf(deed);
  return made === undefined ? kept : [...kept, made];
}

function isWithdrawn(claim: Claim, deed: Deed): boolean {
  if (deed.removedId !== undefined) return isAtOrBelow(claim.resourceId, deed.removedId);
  return (
    deed.kind === "detachForeign" &&
    claim.kind === "attachment" &&
    claim.resourceId.toLowerCase() === deed.resourceId.toLowerCase() &&
    claim.value.toLowerCase() === deed.identityId?.toLowerCase()
  );
}

function isAtOrBelow(id: string, parent: string): boolean {
  return `${id}/`.toLowerCase().startsWith(`${parent}/`.toLowerCase());
}

/** What a machine carries moves with it; role assignments stay behind. */
function moved(claim: Claim, { kind, resourceId, newId }: Deed): Claim {
  if (kind !== "moveMachine" || newId === undefined || claim.kind === "assignment") return claim;
  if (!isAtOrBelow(claim.resourceId, resourceId)) return claim;
  const relocated = (id: string) => (isAtOrBelow(id, resourceId) ? newId + id.slice(resourceId.length) : id);
  return { ...claim, resourceId: relocated(claim.resourceId), value: relocated(claim.value) };
}

function claimOf(deed: Deed): Claim | undefined {
  const { resourceId, identityId = "", principalId, assignmentId, lockId, newId } = deed;
  switch (deed.kind) {
    case "attachForeign":
      return isOwnIdentity(identityId) ? { kind: "attachment", resourceId, value: identityId } : undefined;
    case "enableSystemIdentity":
      return principalId === undefined
        ? undefined
        : { kind: "systemIdentity", resourceId, value: principalId };
    case "grantRole":
      return assignmentId !== undefined && isOwnIdentity(identityId)
        ? { kind: "assignment", resourceId, value: assignmentId }
        : undefined;
    case "addLock":
      return lockId === undefined ? undefined : { kind: "lock", resourceId, value: lockId };
    case "scaleSet":
      return newId === undefined ? undefined : { kind: "instance", resourceId: newId, value: newId };
    case "stripTags":
    case "detachForeign":
    case "recreateIdentity":
    case "moveMachine":
      return undefined;
  }
}

/** True if what is claimed is there. */
export function holds(world: World, { kind, resourceId, value }: Claim): boolean {
  switch (kind) {
    case "attachment": {
      const resource = world.resources.get(resourceId);
      return resource !== undefined && keyOf(resource, value) !== undefined;
    }
    case "systemIdentity":
      return world.resources.get(resourceId)?.identity?.principalId === value;
    case "assignment":
      return world.roleAssignments.has(value);
    case "lock":
    case "instance":
      return world.resources.has(value);
  }
}
