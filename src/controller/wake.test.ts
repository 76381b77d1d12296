import { getEventListeners } from "node:events";
import { expect, test } from "vitest";
import { handClock, settle } from "./clock-fixtures.ts";
import { wakerOn } from "./wake.ts";

const never = new AbortController().signal;

test("reasons gather until somebody asks, each once, and then begin anew", async () => {
  const waker = wakerOn(handClock());
  for (const reason of ["webhook", "revision", "webhook", "signal"] as const) waker.wake(reason);
  expect(await waker.next(undefined, never)).toEqual(["webhook", "revision", "signal"]);
  waker.wake("revision");
  expect(await waker.next({ inMs: 5, reason: "interval" }, never)).toEqual(["revision"]);
});

test("who waits is woken at once, and the time that was due is forgotten", async () => {
  const clock = handClock();
  const waker = wakerOn(clock);
  const next = waker.next({ inMs: 1_000, reason: "interval" }, never);
  await clock.pass(999);
  waker.wake("webhook");
  expect(await next).toEqual(["webhook"]);
  await settle();
  expect(clock.sleepers()).toBe(0);
});

test("when the time comes its reason is the reason", async () => {
  const clock = handClock();
  const waker = wakerOn(clock);
  const next = waker.next({ inMs: 1_000, reason: "retry" }, never);
  await clock.pass(1_000);
  expect(await next).toEqual(["retry"]);
});

test("a wake-up between the time that is due and its turn is part of that turn", async () => {
  const clock = handClock();
  const waker = wakerOn(clock);
  const next = waker.next({ inMs: 1_000, reason: "interval" }, never).then((reasons) => {
    waker.wake("signal");
    return reasons;
  });
  await clock.pass(1_000);
  expect(await next).toEqual(["interval"]);
  expect(await waker.next(undefined, never)).toEqual(["signal"]);
});

test("a stop ends the waiting, forgets no reason, and leaves nobody listening", async () => {
  const clock = handClock();
  const waker = wakerOn(clock);
  const stop = new AbortController();
  const next = waker.next({ inMs: 1_000, reason: "interval" }, stop.signal);
  stop.abort(new Error("SIGTERM"));
  await expect(next).rejects.toThrow("SIGTERM");
  waker.wake("webhook");
  await expect(waker.next(undefined, stop.signal)).rejects.toThrow("SIGTERM");
  expect(await waker.next(undefined, never)).toEqual(["webhook"]);
  expect(getEventListeners(stop.signal, "abort")).toEqual([]);
  expect(clock.sleepers()).toBe(0);
});
