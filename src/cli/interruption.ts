// Decides what Ctrl-C, SIGTERM and a timeout mean: the first one stops, the second one ends the process at once.
import { exitCodes } from "./errors.ts";
import type { CliIo } from "./io.ts";

/** Ends what a command waits for. */
export interface Interruption extends Disposable {
  readonly stop: AbortSignal;
  /** Why it stopped, for people; undefined while it has not. */
  readonly why: () => string | undefined;
}

/** The reason that a stop carries. */
export class Interrupted extends Error {
  constructor(why: string) {
    super(why);
    this.name = "AbortError";
  }
}

/**
 * Listens until disposed.
 *
 * @param onStop is told why, once
 */
export function interruptionOf(
  io: Pick<CliIo, "onSignal" | "exit">,
  timeoutInMs: number | undefined,
  onStop: (why: string) => void = () => undefined,
): Interruption {
  const controller = new AbortController();
  let why: string | undefined;
  const stop = (reason: string): void => {
    if (why !== undefined) return;
    why = reason;
    onStop(reason);
    controller.abort(new Interrupted(reason));
  };
  let isSignalled = false;
  const forget = io.onSignal((signal) => {
    if (isSignalled) io.exit(exitCodes.interrupted);
    isSignalled = true;
    stop(signal);
  });
  const timer = timeoutInMs === undefined ? undefined : setTimeout(() => stop("the timeout"), timeoutInMs);
  timer?.unref();
  return {
    stop: controller.signal,
    why: () => why,
    [Symbol.dispose]() {
      forget();
      clearTimeout(timer);
    },
  };
}
