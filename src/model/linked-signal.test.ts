import { getEventListeners } from "node:events";
import { describe, expect, test } from "vitest";
import { abortOf, isInterruption, linkedTo, unlessCut } from "./linked-signal.ts";

const listeners = (signal: AbortSignal): number => getEventListeners(signal, "abort").length;

describe("a linked signal", () => {
  test("aborts with the first of its sources, for its reason, and lets go of the others", () => {
    const [a, b] = [new AbortController(), new AbortController()];
    const link = linkedTo(a.signal, undefined, b.signal);
    expect(link.signal.aborted).toBe(false);
    b.abort("b");
    a.abort("a");
    expect(link.signal.reason).toBe("b");
    expect([listeners(a.signal), listeners(b.signal)]).toEqual([0, 0]);
  });

  test("is aborted at once if one of them is", () => {
    const a = new AbortController();
    const link = linkedTo(a.signal, AbortSignal.abort("gone"));
    expect(link.signal.reason).toBe("gone");
    expect(listeners(a.signal)).toBe(0);
  });

  test("can be aborted by itself, which its sources do not notice", () => {
    const a = new AbortController();
    const link = linkedTo(a.signal);
    link.abort("itself");
    expect([link.signal.reason, a.signal.aborted, listeners(a.signal)]).toEqual(["itself", false, 0]);
  });

  test("follows nobody any more once it is disposed of", () => {
    const a = new AbortController();
    const link = linkedTo(a.signal);
    link[Symbol.dispose]();
    a.abort();
    expect(link.signal.aborted).toBe(false);
  });
});

test("an abort that has been and one that comes are both waited for", async () => {
  await abortOf(AbortSignal.abort());
  const a = new AbortController();
  const waiting = abortOf(a.signal);
  a.abort();
  await waiting;
});

describe("what counts as an interruption", () => {
  const aborted = AbortSignal.abort(new Error("SIGTERM"));
  test.each<[string, AbortSignal, unknown, boolean]>([
    ["the signal's own reason", aborted, aborted.reason, true],
    ["an abort as SDKs throw it", aborted, new DOMException("", "AbortError"), true],
    ["another error", aborted, new Error("SIGTERM"), false],
    [
      "an abort without the signal's",
      new AbortController().signal,
      new DOMException("", "AbortError"),
      false,
    ],
  ])("%s", async (_, signal, error, expected) => {
    expect(isInterruption(error, signal)).toBe(expected);
    const work = unlessCut(signal, () => Promise.reject(error));
    if (expected) expect(await work).toBeUndefined();
    else await expect(work).rejects.toBe(error);
  });
});
