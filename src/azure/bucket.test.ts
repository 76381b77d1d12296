import { expect, test } from "vitest";
import { jumpingClock } from "../apply/fixtures.ts";
import type { Clock } from "../model/ports.ts";
import { bucketFrom } from "./bucket.ts";

const hourInMs = 60 * 60_000;
const { signal: never } = new AbortController();

/** A clock that somebody sets, and how long was waited on it. */
function settableClock() {
  const truth = jumpingClock();
  let [offsetInMs, waitedInMs] = [0, 0];
  const clock: Clock = {
    now: () => truth.now() + offsetInMs,
    async sleep(inMs, signal) {
      waitedInMs += inMs;
      await truth.sleep(inMs, signal);
    },
  };
  return {
    clock,
    set: (byInMs: number) => {
      offsetInMs += byInMs;
    },
    waited: () => waitedInMs,
  };
}

test.each([-9, -1, 1, 9])("a clock that is set by %i hours costs nobody a wait", async (hours) => {
  const { clock, set, waited } = settableClock();
  const bucket = bucketFrom({ holds: 10, perSecond: 1 }, clock);
  await bucket.take(4, never);
  set(hours * hourInMs);
  await bucket.take(4, never);
  expect(waited()).toBe(0);
  await bucket.take(10, never);
  expect(waited()).toBeLessThanOrEqual(8_000);
});

test("a clock that is set back makes no pause longer than Azure has asked for", async () => {
  const { clock, set, waited } = settableClock();
  const bucket = bucketFrom({ holds: 10, perSecond: 1 }, clock);
  bucket.pause(20_000);
  set(-3 * hourInMs);
  expect(bucket.delayInMs(1)).toBe(20_000);
  await bucket.take(1, never);
  expect(waited()).toBe(20_000);
});
