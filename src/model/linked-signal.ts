// Joins abort signals for a while: what it makes lets go of them again, so that those which live for months gather nothing.

/** A signal of its own that also aborts with the first of others, until it is disposed of. */
export interface LinkedSignal extends Disposable {
  readonly signal: AbortSignal;
  abort(reason: unknown): void;
}

/**
 * A signal that aborts with the first of these, for their reason. Not `AbortSignal.any`: in Node 24 each signal that it
 * makes and somebody listens to stays in a set of its sources for as long as these live.
 */
export function linkedTo(...sources: readonly (AbortSignal | undefined)[]): LinkedSignal {
  const controller = new AbortController();
  const listening: (() => void)[] = [];
  const abort = (reason: unknown): void => {
    for (const leave of listening.splice(0)) leave();
    controller.abort(reason);
  };
  for (const source of sources) {
    if (source === undefined || controller.signal.aborted) continue;
    if (source.aborted) {
      abort(source.reason);
      continue;
    }
    const follow = (): void => abort(source.reason);
    source.addEventListener("abort", follow, { once: true });
    listening.push(() => source.removeEventListener("abort", follow));
  }
  return {
    signal: controller.signal,
    abort,
    [Symbol.dispose]() {
      for (const leave of listening.splice(0)) leave();
    },
  };
}

/** Resolves once it has aborted. */
export async function abortOf(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

/** True if this error is nothing but that abort. */
export function isInterruption(error: unknown, signal: AbortSignal): boolean {
  if (!signal.aborted) return false;
  return error === signal.reason || (error instanceof Error && error.name === "AbortError");
}

/** What the work gives; undefined if the signal's abort ended it. */
export async function unlessCut<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (isInterruption(error, signal)) return;
    throw error;
  }
}
