// Decides which changes are drift: found by the first pass of a turn although revision and pending changes are as before.
import type { DaemonEvent } from "../status/daemon-event.ts";

type PassEnded = Extract<DaemonEvent, { readonly kind: "passEnded" }>;
type Change = PassEnded["plan"]["changes"][number];

/** Remembers what the last pass left undone. */
export interface DriftFinder {
  /** The changes of a pass that are drift. */
  after(event: PassEnded): readonly Change[];
  /** To be told of the end of each turn. */
  turnEnded(end: Extract<DaemonEvent, { readonly kind: "turnEnded" }>["end"]): void;
}

/** A finder that has seen nothing yet: the first turn, and each first one of a revision, finds no drift. */
export function driftFinder(): DriftFinder {
  /** Of which a turn has brought about all that it could: more changes of it are somebody else's doing. */
  let settledRevision: string | undefined;
  let revisionOfTurn: string | undefined;
  let known: ReadonlySet<string> = new Set();
  return {
    after(event) {
      const { plan, pass } = event;
      const isComparable = pass.number === 1 && plan.revision === settledRevision;
      const drifted = isComparable ? plan.changes.filter(({ id }) => !known.has(id)) : [];
      revisionOfTurn = plan.revision;
      known = undoneAfter(event);
      return drifted;
    },
    turnEnded(end) {
      // What follows from a turn that was cut short is no drift; a turn that did not even plan has changed nothing.
      if (revisionOfTurn === undefined) return;
      settledRevision = end === "converged" || end === "reported" ? revisionOfTurn : undefined;
      revisionOfTurn = undefined;
    },
  };
}

function undoneAfter({ plan, outcomes }: PassEnded): ReadonlySet<string> {
  const applied = new Set(outcomes.filter(({ state }) => state === "applied").map(({ change }) => change.id));
  const planned = plan.changes.map(({ id }) => id).filter((id) => !applied.has(id));
  return new Set([...planned, ...plan.held.map(({ change }) => change.id)]);
}
