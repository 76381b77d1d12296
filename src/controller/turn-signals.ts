// Decides what ends a turn: a stop, the end of its term, and its deadline; all of it let go of when the turn is over.
import { type LinkedSignal, linkedTo } from "../model/linked-signal.ts";
import type { Clock } from "../model/ports.ts";
import type { LoopOptions } from "./loop-parts.ts";

/** The signals of one turn. */
export interface TurnSignals extends Disposable {
  /** Nothing new begins. */
  readonly stop: AbortSignal;
  /** Accepted writes are not waited for any more. */
  readonly handOver: AbortSignal;
  readonly abort: AbortSignal;
  /** True if it was the deadline that came first. */
  isLate(): boolean;
}

/** After the deadline what runs is handed over; a request that is then not answered in this time is cut. */
const graceInMs = 60_000;

/**
 * The signals of a turn that begins now. The end of its term and its deadline hand over what runs: whoever leads next,
 * or the next turn, finds out how it ended.
 */
export function turnSignals(
  { stop, handOver, abort, deadlineInMs }: LoopOptions,
  term: AbortSignal | undefined,
  clock: Pick<Clock, "sleep">,
): TurnSignals {
  const over = new AbortController();
  const stopped = linkedTo(stop, handOver, abort, term);
  const handedOver = linkedTo(handOver, abort, term);
  const aborted = linkedTo(abort);
  let isLate = false;
  const deadline = new DOMException("The turn has reached its deadline.", "AbortError");
  const expire = async (): Promise<void> => {
    await clock.sleep(deadlineInMs, over.signal);
    isLate = !stopped.signal.aborted;
    stopped.abort(deadline);
    handedOver.abort(deadline);
    await clock.sleep(graceInMs, over.signal);
    aborted.abort(deadline);
  };
  expire().catch((error: unknown) => {
    if (!over.signal.aborted) aborted.abort(error);
  });
  return {
    stop: stopped.signal,
    handOver: handedOver.signal,
    abort: aborted.signal,
    isLate: () => isLate,
    [Symbol.dispose]() {
      over.abort();
      for (const link of [stopped, handedOver, aborted] satisfies LinkedSignal[]) link[Symbol.dispose]();
    },
  };
}
