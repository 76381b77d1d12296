// One turn: everything that one wake-up leads to, whatever the reason. It applies what is in force, or only reports on it.
import { type Quarantine, quarantineWithin } from "../apply/quarantine.ts";
import { documentKey } from "../model/document.ts";
import { Failure } from "../model/failure.ts";
import { isInterruption, unlessCut } from "../model/linked-signal.ts";
import { noReleases } from "../plan/plan-for.ts";
import { policyDigestOf } from "../plan/saved-plan-fit.ts";
import type { PassRef, ReportReason, TurnEnd, WakeReason } from "../status/daemon-event.ts";
import { orphanStatusFrom, statusFrom } from "../status/status.ts";
import { type Backoff, backoffAfter, backoffVerdict, backoffWithin } from "./backoff.ts";
import { type Convergence, convergeOn } from "./converge.ts";
import type { LoopOptions, LoopParts, Reported, TurnResult } from "./loop-parts.ts";
import { type Intent, type Pass, planOf } from "./reconcile.ts";
import type { InForce } from "./revision-judgement.ts";
import { type TurnSignals, turnSignals } from "./turn-signals.ts";

/** What a turn knows of those before it. */
export interface TurnMemory {
  /** How many there were. */
  readonly turns: number;
  /** Revision and policy that the last one was about: another one is tried without delay. */
  readonly inForce?: string;
  readonly quarantine: Quarantine;
  readonly backoff: Backoff;
  /** Turns that failed, one after the other. */
  readonly failures: number;
  /** Turns that left something under way, one after the other. */
  readonly followUps: number;
}

/** Before the first turn. */
export const noMemory: TurnMemory = {
  turns: 0,
  quarantine: new Map(),
  backoff: new Map(),
  failures: 0,
  followUps: 0,
};

/** A turn that runs. */
interface Turn {
  readonly parts: LoopParts;
  readonly number: number;
  readonly signals: TurnSignals;
  readonly memory: TurnMemory;
  readonly reportsBecause: ReportReason | undefined;
}

/**
 * Runs one turn on what is in force as of the last look. Trouble with Azure makes it end as "failed"; rejects only for
 * what is a bug.
 */
export async function runTurn(
  parts: LoopParts,
  options: LoopOptions,
  before: TurnMemory,
  reasons: readonly WakeReason[],
): Promise<{ readonly result: TurnResult; readonly memory: TurnMemory }> {
  const { clock } = parts.applying;
  const number = before.turns + 1;
  const { inForce } = parts.revisions.current();
  const term = parts.leadership.term();
  const reportsBecause = reportReason(options, term, inForce);
  const because = reportsBecause && { reportsBecause };
  parts.observer({ kind: "turnStarted", atInMs: clock.now(), turn: number, reasons, ...because });
  using signals = turnSignals(options, term, clock);
  const memory = memoryFor(before, inForce, clock.now());
  const turn: Turn = { parts, number, signals, memory, reportsBecause };
  const came = await cameTo(turn, inForce);
  const result = { turn: number, ...because, ...came };
  return { result, memory: memoryAfter(turn, result) };
}

/** Why nothing is to be written; undefined: it may be. */
function reportReason(
  { dryRun }: LoopOptions,
  term: AbortSignal | undefined,
  inForce: InForce | undefined,
): ReportReason | undefined {
  if (!inForce) return "NoGoodRevision";
  if (dryRun) return "DryRun";
  return term === undefined || term.aborted ? "Standby" : undefined;
}

type CameTo = Omit<TurnResult, "turn" | "reportsBecause">;

async function cameTo(turn: Turn, inForce: InForce | undefined): Promise<CameTo> {
  if (!inForce) return { end: "reported" };
  const { parts, signals } = turn;
  try {
    const self = await parts.self(signals.stop);
    const intent: Intent = { ...inForce, self, releases: noReleases };
    if (turn.reportsBecause) return { end: "reported", reported: await report(turn, intent) };
    await parts.revisions.remember(inForce.desired.revision, signals.stop);
    const convergence = await applied(turn, intent);
    await unlessCut(signals.stop, async () => parts.contested.ask?.(signals.stop));
    return { convergence, ...endOf(turn, convergence) };
  } catch (error) {
    if (isInterruption(error, signals.stop)) return cutShort(signals);
    if (error instanceof Failure) return { end: "failed", ...failureOf(error) };
    throw error;
  }
}

