// Which rights in a database are privileged: those that give power over access or over everything there, and all in master.
import {
  type DatabaseContents,
  type DatabasePermission,
  databaseKey,
  securableText,
} from "../../model/database.ts";
import type { Observed } from "../../observed/observed.ts";
import type { DatabaseSubject } from "../database-subjects.ts";
import { nameKey } from "../diff/wanted-databases.ts";

/** What every user of a database may do there; documents cannot name it. */
export const connect = "CONNECT";

/** Roles that give others access, or everything (Microsoft, "Database-level roles"). */
const privilegedRoles: ReadonlySet<string> = new Set(["db_owner", "db_securityadmin", "db_accessadmin"]);

type Roles = DatabaseContents["roles"];

/** The roles of a database as it was read; none where it was not. */
export function rolesAt({ database }: DatabaseSubject, { databases }: Pick<Observed, "databases">): Roles {
  const found = databases.get(databaseKey(database));
  return found?.kind === "read" ? found.contents.roles : [];
}

/** Why a right in a database is privileged, in words; undefined if it is not. */
export function databasePrivilegeOf(subject: DatabaseSubject, roles: Roles): string | undefined {
  const [first] = privilegesOf(subject, roles);
  return first === undefined ? undefined : reasonFor(subject, first, roles);
}

/** What an allowance has to name: roles, and permissions with what they are on; in master all, a user there included. */
export function privilegesOf(subject: DatabaseSubject, all: Roles): readonly string[] {
  const inMaster = isMaster(subject);
  switch (subject.kind) {
    case "databaseRole":
      return inMaster || powerOf(subject.role, all) !== undefined ? [subject.role] : [];
    case "databasePermission":
      return inMaster || isPrivilegedPermission(subject) ? [permissionText(subject)] : [];
    case "databaseUser": {
      const { roles = [], permissions = [] } = subject.replaces ?? {};
      return [
        ...roles.filter((role) => inMaster || powerOf(role, all) !== undefined),
        ...permissions.filter((p) => inMaster || isPrivilegedPermission(p)).map(permissionText),
        ...(inMaster ? [connect] : []),
      ];
    }
  }
}

/** Why this privilege is one, in words. */
export function reasonFor(subject: DatabaseSubject, privilege: string, roles: Roles): string {
  if (isMaster(subject)) return "what is given in master reaches the whole server";
  const power = powerOf(privilege, roles);
  const through = power === undefined || nameKey(power) === nameKey(privilege) ? "" : `, through ${power}`;
  return `it gives power over access, or over everything there${through}`;
}

function isMaster({ database }: DatabaseSubject): boolean {
  return database.database.toLowerCase() === "master";
}

/**
 * The fixed role or the permission that makes a role a privileged one: whoever is made a member has what the role was
 * granted, and what the roles have that it is a member of itself (Microsoft, "Database-level roles").
 */
function powerOf(role: string, roles: Roles, passed: ReadonlySet<string> = new Set()): string | undefined {
  const key = nameKey(role);
  if (privilegedRoles.has(key)) return role;
  const found = roles.find(({ name }) => nameKey(name) === key);
  if (!found || passed.has(key)) return undefined;
  const granted = found.permissions?.find((p) => p.state !== "DENY" && isPrivilegedPermission(p));
  if (granted) return permissionText(granted);
  const seen = new Set([...passed, key]);
  return found.roles?.map((one) => powerOf(one, roles, seen)).find((power) => power !== undefined);
}

type Permission = Pick<DatabasePermission, "permission" | "securable">;

/** The same permission is little on a table and everything on the database: an allowance is for one of them. */
function permissionText({ permission, securable }: Permission): string {
  return `${permission} on ${securableText(securable)}`;
}

/**
 * CONTROL is everything on its securable, and so is owning it; ALTER on the database reaches its users and roles. What
 * documents cannot name may still be carried over from a dead principal's user, or come with a role.
 */
function isPrivilegedPermission({ permission, securable }: Permission): boolean {
  if (permission === "ALTER") return securable.class === "database";
  return /^(?:CONTROL|TAKE OWNERSHIP|CREATE USER|ALTER ANY .+)$/.test(permission);
}
