import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type Ending, endingOf } from "./ending.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

interface Stage {
  readonly ending: Ending;
  readonly seen: string[];
  readonly signal: (name: string) => void;
  readonly isListening: () => boolean;
}

function stage(): Stage {
  const seen: string[] = [];
  let listener: ((signal: string) => void) | undefined;
  const io = {
    onSignal: (one: (signal: string) => void) => {
      listener = one;
      return () => {
        listener = undefined;
      };
    },
    exit: (code: number) => void seen.push(`exit ${code}`),
  };
  const ending = endingOf(io, 25_000);
  for (const name of ["stop", "handOver", "abort"] as const) {
    ending[name].addEventListener("abort", () => seen.push(name));
  }
  return { ending, seen, signal: (name) => listener?.(name), isListening: () => listener !== undefined };
}

test("a signal stops; after the grace period nothing is waited for, a little later not even answers", async () => {
  const { ending, seen, signal } = stage();
  using _ = ending;
  signal("SIGTERM");
  expect(seen).toEqual(["stop"]);
  await vi.advanceTimersByTimeAsync(24_999);
  expect(seen).toEqual(["stop"]);
  await vi.advanceTimersByTimeAsync(1);
  expect(seen).toEqual(["stop", "handOver"]);
  await vi.advanceTimersByTimeAsync(3_000);
  expect(seen).toEqual(["stop", "handOver", "abort"]);
});

test("a second signal ends the process at once", () => {
  const { ending, seen, signal } = stage();
  using _ = ending;
  signal("SIGTERM");
  signal("SIGINT");
  expect(seen).toEqual(["stop", "exit 130"]);
});

test("what has ended listens to nobody and keeps no timer", () => {
  const { ending, signal, isListening } = stage();
  signal("SIGINT");
  ending[Symbol.dispose]();
  expect([isListening(), vi.getTimerCount()]).toEqual([false, 0]);
});
