// Sorts drafts into what is done and what is held: guard rails, released sets, and what falls with something held.
import { idKey } from "../model/arm-id.ts";
import { byText } from "../model/order.ts";
import { digestOf } from "./digest.ts";
import type { Draft, Hold, Situation, Subjects } from "./draft.ts";
import { holdFor } from "./guards/guards.ts";
import type { Change, Held, HeldReason } from "./plan.ts";

/** Reasons that a person's release can lift; the others need a change of document, policy or Azure. */
const releasable: ReadonlySet<HeldReason> = new Set<HeldReason>(["AdoptionPending", "Privileged"]);

/** Drafts of one identity with what the guard rails may ask about it. */
export interface IdentityDrafts {
  readonly subjects: Subjects;
  readonly drafts: readonly Draft[];
}

/** What is to be done, what is held, and which changes owe it to a release. */
export interface Sorted {
  readonly changes: readonly Change[];
  readonly held: readonly Held[];
  readonly released: readonly string[];
}

/** Sends every draft through the guard rails and lets go what a person has released. */
export function sortDrafts(all: readonly IdentityDrafts[], situation: Situation): Sorted {
  const sets = all.flatMap((one) => heldSets(one, situation));
  const released = new Map<string, Set<HeldReason>>();
  for (const set of sets.filter((s) => isReleased(s, situation))) {
    for (const { draft } of set.members) {
      released.set(draft.id, (released.get(draft.id) ?? new Set()).add(set.reason));
    }
  }
  const holds = new Map<string, Hold>();
  for (const { subjects, drafts } of all) {
    for (const draft of drafts) {
      const hold = holdFor(draft, subjects, released.get(draft.id));
      if (hold) holds.set(draft.id, hold);
    }
  }
  const drafts = all.flatMap((one) => one.drafts);
  holdIncompleteSwaps(drafts, holds);
  holdDependants(drafts, holds);
  return {
    changes: drafts.filter((d) => !holds.has(d.id)).map(changeOf),
    held: heldFrom(all, holds, situation),
    released: [...released.keys()].filter((id) => !holds.has(id)).toSorted(byText),
  };
}

interface HeldSet {
  readonly reason: HeldReason;
  readonly digest: string;
  readonly members: readonly { readonly draft: Draft; readonly hold: Hold }[];
}

function heldSets({ subjects, drafts }: IdentityDrafts, situation: Situation): readonly HeldSet[] {
  const members = drafts.flatMap((draft) => {
    const hold = holdFor(draft, subjects);
    return hold && releasable.has(hold.reason) ? [{ draft, hold }] : [];
  });
  return [...Map.groupBy(members, ({ hold }) => hold.reason)].map(([reason, group]) => ({
    reason,
    members: group,
    digest: setDigest(
      reason,
      subjects,
      group.map(({ draft }) => draft),
      situation,
    ),
  }));
}

/** Covers revision, owner, reason, identity, principal and changes: a release approves this set and nothing later. */
function setDigest(
  reason: HeldReason,
  { identity, ownership }: Subjects,
  drafts: readonly Draft[],
  { desired, policy }: Situation,
): string {
  const principal = ownership.identity?.principalId ?? null;
  const changes = drafts.map((d) => [d.id, d.subject]).toSorted((a, b) => byText(String(a[0]), String(b[0])));
  return digestOf([desired.revision, policy.owner, reason, idKey(identity.id), principal, changes]);
}

function isReleased(set: HeldSet, { releases }: Situation): boolean {
  return releases.digests.has(set.digest) || set.members.every(({ draft }) => releases.changes.has(draft.id));
}

/** A swap is one PATCH: while the identity that comes is held, the one that goes stays. */
function holdIncompleteSwaps(drafts: readonly Draft[], holds: Map<string, Hold>): void {
  const waiting = new Map<string, string>();
  for (const draft of drafts) {
    const hold = holds.get(draft.id);
    if (draft.kind === "attach" && draft.subject.kind === "target" && hold && hold.reason !== "Suspended") {
      waiting.set(idKey(draft.subject.targetId), draft.identityId);
    }
  }
  for (const draft of drafts) {
    if (draft.kind !== "detach" || draft.subject.kind !== "target" || holds.has(draft.id)) continue;
    const coming = waiting.get(idKey(draft.subject.targetId));
    if (coming !== undefined) {
      holds.set(draft.id, {
        reason: "SwapIncomplete",
        message: `${coming} should come to this target as this identity leaves, and that is held.`,
        cure: "Resolve what holds the attach; both then go in one step.",
      });
    }
  }
}

/** What needs something held is held with it. */
function holdDependants(drafts: readonly Draft[], holds: Map<string, Hold>): void {
  const byId = new Map(drafts.map((d) => [d.id, d]));
  for (const draft of drafts) {
    const root = draft.needs.find((id) => holds.has(id));
    const hold = root === undefined ? undefined : holds.get(root);
    if (!hold || root === undefined || holds.has(draft.id)) continue;
    const kind = byId.get(root)?.kind ?? "change";
    holds.set(draft.id, {
      reason: "DependencyHeld",
      message: `It needs the ${kind} that is held as ${hold.reason}.`,
      cure: hold.cure,
    });
  }
}

function heldFrom(
  all: readonly IdentityDrafts[],
  holds: ReadonlyMap<string, Hold>,
  situation: Situation,
): readonly Held[] {
  return all.flatMap(({ subjects, drafts }) => {
    const held = drafts.flatMap((draft) => {
      const hold = holds.get(draft.id);
      return hold ? [{ draft, hold }] : [];
    });
    const groups = Map.groupBy(held, ({ hold }) => hold.reason);
    return held.map(({ draft, hold }) => ({
      change: changeOf(draft),
      ...hold,
      digest: setDigest(
        hold.reason,
        subjects,
        (groups.get(hold.reason) ?? []).map((h) => h.draft),
        situation,
      ),
      releasable: releasable.has(hold.reason),
    }));
  });
}

function changeOf(draft: Draft): Change {
  const { problem: _problem, suspended: _suspended, wholeSubscription: _whole, ...change } = draft;
  return change;
}
