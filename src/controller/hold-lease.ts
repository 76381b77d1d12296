// Decides when this process is the one that writes: takes the lease, renews it in time, and knows when to trust it no more.
import { Failure } from "../model/failure.ts";
import { type Lease, type LeaseClock, type LeaseStore, leaseLost } from "../model/lease.ts";

/** How a lease is taken and held. */
export interface HoldOptions {
  readonly clock: LeaseClock;
  /** Ends the waiting for it; what is held already ends by `release` only. */
  readonly stop: AbortSignal;
  /** How long to wait while somebody else holds it; 0: not at all. */
  readonly waitInMs: number;
  /** Told once, when the waiting begins. */
  readonly onWait?: () => void;
  /** Told of each renewal that failed, with the time that is left for another one. */
  readonly onTrouble?: (failure: Failure, leftInMs: number) => void;
}

// Shares of the lease's duration.
/** From the last renewal to the next. */
const renewAfter = 1 / 3;
/** Between attempts to take it, or to renew it after a failure. */
const retryAfter = 1 / 15;
/** From when nothing is sent any more to when the lease ends: for what is under way, and clocks that differ. */
const margin = 1 / 6;
/** What two clocks may differ in their speed, much more than they do. */
const drift = 1 / 100;

/** How often taking it is tried although the store does not answer, without waiting for another holder. */
const mostTroubles = 3;

/**
 * Takes the lease; undefined: somebody else holds it, and went on doing so while there was time to wait. Throws the
 * `Failure` of a store that cannot be asked, and what `stop` carries.
 */
export async function holdLease(store: LeaseStore, options: HoldOptions): Promise<Lease | undefined> {
  const { clock, stop, waitInMs } = options;
  const waited = clock.stopwatch();
  const pauseInMs = store.durationInMs * retryAfter;
  let [refusals, troubles] = [0, 0];
  for (;;) {
    // Counted from before the request: the store counts from when it gets it.
    const since = clock.stopwatch();
    const answer = await askedOf(() => store.acquire(stop));
    if (answer === true) return held(store, since, options);
    const hasTime = waited() + pauseInMs <= waitInMs;
    if (answer !== false) {
      troubles += 1;
      if (isHopeless(answer, troubles, hasTime)) throw answer;
    } else if (hasTime) {
      refusals += 1;
      if (refusals === 1) options.onWait?.();
    } else return;
    await clock.sleep(pauseInMs, stop);
  }
}

function isHopeless(failure: Failure, troubles: number, hasTime: boolean): boolean {
  return failure.class !== "transient" || (!hasTime && troubles >= mostTroubles);
}

/** The store's answer, or the failure to get one. */
async function askedOf(ask: () => Promise<boolean>): Promise<boolean | Failure> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
}

/** A lease that was taken or renewed by a request which was sent when `granted` began to count. */
function held(store: LeaseStore, granted: () => number, { clock, onTrouble }: HoldOptions): Lease {
  const { durationInMs } = store;
  const [released, lost, ended] = [new AbortController(), new AbortController(), new AbortController()];
  let since = granted;
  const leftInMs = (): number => durationInMs * (1 - margin) - since();
  const lose = (why: string): void => {
    if (!released.signal.aborted && !lost.signal.aborted) lost.abort(leaseLost(why));
  };
  const end = (): void => ended.abort(cutOff());
  // Asked by time, not by timers: after the process was stopped for a while those are the last to know.
  const mayWrite = (): boolean => {
    if (released.signal.aborted || lost.signal.aborted) return false;
    if (leftInMs() > 0) return true;
    lose("The lease could not be renewed in time, so that nothing more is written.");
    return false;
  };

  async function watch(): Promise<void> {
    while (mayWrite()) await clock.sleep(Math.max(1, leftInMs()), released.signal);
    await clock.sleep(Math.max(0, durationInMs * (1 - drift) - since()), released.signal);
    end();
  }

  /** Renews once; gives how long to wait until the next time, undefined: there is none. */
  async function renewed(): Promise<number | undefined> {
    if (!mayWrite()) return;
    const sent = clock.stopwatch();
    const answer = await askedOf(() => store.renew(released.signal));
    if (answer === false) {
      lose("Somebody else has taken the lease or broken it, so that nothing more is written.");
      end();
      return;
    }
    // Too late is too late, whatever the store says: nothing new was begun since.
    if (!mayWrite()) return;
    if (answer !== true) {
      onTrouble?.(answer, leftInMs());
      return durationInMs * retryAfter;
    }
    since = sent;
    return durationInMs * renewAfter;
  }

  async function renewals(): Promise<void> {
    let pauseInMs: number | undefined = durationInMs * renewAfter - since();
    while (pauseInMs !== undefined) {
      await clock.sleep(Math.max(0, pauseInMs), released.signal);
      pauseInMs = await renewed();
    }
  }

  const keeping = Promise.all([watch(), renewals()]).catch((error: unknown) => {
    if (released.signal.aborted) return;
    lose("Renewing the lease went wrong, so that nothing more is written.");
    end();
    throw error;
  });
  // It is told when the lease is released.
  keeping.catch(() => undefined);
  return {
    mayWrite,
    lost: lost.signal,
    ended: ended.signal,
    async release() {
      released.abort();
      end();
      await keeping;
      if (!lost.signal.aborted) await store.release();
    },
  };
}

function cutOff(): Failure {
  const message =
    "The lease ended while Azure had not answered yet: what became of this, the next plan shows.";
  return new Failure("transient", message, { code: "LeaseLost", mayHaveHappened: true });
}
