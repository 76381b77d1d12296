// The guard rails: pure checks after the diff, in the order in which they speak; the first one that objects holds the change.
import { idKey, subscriptionOf } from "../../model/arm-id.ts";
import { documentName } from "../../model/document.ts";
import type { Draft, Hold, Subjects } from "../draft.ts";
import type { OwnershipState } from "../ownership.ts";
import type { HeldReason } from "../plan.ts";
import { isOfDeadPrincipal } from "../stale-drafts.ts";
import { holdPrivilegedInDatabase, holdProtectedDatabase, holdRepairInDatabase } from "./databases.ts";
import { holdDelete } from "./delete.ts";
import { holdMoved, holdRename } from "./moved.ts";
import { holdForeign } from "./ownership.ts";
import { holdPrivileged } from "./privileged.ts";
import { holdCollapsed } from "./selectors.ts";
import { holdTrust } from "./trust.ts";
import { holdOwnIdentity, holdProtected, scopeOf, targetOf } from "./untouchable.ts";

/** Looks at one change; answers why it must wait, or undefined. */
export type Guard = (draft: Draft, subjects: Subjects) => Hold | undefined;

const guards: readonly Guard[] = [
  holdProtected,
  holdProtectedDatabase,
  holdOwnIdentity,
  holdForeign,
  holdUnreadIdentity,
  holdMissingLocation,
  holdUnread,
  (draft) => draft.problem,
  holdUnknownSubscription,
  holdTimeBound,
  holdDeletingTarget,
  holdWholeSubscription,
  holdPrivileged,
  holdRepairInDatabase,
  holdPrivilegedInDatabase,
  holdTrust,
  holdAdopted,
  holdMoved,
  holdCollapsed,
  holdRename,
  holdSuspended,
  holdDelete,
];

/** The first objection to a change; reasons in `released` do not count. */
export function holdFor(
  draft: Draft,
  subjects: Subjects,
  released: ReadonlySet<HeldReason> = new Set(),
): Hold | undefined {
  for (const guard of guards) {
    const hold = guard(draft, subjects);
    if (hold && !released.has(hold.reason)) return hold;
  }
  return undefined;
}

/** True for changes that take something away. */
export function isRemoval(draft: Pick<Draft, "kind" | "subject">): boolean {
  if (draft.kind === "detach" || draft.kind === "revoke" || draft.kind === "delete") return true;
  return draft.subject.kind === "credential" && draft.subject.remove;
}

/** What a list says of an identity decides nothing: it may be somebody else's by now, or gone. */
function holdUnreadIdentity(draft: Draft, { observed }: Subjects): Hold | undefined {
  const key = idKey(draft.identityId);
  const why = observed.unreadable.get(key);
  if (why !== undefined && !observed.confirmed.has(key)) {
    return {
      reason: "ObservationIncomplete",
      message: `The identity could not be read: ${why}`,
      cure: "Give Bindery Reader on its resource group, or wait until Azure answers again.",
    };
  }
  const subscription = subscriptionOf(draft.identityId) ?? "";
  if (observed.subscriptions.has(subscription)) return undefined;
  return {
    reason: "SubscriptionUnknown",
    message: `Subscription ${subscription} is not in the estate, or may not be read.`,
    cure: "Add it to `estate` in the policy and give Bindery Reader there, or correct the document.",
  };
}

function holdMissingLocation(draft: Draft): Hold | undefined {
  if (draft.kind !== "create" || draft.subject.kind !== "identity" || draft.subject.location)
    return undefined;
  return {
    reason: "LocationMissing",
    message: "The identity does not exist and its document names no location to create it in.",
    cure: "Write `location: westeurope` (or another region) under spec.",
  };
}

/** What is doubtful is never pruned; additions are decided by fresh reads of their own. */
function holdUnknownSubscription(draft: Draft, { observed }: Subjects): Hold | undefined {
  if (!isRemoval(draft)) return undefined;
  const places = draft.kind === "delete" ? [...observed.subscriptions] : placesOf(draft);
  const unknown = observed.unknown.keys().find((subscription) => places.includes(subscription));
  if (unknown === undefined) return undefined;
  return {
    reason: "ObservationIncomplete",
    message: `Nothing is taken away while subscription ${unknown} is not fully known: ${observed.unknown.get(unknown)}`,
    cure: "Give Bindery Reader on the whole subscription, or wait for the next pass.",
  };
}

function holdUnread(draft: Draft, { observed }: Subjects): Hold | undefined {
  const ids = [...targetOf(draft), ...assignmentOf(draft)];
  const unread = ids.find((id) => observed.unreadable.has(idKey(id)));
  if (unread === undefined) return undefined;
  return {
    reason: "ObservationIncomplete",
    message: `${unread} could not be read: ${observed.unreadable.get(idKey(unread))}`,
    cure: "Give Bindery the right to read it, or wait until Azure answers again.",
  };
}

function holdTimeBound(draft: Draft, { observed }: Subjects): Hold | undefined {
  const [id] = assignmentOf(draft);
  const until = id === undefined ? undefined : observed.assignments.get(idKey(id))?.until;
  if (until === undefined) return undefined;
  return {
    reason: "TimeBound",
    message: `Privileged Identity Management has given this role until ${until}; it is not Bindery's to change.`,
    cure: "Nothing: it ends then. Or end it in Privileged Identity Management.",
  };
}

function holdDeletingTarget(draft: Draft, { observed }: Subjects): Hold | undefined {
  const [targetId] = targetOf(draft);
  const target = targetId === undefined ? undefined : observed.targets.get(idKey(targetId));
  if (target?.provisioningState !== "Deleting") return undefined;
  return {
    reason: "TargetBusy",
    message: `${target.id} is being deleted.`,
    cure: "Take it out of the document once it is gone.",
  };
}

function holdWholeSubscription(draft: Draft, { policy }: Subjects): Hold | undefined {
  if (!draft.wholeSubscription || policy.wholeSubscriptionSelectors === "Allow") return undefined;
  return {
    reason: "WholeSubscription",
    message: 'A selector with resourceGroups: ["*"] reaches the whole subscription, which the policy denies.',
    cure: "List the resource groups, or set `selectors: { wholeSubscription: Allow }` in the policy.",
  };
}

/** What these had before is not ours; an identity of ours whose creation was cut short has nothing yet. */
const isTakenOver: ReadonlySet<OwnershipState> = new Set<OwnershipState>([
  "Unowned",
  "Recreated",
  "Unfinished",
]);

function holdAdopted(draft: Draft, { identity, ownership }: Subjects): Hold | undefined {
  const adopting = ownership.prunePending || isTakenOver.has(ownership.state);
  if (!isRemoval(draft) || identity.lifecycle !== "Present" || !adopting) return undefined;
  if (isOfDeadPrincipal(draft, { ownership })) return undefined;
  return {
    reason: "AdoptionPending",
    message: "It was there when the identity was taken over and is listed by no document.",
    cure: "List it in a document, or release this set by its digest.",
  };
}

function holdSuspended(draft: Draft): Hold | undefined {
  if (!draft.suspended) return undefined;
  return {
    reason: "Suspended",
    message: `${documentName(draft.document)} is suspended: its lines stay wanted but cause no writes.`,
    cure: "Set `suspend: false` to let it go on.",
  };
}

function assignmentOf({ subject }: Draft): readonly string[] {
  return subject.kind === "role" && subject.assignmentId !== undefined ? [subject.assignmentId] : [];
}

function placesOf(draft: Draft): readonly (string | undefined)[] {
  return [draft.identityId, ...targetOf(draft), ...scopeOf(draft)].map(subscriptionOf);
}
