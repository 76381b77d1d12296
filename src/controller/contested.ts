// Decides when somebody keeps reverting what Bindery applies, and how long it then leaves the change alone rather than fight.
import type { Outcome, Verdict } from "../apply/outcome.ts";
import type { ActivityLog, LoggedWrite } from "../model/activity-log.ts";
import type { Change } from "../plan/plan.ts";
import { contestKeysOf, revertedAt } from "./contest-subjects.ts";

/** The memory of what was applied and had to be applied again. It holds a bounded number of changes, the latest ones. */
export interface Contested {
  /** To be told after each pass, in the order of the passes. */
  note(outcomes: readonly Outcome[], nowInMs: number): void;
  /** The verdict on a change that is not to be tried now; undefined: go on. */
  verdictOn(change: Change, nowInMs: number): Verdict | undefined;
  /** Asks who reverts what is contested, so that later verdicts name them; for after a turn. */
  ask?(signal: AbortSignal): Promise<void>;
}

/** A contested change of which it is not known yet who reverts it. */
export interface Unexplained {
  readonly key: string;
  /** Where the writes that revert it are logged. */
  readonly resourceIds: readonly string[];
  /** In milliseconds since the epoch: when the change was applied first. */
  readonly sinceInMs: number;
}

/** A memory that can be told who reverts. */
export interface ContestedMemory extends Contested {
  /** At most so many, those first that were asked about least; each call counts as an attempt to explain them. */
  unexplained(atMost: number): readonly Unexplained[];
  explain(key: string, by: LoggedWrite): void;
}

const hourInMs = 60 * 60_000;
/** So many applications within an hour are a fight. */
const applicationsInAFight = 3;
const firstDelayInMs = 15 * 60_000;
const longestDelayInMs = 6 * hourInMs;
/** More than most estates see applied in an hour; beyond it the oldest are forgotten. */
const mostChanges = 10_000;
const explainedPerTurn = 5;
/** The Activity Log is some minutes late; who does not stand in it after so many turns never will. */
const mostAttempts = 12;
const contestedCode = "Contested";

/** A change that was applied. Times are milliseconds since the epoch. */
interface Remembered {
  readonly resourceIds: readonly string[];
  /** The applications of the last hour, three at most. */
  readonly recentAtInMs: readonly number[];
  readonly lastAtInMs: number;
  readonly contest?: Contest;
}

interface Contest {
  /** When the first application of the fight was, and how many there have been. */
  readonly sinceInMs: number;
  readonly applications: number;
  readonly delayInMs: number;
  readonly untilInMs: number;
  /** True once a plan has wanted the change again since it was applied last. */
  readonly isReverted: boolean;
  readonly attempts: number;
  readonly by?: LoggedWrite;
}

interface Fought extends Remembered {
  readonly contest: Contest;
}

/** An empty memory. Whatever it is asked, time is what it is told. */
export function contestedMemory(): ContestedMemory {
  const changes = new Map<string, Remembered>();
  let awaited: ReadonlySet<string> = new Set();
  return {
    note(outcomes, nowInMs): void {
      forgetOver(changes, nowInMs);
      for (const outcome of outcomes) {
        for (const key of contestKeysOf(outcome.change)) {
          const after = rememberedAfter(changes.get(key), outcome, nowInMs, awaited.has(key));
          if (!after) continue;
          changes.delete(key);
          changes.set(key, after);
        }
      }
      awaited = awaitedIn(outcomes);
      forgetOldest(changes);
    },
    verdictOn(change, nowInMs): Verdict | undefined {
      const standing = contestKeysOf(change)
        .map((key) => changes.get(key))
        .filter(isFought)
        .filter((one) => !isOver(one, nowInMs) && nowInMs < one.contest.untilInMs)
        .toSorted((a, b) => b.contest.untilInMs - a.contest.untilInMs);
      return standing[0] && verdictFrom(standing[0].contest, nowInMs);
    },
    unexplained(atMost): readonly Unexplained[] {
      const asked: Unexplained[] = [];
      for (const [key, one] of openIn(changes).slice(0, atMost)) {
        const { contest, resourceIds } = one;
        changes.set(key, { ...one, contest: { ...contest, attempts: contest.attempts + 1 } });
        asked.push({ key, resourceIds, sinceInMs: contest.sinceInMs });
      }
      return asked;
    },
    explain(key, by): void {
      const one = changes.get(key);
      if (one?.contest) changes.set(key, { ...one, contest: { ...one.contest, by } });
    },
  };
}

/** The memory, and a log that is asked who it was. */
export function explainedBy(log: ActivityLog, memory: ContestedMemory): Contested {
  return { ...memory, ask: (signal) => explainContested(memory, log, signal) };
}

/** Asks a log about a few contested changes; a log that may not be read explains nothing and harms nothing. */
export async function explainContested(
  memory: ContestedMemory,
  log: ActivityLog,
  signal: AbortSignal,
): Promise<void> {
  for (const { key, resourceIds, sinceInMs } of memory.unexplained(explainedPerTurn)) {
    const writes: LoggedWrite[] = [];
    for (const id of resourceIds) {
      const found = await log.whoChanged(id, sinceInMs, signal);
      if (found) writes.push(...found);
    }
    const latest = writes.toSorted((a, b) => b.atInMs - a.atInMs)[0];
    if (latest) memory.explain(key, latest);
  }
}

