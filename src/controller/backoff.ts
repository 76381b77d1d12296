// Decides how long the changes of a document are left alone after one has failed: longer each time, not at all after a success.
import type { Outcome, Verdict } from "../apply/outcome.ts";
import { documentKey } from "../model/document.ts";
import type { Change } from "../plan/plan.ts";

/** A document of which a change has failed. */
export interface BackingOff {
  /** Turns in which it failed, one after the other. */
  readonly failures: number;
  /** In milliseconds since the epoch: not tried again before. */
  readonly untilInMs: number;
  /** What failed last. */
  readonly why: Pick<Outcome, "code" | "message">;
}

/** What is left alone, by document ("kind/namespace/name"). A value: whoever runs turns hands it from one to the next. */
export type Backoff = ReadonlyMap<string, BackingOff>;

/** When documents are tried again, and chance to spread them. */
export interface BackoffTimes {
  readonly nowInMs: number;
  /** From 0 up to 1, as `Math.random`. */
  readonly random: () => number;
}

const firstDelayInMs = 30_000;
/** Locks, deny assignments, policies and missing rights are lifted by people. */
const firstTerminalDelayInMs = 15 * 60_000;
const longestDelayInMs = 60 * 60_000;

/** What a document needs again soon by itself, or what another rule already keeps away: nothing to back off from. */
const passing: ReadonlySet<string | undefined> = new Set(["InProgress", "Aborted", "LeaseLost"]);

/** The verdict on a change whose document is to be left alone at this time; undefined: it may be tried. */
export function backoffVerdict(backoff: Backoff, change: Change, nowInMs: number): Verdict | undefined {
  const entry = backoff.get(documentKey(change.document));
  if (!entry || nowInMs >= entry.untilInMs) return;
  const until = new Date(entry.untilInMs).toISOString();
  const times = entry.failures === 1 ? "a failure" : `${entry.failures} failures in a row`;
  return {
    state: "skipped",
    code: "BackingOff",
    message: `After ${times} this document is left alone until ${until}. The last one: ${entry.why.message}`,
    transient: true,
    retryAfterInMs: entry.untilInMs - nowInMs,
  };
}

/**
 * The backoff after a turn, from the outcomes of its passes: a document whose last try failed waits longer, one whose
 * last try went through, or that no pass wanted to change any more, is free. What was not tried stays as it was.
 */
export function backoffAfter(
  before: Backoff,
  passes: readonly (readonly Outcome[])[],
  times: BackoffTimes,
): Backoff {
  const after = new Map(before);
  for (const [document, ending] of endingsOf(passes)) {
    if (ending === "well") after.delete(document);
    else after.set(document, longer(before.get(document), ending, times));
  }
  if (passes.length > 0) {
    const wanted = new Set(passes.at(-1)?.map(({ change }) => documentKey(change.document)));
    for (const document of after.keys()) if (!wanted.has(document)) after.delete(document);
  }
  return after;
}

/** The same, with nobody left alone for longer than there is a reason for: the clock may have been set back. */
export function backoffWithin(backoff: Backoff, nowInMs: number): Backoff {
  const latestInMs = nowInMs + longestDelayInMs;
  return new Map(
    [...backoff].map(([document, entry]) => [
      document,
      { ...entry, untilInMs: Math.min(entry.untilInMs, latestInMs) },
    ]),
  );
}

/** By document: how its last try ended; nothing of one that was not tried. */
function endingsOf(passes: readonly (readonly Outcome[])[]): ReadonlyMap<string, Outcome | "well"> {
  const endings = new Map<string, Outcome | "well">();
  for (const outcomes of passes) {
    for (const [document, mine] of Map.groupBy(outcomes, ({ change }) => documentKey(change.document))) {
      const failed = mine.filter(isFailure);
      const worst = failed.find(({ transient }) => transient !== true) ?? failed[0];
      if (worst) endings.set(document, worst);
      else if (mine.some(({ state }) => state === "applied" || state === "propagating")) {
        endings.set(document, "well");
      }
    }
  }
  return endings;
}

/** Identities that Azure has rejected on a target have a quarantine of their own: it is no reason to leave the rest alone. */
function isFailure({ state, quarantine, code }: Outcome): boolean {
  return state === "failed" && quarantine === undefined && !passing.has(code);
}

/** Doubles up to the longest delay; between half of that and all of it by chance, but never before Azure asks for it. */
function longer(
  before: BackingOff | undefined,
  { code, message, transient, retryAfterInMs = 0 }: Outcome,
  { nowInMs, random }: BackoffTimes,
): BackingOff {
  const failures = (before?.failures ?? 0) + 1;
  const firstInMs = transient === true ? firstDelayInMs : firstTerminalDelayInMs;
  const fullInMs = Math.min(longestDelayInMs, firstInMs * 2 ** (failures - 1));
  const delayInMs = Math.max(Math.round(fullInMs * (0.5 + random() / 2)), retryAfterInMs);
  const why = { message, ...(code !== undefined && { code }) };
  return { failures, untilInMs: nowInMs + Math.min(longestDelayInMs, delayInMs), why };
}
