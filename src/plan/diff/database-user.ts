// Which user of a database is an identity's: matched by SID whatever its name, and ours only if it carries our marker.
//
//   its SID | marker  | what it is
//   --------+---------+-------------------------------------------------------------------
//   ours    | ours    | ours
//   ours    | none    | foreign  (made by somebody else: roles are added, nothing is taken)
//   other   | ours    | stale    (of a principal that is dead: it gives way)
//   other   | none    | taken, if it has the wanted name; stale if the document names its SID
import { idKey, sameId } from "../../model/arm-id.ts";
import {
  type DatabaseContents,
  type DatabaseUser,
  principalSidOf,
  sidFrom,
  userOfPrincipal,
} from "../../model/database.ts";
import { parseAssignmentMarker } from "../../model/grant.ts";
import type { Subjects } from "../draft.ts";
import { nameKey, type WantedDatabase } from "./wanted-databases.ts";

/** What there is of an identity in a database. */
export interface FoundUser {
  /** The user with its SID. */
  readonly user?: DatabaseUser;
  /** True if that user is ours to prune and drop. */
  readonly isOurs: boolean;
  /** Users of ours whose principal is dead, and the one that the document allows to be replaced; the wanted name first. */
  readonly stale: readonly DatabaseUser[];
  /** A user that has the wanted name and is somebody else's. */
  readonly taken?: DatabaseUser;
}

/** Looks for the identity in a database. */
export function foundIn(
  contents: DatabaseContents,
  wanted: WantedDatabase | undefined,
  subjects: Subjects,
): FoundUser {
  const clientId = subjects.ownership.identity?.clientId;
  const sid = clientId === undefined ? undefined : sidFrom(clientId);
  const user = userOfPrincipal(contents, sid);
  const others = contents.users.filter((u) => u !== user);
  const hasName = ({ name }: DatabaseUser) =>
    wanted !== undefined && nameKey(name) === nameKey(wanted.userName);
  const stale = others
    .filter((u) => isMarked(u, subjects) || isNamedStale(u, wanted))
    .toSorted((a, b) => Number(hasName(b)) - Number(hasName(a)));
  const taken = others.find((u) => hasName(u) && !stale.includes(u));
  return {
    ...(user && { user }),
    isOurs: user !== undefined && isMarked(user, subjects),
    stale,
    ...(taken && !user && { taken }),
  };
}

/** True for a user that Bindery has made for this identity. */
function isMarked({ marker }: DatabaseUser, { identity, policy }: Subjects): boolean {
  const mark = parseAssignmentMarker(marker);
  return mark?.owner === policy.owner && sameId(mark.identityId, identity.id);
}

function isNamedStale(user: DatabaseUser, wanted: WantedDatabase | undefined): boolean {
  return (
    wanted?.replaceUserWithSid !== undefined &&
    user.sid === wanted.replaceUserWithSid &&
    nameKey(user.name) === nameKey(wanted.userName)
  );
}

/** The living identity that a user belongs to, if one of the estate has its SID. */
export function livingOwnerOf(user: DatabaseUser, { observed, identity }: Subjects): string | undefined {
  const sid = principalSidOf(user);
  return [...observed.identities.values()].find(
    (other) => idKey(other.id) !== idKey(identity.id) && sidFrom(other.clientId) === sid,
  )?.id;
}
