// Sorts drafts into what is done and what is held: guard rails, released sets, and what falls with something held.
import { idKey } from "../model/arm-id.ts";
import { byText } from "../model/order.ts";
import type { Draft, Entry, Hold, Situation, Subjects } from "./draft.ts";
import { digestsOf, isReleasable, objectionsTo } from "./held-sets.ts";
import type { Change, Held } from "./plan.ts";

/** What is to be done, what is held, and which changes owe it to a release. */
export interface Sorted {
  readonly changes: readonly Change[];
  readonly held: readonly Held[];
  readonly released: readonly string[];
}

/** Sends every draft through the guard rails and lets go what a person has released. */
export function sortDrafts(
  all: readonly Subjects[],
  entries: readonly Entry[],
  situation: Situation,
): Sorted {
  const { holds: objections, released } = objectionsTo(all, entries, situation);
  const drafts = entries.map((entry) => entry.draft);
  const holds = new Map(objections);
  holdIncompleteSwaps(drafts, holds);
  holdDependants(drafts, holds);
  return {
    changes: drafts.filter((d) => !holds.has(d.id)).map(changeOf),
    held: heldFrom(entries, holds, situation),
    released: [...released.keys()].filter((id) => !holds.has(id)).toSorted(byText),
  };
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
  entries: readonly Entry[],
  holds: ReadonlyMap<string, Hold>,
  situation: Situation,
): readonly Held[] {
  const digests = digestsOf(entries, holds, situation);
  return entries.flatMap(({ draft }) => {
    const hold = holds.get(draft.id);
    if (!hold) return [];
    const { reason, message, cure, snippet } = hold;
    const digest = digests.get(draft.id) ?? "";
    const told = { reason, message, cure, ...(snippet && { snippet }) };
    return [{ change: changeOf(draft), ...told, digest, releasable: isReleasable(hold) }];
  });
}

function changeOf(draft: Draft): Change {
  const { problem: _problem, suspended: _suspended, wholeSubscription: _whole, ...change } = draft;
  return change;
}
