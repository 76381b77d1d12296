// One token bucket: who comes takes a token or waits for one, in turn; Azure's own count corrects ours.
import { Failure } from "../model/failure.ts";
import type { Clock } from "../model/ports.ts";

/** How much a bucket holds and how fast it is refilled. */
export interface BucketSize {
  readonly holds: number;
  readonly perSecond: number;
}

/** The tokens for one kind of request to one thing. What a request costs is in tokens. */
export interface Bucket {
  /**
   * Resolves when the request may go. Rejects with the signal's reason, or with a transient `Failure` if Azure has
   * asked for a pause that is too long to hold a request for; then nothing was taken.
   */
  take(cost: number, signal: AbortSignal): Promise<void>;
  /** True if a request could go at once. */
  hasRoom(cost: number): boolean;
  /** How long a request would wait if nobody were before it, in milliseconds; 0 if it could go. */
  delayInMs(cost: number): number;
  /** The request was not sent after all. */
  giveBack(cost: number): void;
  /** The request has ended; `remaining` is what Azure says it would still take. */
  answered(cost: number, remaining?: number): void;
  /** Nothing goes for a while: Azure has refused. */
  pause(forInMs: number): void;
  /** True if it is as good as new. */
  isIdle(): boolean;
}

/** Longer pauses are for those to plan who sent the request: they have a deadline, and other work to do. */
const longestPauseInMs = 30_000;

/** A full bucket. */
export function bucketFrom({ holds, perSecond }: BucketSize, clock: Clock): Bucket {
  let level = { tokens: holds, atInMs: clock.now() };
  const pause = pauseOn(clock);
  let inFlight = 0;
  let waiting = 0;
  let last: Promise<void> = Promise.resolve();

  function tokens(): number {
    const now = clock.now();
    // A clock that was set back takes nothing away.
    const refilled = level.tokens + (Math.max(0, now - level.atInMs) / 1000) * perSecond;
    // Where Azure has said that there is more than we knew, it stays.
    level = { tokens: Math.min(Math.max(holds, level.tokens), refilled), atInMs: now };
    return level.tokens;
  }

  function add(count: number): void {
    level = { ...level, tokens: tokens() + count };
  }

  function waitInMs(cost: number): number {
    const missing = Math.min(cost, holds) - tokens();
    const untilRefilled = missing > 0 ? Math.ceil((missing / perSecond) * 1000) : 0;
    return Math.max(pause.leftInMs(), untilRefilled);
  }

  function hasRoom(cost: number): boolean {
    return waiting === 0 && waitInMs(cost) <= 0;
  }

  function spend(cost: number): void {
    add(-cost);
    inFlight += cost;
  }

  async function takeInTurn(before: Promise<void>, cost: number, signal: AbortSignal): Promise<void> {
    await unlessAborted(before, signal);
    for (let inMs = waitInMs(cost); inMs > 0; inMs = waitInMs(cost)) {
      refuseLongPause(pause.leftInMs());
      await clock.sleep(inMs, signal);
    }
    spend(cost);
  }

  return {
    async take(cost, signal): Promise<void> {
      signal.throwIfAborted();
      if (hasRoom(cost)) {
        spend(cost);
        return;
      }
      const before = last;
      const { promise, resolve } = Promise.withResolvers<void>();
      last = promise;
      waiting += 1;
      try {
        await takeInTurn(before, cost, signal);
      } finally {
        waiting -= 1;
        // Who gives up while waiting must not let the next one pass those before.
        void before.then(resolve);
      }
    },
    hasRoom,
    delayInMs: (cost) => Math.max(0, waitInMs(cost)),
    giveBack(cost): void {
      inFlight -= cost;
      add(cost);
    },
    answered(cost, remaining): void {
      inFlight -= cost;
      // Azure has not counted what is still on its way.
      if (remaining !== undefined) level = { tokens: remaining - inFlight, atInMs: clock.now() };
    },
    pause(forInMs): void {
      level = {
        tokens: Math.min(tokens(), holds === Number.POSITIVE_INFINITY ? holds : 0),
        atInMs: clock.now(),
      };
      pause.extend(forInMs);
    },
    isIdle: () => waiting === 0 && inFlight === 0 && tokens() >= holds && pause.leftInMs() <= 0,
  };
}

interface Pause {
  /** Nothing, or less, if it is over. */
  leftInMs(): number;
  /** Makes it at least so long from now. */
  extend(forInMs: number): void;
}

function pauseOn(clock: Clock): Pause {
  let sinceInMs = clock.now();
  let untilInMs = Number.NEGATIVE_INFINITY;
  const leftInMs = (): number => {
    const now = clock.now();
    // The clock was set back: from here on it is as long as it was meant to be.
    if (now < sinceInMs) [sinceInMs, untilInMs] = [now, now + untilInMs - sinceInMs];
    return untilInMs - now;
  };
  return {
    leftInMs,
    extend(forInMs) {
      const now = clock.now();
      [untilInMs, sinceInMs] = [now + Math.max(leftInMs(), forInMs), now];
    },
  };
}

function refuseLongPause(pauseInMs: number): void {
  if (pauseInMs <= longestPauseInMs) return;
  const text = `Azure takes no such request for another ${Math.ceil(pauseInMs / 1000)} seconds; it was not sent.`;
  throw new Failure("transient", text, { code: "Throttled", retryAfterInMs: pauseInMs });
}

async function unlessAborted(turn: Promise<void>, signal: AbortSignal): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>();
  const cut = (): void => reject(signal.reason);
  signal.addEventListener("abort", cut, { once: true });
  try {
    await Promise.race([turn, promise]);
  } finally {
    signal.removeEventListener("abort", cut);
  }
}
