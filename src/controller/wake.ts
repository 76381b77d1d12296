// Decides when the daemon turns: reasons gather while it is busy, and all of them together make one more turn.

import { linkedTo } from "../model/linked-signal.ts";
import type { Clock } from "../model/ports.ts";
import type { WakeReason } from "../status/daemon-event.ts";

/** When a turn begins although nothing has woken the daemon. */
export interface Due {
  readonly inMs: number;
  readonly reason: WakeReason;
}

/** Gathers reasons for the next turn. */
export interface Waker {
  wake(reason: WakeReason): void;
  /**
   * All reasons since the last call, each once, as soon as there is one; after `due` that one's. Only one call at a
   * time. Rejects with the signal's reason, and forgets no reason then.
   */
  next(due: Due | undefined, signal: AbortSignal): Promise<readonly WakeReason[]>;
}

/** A waker on this clock. */
export function wakerOn(clock: Pick<Clock, "sleep">): Waker {
  const reasons = new Set<WakeReason>();
  let woken = Promise.withResolvers<void>();
  return {
    wake(reason) {
      reasons.add(reason);
      woken.resolve();
    },
    async next(due, signal) {
      signal.throwIfAborted();
      if (reasons.size === 0) {
        if (await isDue(clock, due, woken.promise, signal)) reasons.add(due?.reason ?? "interval");
      }
      const gathered = [...reasons];
      reasons.clear();
      woken = Promise.withResolvers();
      return gathered;
    },
  };
}

/** True if the time has come before anything else. */
async function isDue(
  clock: Pick<Clock, "sleep">,
  due: Due | undefined,
  woken: Promise<void>,
  signal: AbortSignal,
): Promise<boolean> {
  using over = linkedTo(signal);
  const { promise: stopped, reject } = Promise.withResolvers<never>();
  over.signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  const runners: Promise<boolean>[] = [woken.then(() => false), stopped];
  if (due) runners.push(clock.sleep(due.inMs, over.signal).then(() => true));
  try {
    return await Promise.race(runners);
  } finally {
    over.abort(undefined);
  }
}
