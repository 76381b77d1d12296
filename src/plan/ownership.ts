// Whose an identity is: read from its tags and from the markers that Bindery left elsewhere.
//
//   owner tag   principal tag                    | ownership
//   ------------+--------------------------------+------------
//   (no identity)                                | Absent
//   none        | none, no marker of ours         | Unowned
//   none        | or a marker of ours is left     | Lost         (somebody stripped the tag)
//   none        | but our markers are all of dead | Recreated    (deleted and made again, without the tags)
//   another's   |                                 | Another
//   ours        | this principal                  | Ours
//   ours        | none                            | Unfinished   (the create was cut short)
//   ours        | none, our markers are of dead   | Recreated    (made again with the owner tag alone)
//   ours        | one alive on another identity   | Copied       (a copied tag is worth nothing)
//   ours        | a dead one                      | Recreated    (deleted and made again by someone else)
import { idKey, sameId } from "../model/arm-id.ts";
import {
  type Identity,
  ownerTag,
  principalMark,
  principalTag,
  pruneRecreated,
  pruneTag,
  tagOf,
} from "../model/identity.ts";
import type { Observed } from "../observed/observed.ts";
import { markedAssignments, staleAssignments } from "./stale.ts";

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
  /** Of a recreated one: the principal that was ours. */
  readonly deadPrincipalId?: string;
  /** True while what was there at the adoption may not be pruned. */
  readonly prunePending: boolean;
  /** True of a recreated identity, and after its takeover until all that was held of its repair is done. */
  readonly isBeingRepaired: boolean;
}

/** Reads the ownership of the identity with this id. */
export function ownershipOf(identityId: string, owner: string, observed: Observed): Ownership {
  const identity = observed.identities.get(idKey(identityId));
  if (!identity) return { state: "Absent", prunePending: false, isBeingRepaired: false };
  const tagged = tagOf(identity.tags, ownerTag);
  const state = stateOf(identity, tagged, owner, observed);
  const dead = state === "Recreated" ? deadPrincipalOf(identity, owner, observed) : undefined;
  return {
    state,
    identity,
    ...(tagged !== undefined && { owner: tagged }),
    ...(dead !== undefined && { deadPrincipalId: dead }),
    prunePending: tagOf(identity.tags, pruneTag) !== undefined,
    isBeingRepaired: state === "Recreated" || tagOf(identity.tags, pruneTag) === pruneRecreated,
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
  if (tagged === undefined) return untaggedStateOf(identity, owner, observed);
  if (tagged !== owner) return "Another";
  const mark = tagOf(identity.tags, principalTag);
  if (mark === undefined) return hasStale(identity, owner, observed) ? "Recreated" : "Unfinished";
  if (isOwnMark(mark, identity)) return "Ours";
  return isAliveElsewhere(mark, identity, observed) ? "Copied" : "Recreated";
}

/** Without the owner tag, markers tell whether it was taken off this identity or went with an earlier one of its name. */
function untaggedStateOf(identity: Identity, owner: string, observed: Observed): OwnershipState {
  const mark = tagOf(identity.tags, principalTag);
  const isDead = mark !== undefined && !isOwnMark(mark, identity);
  if (isDead && !isAliveElsewhere(mark, identity, observed)) return "Recreated";
  const principals = markedAssignments(identity.id, owner, observed).map((a) => idKey(a.principalId));
  if (mark === undefined && principals.length === 0) return "Unowned";
  const isOfThis = mark !== undefined || principals.includes(idKey(identity.principalId));
  return !isOfThis && hasStale(identity, owner, observed) ? "Recreated" : "Lost";
}

function hasStale(identity: Identity, owner: string, observed: Observed): boolean {
  return staleAssignments(identity.id, owner, identity, observed).length > 0;
}

function deadPrincipalOf(identity: Identity, owner: string, observed: Observed): string | undefined {
  const mark = tagOf(identity.tags, principalTag)?.split("/")[0];
  return mark ?? staleAssignments(identity.id, owner, identity, observed)[0]?.principalId;
}

function isOwnMark(mark: string, identity: Identity): boolean {
  return idKey(mark) === idKey(principalMark(identity));
}

function isAliveElsewhere(mark: string, identity: Identity, observed: Observed): boolean {
  const principalId = mark.split("/")[0]?.toLowerCase();
  return observed.identities
    .values()
    .some((other) => !sameId(other.id, identity.id) && other.principalId.toLowerCase() === principalId);
}
