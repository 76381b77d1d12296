// Terms of leadership over all that can happen to a lease and the way to its store.
import { getEventListeners } from "node:events";
import { describe, expect, test } from "vitest";
import { Failure } from "../model/failure.ts";
import type { LeaseStore } from "../model/lease.ts";
import { type HandClock, handClock, settle } from "./clock-fixtures.ts";
import { alone, type Leadership, leadershipBy } from "./leadership.ts";

const durationInMs = 60_000;
const unreachable = (): Failure => new Failure("transient", "nobody answers", { code: "ECONNREFUSED" });
const forbidden = (): Failure => new Failure("terminal", "no right", { code: "Forbidden" });

type Answer = boolean | (() => Failure);

interface Reign {
  readonly leadership: Leadership;
  readonly clock: HandClock;
  readonly stop: AbortController;
  readonly running: Promise<void>;
  /** What the store answers from now on. */
  readonly store: { acquire: Answer; renew: Answer; release: Answer; readonly asked: string[] };
  /** "0 leader", "60 take ECONNREFUSED". */
  readonly told: string[];
  /** What earlier terms must have ended before. */
  unsettled?: Promise<void>;
}

function reign(first: Partial<Reign["store"]> = {}): Reign {
  const clock = handClock();
  const since = clock.stopwatch();
  const seconds = (): number => Math.round(since() / 1000);
  const told: string[] = [];
  const store = {
    acquire: true as Answer,
    renew: true as Answer,
    release: true as Answer,
    asked: [],
    ...first,
  };
  const answered = async (name: "acquire" | "renew" | "release"): Promise<boolean> => {
    (store.asked as string[]).push(`${name} ${seconds()}`);
    const answer = store[name];
    if (typeof answer === "boolean") return answer;
    throw answer();
  };
  const leaseStore: LeaseStore = {
    name: "the lease",
    durationInMs,
    acquire: () => answered("acquire"),
    renew: () => answered("renew"),
    release: async () => void (await answered("release")),
  };
  const leadership = leadershipBy({
    store: leaseStore,
    clock,
    random: () => 1,
    onTrouble: ({ details }, doing) => void told.push(`${seconds()} ${doing} ${details.code}`),
  });
  const stop = new AbortController();
  const result: { -readonly [K in keyof Reign]: Reign[K] } = {
    leadership,
    clock,
    stop,
    store,
    told,
    running: Promise.resolve(),
  };
  result.running = leadership.run(stop.signal, {
    onRole: (role) => void told.push(`${seconds()} ${role}`),
    settled: async () => await result.unsettled,
  });
  return result;
}

/** As short words. */
function stateOf({ leadership: { fence, term, role } }: Reign): string {
  const words = [
    role(),
    fence.mayWrite() && "writes",
    fence.ended.aborted && "ended",
    term() ? "term" : false,
  ];
  return words.filter((word) => word !== false).join(" ");
}

describe("a leader", () => {
  test("writes nothing before it has the lease", () => {
    const one = reign();
    expect(stateOf(one)).toBe("standby ended");
  });

  test("leads as soon as it has the lease, keeps it, and gives it back at the stop", async () => {
    const one = reign();
    await one.clock.pass(600_000);
    expect(stateOf(one)).toBe("leader writes term");
    expect(one.store.asked.slice(0, 3)).toEqual(["acquire 0", "renew 20", "renew 40"]);
    one.stop.abort();
    await one.running;
    expect(stateOf(one)).toBe("standby ended");
    expect(one.store.asked.at(-1)).toBe("release 600");
    expect(one.told).toEqual(["0 leader"]);
    expect(one.clock.sleepers()).toBe(0);
  });

  test("waits with giving it back until nothing of it writes any more", async () => {
    const one = reign();
    await one.clock.pass(1_000);
    const { promise, resolve } = Promise.withResolvers<void>();
    one.unsettled = promise;
    one.stop.abort();
    await settle();
    expect(stateOf(one)).toBe("leader writes term");
    resolve();
    await one.running;
    expect(one.store.asked.at(-1)).toBe("release 1");
  });

  test("is told of a lease that cannot be given back, and ends all the same", async () => {
    const one = reign({ release: unreachable });
    await one.clock.pass(1_000);
    one.stop.abort();
    await one.running;
    expect(one.told).toEqual(["0 leader", "1 release ECONNREFUSED"]);
  });
});

