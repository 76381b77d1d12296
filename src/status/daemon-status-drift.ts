// Decides which changes are drift: those that come up in a revision of which all had been made that could be.
//
//   the first pass of a turn finds a change               | drift?
//   ------------------------------------------------------+---------------------------------------------------
//   of a revision that no turn has been through yet       | no: the documents have changed
//   after a turn that was cut short                       | no: it may follow from what that turn did
//   that was held or left undone when it was last planned | no: it is known
//   any other                                             | yes
//
// Later passes of a turn follow from the first one, and find no drift.
import type { Change } from "../plan/plan.ts";
import type { DaemonEvent, TurnEnd } from "./daemon-event.ts";

/** What is known of drift since the start. */
export interface Drift {
  /** Changes found, each once until it is made. */
  readonly total: number;
  readonly last?: DriftFound;
  /** The revision that the last turn has been through. */
  readonly settledRevision?: string;
  /** What the turn that runs has planned for; undefined until it has. */
  readonly revisionOfTurn?: string;
  /** Ids of the changes that the last pass left undone or held; no more than its plan has. */
  readonly known: ReadonlySet<string>;
}

/** The last pass that found drift. */
export interface DriftFound {
  readonly atInMs: number;
  readonly passId: string;
  readonly revision: string;
  readonly changes: number;
}

type PassEnded = Extract<DaemonEvent, { readonly kind: "passEnded" }>;

/** Nothing seen yet. */
export const noDrift: Drift = { total: 0, known: new Set() };

/** The drift after a pass, and which of its changes are drift. */
export function driftAfterPass(
  before: Drift,
  event: PassEnded,
): { readonly drift: Drift; readonly found: readonly Change[] } {
  const { plan, pass, atInMs } = event;
  const { revision } = plan;
  const isComparable = pass.number === 1 && revision === before.settledRevision;
  const found = isComparable ? plan.changes.filter(({ id }) => !before.known.has(id)) : [];
  const last = { atInMs, passId: pass.id, revision, changes: found.length };
  return {
    found,
    drift: {
      ...before,
      total: before.total + found.length,
      ...(found.length > 0 && { last }),
      revisionOfTurn: revision,
      known: undoneAfter(event),
    },
  };
}

/** The drift after a turn. One that did not even plan has changed nothing. */
export function driftAfterTurn(before: Drift, end: TurnEnd): Drift {
  const { revisionOfTurn, settledRevision: _, ...rest } = before;
  if (revisionOfTurn === undefined) return before;
  const isThrough = end === "converged" || end === "reported";
  return { ...rest, ...(isThrough && { settledRevision: revisionOfTurn }) };
}

function undoneAfter({ plan, outcomes }: PassEnded): ReadonlySet<string> {
  const made = new Set(outcomes.filter(({ state }) => state === "applied").map(({ change }) => change.id));
  const undone = plan.changes.map(({ id }) => id).filter((id) => !made.has(id));
  return new Set([...undone, ...plan.held.map(({ change }) => change.id)]);
}
