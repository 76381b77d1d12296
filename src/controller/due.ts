// Decides when the next turn begins if nothing wakes the daemon: sooner while something is under way, later after failures.
import type { Quarantine } from "../apply/quarantine.ts";
import type { Backoff } from "./backoff.ts";
import type { LoopOptions, TurnResult } from "./loop-parts.ts";
import { movedOn } from "./revision-decision.ts";
import type { Due } from "./wake.ts";

/** What the times of the next turn are made from. */
export interface DueFacts {
  readonly result: Pick<TurnResult, "end" | "failure" | "reportsBecause">;
  readonly isStandby: boolean;
  readonly quarantine: Quarantine;
  readonly backoff: Backoff;
  /** Turns that failed, one after the other; the last one included. */
  readonly failures: number;
  /** Turns that left something under way, likewise. */
  readonly followUps: number;
  readonly nowInMs: number;
  /** From 0 up to 1, as `Math.random`. */
  readonly random: () => number;
}

/** After what is under way has had a moment; twice as long each time, up to the interval. Nor is anything retried sooner. */
const firstPauseInMs = 15_000;

/** When the next turn begins, from now; undefined: a standby waits until something happens. */
export function dueAfter(
  facts: DueFacts,
  { intervalInMs }: Pick<LoopOptions, "intervalInMs">,
): Due | undefined {
  const { result, isStandby, failures, followUps, random } = facts;
  const jitter = 0.9 + random() / 5;
  const growing = (times: number, leastInMs = 0): number =>
    Math.min(intervalInMs, Math.max(leastInMs, firstPauseInMs * 2 ** (times - 1))) * jitter;
  if (result.end === "failed") {
    // What stands now is known already; only if that is not it either, somebody has to wait.
    if (result.failure?.code === movedOn && failures === 1) return { inMs: 0, reason: "retry" };
    return { inMs: growing(failures, result.failure?.retryAfterInMs), reason: "retry" };
  }
  if (isStandby) return;
  const retryInMs = earliestRetryInMs(facts);
  const candidates: Due[] = [{ inMs: intervalInMs * jitter, reason: "interval" }];
  if (followUps > 0) candidates.push({ inMs: growing(followUps), reason: "followUp" });
  if (retryInMs !== undefined && result.reportsBecause === undefined) {
    candidates.push({ inMs: Math.max(retryInMs, Math.min(firstPauseInMs, intervalInMs)), reason: "retry" });
  }
  return candidates.reduce((first, one) => (one.inMs < first.inMs ? one : first));
}

/** From now until the first document or pair may be tried again; those that may be already are not waited for. */
function earliestRetryInMs({ quarantine, backoff, nowInMs }: DueFacts): number | undefined {
  const leftInMs = [...quarantine.values(), ...backoff.values()]
    .map(({ untilInMs }) => untilInMs - nowInMs)
    .filter((inMs) => inMs > 0);
  return leftInMs.length > 0 ? Math.min(...leftInMs) : undefined;
}
