// Which changes are held, and which of them a person has released: a set is all that one reason holds, named by its digest.
import { idKey } from "../model/arm-id.ts";
import { byText } from "../model/order.ts";
import { digestOf } from "./digest.ts";
import type { Draft, Entry, Hold, Situation, Subjects } from "./draft.ts";
import { holdFor } from "./guards/guards.ts";
import { limitHolds } from "./guards/limits.ts";
import { quotaHolds } from "./guards/quotas.ts";
import type { HeldReason } from "./plan.ts";
import { wasGranted } from "./stale-drafts.ts";

/** Reasons that a person's release can lift; the others need a change of document, policy or Azure. */
const releasable: ReadonlySet<HeldReason> = new Set<HeldReason>([
  "AdoptionPending",
  "FederatedTrust",
  "LooksLikeRename",
  "Privileged",
  "Recreated",
  "SelectorCollapsed",
  "TargetMoved",
  "TooManyAdditions",
  "TooManyRemovals",
]);

/** What the guard rails say, and which objections a person has lifted. */
export interface Objections {
  /** By change id. */
  readonly holds: ReadonlyMap<string, Hold>;
  /** By change id. */
  readonly released: ReadonlyMap<string, ReadonlySet<HeldReason>>;
}

/** True if a release by digest lifts it. */
export function isReleasable(hold: Hold): boolean {
  return releasable.has(hold.reason) && hold.releasable !== false;
}

/** Sends every draft through the guard rails, and again without the objections that have been released, until none is. */
export function objectionsTo(
  all: readonly Subjects[],
  entries: readonly Entry[],
  situation: Situation,
): Objections {
  const released = new Map<string, ReadonlySet<HeldReason>>();
  for (;;) {
    const holds = holdsOf(all, entries, released);
    const lifted = setsOf(entries, holds).filter((set) => isReleased(set, situation));
    if (lifted.length === 0) return { holds, released };
    for (const { reason, entries: members } of lifted) {
      for (const entry of members) {
        const { id } = entry.draft;
        released.set(id, (released.get(id) ?? new Set()).union(approvedWith(reason, entry)));
      }
    }
  }
}

/** The digest of the set that each held change belongs to, by change id. */
export function digestsOf(
  entries: readonly Entry[],
  holds: ReadonlyMap<string, Hold>,
  situation: Situation,
): ReadonlyMap<string, string> {
  return new Map(
    setsOf(entries, holds).flatMap((set) => {
      const digest = setDigest(set, situation);
      return set.entries.map(({ draft }) => [draft.id, digest] as const);
    }),
  );
}

/** Who approves the repair of a recreated identity approves with it the privileged grants that it had from us before. */
function approvedWith(reason: HeldReason, { draft, subjects }: Entry): ReadonlySet<HeldReason> {
  const isRegranted = reason === "Recreated" && wasGranted(draft, subjects);
  return new Set<HeldReason>(isRegranted ? [reason, "Privileged"] : [reason]);
}

interface HeldSet {
  readonly key: string;
  readonly reason: HeldReason;
  readonly isReleasable: boolean;
  readonly entries: readonly Entry[];
}

function holdsOf(
  all: readonly Subjects[],
  entries: readonly Entry[],
  released: ReadonlyMap<string, ReadonlySet<HeldReason>>,
): ReadonlyMap<string, Hold> {
  const holds = new Map<string, Hold>();
  for (const { draft, subjects } of entries) {
    const hold = holdFor(draft, subjects, released.get(draft.id));
    if (hold) holds.set(draft.id, hold);
  }
  const wasReleased = (draft: Draft, reason: HeldReason) => released.get(draft.id)?.has(reason) ?? false;
  const limited = new Map([...limitHolds(all, entries, holds, wasReleased), ...holds]);
  return new Map([...quotaHolds(entries, limited), ...limited]);
}

function setsOf(entries: readonly Entry[], holds: ReadonlyMap<string, Hold>): readonly HeldSet[] {
  const held = entries.flatMap((entry) => {
    const hold = holds.get(entry.draft.id);
    return hold ? [{ entry, hold, key: setKey(entry, hold) }] : [];
  });
  return [...Map.groupBy(held, ({ key }) => key)].flatMap(([key, group]) => {
    const [first] = group;
    if (!first) return [];
    const { reason } = first.hold;
    const canBe = group.every(({ hold }) => isReleasable(hold));
    return [{ key, reason, isReleasable: canBe, entries: group.map(({ entry }) => entry) }];
  });
}

/** Where a guard does not say otherwise, all that it holds of one identity is one set. */
function setKey({ draft }: Entry, { reason, set = idKey(draft.identityId) }: Hold): string {
  return `${reason} ${set}`;
}

/** Covers revision, owner, reason, principals and changes: a release approves this set and nothing later. */
function setDigest({ key, entries }: HeldSet, { desired, policy }: Situation): string {
  const members = entries
    .map(({ draft, subjects }) => [draft.id, subjects.ownership.identity?.principalId ?? null, draft.subject])
    .toSorted((a, b) => byText(String(a[0]), String(b[0])));
  return digestOf([desired.revision, policy.owner, key, members]);
}

function isReleased(set: HeldSet, situation: Situation): boolean {
  if (!set.isReleasable) return false;
  const { releases, policy } = situation;
  if (set.entries.every(({ draft }) => releases.changes.has(draft.id))) return true;
  const digest = setDigest(set, situation);
  return releases.digests.has(digest) || policy.releases.includes(digest);
}
