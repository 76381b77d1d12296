// Decides how the daemon ends: a signal stops it, a while later it waits for nothing any more, a second signal ends it at once.
import { exitCodes } from "./errors.ts";
import { Interrupted } from "./interruption.ts";
import type { CliIo } from "./io.ts";

/** The end of a daemon, in the order in which it comes. */
export interface Ending extends Disposable {
  /** Nothing new begins. */
  readonly stop: AbortSignal;
  /** The grace period is over: what Azure has accepted is left to the next start. */
  readonly handOver: AbortSignal;
  /** Not even answers are waited for. */
  readonly abort: AbortSignal;
}

/** For requests that are still to be answered when the grace period is over. Kubernetes kills 5 s after our default. */
const answersInMs = 3_000;

/** Listens for SIGINT and SIGTERM until disposed. */
export function endingOf(io: Pick<CliIo, "onSignal" | "exit">, gracePeriodInMs: number): Ending {
  const [stop, handOver, abort] = [new AbortController(), new AbortController(), new AbortController()];
  const timers: NodeJS.Timeout[] = [];
  const forget = io.onSignal((signal) => {
    if (stop.signal.aborted) {
      io.exit(exitCodes.interrupted);
      return;
    }
    const reason = new Interrupted(signal);
    stop.abort(reason);
    timers.push(setTimeout(() => handOver.abort(reason), gracePeriodInMs));
    timers.push(setTimeout(() => abort.abort(reason), gracePeriodInMs + answersInMs));
  });
  return {
    stop: stop.signal,
    handOver: handOver.signal,
    abort: abort.signal,
    [Symbol.dispose]() {
      forget();
      for (const timer of timers) clearTimeout(timer);
    },
  };
}
