// What each step in a database means: whether it is done already, and which change is sent for it.
import { sameId } from "../../model/arm-id.ts";
import {
  type DatabaseChange,
  type DatabaseContents,
  type DatabasePermission,
  type DatabaseUser,
  securableText,
  sidFrom,
  userOfPrincipal,
} from "../../model/database.ts";
import { assignmentMarker, parseAssignmentMarker } from "../../model/grant.ts";
import type { DatabaseSubject, DatabaseUserSubject } from "../../plan/database-subjects.ts";
import type { DatabaseStep } from "../../plan/plan.ts";
import { moved, type Verdict } from "../outcome.ts";

/** The identity whose user it is; its ids are missing where this run does not know them. */
export interface Person {
  readonly identityId: string;
  readonly clientId?: string;
  readonly principalId?: string;
}

type LineSubject = Exclude<DatabaseSubject, DatabaseUserSubject>;

/** True if the database shows already what the step wants. */
export function isAsWanted(step: DatabaseStep, person: Person, contents: DatabaseContents): boolean {
  const { subject, changeKind } = step;
  if (changeKind === "revoke") {
    const user = userWithSid(contents, subject.sid);
    if (!user) return true;
    return subject.kind === "databaseUser" ? false : !has(user, subject);
  }
  const user = userOf(person, contents);
  if (subject.kind !== "databaseUser") return user !== undefined && has(user, subject);
  const isGone = subject.replaces === undefined || !userWithSid(contents, subject.sid);
  return user !== undefined && isGone;
}

/** The change that a step sends, or why it is not to be made any more. */
export function changeFor(
  step: DatabaseStep,
  person: Person,
  contents: DatabaseContents,
  owner: string,
): DatabaseChange | Verdict {
  const { subject, changeKind } = step;
  if (subject.kind === "databaseUser") {
    return changeKind === "revoke"
      ? dropFor(subject, person, contents, owner)
      : userFor(subject, person, contents, owner);
  }
  if (changeKind === "revoke") {
    const user = userToTakeFrom(subject, person, contents, owner);
    return "state" in user ? user : lineFor(subject, user.name, true);
  }
  const user = userOf(person, contents);
  if (!user) return moved("UserGone", "The identity has no user in the database any more.");
  if (isDenied(user, subject)) {
    return moved("PermissionDenied", "Somebody has denied it since the plan, and a GRANT would lift that.");
  }
  return lineFor(subject, user.name, false);
}

function dropFor(
  subject: DatabaseUserSubject,
  person: Person,
  contents: DatabaseContents,
  owner: string,
): DatabaseChange | Verdict {
  const user = userToTakeFrom(subject, person, contents, owner);
  if ("state" in user) return user;
  const { name, ownedSchemas, ownedRoles } = user;
  return { kind: "dropUser", user: name, ownedSchemas, ownedRoles };
}

/** Only from a user that carries our mark for this identity anything is taken; the mark may have gone since the plan. */
function userToTakeFrom(
  { sid }: DatabaseSubject,
  { identityId }: Person,
  contents: DatabaseContents,
  owner: string,
): DatabaseUser | Verdict {
  const user = userWithSid(contents, sid);
  if (!user) return moved("UserGone", "The user is gone already.");
  const mark = parseAssignmentMarker(user.marker);
  if (mark?.owner === owner && sameId(mark.identityId, identityId)) return user;
  return moved(
    "UserNotMarked",
    "The user does not carry Bindery's mark any more, so nothing is taken from it.",
  );
}

function isDenied({ permissions }: DatabaseUser, subject: LineSubject): boolean {
  if (subject.kind !== "databasePermission") return false;
  return permissions.some((p) => p.state === "DENY" && isSamePermission(p, subject));
}

function userFor(
  subject: DatabaseUserSubject,
  { identityId, clientId, principalId }: Person,
  contents: DatabaseContents,
  owner: string,
): DatabaseChange | Verdict {
  if (clientId === undefined || principalId === undefined) {
    return moved("PrincipalUnknown", "The identity's principal is not known in this run.");
  }
  const { userName: user, userFrom: from = "Sid", replaces } = subject;
  const marker = assignmentMarker(owner, identityId);
  if (!replaces) return { kind: "createUser", user, clientId, principalId, from, marker };
  const stale = userWithSid(contents, subject.sid);
  if (!stale) return moved("UserGone", "The user that was to give way is gone by now.");
  if (stale.permissions.some(({ state }) => state === "DENY")) {
    return moved(
      "PermissionDenied",
      "Somebody has denied that user something, and the DENY would go with it.",
    );
  }
  const { roles, permissions } = replaces;
  const { name, ownedSchemas, ownedRoles } = stale;
  return {
    kind: "replaceUser",
    stale: name,
    user,
    clientId,
    marker,
    ownedSchemas,
    ownedRoles,
    roles,
    permissions,
  };
}

function lineFor(subject: LineSubject, user: string, removes: boolean): DatabaseChange {
  if (subject.kind === "databaseRole") {
    return { kind: removes ? "dropFromRole" : "addToRole", user, role: subject.role };
  }
  const { permission, securable, cascade = false } = subject;
  return removes
    ? { kind: "revokePermission", user, permission, securable, cascade }
    : { kind: "grantPermission", user, permission, securable };
}

function has(user: DatabaseUser, subject: LineSubject): boolean {
  if (subject.kind === "databaseRole") {
    return user.roles.some((role) => role.toLowerCase() === subject.role.toLowerCase());
  }
  return user.permissions.some((p) => p.state !== "DENY" && isSamePermission(p, subject));
}

function isSamePermission(
  one: Pick<DatabasePermission, "permission" | "securable">,
  other: Pick<DatabasePermission, "permission" | "securable">,
): boolean {
  const on = securableText(one.securable).toLowerCase();
  return one.permission === other.permission && on === securableText(other.securable).toLowerCase();
}

function userOf({ clientId }: Person, contents: DatabaseContents): DatabaseUser | undefined {
  return userOfPrincipal(contents, clientId === undefined ? undefined : sidFrom(clientId));
}

function userWithSid({ users }: DatabaseContents, sid: string | undefined): DatabaseUser | undefined {
  return users.find((user) => sid !== undefined && user.sid === sid);
}
