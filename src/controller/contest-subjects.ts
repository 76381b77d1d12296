// Decides when two changes of different passes are the same one, and where a log would show who reverts it.
import { idKey, subscriptionOf } from "../model/arm-id.ts";
import { assignmentNameFor } from "../model/assignment-name.ts";
import { changeId } from "../plan/draft.ts";
import type { Change, Subject } from "../plan/plan.ts";

/**
 * What a change has in common with itself in an earlier pass: identity, kind and subject. Each tag is one of its own,
 * however many others are written with it; an assignment that somebody makes anew is the same one to revoke. None for
 * instances: whoever changes the model of a scale set reverts nothing.
 */
export function contestKeysOf({ kind, identityId, subject }: Change): readonly string[] {
  if (subject.kind === "instances") return [];
  if (subject.kind === "tags") return tagKeysOf(subject).map((key) => `${kind} ${idKey(identityId)} ${key}`);
  if (subject.kind !== "role") return [changeId(kind, identityId, subject)];
  const { assignmentId: _, ...role } = subject;
  return [changeId(kind, identityId, role)];
}

function tagKeysOf({ set, remove }: Extract<Subject, { kind: "tags" }>): readonly string[] {
  return [
    ...Object.keys(set).map((key) => `set ${key.toLowerCase()}`),
    ...Object.keys(remove).map((key) => `remove ${key.toLowerCase()}`),
  ];
}

/** The resources whose writes would revert the change. None where only a database, or no subscription's log, knows. */
export function revertedAt({ identityId, subject }: Change): readonly string[] {
  return writtenAt(identityId, subject).filter((id) => subscriptionOf(id) !== undefined);
}

function writtenAt(identityId: string, subject: Subject): readonly string[] {
  switch (subject.kind) {
    case "identity":
      return [identityId];
    case "tags":
      return [identityId, `${identityId}/providers/Microsoft.Resources/tags/default`];
    case "credential":
      return [`${identityId}/federatedIdentityCredentials/${subject.credential.name}`];
    case "target":
    case "instances":
      return [subject.targetId];
    case "role":
      return assignmentOf(subject);
    case "databaseUser":
    case "databaseRole":
    case "databasePermission":
      return [];
  }
}

function assignmentOf({ scope, roleGuid, principalId, assignmentId }: Extract<Subject, { kind: "role" }>) {
  if (assignmentId !== undefined) return [assignmentId];
  if (principalId === undefined || roleGuid === "") return [];
  const name = assignmentNameFor(scope, principalId, roleGuid);
  return [`${scope}/providers/Microsoft.Authorization/roleAssignments/${name}`];
}
