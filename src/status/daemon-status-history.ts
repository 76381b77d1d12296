// Decides what is kept of a pass that is over: counts, no names.
import type { OutcomeState } from "../apply/outcome.ts";
import type { Change, ChangeKind, HeldReason, Plan } from "../plan/plan.ts";
import type { DaemonEvent, ReportReason, TurnEnd } from "./daemon-event.ts";
import { bounds } from "./daemon-status-text.ts";

/** `planned`: the pass only reported, or was cut off before its end was known. */
export type CountedState = OutcomeState | "planned";

/** One pass, in numbers. */
export interface PassEntry {
  readonly id: string;
  readonly turn: number;
  readonly number: number;
  readonly startedAtInMs: number;
  /** Undefined while it runs. */
  readonly endedAtInMs?: number;
  readonly revision: string;
  /** Undefined: what was planned was applied. */
  readonly reportsBecause?: ReportReason;
  /** Only what there was: kinds and states that did not occur are missing. */
  readonly changes: Readonly<Partial<Record<ChangeKind, Readonly<Partial<Record<CountedState, number>>>>>>;
  readonly held: Readonly<Partial<Record<HeldReason, number>>>;
  readonly drift: number;
  /** How its turn ended; undefined until then. */
  readonly end?: TurnEnd;
}

type EventOf<K extends DaemonEvent["kind"]> = Extract<DaemonEvent, { readonly kind: K }>;

/** What is known of its turn. */
interface TurnOfPass {
  readonly turn: number;
  readonly startedAtInMs: number;
  readonly reportsBecause?: ReportReason;
}

/** A pass that has a plan and no outcomes yet. */
export function plannedPassFrom(
  { pass, plan, atInMs }: EventOf<"passPlanned">,
  turn: TurnOfPass | undefined,
): PassEntry {
  return { ...passFrom(pass, turn, plan), startedAtInMs: atInMs, changes: countsFrom(plan, []), drift: 0 };
}

/** A pass that is over. */
export function endedPassFrom(
  { pass, plan, outcomes, startedAtInMs, atInMs }: EventOf<"passEnded">,
  turn: TurnOfPass | undefined,
  drift: readonly Change[],
): PassEntry {
  return {
    ...passFrom(pass, turn, plan),
    startedAtInMs,
    endedAtInMs: atInMs,
    changes: countsFrom(plan, outcomes),
    drift: drift.length,
  };
}

/** The history with one more pass, and without the oldest one if it would become too long. */
export function historyWith(history: readonly PassEntry[], pass: PassEntry): readonly PassEntry[] {
  return [...history, pass].slice(-bounds.passes);
}

/** The history once a turn has ended: its passes know how. */
export function withTurnEnd(
  history: readonly PassEntry[],
  { turn, end }: EventOf<"turnEnded">,
): readonly PassEntry[] {
  return history.map((pass) => (pass.turn === turn && pass.end === undefined ? { ...pass, end } : pass));
}

function passFrom(
  { id, turn, number }: Pick<PassEntry, "id" | "turn" | "number">,
  started: TurnOfPass | undefined,
  { revision, held }: Plan,
) {
  const reportsBecause = started?.turn === turn ? started.reportsBecause : undefined;
  const reasons = Map.groupBy(held, ({ reason }) => reason);
  return {
    id,
    turn,
    number,
    revision,
    ...(reportsBecause && { reportsBecause }),
    held: Object.fromEntries([...reasons].map(([reason, group]) => [reason, group.length])),
  };
}

function countsFrom({ changes }: Plan, outcomes: EventOf<"passEnded">["outcomes"]): PassEntry["changes"] {
  const stateOf = new Map(outcomes.map(({ change, state }) => [change.id, state]));
  const kinds = Map.groupBy(changes, ({ kind }) => kind);
  return Object.fromEntries(
    [...kinds].map(([kind, group]) => {
      const states = Map.groupBy(group, ({ id }): CountedState => stateOf.get(id) ?? "planned");
      return [kind, Object.fromEntries([...states].map(([state, of]) => [state, of.length]))];
    }),
  );
}
