// What a deleted identity has left behind under its id: role assignments of ours for a dead principal, and references on targets.
//
// Principals never come back: an identity that is made again under the same id has another one, and what names the old
// one gives nobody anything any more. Only what is proven to be ours counts: our marker, under the name that we give.
import { idKey, sameId } from "../model/arm-id.ts";
import { hasOwnName } from "../model/assignment-name.ts";
import { parseAssignmentMarker, type RoleAssignment } from "../model/grant.ts";
import type { Identity } from "../model/identity.ts";
import type { Target } from "../model/target.ts";
import type { Observed } from "../observed/observed.ts";
import type { StaleReference } from "./plan.ts";

/** The states of a target in which its identity block is still being filled. */
const unsettled: ReadonlySet<string> = new Set(["creating", "updating", "deleting", "migrating"]);

/** The assignments that carry our marker for the identity with this id, whoever's they are. */
export function markedAssignments(
  identityId: string,
  owner: string,
  { assignments }: Pick<Observed, "assignments">,
): readonly RoleAssignment[] {
  const key = idKey(identityId);
  return [...assignments.values()].filter(({ description }) => {
    // Most are of other identities: that is seen at once.
    if (!description?.toLowerCase().endsWith(key)) return false;
    const marker = parseAssignmentMarker(description);
    return marker?.owner === owner && sameId(marker.identityId, key);
  });
}

/** Assignments that we made for an earlier principal of the identity with this id; `live` is its present one, if there is one. */
export function staleAssignments(
  identityId: string,
  owner: string,
  live: Identity | undefined,
  observed: Pick<Observed, "assignments" | "identities">,
): readonly RoleAssignment[] {
  const marked = markedAssignments(identityId, owner, observed);
  if (marked.length === 0) return [];
  const alive = new Set([...observed.identities.values()].map((i) => idKey(i.principalId)));
  if (live) alive.add(idKey(live.principalId));
  return marked.filter((a) => !alive.has(idKey(a.principalId)) && hasOwnName(a));
}

/**
 * What a target still has of an earlier principal under the identity's id, or undefined if its reference is a good one.
 * A virtual machine or scale set does not notice that an identity was made again: it shows neither principal nor
 * client id for it, or the old ones, and gives no tokens until the identity is taken off and attached again
 * (aad-pod-identity#725 and #880). While the target is being changed, missing ids mean nothing.
 */
export function staleReference(
  target: Target,
  identityId: string,
  live: Identity | undefined,
): StaleReference | undefined {
  const reference = target.attachments.userAssigned.find((one) => sameId(one.id, identityId));
  if (!reference || target.kind === "other") return undefined;
  const { principalId } = reference;
  if (principalId === undefined) {
    return unsettled.has(target.provisioningState?.toLowerCase() ?? "") ? undefined : {};
  }
  return live && sameId(principalId, live.principalId) ? undefined : { principalId };
}
