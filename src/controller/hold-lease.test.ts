// When a holder may write, over all that can happen to a lease and to the way to its store.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Failure } from "../model/failure.ts";
import type { Lease, LeaseClock, LeaseStore } from "../model/lease.ts";
import { type HoldOptions, holdLease } from "./hold-lease.ts";

const durationInMs = 60_000;
const never = new AbortController().signal;

const clock: LeaseClock = {
  sleep: (inMs, signal) =>
    new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const timer = setTimeout(resolve, inMs);
      signal.addEventListener("abort", () => {
        clearTimeout(timer);
        reject(signal.reason);
      });
    }),
  stopwatch() {
    const since = Date.now();
    return () => Date.now() - since;
  },
};

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const passSeconds = (count: number) => vi.advanceTimersByTimeAsync(count * 1000);
const unreachable = (): Failure => new Failure("transient", "nobody answers", { code: "ECONNREFUSED" });
const forbidden = (): Failure => new Failure("terminal", "no right", { code: "Forbidden", status: 403 });

type Answer = boolean | Failure | "hangs";

/** A store that gives these answers one after the other, the last one for ever; it counts what it is asked. */
function storeOf({ acquire = [true], renew = [true] }: { acquire?: Answer[]; renew?: Answer[] }) {
  const asked: string[] = [];
  const answered = async (name: string, answers: Answer[], signal: AbortSignal): Promise<boolean> => {
    asked.push(`${name} ${Math.round(Date.now() / 1000) - startedAt}`);
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    if (answer === "hangs") {
      await clock.sleep(1e9, signal);
      throw new Error("nothing sleeps so long");
    }
    if (typeof answer === "boolean") return answer;
    throw answer;
  };
  const startedAt = Math.round(Date.now() / 1000);
  const store: LeaseStore = {
    name: "the lease",
    durationInMs,
    acquire: (signal) => answered("acquire", acquire, signal),
    renew: (signal) => answered("renew", renew, signal),
    release: async () => void asked.push("release"),
  };
  return { store, asked };
}

async function take(store: LeaseStore, options: Partial<HoldOptions> = {}): Promise<Lease> {
  const lease = await holdLease(store, { clock, stop: never, waitInMs: 0, ...options });
  if (!lease) throw new Error("somebody else holds it");
  return lease;
}

/** As short words: may it write, is it lost, is what is under way cut. */
function stateOf(lease: Lease): string {
  const { lost, ended } = lease;
  return [lease.mayWrite() && "writes", lost.aborted && "lost", ended.aborted && "ended"]
    .filter((word) => word !== false)
    .join(" ");
}

