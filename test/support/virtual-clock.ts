// Time that passes only when everybody waits: a sleep of minutes takes as long as what happens in them.
import type { Clock } from "../../src/model/ports.ts";

/** Who waits, and until when. */
interface Sleeper {
  readonly at: number;
  readonly wake: () => void;
}

/** A clock whose time is the sandbox's and moves on to the next sleeper as soon as nothing else is going on. */
export interface VirtualClock extends Clock {
  /** Runs something during which time does not move on. */
  busy<T>(work: () => Promise<T>): Promise<T>;
  /** A sleep of something that is busy otherwise: meanwhile time may move on. */
  sleepAmidst(inMs: number, signal: AbortSignal): Promise<void>;
}

/** Turns of the event loop without anything happening after which all are taken to be waiting. */
const idleTurns = 3;

/** A virtual clock over a sandbox whose own clock stands still unless it is advanced. */
export function virtualClock(now: () => number, advance: (byInMs: number) => void): VirtualClock {
  const sleepers = new Set<Sleeper>();
  let [working, activity, isWatching] = [0, 0, false];

  function watch(idleFor: number, seen: number): void {
    if (sleepers.size === 0) {
      isWatching = false;
      return;
    }
    if (working > 0 || activity !== seen) setImmediate(() => watch(0, activity));
    else if (idleFor < idleTurns) setImmediate(() => watch(idleFor + 1, seen));
    else {
      wakeNext();
      setImmediate(() => watch(0, activity));
    }
  }

  function wakeNext(): void {
    const at = Math.min(...[...sleepers].map((sleeper) => sleeper.at));
    const next = [...sleepers].find((sleeper) => sleeper.at === at);
    if (!next) return;
    sleepers.delete(next);
    if (at > now()) advance(at - now());
    next.wake();
  }

  async function sleep(inMs: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    activity += 1;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const sleeper = { at: now() + inMs, wake: resolve };
    const cut = (): void => {
      sleepers.delete(sleeper);
      reject(signal.reason);
    };
    sleepers.add(sleeper);
    signal.addEventListener("abort", cut, { once: true });
    if (!isWatching) {
      isWatching = true;
      setImmediate(() => watch(0, activity));
    }
    try {
      await promise;
    } finally {
      signal.removeEventListener("abort", cut);
    }
  }

  return {
    now,
    sleep,
    async sleepAmidst(inMs, signal) {
      working -= 1;
      try {
        await sleep(inMs, signal);
      } finally {
        working += 1;
      }
    },
    async busy(work) {
      working += 1;
      activity += 1;
      try {
        return await work();
      } finally {
        working -= 1;
        activity += 1;
      }
    },
  };
}
