// Keeps what became of each change while a plan is applied, and decides which changes can still be made.
import type { Change, Operation, Plan } from "../plan/plan.ts";
import { isDone, type Outcome, type Verdict } from "./outcome.ts";

/** The outcomes of a run so far. */
export interface OutcomeLedger {
  /** The changes of an operation that can still be made; the others get their outcome now. */
  remaining(operation: Operation): readonly Change[];
  /** Notes a verdict; of two on the same change (by two operations) the worse one stays. */
  note(change: Change, verdict: Verdict): void;
  /** What is known of an operation's changes, in its order. */
  of(operation: Operation): readonly Outcome[];
  /** One for each change of the plan, in its order; throws if one has none. */
  outcomes(): readonly Outcome[];
}

const worst: readonly Outcome["state"][] = ["failed", "skipped", "propagating", "applied"];

/**
 * An empty ledger; `earlier` gives the verdict of earlier passes on a change that is not to be tried again now.
 * Throws if a change and the operations do not match.
 */
export function ledgerOf(plan: Plan, earlier: (change: Change) => Verdict | undefined): OutcomeLedger {
  const changes = new Map(plan.changes.map((change) => [change.id, change]));
  const held = new Map(plan.held.map(({ change, reason }) => [change.id, reason]));
  const outcomes = new Map<string, Outcome>();
  requireMatch(plan, changes);

  function changeOf(id: string): Change {
    const change = changes.get(id);
    if (!change) throw new Error(`change ${id} is not in the plan`);
    return change;
  }

  function note(change: Change, verdict: Verdict): void {
    const known = outcomes.get(change.id);
    if (known && worst.indexOf(known.state) <= worst.indexOf(verdict.state)) return;
    outcomes.set(change.id, { ...verdict, change });
  }

  function obstacle(change: Change): Verdict | undefined {
    const before = earlier(change);
    if (before) return before;
    const missing = change.needs.find((id) => !isDone(outcomes.get(id)));
    return missing === undefined ? undefined : waitsFor(missing, outcomes.get(missing), held.get(missing));
  }

  return {
    remaining(operation) {
      return operation.changeIds.map(changeOf).filter((change) => {
        const verdict = obstacle(change);
        if (verdict) note(change, verdict);
        const outcome = outcomes.get(change.id);
        return outcome === undefined || isDone(outcome);
      });
    },
    note,
    of: (operation) => operation.changeIds.flatMap((id) => outcomes.get(id) ?? []),
    outcomes: () =>
      plan.changes.map((change) => {
        const outcome = outcomes.get(change.id);
        if (!outcome) throw new Error(`change ${change.id} has no outcome`);
        return outcome;
      }),
  };
}

/** The verdict on a change whose need is not met; it comes again soon if that one does. */
function waitsFor(need: string, outcome: Outcome | undefined, heldFor: string | undefined): Verdict {
  const why = heldFor === undefined ? "has not been made" : `is held (${heldFor})`;
  return {
    state: "skipped",
    code: "WaitsFor",
    message: outcome
      ? `This waits for "${outcome.change.kind}", which was ${outcome.state}: ${outcome.message}`
      : `This waits for another change, which ${why}: ${need}.`,
    ...(outcome?.transient ? { transient: true } : {}),
    ...(outcome?.postponed ? { postponed: true } : {}),
  };
}

/** Each change is realised by an operation, and each operation realises changes of the plan. */
function requireMatch(plan: Plan, changes: ReadonlyMap<string, Change>): void {
  const realised = new Set(plan.operations.flatMap((operation) => operation.changeIds));
  const idle = plan.operations.find((operation) => operation.changeIds.length === 0);
  if (idle) throw new Error(`operation ${idle.id} realises no change`);
  const stray = [...realised].find((id) => !changes.has(id));
  if (stray !== undefined) throw new Error(`change ${stray} is realised but not in the plan`);
  const left = plan.changes.find((change) => !realised.has(change.id));
  if (left) throw new Error(`no operation realises change ${left.id}`);
}
