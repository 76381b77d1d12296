// Whose an identity is: read from its tags and from the markers that Bindery left elsewhere.
//
//   owner tag   principal tag                    | ownership
//   ------------+--------------------------------+------------
//   (no identity)                                | Absent
//   none        | none, no marker of ours         | Unowned
//   none        | or a marker of ours is left     | Lost         (somebody stripped the tag)
//   another's   |                                 | Another
//   ours        | this principal                  | Ours
//   ours        | none                            | Unfinished   (the create was cut short)
//   ours        | one alive on another identity   | Copied       (a copied tag is worth nothing)
//   ours        | a dead one                      | Recreated    (deleted and made again by someone else)
import { idKey, sameId } from "../model/arm-id.ts";
import { parseAssignmentMarker } from "../model/grant.ts";
import { type Identity, ownerTag, principalMark, principalTag, pruneTag, tagOf } from "../model/identity.ts";
import type { Observed } from "../observed/observed.ts";

/** The states of the table above. */
export type OwnershipState =
  | "Absent"
  | "Unowned"
  | "Lost"
  | "Another"
  | "Ours"
  | "Unfinished"
  | "Copied"
  | "Recreated";

/** Whose an identity is, with the identity itself where there is one. */
export interface Ownership {
  readonly state: OwnershipState;
  readonly identity?: Identity;
  /** The owner tag's value, where there is one. */
  readonly owner?: string;
  /** True while what was there at the adoption may not be pruned. */
  readonly prunePending: boolean;
}

/** Reads the ownership of the identity with this id. */
export function ownershipOf(identityId: string, owner: string, observed: Observed): Ownership {
  const identity = observed.identities.get(idKey(identityId));
  if (!identity) return { state: "Absent", prunePending: false };
  const tagged = tagOf(identity.tags, ownerTag);
  return {
    state: stateOf(identity, tagged, owner, observed),
    identity,
    ...(tagged !== undefined && { owner: tagged }),
    prunePending: tagOf(identity.tags, pruneTag) !== undefined,
  };
}

/** True for the states in which an identity is ours to change. */
export function isOurs(state: OwnershipState): boolean {
  return state === "Ours" || state === "Unfinished";
}

/** True for the states in which adoptionPolicy Additive takes an identity over. */
export function isAdoptable(state: OwnershipState): boolean {
  return state === "Unowned" || state === "Recreated";
}

function stateOf(
  identity: Identity,
  tagged: string | undefined,
  owner: string,
  observed: Observed,
): OwnershipState {
  if (tagged === undefined) return hasMarkers(identity, owner, observed) ? "Lost" : "Unowned";
  if (tagged !== owner) return "Another";
  const mark = tagOf(identity.tags, principalTag);
  if (mark === undefined) return "Unfinished";
  if (mark.toLowerCase() === principalMark(identity).toLowerCase()) return "Ours";
  return isAliveElsewhere(mark, identity, observed) ? "Copied" : "Recreated";
}

function hasMarkers(identity: Identity, owner: string, observed: Observed): boolean {
  if (tagOf(identity.tags, principalTag) !== undefined) return true;
  return observed.assignments.values().some((assignment) => {
    const marker = parseAssignmentMarker(assignment.description);
    return marker?.owner === owner && sameId(marker.identityId, identity.id);
  });
}

function isAliveElsewhere(mark: string, identity: Identity, observed: Observed): boolean {
  const principalId = mark.split("/")[0]?.toLowerCase();
  return observed.identities
    .values()
    .some((other) => !sameId(other.id, identity.id) && other.principalId.toLowerCase() === principalId);
}
