// What the diff and the guard rails ask about a dead principal: what it has left to this document, and whether a change is about it.
import { isAtOrBelow, sameId } from "../model/arm-id.ts";
import type { RoleAssignment } from "../model/grant.ts";
import type { Draft, Subjects } from "./draft.ts";
import { staleAssignments } from "./stale.ts";

/** The stale assignments that a document's plan has to do with: those that it leaves to others are not. */
export function staleOf({ identity, ownership, observed, policy }: Subjects): readonly RoleAssignment[] {
  return staleAssignments(identity.id, policy.owner, ownership.identity, observed).filter(
    (a) => !identity.ignore.roleAssignments.some((scope) => isAtOrBelow(a.scope, scope)),
  );
}

/** True for the removal of what a dead principal has left: it takes nothing from anybody. */
export function isOfDeadPrincipal(
  { subject, kind }: Draft,
  { ownership }: Pick<Subjects, "ownership">,
): boolean {
  if (kind !== "revoke" || subject.kind !== "role" || subject.principalId === undefined) return false;
  return !ownership.identity || !sameId(subject.principalId, ownership.identity.principalId);
}

/** True if the identity's earlier principal had this very grant from us. */
export function wasGranted({ subject, kind }: Draft, subjects: Subjects): boolean {
  if (kind !== "grant" || subject.kind !== "role") return false;
  return staleOf(subjects).some(
    (a) =>
      sameId(a.scope, subject.scope) &&
      sameId(a.roleGuid, subject.roleGuid) &&
      (a.condition ?? "") === (subject.condition ?? ""),
  );
}
