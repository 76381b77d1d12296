// Holds changes that are too many at once: a wiped repository, a changed tag or a bad merge looks just like this.
//
// Everything is measured on the whole difference and not on what happens to be possible in this pass, so that no
// series of small passes can slice past a limit; and the whole group is held, not the excess.
import { idKey } from "../../model/arm-id.ts";
import { documentName } from "../../model/document.ts";
import { isAttached } from "../../model/target.ts";
import { foundIn } from "../diff/database-user.ts";
import { assignmentsOf } from "../diff/grants.ts";
import type { Draft, Entry, Hold, Subjects } from "../draft.ts";
import type { HeldReason } from "../plan.ts";
import { isOfDeadPrincipal } from "../stale-drafts.ts";
import { isRemoval } from "./guards.ts";

/** The share counts from so many removals up: one of two is no accident. */
const shareFrom = 5;

/** Holds that end by themselves: what they hold now comes in a later pass, and so belongs to the whole difference. */
const passing: ReadonlySet<HeldReason> = new Set<HeldReason>([
  "DependencyHeld",
  "NotEmpty",
  "ObservationIncomplete",
  "SubscriptionUnknown",
  "SwapIncomplete",
  "TargetBusy",
  "TooManyRemovals",
  "TooManyAdditions",
]);

/** Reasons whose release has approved a list of removals already. */
const approvals: readonly HeldReason[] = ["AdoptionPending", "SelectorCollapsed", "TargetMoved"];

/** A group of changes that a limit is measured on. */
interface Group {
  readonly key: string;
  readonly words: string;
  readonly removals: readonly Entry[];
  /** What there is to be removed from. */
  readonly present: number;
}

/**
 * Rule 15: what the limits hold, by change id. `all` is every identity of the documents, for the shares. `holds` is what the guard rails before have said; what they hold until
 * a person acts is no part of the difference, and neither is what `isReleased` says a person has approved.
 */
export function limitHolds(
  all: readonly Subjects[],
  entries: readonly Entry[],
  holds: ReadonlyMap<string, Hold>,
  isReleased: (draft: Draft, reason: HeldReason) => boolean,
): ReadonlyMap<string, Hold> {
  const counts = (reason: HeldReason) => (entry: Entry) => {
    const hold = holds.get(entry.draft.id);
    if (hold && !passing.has(hold.reason)) return false;
    return ![reason, ...approvals].some((one) => isReleased(entry.draft, one));
  };
  const removals = entries.filter(takesAway).filter(counts("TooManyRemovals"));
  const additions = entries.filter(({ draft }) => gives(draft)).filter(counts("TooManyAdditions"));
  return new Map([...removalHolds(all, removals), ...additionHolds(additions)]);
}

/** The widest group that is exceeded holds a change; so it belongs to one set, with one digest. */
function removalHolds(all: readonly Subjects[], removals: readonly Entry[]): ReadonlyMap<string, Hold> {
  const holds = new Map<string, Hold>();
  const groups = [...identityGroups(removals), ...kindGroups(all, removals), wholeGroup(all, removals)];
  for (const group of groups) {
    const hold = tooMany(group);
    for (const { draft } of hold ? group.removals : []) if (hold) holds.set(draft.id, hold);
  }
  return holds;
}

function tooMany({ key, words, removals, present }: Group): Hold | undefined {
  const [first] = removals;
  if (!first) return undefined;
  const { count, percent } = first.subjects.policy.limits.removals;
  const isShare = removals.length >= shareFrom && removals.length * 100 > present * percent;
  if (removals.length <= count && !isShare) return undefined;
  const limit = removals.length > count ? `${count}` : `${percent} %`;
  return {
    reason: "TooManyRemovals",
    message: `This would take away ${removals.length} of ${present} ${words} at once, and the policy's limit is ${limit}.`,
    cure: "If this is meant, release this set by its digest; otherwise put back what the documents have lost.",
    set: key,
  };
}

