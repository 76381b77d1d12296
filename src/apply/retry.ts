// The one place that tries again: after which failures, after how long, and when it gives up.
import { Failure } from "../model/failure.ts";
import type { Clock } from "../model/ports.ts";
import { isPreconditionFailed } from "./outcome.ts";

/** How long and how often is tried again. */
export interface RetryPolicy {
  /** Attempts that may end in a transient failure, the first one included. */
  readonly maxAttempts: number;
  readonly firstDelayInMs: number;
  readonly longestDelayInMs: number;
  /** From the start of an operation; no attempt begins later. */
  readonly deadlineInMs: number;
  /**
   * How long a new principal or resource may stay unknown to another service. azure-cli gives a new principal
   * 36 tries of 5 seconds.
   */
  readonly propagationInMs: number;
  /** How long what was written may stay invisible to a read before the change counts as propagating. */
  readonly visibilityInMs: number;
  /** How long Azure may work on one accepted write. */
  readonly runningWriteInMs: number;
}

/** What applies unless the caller says otherwise. */
export const defaultRetryPolicy: RetryPolicy = {
  maxAttempts: 8,
  firstDelayInMs: 1_000,
  longestDelayInMs: 60_000,
  deadlineInMs: 20 * 60_000,
  propagationInMs: 3 * 60_000,
  visibilityInMs: 30_000,
  runningWriteInMs: 15 * 60_000,
};

/** What the retries of one operation need to know. */
export interface RetryScope {
  readonly policy: RetryPolicy;
  readonly clock: Clock;
  /** From 0 up to 1, as `Math.random`. */
  readonly random: () => number;
  /** When the operation began, in milliseconds since the epoch. */
  readonly startedAtInMs: number;
  /** Once aborted, what has failed is not tried again. */
  readonly stop: AbortSignal;
  /** Once aborted, accepted writes are not waited for any more. */
  readonly handOver: AbortSignal;
  /** Once aborted, everything ends at once. */
  readonly abort: AbortSignal;
  /** Runs a wait without a place among the running operations. */
  readonly outside: <T>(wait: () => Promise<T>) => Promise<T>;
  /** As `outside`, for the end of accepted writes; when too many of them run, the place is kept. */
  readonly whilePolling: <T>(wait: () => Promise<T>) => Promise<T>;
  readonly onRetry: (failure: Failure, delayInMs: number) => void;
}

/** How often a fresh read after an etag mismatch is followed by another try: someone else is writing too. */
const preconditionRetries = 3;

/** The code of our own failure that says: a read does not show yet what was written. */
const notVisibleYet = "NotVisibleYet";

/**
 * Runs an attempt until it succeeds. Transient failures are tried again after what Azure asks for, else after
 * growing delays; propagating ones for as long as the policy allows; an etag mismatch at once, three times.
 * Terminal failures, and what is no `Failure`, are thrown as they are; so is the last failure when the policy or
 * a stop ends the trying.
 *
 * An attempt starts with reading what is there wherever its write may have happened although it failed:
 * that is its own affair, it gets its number (from 1) for it.
 */
export async function retried<T>(
  scope: RetryScope,
  attempt: (number: number) => Promise<T>,
  propagationInMs = scope.policy.propagationInMs,
): Promise<T> {
  const failures: Failure[] = [];
  const startedAtInMs = scope.clock.now();
  for (let number = 1; ; number += 1) {
    try {
      return await attempt(number);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      failures.push(error);
      const waitsUntilInMs = error.class === "propagating" ? startedAtInMs + propagationInMs : undefined;
      const delayInMs = delayAfter(scope, failures, waitsUntilInMs);
      if (delayInMs === undefined || !(await hasWaited(scope, error, delayInMs))) throw error;
    }
  }
}

/**
 * Reads until the answer is as wanted, for as long as the policy allows it to stay invisible. False: it is not
 * visible yet. Throws the failure of a read that cannot be mended.
 */
export async function seen<T>(
  scope: RetryScope,
  read: () => Promise<T>,
  isAsWanted: (answer: T) => boolean,
): Promise<boolean> {
  const look = async (): Promise<boolean> => {
    if (isAsWanted(await read())) return true;
    throw new Failure("propagating", "What was written is not visible yet.", { code: notVisibleYet });
  };
  try {
    return await retried(scope, look, scope.policy.visibilityInMs);
  } catch (error) {
    if (error instanceof Failure && error.details.code === notVisibleYet) return false;
    throw error;
  }
}

/** How long to wait before the next attempt; undefined: there is none. */
function delayAfter(
  scope: RetryScope,
  failures: readonly Failure[],
  waitsUntilInMs: number | undefined,
): number | undefined {
  const failure = failures.at(-1);
  if (failure === undefined) return;
  if (isPreconditionFailed(failure)) {
    return failures.filter(isPreconditionFailed).length <= preconditionRetries ? 0 : undefined;
  }
  if (failure.class === "terminal") return;
  const ofItsClass = failures.filter((f) => f.class === failure.class && !isPreconditionFailed(f)).length;
  if (failure.class === "transient" && ofItsClass >= scope.policy.maxAttempts) return;
  const delayInMs = failure.details.retryAfterInMs ?? backoffInMs(scope, ofItsClass);
  const nextAtInMs = scope.clock.now() + delayInMs;
  const latestAtInMs = Math.min(
    scope.startedAtInMs + scope.policy.deadlineInMs,
    waitsUntilInMs ?? Number.POSITIVE_INFINITY,
  );
  return nextAtInMs <= latestAtInMs ? delayInMs : undefined;
}

/** Doubles from failure to failure up to the longest delay; between half of that and all of it, by chance. */
function backoffInMs(scope: RetryScope, failures: number): number {
  const { firstDelayInMs, longestDelayInMs } = scope.policy;
  const fullInMs = Math.min(longestDelayInMs, firstDelayInMs * 2 ** (failures - 1));
  return Math.round(fullInMs * (0.5 + scope.random() / 2));
}

/** Waits; false if a stop came first, so that there is to be no other attempt. */
async function hasWaited(scope: RetryScope, failure: Failure, delayInMs: number): Promise<boolean> {
  if (scope.stop.aborted) return false;
  if (delayInMs === 0) return true;
  scope.onRetry(failure, delayInMs);
  const signal = AbortSignal.any([scope.stop, scope.abort]);
  try {
    await scope.outside(() => scope.clock.sleep(delayInMs, signal));
  } catch (error) {
    if (scope.abort.aborted || !scope.stop.aborted) throw error;
    return false;
  }
  return true;
}
