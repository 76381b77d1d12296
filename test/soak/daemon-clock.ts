// The clock of a daemon whose machine somebody sets: the wall clock jumps, waits take as long as ever.
import type { LeaseClock } from "../../src/model/lease.ts";
import type { Clock } from "../../src/model/ports.ts";

export interface DaemonClock extends Clock, LeaseClock {
  /** Sets the wall clock so far from the true time. */
  set(offsetInMs: number): void;
  /** How many wait. */
  sleepers(): number;
}

/** A clock on top of the true time, which only goes forward. */
export function daemonClock(truth: Clock): DaemonClock {
  let [offsetInMs, sleepers] = [0, 0];
  const now = (): number => truth.now() + offsetInMs;
  return {
    now,
    set(inMs) {
      offsetInMs = inMs;
    },
    sleepers: () => sleepers,
    /** As the machine's own: of the monotonic clock and the wall clock the one that says more is believed. */
    stopwatch() {
      const [monotonic, wall] = [truth.now(), now()];
      return () => Math.max(truth.now() - monotonic, now() - wall);
    },
    async sleep(inMs, signal) {
      sleepers += 1;
      try {
        await truth.sleep(inMs, signal);
      } finally {
        sleepers -= 1;
      }
    },
  };
}
