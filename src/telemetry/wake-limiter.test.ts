import { expect, test } from "vitest";
import { jumpingClock } from "../apply/fixtures.ts";
import { wakeLimiter } from "./wake-limiter.ts";

/** When the daemon is woken by calls at these seconds. */
async function wakesAfter(calls: readonly number[], stopAt = Number.POSITIVE_INFINITY): Promise<number[]> {
  const clock = jumpingClock();
  const startedAtInMs = clock.now();
  const stop = new AbortController();
  const never = new AbortController().signal;
  const wakes: number[] = [];
  const wake = (): void => void wakes.push((clock.now() - startedAtInMs) / 1000);
  const limited = wakeLimiter({ clock, wake, stop: stop.signal });
  const later = async (inSeconds: number, run: () => void): Promise<void> => {
    await clock.sleep(inSeconds * 1000, never);
    run();
  };
  await Promise.all([
    ...calls.map((at) => later(at, limited)),
    later(Math.min(stopAt, 200), () => stop.abort(new Error("stopped"))),
  ]);
  return wakes;
}

test.each<readonly [string, readonly number[], readonly number[]]>([
  ["one call", [1], [1]],
  ["two at once", [1, 1], [1, 11]],
  ["many within ten seconds", [1, 2, 3, 4, 5, 6, 10], [1, 11]],
  ["a steady stream", [0.5, 5, 10, 15, 20, 25], [0.5, 10.5, 20.5, 30.5]],
  ["calls that are far apart", [1, 12, 30], [1, 12, 30]],
  ["a call after the trailing one", [1, 2, 12, 40], [1, 11, 21, 40]],
])("%s: at most one wake-up in ten seconds, and none is lost", async (_, calls, wakes) => {
  expect(await wakesAfter(calls)).toEqual(wakes);
});

test("after a stop nothing is woken and nothing waits", async () => {
  expect(await wakesAfter([1, 2, 20], 5)).toEqual([1]);
});
