// What it takes that only one process writes at a time: a lease, whoever keeps it, and what a holder may conclude from it.
import { Failure } from "./failure.ts";
import type { Clock } from "./ports.ts";

/**
 * Where a lease is kept, for one holder: a new one for each process. All answers are about that holder; asking twice
 * for the same does no harm. Trouble is thrown as `Failure`, and says nothing about who holds the lease.
 */
export interface LeaseStore {
  /** What people call it. */
  readonly name: string;
  /** How long the lease lasts from when it is taken or renewed: the store ends it by itself then. */
  readonly durationInMs: number;
  /** False: somebody else holds it. */
  acquire(signal: AbortSignal): Promise<boolean>;
  /** False: it is not this holder's any more. */
  renew(signal: AbortSignal): Promise<boolean>;
  release(): Promise<void>;
}

/** What stands before every write. */
export interface WriteFence {
  /** False as soon as somebody else might write too, a margin for requests under way included. */
  mayWrite(): boolean;
  /** Aborts with a `Failure` when somebody else may write: a write that is not answered by then is cut. */
  readonly ended: AbortSignal;
}

/** A lease that this process holds, and renews until it is released or lost. Once lost it stays lost. */
export interface Lease extends WriteFence {
  /** Aborts with a `Failure` when `mayWrite` turns false, other than by a release: nothing new is to begin. */
  readonly lost: AbortSignal;
  /** Gives it back; nothing may be written from then on. A lost one is left to run out. Throws `Failure`. */
  release(): Promise<void>;
}

/** Time, as a holder needs it. */
export interface LeaseClock extends Pick<Clock, "sleep"> {
  /** Begins to measure; what it gives says how many milliseconds have passed since, never too few. */
  stopwatch(): () => number;
}

/** The failure of what is not done because the lease is not, or no longer, this process's. */
export function leaseLost(why: string): Failure {
  return new Failure("transient", why, { code: "LeaseLost" });
}

/** Throws unless a write may be sent at this moment; without a fence everything may. */
export function refuseUnlessHeld(fence: WriteFence | undefined): void {
  if (fence === undefined || fence.mayWrite()) return;
  throw leaseLost("The lease is not held any more, so this was not sent: somebody else may be writing.");
}
