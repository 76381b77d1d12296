// A clock that is moved by hand, for tests.
import type { LeaseClock } from "../model/lease.ts";
import type { Clock } from "../model/ports.ts";

/** A clock that stands still until it is moved. */
export interface HandClock extends Clock, LeaseClock {
  /** Lets time pass, waking whoever sleeps in its order; what they do then takes no time. */
  pass(inMs: number): Promise<void>;
  /** Sets the wall clock, as a person or NTP does; nobody sleeps longer or shorter for it. */
  set(byInMs: number): void;
  /** How many sleep. */
  sleepers(): number;
}

export const startedAtInMs = Date.UTC(2026, 0, 1);

/** More than anything here does between two waits. */
const turnsOfNode = 60;

/** Lets everything that is ready go on until it waits. */
export async function settle(count = turnsOfNode): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** Fewer turns of Node make it faster, and let time pass while somebody still works. */
export function handClock(settleFor = turnsOfNode): HandClock {
  let elapsedInMs = 0;
  let offsetInMs = 0;
  const sleepers = new Set<{ readonly atInMs: number; readonly wake: () => void }>();
  return {
    now: () => startedAtInMs + elapsedInMs + offsetInMs,
    stopwatch() {
      const since = elapsedInMs;
      return () => elapsedInMs - since;
    },
    async sleep(inMs, signal) {
      signal.throwIfAborted();
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const sleeper = { atInMs: elapsedInMs + inMs, wake: resolve };
      const cut = (): void => reject(signal.reason);
      sleepers.add(sleeper);
      signal.addEventListener("abort", cut, { once: true });
      try {
        await promise;
      } finally {
        sleepers.delete(sleeper);
        signal.removeEventListener("abort", cut);
      }
    },
    async pass(inMs) {
      const untilInMs = elapsedInMs + inMs;
      for (;;) {
        await settle(settleFor);
        const next = [...sleepers].toSorted((a, b) => a.atInMs - b.atInMs)[0];
        if (!next || next.atInMs > untilInMs) break;
        elapsedInMs = Math.max(elapsedInMs, next.atInMs);
        next.wake();
      }
      elapsedInMs = untilInMs;
    },
    set: (byInMs) => {
      offsetInMs += byInMs;
    },
    sleepers: () => sleepers.size,
  };
}
