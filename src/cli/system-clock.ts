// Time as the machine has it.
import { setTimeout } from "node:timers/promises";
import type { LeaseClock } from "../model/lease.ts";
import type { Clock } from "../model/ports.ts";

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  async sleep(inMs, signal) {
    try {
      await setTimeout(inMs, undefined, { signal });
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    }
  },
};

/**
 * The machine's clock for who must not think that it is earlier than it is. The monotonic clock stands still while a
 * machine sleeps or is moved, the other one may be set back: the one that says more is believed.
 */
export const steadyClock: LeaseClock = {
  sleep: systemClock.sleep,
  stopwatch() {
    const [monotonic, wall] = [performance.now(), Date.now()];
    return () => Math.max(performance.now() - monotonic, Date.now() - wall);
  },
};
