import { describe, expect, test } from "vitest";
import { failure, jumpingClock } from "./fixtures.ts";
import { defaultRetryPolicy, type RetryPolicy, type RetryScope, retried, seen } from "./retry.ts";

const transient = failure("transient", "Busy");
const asked = failure("transient", "Throttled", { retryAfterInMs: 17_000 });
const lag = failure("propagating", "PrincipalNotFound");
const refused = failure("terminal", "AuthorizationFailed");
const etag = failure("transient", "PreconditionFailed", { status: 412 });

interface Trial {
  readonly delaysInMs: number[];
  readonly codes: string[];
  readonly scope: RetryScope;
  readonly outsides: () => number;
}

function trial(policy: Partial<RetryPolicy> = {}, more: Partial<RetryScope> = {}): Trial {
  const clock = jumpingClock();
  const delaysInMs: number[] = [];
  const codes: string[] = [];
  let outsides = 0;
  const scope: RetryScope = {
    policy: { ...defaultRetryPolicy, ...policy },
    clock,
    random: () => 1,
    startedAtInMs: clock.now(),
    stop: new AbortController().signal,
    handOver: new AbortController().signal,
    abort: new AbortController().signal,
    whilePolling: (wait) => wait(),
    outside: (wait) => {
      outsides += 1;
      return wait();
    },
    onRetry: (cause, delayInMs) => {
      codes.push(cause.details.code);
      delaysInMs.push(delayInMs);
    },
    ...more,
  };
  return { delaysInMs, codes, scope, outsides: () => outsides };
}

/** Throws these one after the other, then succeeds. */
function failing(...failures: readonly Error[]): (number: number) => Promise<string> {
  return (number) => {
    const next = failures[number - 1];
    return next ? Promise.reject(next) : Promise.resolve(`attempt ${number}`);
  };
}

describe("retried", () => {
  test.each([
    ["nothing to mend", [], [], "attempt 1"],
    ["doubles from a second", [transient, transient, transient], [1000, 2000, 4000], "attempt 4"],
    ["waits as long as Azure asks", [asked, transient], [17_000, 2000], "attempt 3"],
    ["an etag mismatch is tried again at once", [etag, etag, etag], [], "attempt 4"],
    ["each class counts for itself", [transient, lag, transient], [1000, 1000, 2000], "attempt 4"],
  ])("%s", async (_, failures, delaysInMs, result) => {
    const { scope, delaysInMs: seenDelays, outsides } = trial();
    expect(await retried(scope, failing(...failures))).toBe(result);
    expect(seenDelays).toEqual(delaysInMs);
    expect(outsides()).toBe(delaysInMs.length);
  });

  test.each([
    ["terminal: never again", [refused], 0, "AuthorizationFailed"],
    ["terminal after transient", [transient, refused], 1, "AuthorizationFailed"],
    ["as many attempts as the policy gives", [transient, transient, transient], 2, "Busy"],
    ["an etag that never matches", [etag, etag, etag, etag], 0, "PreconditionFailed"],
    ["more than the deadline allows", [failure("transient", "Late", { retryAfterInMs: 60_001 })], 0, "Late"],
    [
      "propagation has a bound of its own",
      [lag, failure("propagating", "Slow", { retryAfterInMs: 10_001 })],
      1,
      "Slow",
    ],
  ])("gives up: %s", async (_, failures, retries, code) => {
    const { scope, delaysInMs } = trial({ maxAttempts: 3, deadlineInMs: 60_000, propagationInMs: 11_000 });
    await expect(retried(scope, failing(...failures))).rejects.toMatchObject({ details: { code } });
    expect(delaysInMs).toHaveLength(retries);
  });

  test("the delay never exceeds the longest one, and chance takes at most half of it", async () => {
    const { scope, delaysInMs } = trial({ longestDelayInMs: 3000 }, { random: () => 0 });
    await retried(scope, failing(transient, transient, transient, transient));
    expect(delaysInMs).toEqual([500, 1000, 1500, 1500]);
  });

  test("what is no Failure is a bug and is thrown at once", async () => {
    const { scope, delaysInMs } = trial();
    await expect(retried(scope, failing(new TypeError("bug")))).rejects.toThrow("bug");
    expect(delaysInMs).toEqual([]);
  });

  test("a stop ends the waiting, and the last failure is what is left", async () => {
    const stop = new AbortController();
    const { scope } = trial({}, { stop: stop.signal, onRetry: () => stop.abort() });
    await expect(retried(scope, failing(transient))).rejects.toBe(transient);
  });

  test("an abort ends it with its own reason", async () => {
    const abort = new AbortController();
    const { scope } = trial({}, { abort: abort.signal, onRetry: () => abort.abort(new Error("cut")) });
    await expect(retried(scope, failing(transient))).rejects.toThrow("cut");
  });
});

describe("seen", () => {
  test("reads again until the answer is as wanted", async () => {
    const { scope, codes } = trial();
    const answers = [1, 2, 3];
    const read = () => Promise.resolve(answers.shift());
    expect(await seen(scope, read, (answer) => answer === 3)).toBe(true);
    expect(codes).toEqual(["NotVisibleYet", "NotVisibleYet"]);
  });

  test("gives up after the time that the policy allows", async () => {
    const { scope, delaysInMs } = trial({ visibilityInMs: 10_000 });
    expect(
      await seen(
        scope,
        () => Promise.resolve(1),
        () => false,
      ),
    ).toBe(false);
    expect(delaysInMs).toEqual([1000, 2000, 4000]);
  });

  test("a read that is refused is no lag", async () => {
    const { scope } = trial();
    await expect(
      seen(
        scope,
        () => Promise.reject(refused),
        () => true,
      ),
    ).rejects.toBe(refused);
  });
});
