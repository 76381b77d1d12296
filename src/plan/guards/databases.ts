// Holds what gives power over a database itself, and what touches a protected one.
import { idKey, sameId } from "../../model/arm-id.ts";
import { databaseKey, databaseName } from "../../model/database.ts";
import { documentName } from "../../model/document.ts";
import type { DatabaseSubject } from "../database-subjects.ts";
import type { Draft, Hold, Subjects } from "../draft.ts";
import { connect, privilegesOf, reasonFor, rolesAt } from "./database-privilege.ts";

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
  const roles = rolesAt(subject, observed);
  const open = privilegesOf(subject, roles).filter((privilege) => !isAllowed(privilege));
  const [first] = open;
  if (first === undefined) return undefined;
  return {
    reason: "Privileged",
    message: `${open.join(", ")} in ${databaseName(subject.database)} is privileged: ${reasonFor(subject, first, roles)}.`,
    cure: `Allow { identity: ${name}, roleName: ${first}, scope: ${id} } under privileged in the policy, or release this set by its digest.`,
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

function databaseSubjectOf({ subject }: Draft): DatabaseSubject | undefined {
  return "database" in subject ? subject : undefined;
}