async function report(turn: Turn, intent: Intent): Promise<Reported> {
  const { parts, signals } = turn;
  const { observer, applying, ports } = parts;
  const pass = passOf(turn, 1);
  const startedAtInMs = applying.clock.now();
  const planned = await aroundPass(parts, pass, () => planOf(intent, ports, signals.stop, applying));
  signals.stop.throwIfAborted();
  const { plan } = planned;
  const documents = statusFrom(intent.desired, plan, []);
  const orphans = orphanStatusFrom(plan);
  observer({ kind: "passPlanned", atInMs: applying.clock.now(), pass, plan });
  const told = { pass, startedAtInMs, plan, outcomes: [], warnings: [], documents, orphans };
  observer({ kind: "passEnded", atInMs: applying.clock.now(), ...told });
  return { ...planned, documents, orphans };
}

async function applied(turn: Turn, intent: Intent): Promise<Convergence> {
  const { parts, signals, memory } = turn;
  const { observer, applying, contested } = parts;
  const { clock } = applying;
  let pass = passOf(turn, 1);
  let startedAtInMs = clock.now();
  return await convergeOn(intent, parts.ports, {
    ...applying,
    stop: signals.stop,
    handOver: signals.handOver,
    abort: signals.abort,
    quarantine: memory.quarantine,
    postponed: (change) =>
      contested.verdictOn(change, clock.now()) ?? backoffVerdict(memory.backoff, change, clock.now()),
    aroundPass: (number, run) => {
      if (number > 1) pass = passOf(turn, number);
      startedAtInMs = clock.now();
      return aroundPass(parts, pass, run);
    },
    onPlan: ({ plan }) => observer({ kind: "passPlanned", atInMs: clock.now(), pass, plan }),
    onPass: ({ plan, report: { outcomes, warnings }, documents, orphans }) => {
      contested.note(outcomes, clock.now());
      const told = { pass, startedAtInMs, plan, outcomes, warnings, documents, orphans };
      observer({ kind: "passEnded", atInMs: clock.now(), ...told });
    },
  });
}

function passOf({ parts, number: turn }: Turn, number: number): PassRef {
  return { id: parts.newId(), turn, number };
}

function aroundPass<T>(parts: LoopParts, pass: PassRef, run: () => Promise<T>): Promise<T> {
  return parts.aroundPass?.(pass, run) ?? run();
}

function endOf({ signals }: Turn, { end, passes }: Convergence): Pick<TurnResult, "end" | "failure"> {
  if (end !== "stopped") return { end };
  return passes.length === 0 ? cutShort(signals) : { end: signals.isLate() ? "deadline" : "stopped" };
}

/** Of a turn that has not got as far as a plan: the next one would not either. */
function cutShort(signals: TurnSignals): Pick<TurnResult, "end" | "failure"> {
  if (!signals.isLate()) return { end: "stopped" };
  const message = "The turn reached its deadline while it was still reading. Allow turns more time.";
  return { end: "failed", failure: { code: "ReadingTookTooLong", message } };
}

function failureOf({ message, details: { code, retryAfterInMs } }: Failure): Pick<TurnResult, "failure"> {
  return { failure: { code, message, ...(retryAfterInMs !== undefined && { retryAfterInMs }) } };
}

/** A new revision or policy is tried at once, whatever has failed under the one before. */
function memoryFor(before: TurnMemory, inForce: InForce | undefined, nowInMs: number): TurnMemory {
  const { quarantine, backoff } = before;
  const now = inForce && `${inForce.desired.revision} ${policyDigestOf(inForce.policy)}`;
  if (now === undefined) return before;
  if (now !== before.inForce) {
    return { ...before, inForce: now, quarantine: noMemory.quarantine, backoff: noMemory.backoff };
  }
  return {
    ...before,
    quarantine: quarantineWithin(quarantine, nowInMs),
    backoff: backoffWithin(backoff, nowInMs),
  };
}

function memoryAfter({ parts, number, memory }: Turn, { end, convergence }: TurnResult): TurnMemory {
  const { clock, random } = parts.applying;
  const passes = (convergence?.passes ?? []).map((pass) => pass.report.outcomes);
  const backoff = backoffAfter(memory.backoff, passes, { nowInMs: clock.now(), random });
  return {
    ...memory,
    turns: number,
    quarantine: convergence?.quarantine ?? memory.quarantine,
    backoff,
    failures: end === "failed" ? memory.failures + 1 : 0,
    followUps: isUnderWay(end, convergence, backoff) ? memory.followUps + 1 : 0,
  };
}

/** True if the next turn is to come soon: it finds more to do, or sees the end of what was begun. */
function isUnderWay(end: TurnEnd, convergence: Convergence | undefined, backoff: Backoff): boolean {
  if (end === "deadline") return true;
  const last: Pass | undefined = convergence?.passes.at(-1);
  return (last?.report.outcomes ?? []).some(({ state, transient, postponed, change }) => {
    if (state === "propagating" || (state === "applied" && end === "unfinished")) return true;
    return transient === true && postponed !== true && !backoff.has(documentKey(change.document));
  });
}