describe("a standby", () => {
  test("asks again every fifteenth of the lease, without end, and leads within that", async () => {
    const one = reign({ acquire: false });
    await one.clock.pass(3_600_000);
    expect(one.store.asked.slice(0, 3)).toEqual(["acquire 0", "acquire 4", "acquire 8"]);
    expect(one.store.asked.length).toBeGreaterThan(890);
    expect(stateOf(one)).toBe("standby ended");
    one.store.acquire = true;
    await one.clock.pass(4_000);
    expect(one.told).toEqual(["0 standby", "3604 leader"]);
  });

  test.each<[string, () => Failure, string[]]>([
    ["does not answer", unreachable, ["8", "20", "36", "60", "100", "172", "308"]],
    ["may not be asked", forbidden, ["0", "4", "12", "28", "60", "124", "252"]],
  ])("asks a store that %s more and more slowly, and tells each time", async (_, failure, times) => {
    const one = reign({ acquire: failure });
    await one.clock.pass(600_000);
    const troubles = one.told.filter((line) => line.includes(" take "));
    expect(troubles.slice(0, times.length).map((line) => line.split(" ")[0])).toEqual(times);
    expect(one.told.filter((line) => line.endsWith("standby"))).toHaveLength(1);
    const before = troubles.length;
    await one.clock.pass(3_600_000);
    const more = one.told.filter((line) => line.includes(" take ")).length - before;
    expect(more).toBeGreaterThanOrEqual(11);
    expect(more).toBeLessThanOrEqual(13);
    one.store.acquire = true;
    await one.clock.pass(310_000);
    expect(stateOf(one)).toBe("leader writes term");
  });

  test("ends at once at a stop", async () => {
    const one = reign({ acquire: false });
    await one.clock.pass(1_000);
    one.stop.abort();
    await one.running;
    expect(one.store.asked).toEqual(["acquire 0"]);
    expect(one.clock.sleepers()).toBe(0);
  });
});

describe("a lease that is lost", () => {
  test("ends the term, and is taken again as soon as it is free", async () => {
    const one = reign();
    await one.clock.pass(1_000);
    const [term, { ended }] = [one.leadership.term(), one.leadership.fence];
    one.store.renew = false;
    one.store.acquire = false;
    await one.clock.pass(20_000);
    expect(term?.reason).toMatchObject({ details: { code: "LeaseLost" } });
    expect(ended.reason).toMatchObject({ details: { code: "LeaseLost" } });
    expect(stateOf(one)).toBe("standby ended");
    one.store.acquire = true;
    one.store.renew = true;
    await one.clock.pass(5_000);
    expect(stateOf(one)).toBe("leader writes term");
    expect(one.told).toEqual(["0 leader", "20 standby", "24 leader"]);
    expect([ended.aborted, one.leadership.term() === term]).toEqual([true, false]);
  });

  test("by a store that cannot be reached: told with each renewal, and nothing is written a margin before it ends", async () => {
    const one = reign({ renew: unreachable });
    await one.clock.pass(49_900);
    expect(stateOf(one)).toBe("leader writes term");
    one.store.acquire = false;
    await one.clock.pass(200);
    expect(stateOf(one)).toBe("standby ended");
    expect(one.told.filter((line) => line.includes("renew"))).toHaveLength(8);
  });

  test("is not taken again while something of its term still writes", async () => {
    const one = reign();
    await one.clock.pass(1_000);
    const { promise, resolve } = Promise.withResolvers<void>();
    one.unsettled = promise;
    one.store.renew = false;
    await one.clock.pass(120_000);
    expect(one.store.asked.filter((line) => line.startsWith("acquire"))).toHaveLength(1);
    one.store.renew = true;
    resolve();
    await one.clock.pass(4_000);
    expect(stateOf(one)).toBe("leader writes term");
  });

  test("a hundred times leaves nobody listening", async () => {
    const one = reign({ renew: false });
    await one.clock.pass(100 * 24_000);
    expect(one.told.filter((line) => line.endsWith("leader")).length).toBeGreaterThanOrEqual(100);
    expect(getEventListeners(one.stop.signal, "abort").length).toBeLessThanOrEqual(2);
    one.stop.abort();
    await one.running;
    expect(one.clock.sleepers()).toBe(0);
  });
});

test("without a lease nothing ends the term, and the loop's stop ends it all", async () => {
  const leadership = alone();
  const stop = new AbortController();
  const told: string[] = [];
  const running = leadership.run(stop.signal, {
    onRole: (role) => told.push(role),
    settled: async () => undefined,
  });
  expect([told, leadership.role(), leadership.fence.mayWrite()]).toEqual([["alone"], "alone", true]);
  expect([leadership.term()?.aborted, leadership.fence.ended.aborted]).toEqual([false, false]);
  stop.abort();
  await running;
});