describe("rule 23: a holder", () => {
  test("renews at a third of the lease, writes all the time, and gives it back", async () => {
    const { store, asked } = storeOf({});
    const lease = await take(store);
    for (let minute = 0; minute < 10; minute += 1) {
      await passSeconds(60);
      expect(stateOf(lease)).toBe("writes");
    }
    expect(asked.slice(0, 4)).toEqual(["acquire 0", "renew 20", "renew 40", "renew 60"]);
    await lease.release();
    expect(stateOf(lease)).toBe("ended");
    await passSeconds(600);
    expect(asked.slice(-2)).toEqual(["renew 600", "release"]);
  });

  test.each<[string, Answer[]]>([
    ["nobody answers", [unreachable()]],
    ["the right is taken away", [forbidden()]],
    ["requests hang", ["hangs"]],
  ])(
    "stops writing a margin before the lease ends when %s, and cuts what is under way then",
    async (_, renew) => {
      const { store, asked } = storeOf({ renew });
      const lease = await take(store);
      await passSeconds(49.9);
      expect(stateOf(lease)).toBe("writes");
      await passSeconds(0.2);
      expect(stateOf(lease)).toBe("lost");
      expect(lease.lost.reason).toMatchObject({ details: { code: "LeaseLost" } });
      await passSeconds(9.2);
      expect(stateOf(lease)).toBe("lost");
      await passSeconds(0.2);
      expect(stateOf(lease)).toBe("lost ended");
      expect(lease.ended.reason).toMatchObject({ details: { code: "LeaseLost", mayHaveHappened: true } });
      const before = asked.length;
      await lease.release();
      await passSeconds(100);
      expect(asked.length).toBe(before);
    },
  );

  test("survives a store that is away for a while, and counts from when it asked", async () => {
    const { store, asked } = storeOf({ renew: [unreachable(), unreachable(), true, unreachable()] });
    const told: number[] = [];
    const lease = await take(store, { onTrouble: (_, leftInMs) => told.push(leftInMs) });
    await passSeconds(29);
    expect(asked).toEqual(["acquire 0", "renew 20", "renew 24", "renew 28"]);
    expect(told).toEqual([30_000, 26_000]);
    await passSeconds(48.9);
    expect(stateOf(lease)).toBe("writes");
    await passSeconds(0.2);
    expect(stateOf(lease)).toBe("lost");
    await lease.release();
  });

  test("that lost it to somebody else cuts everything at once", async () => {
    const { store, asked } = storeOf({ renew: [true, false] });
    const lease = await take(store);
    await passSeconds(39.9);
    expect(stateOf(lease)).toBe("writes");
    await passSeconds(0.2);
    expect(stateOf(lease)).toBe("lost ended");
    await lease.release();
    expect(asked).toEqual(["acquire 0", "renew 20", "renew 40"]);
  });

  test("that was stopped for a while knows it before any timer has told, and never comes back", async () => {
    const { store } = storeOf({});
    const lease = await take(store);
    await passSeconds(10);
    vi.setSystemTime(Date.now() + 300_000);
    expect(stateOf(lease)).toBe("lost");
    await passSeconds(120);
    expect(stateOf(lease)).toBe("lost ended");
    await lease.release();
  });

  test("whose renewal is answered too late does not believe it", async () => {
    const answer = Promise.withResolvers<boolean>();
    const { store } = storeOf({});
    const lease = await take({ ...store, renew: () => answer.promise });
    await passSeconds(30);
    vi.setSystemTime(Date.now() + 25_000);
    answer.resolve(true);
    await passSeconds(0);
    expect(stateOf(lease)).toBe("lost");
    await lease.release();
  });

  test("that is broken itself does not go on writing, and says so at the end", async () => {
    const { store } = storeOf({});
    const lease = await take({ ...store, renew: () => Promise.reject(new TypeError("a mistake")) });
    await passSeconds(20.1);
    expect(stateOf(lease)).toBe("lost ended");
    await expect(lease.release()).rejects.toThrow("a mistake");
  });
});

describe("taking a lease", () => {
  test("of somebody else is refused at once without time to wait", async () => {
    const { store, asked } = storeOf({ acquire: [false] });
    expect(await holdLease(store, { clock, stop: never, waitInMs: 0 })).toBeUndefined();
    expect(asked).toEqual(["acquire 0"]);
  });

  test("waits as long as it may, and tells so once", async () => {
    const { store, asked } = storeOf({ acquire: [false] });
    const onWait = vi.fn();
    const taking = holdLease(store, { clock, stop: never, waitInMs: 9_000, onWait });
    await passSeconds(20);
    expect(await taking).toBeUndefined();
    expect(asked).toEqual(["acquire 0", "acquire 4", "acquire 8"]);
    expect(onWait).toHaveBeenCalledTimes(1);
  });

  test("comes when the other one has ended", async () => {
    const { store } = storeOf({ acquire: [false, unreachable(), false, true] });
    const taking = take(store, { waitInMs: 60_000 });
    await passSeconds(12);
    const lease = await taking;
    expect(stateOf(lease)).toBe("writes");
    await lease.release();
  });

  test("asks a store that does not answer three times, and one that refuses once", async () => {
    for (const [failure, times] of [
      [unreachable(), 3],
      [forbidden(), 1],
    ] as const) {
      const { store, asked } = storeOf({ acquire: [failure] });
      const taking = expect(holdLease(store, { clock, stop: never, waitInMs: 0 })).rejects.toBe(failure);
      await passSeconds(20);
      await taking;
      expect(asked.length).toBe(times);
    }
  });

  test("ends with a stop", async () => {
    const { store } = storeOf({ acquire: [false] });
    const stop = new AbortController();
    const taking = expect(holdLease(store, { clock, stop: stop.signal, waitInMs: 60_000 })).rejects.toThrow(
      "enough",
    );
    await passSeconds(5);
    stop.abort(new Error("enough"));
    await taking;
  });
});
