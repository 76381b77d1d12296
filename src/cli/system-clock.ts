// Time as the machine has it.
import { setTimeout } from "node:timers/promises";
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
