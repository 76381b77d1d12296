// What Bindery's own user lacks in a database: sight of all users, a database that can be written, the right to a change.
import { type DatabaseContents, type DatabaseRef, databaseName } from "../../model/database.ts";
import type { Hold } from "../draft.ts";
import type { Subject } from "../plan.ts";
import { nameKey } from "./wanted-databases.ts";

/** Why Bindery's user cannot make this change, if it cannot. */
export function accessProblem(
  ref: DatabaseRef,
  contents: DatabaseContents,
  subject: Subject,
): Hold | undefined {
  return unseen(ref, contents) ?? readOnly(ref, contents) ?? rightMissing(ref, contents, subject);
}

/** Why nothing in the database is known to be absent, if it is not. */
export function unseen(ref: DatabaseRef, { rights }: DatabaseContents): Hold | undefined {
  if (rights.seesAll) return undefined;
  return {
    reason: "DatabaseNotVisible",
    message: `Bindery's user ${rights.user} may not see all users of ${databaseName(ref)}, so nothing there is known to be absent.`,
    cure: `Run in ${ref.database}: GRANT VIEW DEFINITION TO [${rights.user.replaceAll("]", "]]")}];`,
  };
}

function readOnly(ref: DatabaseRef, { isReadOnly }: DatabaseContents): Hold | undefined {
  if (!isReadOnly) return undefined;
  return {
    reason: "DatabaseReadOnly",
    message: `${databaseName(ref)} is read-only: a replica is verified, never changed.`,
    cure: "Name the primary, or the listener of the failover group.",
  };
}

/**
 * Microsoft's reference: fixed roles need db_owner, other roles ALTER ANY ROLE, users ALTER ANY USER, permissions CONTROL;
 * so does ALTER AUTHORIZATION for what a user that goes has owned.
 */
function rightMissing(
  ref: DatabaseRef,
  { rights, roles }: DatabaseContents,
  subject: Subject,
): Hold | undefined {
  const needed = rightsFor(subject, (role) =>
    roles.some(({ name, isFixed }) => isFixed && nameKey(name) === nameKey(role)),
  );
  const { isOwner, altersUsers, altersRoles, controls, user } = rights;
  const has = { owner: isOwner, users: altersUsers, roles: altersRoles, control: controls };
  const right = needed.find((one) => !has[one] && !(controls && one !== "owner"));
  if (isOwner || right === undefined) return undefined;
  const me = `[${user.replaceAll("]", "]]")}]`;
  const statement =
    right === "users"
      ? `GRANT ALTER ANY USER TO ${me};`
      : right === "roles"
        ? `GRANT ALTER ANY ROLE TO ${me};`
        : right === "control"
          ? `GRANT CONTROL TO ${me};`
          : `ALTER ROLE [db_owner] ADD MEMBER ${me};`;
  return {
    reason: "DatabaseRightMissing",
    message: `Bindery's user ${user} may not make this change in ${databaseName(ref)}.`,
    cure: `Run in ${ref.database}: ${statement}`,
  };
}

type Right = "owner" | "users" | "roles" | "control";

/** All that a change takes; what covers most comes first. */
function rightsFor(subject: Subject, isFixed: (role: string) => boolean): readonly Right[] {
  switch (subject.kind) {
    case "databaseRole":
      return [isFixed(subject.role) ? "owner" : "roles"];
    case "databaseUser": {
      const { replaces, drops } = subject;
      const { roles = [], permissions = [] } = replaces ?? {};
      const { ownedSchemas = [], ownedRoles = [] } = replaces ?? drops ?? {};
      return [
        ...(roles.some(isFixed) ? (["owner"] as const) : []),
        ...(permissions.length + ownedSchemas.length + ownedRoles.length > 0 ? (["control"] as const) : []),
        "users",
        ...(roles.length > 0 ? (["roles"] as const) : []),
      ];
    }
    default:
      return ["control"];
  }
}
