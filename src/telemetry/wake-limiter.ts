// Decides how often webhooks may wake the daemon: the first at once, those of the next ten seconds together at their end.
import { unlessCut } from "../model/linked-signal.ts";
import type { Clock } from "../model/ports.ts";

/** What wakes, and how long it is quiet after that. */
export interface WakeLimits {
  readonly clock: Clock;
  readonly wake: () => void;
  /** Ends the quiet time for good; nothing is woken after it. */
  readonly stop: AbortSignal;
  /** Ten seconds by default. */
  readonly quietInMs?: number;
}

/** A `wake` that may be called as often as one likes. No call is lost: the last one, too, is followed by a wake-up. */
export function wakeLimiter({ clock, wake, stop, quietInMs = 10_000 }: WakeLimits): () => void {
  let isQuiet = false;
  let isCalled = false;
  const wakeAndBeQuiet = async (): Promise<void> => {
    isQuiet = true;
    while (isCalled && !stop.aborted) {
      isCalled = false;
      wake();
      await unlessCut(stop, () => clock.sleep(quietInMs, stop));
    }
    isQuiet = false;
  };
  return () => {
    isCalled = true;
    if (!isQuiet) void wakeAndBeQuiet();
  };
}
