// How Azure is asked: its errors become Failures, and reads are repeated a few times before a pass gives up on them.
import { Failure } from "../model/failure.ts";
import type { Clock } from "../model/ports.ts";
import { failureFrom, isAbort } from "./failures.ts";

/** Runs one call of an SDK; whatever it throws becomes a Failure, except an abort, which stays one. */
export async function ask<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw failureFrom(error);
  }
}

/** All items of a paged list. */
export async function all<T>(pages: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of pages) items.push(item);
  return items;
}

const attempts = 4;
const longestWaitInMs = 20_000;

/**
 * Repeats a read that failed for a passing reason, as slowly as Azure asks. Reads of lists have no other place for
 * it: a pass of hundreds of pages must not fail because of one. Longer waits than 20 s are left to the next pass.
 */
export async function patiently<T>(clock: Clock, signal: AbortSignal, read: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask(read);
    } catch (error) {
      const waitInMs = waitBeforeRepeat(error, attempt);
      if (waitInMs === undefined) throw error;
      await clock.sleep(waitInMs, signal);
    }
  }
}

function waitBeforeRepeat(error: unknown, attempt: number): number | undefined {
  if (isAbort(error) || !(error instanceof Failure) || error.class !== "transient") return;
  const waitInMs = error.details.retryAfterInMs ?? 500 * 2 ** attempt;
  return attempt < attempts && waitInMs <= longestWaitInMs ? waitInMs : undefined;
}

/** Runs a function over items, a few at a time, and keeps their order. */
export async function inParallel<T, R>(
  items: readonly T[],
  width: number,
  run: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  const rest = items.entries();
  const worker = async (): Promise<void> => {
    for (const [i, item] of rest) results[i] = await run(item);
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, worker));
  return results;
}

/** The items in groups of at most `size`. */
export function chunksOf<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) =>
    items.slice(i * size, (i + 1) * size),
  );
}

const gone = new Set(["resourcenotfound", "resourcegroupnotfound", "roleassignmentnotfound", "notfound"]);

/**
 * True for the 404 that says of the very thing asked for that it is not there: itself or its group is missing. A
 * subscription, a provider or an api-version that is not found says nothing about it.
 */
export function saysGone(error: unknown): boolean {
  return (
    error instanceof Failure && error.details.status === 404 && gone.has(error.details.code.toLowerCase())
  );
}
