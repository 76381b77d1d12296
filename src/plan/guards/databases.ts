// Holds what gives power over a database itself, and what touches a protected one.
import { idKey, sameId } from "../../model/arm-id.ts";
import { databaseKey, databaseName, type Securable, securableText } from "../../model/database.ts";
import { documentName } from "../../model/document.ts";
import type { DatabaseSubject } from "../database-subjects.ts";
import type { Draft, Hold, Subjects } from "../draft.ts";

/** What every user of a database may do there; documents cannot name it. */
const connect = "CONNECT";

/** Roles that give others access, or everything (Microsoft, "Database-level roles"). */
const privilegedRoles: ReadonlySet<string> = new Set(["db_owner", "db_securityadmin", "db_accessadmin"]);

/** Rule 16 in databases: the operator's word is wanted for power over access, and for anything in master. */
export function holdPrivilegedInDatabase(
  draft: Draft,
  { identity, observed, policy }: Subjects,
): Hold | undefined {
  const subject = databaseSubjectOf(draft);
  if (!subject || draft.kind === "revoke") return undefined;
  const name = documentName(identity.document);
  const database = observed.databases.get(databaseKey(subject.database));
  const id = database?.kind === "read" ? database.resource.id : databaseKey(subject.database);
  const allowed = policy.privileged.filter((a) => a.identity === name && sameId(a.scope, id));
  const roleNames = new Set(allowed.map(({ roleName = "" }) => idKey(roleName)));
  // To have anything in a database takes a user there.
  const isAllowed = (privilege: string) =>
    privilege === connect ? allowed.length > 0 : roleNames.has(idKey(privilege));
  const open = privilegesOf(subject).filter((privilege) => !isAllowed(privilege));
  if (open.length === 0) return undefined;
  return {
    reason: "Privileged",
    message: `${open.join(", ")} in ${databaseName(subject.database)} is privileged: ${reasonFor(subject)}.`,
    cure: `Allow { identity: ${name}, roleName: ${open[0]}, scope: ${id} } under privileged in the policy, or release this set by its digest.`,
  };
}

/**
 * Rule 14: what a recreated identity is to get in databases waits for a release, whatever the adoption policy, and
 * until that has come: there the dead principal's user is replaced, and nobody but the database remembers it.
 */
export function holdRepairInDatabase(draft: Draft, { identity, ownership }: Subjects): Hold | undefined {
  if (!databaseSubjectOf(draft) || draft.kind === "revoke" || !ownership.isBeingRepaired) return undefined;
  return {
    reason: "Recreated",
    message: `${documentName(identity.document)} was deleted and created again by someone else: its principal is ${ownership.identity?.principalId}.`,
    cure: "Release this set by its digest, if the new principal is to have this in databases.",
  };
}

/** Why a right in a database is privileged, in words; undefined if it is not. */
export function databasePrivilegeOf(subject: DatabaseSubject): string | undefined {
  return privilegesOf(subject).length > 0 ? reasonFor(subject) : undefined;
}

/** Rule 17: a protected database, or one on a protected server, is never changed. */
export function holdProtectedDatabase(draft: Draft, { observed, policy }: Subjects): Hold | undefined {
  const subject = databaseSubjectOf(draft);
  const database = subject && observed.databases.get(databaseKey(subject.database));
  if (database?.kind !== "read") return undefined;
  const { id } = database.resource;
  const server = id.replace(/\/databases\/[^/]*$/i, "");
  const hit = policy.protected.find((p) => sameId(p, id) || sameId(p, server));
  if (!hit) return undefined;
  return {
    reason: "Protected",
    message: `The policy protects ${hit}: it is never a subject of a change.`,
    cure: "Take the line out of the document, or the id out of `protected` in the policy.",
  };
}

/** What an allowance has to name: roles, and permissions with what they are on; in master all, a user there included. */
function privilegesOf(subject: DatabaseSubject): readonly string[] {
  const inMaster = isMaster(subject);
  switch (subject.kind) {
    case "databaseRole":
      return inMaster || isPrivilegedRole(subject.role) ? [subject.role] : [];
    case "databasePermission":
      return inMaster || isPrivilegedPermission(subject) ? [permissionText(subject)] : [];
    case "databaseUser": {
      const { roles = [], permissions = [] } = subject.replaces ?? {};
      return [
        ...roles.filter((role) => inMaster || isPrivilegedRole(role)),
        ...permissions.filter((p) => inMaster || isPrivilegedPermission(p)).map(permissionText),
        ...(inMaster ? [connect] : []),
      ];
    }
  }
}

function isMaster({ database }: DatabaseSubject): boolean {
  return database.database.toLowerCase() === "master";
}

function isPrivilegedRole(role: string): boolean {
  return privilegedRoles.has(role.toLowerCase());
}

interface Permission {
  readonly permission: string;
  readonly securable: Securable;
}

/** The same permission is little on a table and everything on the database: an allowance is for one of them. */
function permissionText({ permission, securable }: Permission): string {
  return `${permission} on ${securableText(securable)}`;
}

/**
 * CONTROL is everything on its securable, and so is owning it; ALTER on the database reaches its users and roles. What
 * documents cannot name may still be carried over from a dead principal's user.
 */
function isPrivilegedPermission({ permission, securable }: Permission): boolean {
  if (permission === "ALTER") return securable.class === "database";
  return /^(?:CONTROL|TAKE OWNERSHIP|CREATE USER|ALTER ANY .+)$/.test(permission);
}

function reasonFor(subject: DatabaseSubject): string {
  if (isMaster(subject)) return "what is given in master reaches the whole server";
  return "it gives power over access, or over everything there";
}

function databaseSubjectOf({ subject }: Draft): DatabaseSubject | undefined {
  return "database" in subject ? subject : undefined;
}
