// What a plan must ask again before anybody acts on it: exactly the things that it would change, held ones included.
import type { Questions } from "../observed/confirm.ts";
import type { HeldReason, Plan } from "./plan.ts";

/** What holds a deletion until somebody changes whose the identity is: nobody need know what refers to it. */
const foreign: ReadonlySet<HeldReason> = new Set<HeldReason>([
  "NotOwned",
  "OwnedByAnother",
  "OwnershipLost",
  "OwnIdentity",
  "Protected",
  "Recreated",
]);

/** The fresh reads that would prove a plan right or wrong. */
export function questionsOf(plan: Pick<Plan, "changes" | "held">): Questions {
  const changes = [...plan.changes, ...plan.held.map((h) => h.change)];
  return {
    // Whose an identity is decides about everything that is done for it, and its tags in a list may be a minute old.
    identityIds: changes.map((c) => c.identityId),
    targetIds: changes.flatMap(({ subject }) =>
      subject.kind === "target" || subject.kind === "instances" ? [subject.targetId] : [],
    ),
    assignmentIds: changes.flatMap(({ subject }) =>
      subject.kind === "role" && subject.assignmentId !== undefined ? [subject.assignmentId] : [],
    ),
    grants: changes.flatMap(({ subject, kind }) =>
      subject.kind === "role" && kind === "grant" && subject.principalId !== undefined
        ? [{ scope: subject.scope, principalId: subject.principalId }]
        : [],
    ),
    deletions: [
      ...plan.changes,
      ...plan.held.filter((h) => !foreign.has(h.reason)).map((h) => h.change),
    ].flatMap((c) => (c.kind === "delete" ? [c.identityId] : [])),
  };
}
