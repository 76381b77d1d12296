// What became of a change.
import type { Failure } from "../model/failure.ts";
import type { Change, Warning } from "../plan/plan.ts";

/**
 * `applied`: a fresh read shows it. `propagating`: written, not visible yet. `skipped`: not tried, because what it
 * needs failed, because the world had moved, or because of a stop. `failed`: refused or broken.
 */
export type OutcomeState = "applied" | "propagating" | "skipped" | "failed";

/** The outcome of one change. */
export interface Outcome {
  readonly change: Change;
  readonly state: OutcomeState;
  /** A full sentence; for a failure Azure's own message. */
  readonly message: string;
  /** Azure's error code, or one of ours. */
  readonly code?: string;
  /** True if trying again soon may help. */
  readonly transient?: boolean;
  readonly retryAfterInMs?: number;
  readonly correlationId?: string;
  /** `begins`: Azure has named this identity as the cause of a rejection. `stands`: not tried because it had before. */
  readonly quarantine?: "begins" | "stands";
  /** Not tried because it, or what it needs, is to wait for longer than passes follow each other. */
  readonly postponed?: true;
}

/** An outcome before it is known whose it is. */
export type Verdict = Omit<Outcome, "change">;

/** What a whole run of a plan came to. */
export interface ApplyReport {
  /** One for each change of the plan, in the plan's order. */
  readonly outcomes: readonly Outcome[];
  /** What a reader must know besides: a foreign identity that is gone. */
  readonly warnings: readonly Warning[];
}

/** Applied: a fresh read shows it. */
export function applied(message: string): Verdict {
  return { state: "applied", message };
}

/** Written, and a fresh read does not show it yet. */
export function propagating(message: string, code = "NotVisibleYet"): Verdict {
  return { state: "propagating", message, code, transient: true };
}

/** Not tried, because the world is no longer as the plan saw it: the next plan starts from what it is now. */
export function moved(code: string, message: string): Verdict {
  return { state: "skipped", message, code, transient: true };
}

/** True if what needs this change can go on: a change that is not visible yet has been written. */
export function isDone(outcome: Verdict | undefined): boolean {
  return outcome?.state === "applied" || outcome?.state === "propagating";
}

/** True for the mismatch of an etag: someone else has written in between, so that only a fresh read helps. */
export function isPreconditionFailed(failure: Failure): boolean {
  return failure.details.status === 412 || failure.details.code === "PreconditionFailed";
}

/** What a failure that ended an operation makes of its changes: lag is never a failure. */
export function verdictFrom(failure: Failure): Verdict {
  const { code, retryAfterInMs, correlationId } = failure.details;
  return {
    state: failure.class === "propagating" ? "propagating" : "failed",
    message: failure.message,
    code,
    ...(failure.class !== "terminal" || isPreconditionFailed(failure) ? { transient: true } : {}),
    ...(retryAfterInMs === undefined ? {} : { retryAfterInMs }),
    ...(correlationId === undefined ? {} : { correlationId }),
  };
}