/** What an outcome makes of a change; undefined: nothing. */
function rememberedAfter(
  before: Remembered | undefined,
  { change, state, code }: Outcome,
  nowInMs: number,
  wasAwaited: boolean,
): Remembered | undefined {
  if (code === contestedCode && before?.contest) {
    return { ...before, contest: { ...before.contest, isReverted: true } };
  }
  // What was written in the pass before and is visible only now was written once.
  if ((state !== "applied" && state !== "propagating") || wasAwaited) return;
  const recent = (before?.recentAtInMs ?? []).filter((at) => nowInMs - at <= hourInMs);
  const recentAtInMs = [...recent, nowInMs].slice(-applicationsInAFight);
  const contest = before?.contest ? longer(before.contest, nowInMs) : contestFrom(recentAtInMs, nowInMs);
  return { resourceIds: revertedAt(change), recentAtInMs, lastAtInMs: nowInMs, ...(contest && { contest }) };
}

function contestFrom(recentAtInMs: readonly number[], nowInMs: number): Contest | undefined {
  const [sinceInMs] = recentAtInMs;
  if (sinceInMs === undefined || recentAtInMs.length < applicationsInAFight) return;
  return {
    sinceInMs,
    applications: recentAtInMs.length,
    delayInMs: firstDelayInMs,
    untilInMs: nowInMs + firstDelayInMs,
    isReverted: false,
    attempts: 0,
  };
}

function longer(before: Contest, nowInMs: number): Contest {
  const delayInMs = Math.min(longestDelayInMs, before.delayInMs * 2);
  return {
    ...before,
    applications: before.applications + 1,
    delayInMs,
    untilInMs: nowInMs + delayInMs,
    isReverted: false,
  };
}

function forgetOver(changes: Map<string, Remembered>, nowInMs: number): void {
  for (const [key, one] of changes) {
    if (nowInMs < one.lastAtInMs) changes.set(key, within(one, nowInMs));
    if (isOver(one, nowInMs)) changes.delete(key);
  }
}

/** The same, with nothing later than now, nor left alone for longer than it was meant to: the clock was set back. */
function within({ recentAtInMs, contest, ...one }: Remembered, nowInMs: number): Remembered {
  return {
    ...one,
    recentAtInMs: recentAtInMs.map((at) => Math.min(at, nowInMs)),
    lastAtInMs: nowInMs,
    ...(contest && {
      contest: {
        ...contest,
        sinceInMs: Math.min(contest.sinceInMs, nowInMs),
        untilInMs: Math.min(contest.untilInMs, nowInMs + contest.delayInMs),
      },
    }),
  };
}

/** Over once what was applied has stayed for an hour, or once nobody has wanted it for long. */
function isOver({ lastAtInMs, contest }: Remembered, nowInMs: number): boolean {
  if (contest?.isReverted) return nowInMs >= contest.untilInMs + longestDelayInMs;
  return nowInMs - lastAtInMs > hourInMs;
}

function isFought(one: Remembered | undefined): one is Fought {
  return one?.contest !== undefined;
}

function openIn(changes: ReadonlyMap<string, Remembered>): readonly (readonly [string, Fought])[] {
  return [...changes]
    .flatMap(([key, one]) => (isFought(one) ? [[key, one] as const] : []))
    .filter(
      ([, { contest, resourceIds }]) =>
        !contest.by && contest.attempts < mostAttempts && resourceIds.length > 0,
    )
    .toSorted(([, a], [, b]) => a.contest.attempts - b.contest.attempts);
}

function awaitedIn(outcomes: readonly Outcome[]): ReadonlySet<string> {
  const unseen = outcomes.filter(({ state }) => state === "propagating");
  return new Set(unseen.flatMap(({ change }) => contestKeysOf(change)));
}

/** What is fought over is forgotten last. */
function forgetOldest(changes: Map<string, Remembered>): void {
  const surplus = changes.size - mostChanges;
  if (surplus <= 0) return;
  const keys = [...changes].toSorted(([, a], [, b]) => Number(isFought(a)) - Number(isFought(b)));
  for (const [key] of keys.slice(0, surplus)) changes.delete(key);
}

function verdictFrom({ sinceInMs, applications, untilInMs, by }: Contest, nowInMs: number): Verdict {
  const since = new Date(sinceInMs).toISOString();
  const until = new Date(untilInMs).toISOString();
  const who = by
    ? ` The Activity Log names ${by.caller}: ${by.operation} at ${new Date(by.atInMs).toISOString()}.`
    : "";
  return {
    state: "skipped",
    code: contestedCode,
    message: `Somebody keeps reverting this: it was applied ${applications} times since ${since}. Rather than fight, it is left alone until ${until}.${who}`,
    transient: true,
    retryAfterInMs: untilInMs - nowInMs,
  };
}
