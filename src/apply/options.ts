// What the caller of an apply decides: time, chance, who watches, and when it is to stop.
import type { Failure } from "../model/failure.ts";
import type { Clock } from "../model/ports.ts";
import type { Change, Operation } from "../plan/plan.ts";
import type { AuditEvent } from "./audit.ts";
import type { Outcome, Verdict } from "./outcome.ts";
import type { Quarantine } from "./quarantine.ts";
import type { RetryPolicy } from "./retry.ts";
import type { Outside } from "./slots.ts";

/** Who watches an apply: for progress, never for decisions. */
export interface ApplyObserver {
  started(operation: Operation): void;
  retrying(operation: Operation, failure: Failure, delayInMs: number): void;
  /** Comes for every operation, also for one that never started because all its changes had fallen out. */
  ended(operation: Operation, outcomes: readonly Outcome[]): void;
}

/**
 * Chooses a correlation id (a GUID) and sees to it that all requests of the run carry it; `outside` is for waits
 * that are nothing but waits.
 */
export type Correlated = (run: (correlationId?: string) => Promise<void>, outside: Outside) => Promise<void>;

/** How a plan is applied. */
export interface ApplyOptions {
  readonly clock: Clock;
  /** From 0 up to 1, as `Math.random`: spreads retries. */
  readonly random: () => number;
  /** Receives two events per operation; the first one before anything is written. */
  readonly audit: (event: AuditEvent) => Promise<void>;
  readonly observer?: ApplyObserver;
  /** Runs one operation so that all its requests carry the correlation id that it is given; default: none is known. */
  readonly correlated?: Correlated;
  /** Operations that work at the same time; those that wait do not count. */
  readonly concurrency?: number;
  readonly retry?: Partial<RetryPolicy>;
  /** Once aborted, no operation starts any more; running ones end, but try nothing again. */
  readonly stop?: AbortSignal;
  /**
   * Implies a stop. Once aborted, what Azure has accepted is not waited for any more: its changes are `InProgress`,
   * for the next pass to find out how it ended. Requests under way end.
   */
  readonly handOver?: AbortSignal;
  /** Once aborted, everything ends at once. */
  readonly abort?: AbortSignal;
  /** By change: outcomes of earlier passes that stand, so that the change is not tried again. */
  readonly settled?: ReadonlyMap<string, Outcome>;
  /** Identities that earlier passes saw rejected on a target, and until when they are left alone there. */
  readonly quarantine?: Quarantine;
  /** The verdict on a change that is to wait for longer than passes follow each other; undefined: it may be tried. */
  readonly postponed?: (change: Change) => Verdict | undefined;
}
