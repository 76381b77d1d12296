// What stands in the way of a change in a database: what cannot be read, what is not there, what has another owner.
import {
  type DatabaseContents,
  type DatabaseRef,
  type DatabaseUser,
  databaseName,
  isFromLogin,
  securableText,
} from "../../model/database.ts";
import { nearest } from "../../model/nearest.ts";
import type { ObservedDatabase } from "../../observed/observed.ts";
import type { Hold, Subjects } from "../draft.ts";
import type { Subject } from "../plan.ts";
import { accessProblem, unseen } from "./database-access.ts";
import { livingOwnerOf } from "./database-user.ts";
import { nameKey, permissionKey } from "./wanted-databases.ts";

/** Why nothing is known of a database. */
export function readProblem(ref: DatabaseRef, database: ObservedDatabase | undefined): Hold {
  if (database?.kind === "gone") {
    return {
      reason: "DatabaseNotFound",
      message: `${databaseName(ref)} does not exist.`,
      cure: "Correct server and database in the document, or create the database.",
    };
  }
  if (database?.kind === "unknown") {
    return { reason: database.reason, message: database.message, cure: database.cure };
  }
  return {
    reason: "ObservationIncomplete",
    message: `${databaseName(ref)} was not read.`,
    cure: "Wait for the next pass.",
  };
}

/** Why an addition cannot be made, if it cannot. */
export function additionProblem(
  ref: DatabaseRef,
  contents: DatabaseContents,
  subject: Subject,
  taken: DatabaseUser | undefined,
): Hold | undefined {
  return (
    unseen(ref, contents) ??
    (taken && nameTaken(ref, taken)) ??
    unknownRole(ref, contents, subject) ??
    accessProblem(ref, contents, subject)
  );
}

/** GRANT takes the place of a DENY of the same permission on the same thing (Microsoft, "GRANT"): that is somebody's word. */
export function deniedProblem(
  ref: DatabaseRef,
  user: DatabaseUser | undefined,
  subject: Subject,
): Hold | undefined {
  if (subject.kind !== "databasePermission" || !user) return undefined;
  const key = permissionKey(subject);
  if (!user.permissions.some((p) => p.state === "DENY" && permissionKey(p) === key)) return undefined;
  const what = `${subject.permission} on ${securableText(subject.securable)}`;
  return {
    reason: "PermissionDenied",
    message: `Somebody denies ${user.name} ${what} in ${databaseName(ref)}, and a GRANT would lift that.`,
    cure: "Let whoever denied it revoke the DENY, or take the permission out of the document.",
  };
}

/**
 * Why a user cannot be dropped, if it cannot: a login's user never is, neither is one that others depend on, nor one of
 * another identity that is alive, whatever mark it carries.
 */
export function dropProblem(
  ref: DatabaseRef,
  contents: DatabaseContents,
  user: DatabaseUser,
  subject: Subject,
  subjects: Subjects,
): Hold | undefined {
  return conflict(ref, user, subjects) ?? accessProblem(ref, contents, subject) ?? undroppable(ref, user);
}

function conflict(ref: DatabaseRef, user: DatabaseUser, subjects: Subjects): Hold | undefined {
  const living = livingOwnerOf(user, subjects);
  if (living === undefined) return undefined;
  return {
    reason: "UserConflict",
    message: `${user.name} in ${databaseName(ref)} is the user of ${living}, which is alive.`,
    cure: "Choose another userName, or take that identity's user away by its own document.",
  };
}

/** Why a stale user cannot be replaced, if it cannot. */
export function staleProblem(
  ref: DatabaseRef,
  contents: DatabaseContents,
  stale: DatabaseUser,
  subject: Subject,
  subjects: Subjects,
  {
    approvedSid,
    taken,
  }: { readonly approvedSid: string | undefined; readonly taken: DatabaseUser | undefined },
): Hold | undefined {
  return (
    dropProblem(ref, contents, stale, subject, subjects) ??
    (taken && nameTaken(ref, taken)) ??
    denialLost(ref, stale) ??
    recreated(ref, stale, approvedSid)
  );
}

/** A DENY goes with its user: the one that takes its place could do what somebody has forbidden. */
function denialLost(ref: DatabaseRef, stale: DatabaseUser): Hold | undefined {
  const denied = stale.permissions.find((p) => p.state === "DENY");
  if (!denied) return undefined;
  const what = `${denied.permission} on ${securableText(denied.securable)}`;
  return {
    reason: "PermissionDenied",
    message: `Somebody denies ${stale.name} ${what} in ${databaseName(ref)}, and the user that takes its place would not be denied it.`,
    cure: "Let whoever denied it revoke the DENY; where it is still meant, deny it to the new user.",
  };
}

/** Rule 14: what a dead principal could do in a database goes to its successor only when a person says so. */
function recreated(ref: DatabaseRef, stale: DatabaseUser, approvedSid: string | undefined): Hold | undefined {
  if (stale.sid === approvedSid) return undefined;
  return {
    reason: "Recreated",
    message: `${stale.name} in ${databaseName(ref)} belongs to a principal that is gone: the identity was deleted and created again.`,
    cure: `To give its place to the new principal, release this set by its digest, or write replaceUserWithSid: ${stale.sid}.`,
  };
}

function nameTaken(ref: DatabaseRef, taken: DatabaseUser): Hold {
  return {
    reason: "UserNameTaken",
    message: `${databaseName(ref)} has a user ${taken.name} that is not of this identity (SID ${taken.sid || "none"}).`,
    cure: isFromLogin(taken)
      ? "Choose another userName: this one belongs to a login of the server."
      : `Choose another userName, or, if it is left from a deleted identity, write replaceUserWithSid: ${taken.sid}.`,
  };
}

function unknownRole(ref: DatabaseRef, { roles }: DatabaseContents, subject: Subject): Hold | undefined {
  if (subject.kind !== "databaseRole") return undefined;
  if (roles.some(({ name }) => nameKey(name) === nameKey(subject.role))) return undefined;
  const near = nearest(
    subject.role,
    roles.map(({ name }) => name),
  );
  return {
    reason: "RoleNotFound",
    message: `${databaseName(ref)} has no role ${subject.role}.`,
    cure: near.length > 0 ? `Nearest names: ${near.join(", ")}.` : "Create the role, or correct its name.",
  };
}

function undroppable(ref: DatabaseRef, user: DatabaseUser): Hold | undefined {
  const reasons = [
    ...(isFromLogin(user) ? ["it belongs to a login of the server"] : []),
    ...(user.ownedObjects.length > 0 ? [`it owns ${user.ownedObjects.slice(0, 3).join(", ")}`] : []),
    ...(user.granteesOf.length > 0
      ? [`it has granted rights to ${user.granteesOf.slice(0, 3).join(", ")}`]
      : []),
  ];
  if (reasons.length === 0) return undefined;
  return {
    reason: "UserNotDroppable",
    message: `${user.name} in ${databaseName(ref)} cannot be dropped: ${reasons.join(", and ")}.`,
    cure: "Give what it owns to somebody else (ALTER AUTHORIZATION), and revoke what it has granted.",
  };
}