/** What is to be deleted or released as a whole says so itself, so it counts in the wider groups only. */
function identityGroups(removals: readonly Entry[]): readonly Group[] {
  const present = removals.filter(({ subjects }) => subjects.identity.lifecycle === "Present");
  return [...Map.groupBy(present, ({ subjects }) => subjects)].map(([subjects, group]) => ({
    key: `removals ${idKey(subjects.identity.id)}`,
    words: `attachments, roles and other rights of ${documentName(subjects.identity.document)}`,
    removals: group,
    present: countOf(subjects),
  }));
}

function kindGroups(all: readonly Subjects[], removals: readonly Entry[]): readonly Group[] {
  return [...Map.groupBy(removals, kindOf)].flatMap(([kind, group]) =>
    kind === undefined
      ? []
      : [
          {
            key: `removals of ${kind}`,
            words: kindWords[kind],
            removals: group,
            present: all.reduce((sum, subjects) => sum + presentOf(kind, subjects), 0),
          },
        ],
  );
}

function wholeGroup(all: readonly Subjects[], removals: readonly Entry[]): Group {
  const sizeOf = (subjects: Subjects) => countOf(subjects) + (subjects.ownership.identity ? 1 : 0);
  return {
    key: "removals",
    words: "identities, attachments, roles and other rights",
    removals,
    present: all.reduce((sum, subjects) => sum + sizeOf(subjects), 0),
  };
}

function additionHolds(additions: readonly Entry[]): ReadonlyMap<string, Hold> {
  const count = additions[0]?.subjects.policy.limits.additions.count ?? 0;
  if (additions.length <= count) return new Map();
  const hold: Hold = {
    reason: "TooManyAdditions",
    message: `This would attach and grant ${additions.length} times at once, and the policy's limit is ${count}.`,
    cure: "If this is meant, release this set by its digest; otherwise look at selectors that match too much.",
    set: "additions",
  };
  return new Map(additions.map(({ draft }) => [draft.id, hold]));
}

const kindWords = {
  virtualMachine: "attachments to virtual machines",
  virtualMachineScaleSet: "attachments to scale sets",
  role: "role assignments",
  database: "users, roles and permissions in databases",
} as const;
type Kind = keyof typeof kindWords;

function kindOf({ draft: { subject }, subjects }: Entry): Kind | undefined {
  if (subject.kind === "role") return "role";
  if ("database" in subject) return "database";
  const target =
    subject.kind === "target" ? subjects.observed.targets.get(idKey(subject.targetId)) : undefined;
  return target && target.kind !== "other" ? target.kind : undefined;
}

function presentOf(kind: Kind, subjects: Subjects): number {
  if (kind === "role") return assignmentsOf(subjects).length;
  if (kind === "database") return databaseCount(subjects);
  return attachedKinds(subjects).filter((one) => one === kind).length;
}

function attachedKinds({ identity, observed }: Subjects) {
  return [...observed.targets.values()]
    .filter((target) => isAttached(target.attachments, identity.id))
    .map((target) => target.kind);
}

/** Everything that one identity has. */
function countOf(subjects: Subjects): number {
  return (
    attachedKinds(subjects).length +
    assignmentsOf(subjects).length +
    credentialCount(subjects) +
    databaseCount(subjects)
  );
}

function credentialCount({ identity, observed }: Subjects): number {
  return observed.credentials.get(idKey(identity.id))?.length ?? 0;
}

/** The users of ours that an identity has in databases, with their roles and permissions. */
function databaseCount(subjects: Subjects): number {
  return [...subjects.observed.databases.values()].reduce((sum, database) => {
    if (database.kind !== "read") return sum;
    const { user, isOurs, stale } = foundIn(database.contents, undefined, subjects);
    const users = [...(user && isOurs ? [user] : []), ...stale];
    return sum + users.reduce((n, { roles, permissions }) => n + 1 + roles.length + permissions.length, 0);
  }, 0);
}

/** Giving an identity away takes nothing from its holders, but much from its owner: it counts. What a dead principal had gives nobody anything. */
function takesAway({ draft, subjects }: Entry): boolean {
  return (isRemoval(draft) && !isOfDeadPrincipal(draft, subjects)) || draft.kind === "release";
}

function gives({ kind }: Draft): boolean {
  return kind === "attach" || kind === "grant";
}
