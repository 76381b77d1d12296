import { describe, expect, test } from "vitest";
import { change, jumpingClock, vmId } from "../apply/fixtures.ts";
import type { Verdict } from "../apply/outcome.ts";
import { observed, planWith, policy } from "../plan/fixtures.ts";

import { type Carried, type Convergence, type ConvergeOptions, converge } from "./converge.ts";
import type { Pass } from "./reconcile.ts";

const applied: Verdict = { state: "applied", message: "" };
const lag: Verdict = { state: "propagating", message: "", transient: true };
const busy: Verdict = { state: "failed", code: "TooManyRequests", message: "", transient: true };
const refused: Verdict = { state: "failed", code: "AuthorizationFailed", message: "" };
const postponed: Verdict = { ...lag, state: "skipped", code: "BackingOff", postponed: true };
const waits: Verdict = { state: "skipped", code: "WaitsFor", message: "" };

function passWith(verdicts: Readonly<Record<string, Verdict>>, released: readonly string[] = []): Pass {
  const changes = Object.keys(verdicts).map((id) => change(id, "attach"));
  const plan = planWith({ owner: policy.owner, changes, released });
  const outcomes = changes.flatMap((one) => {
    const verdict = verdicts[one.id];
    return verdict ? [{ ...verdict, change: one }] : [];
  });
  const report = { outcomes, warnings: [] };
  return { observed: observed(), plan, leftOut: [], report, documents: [], orphans: [] };
}

interface Run {
  readonly result: Convergence;
  readonly carried: Carried[];
  readonly waitedInMs: number;
}

async function runOf(passes: readonly Pass[], options: Partial<ConvergeOptions> = {}): Promise<Run> {
  const clock = jumpingClock();
  const startedAtInMs = clock.now();
  const carried: Carried[] = [];
  const result = await converge(
    async (before) => {
      carried.push(before);
      const pass = passes[before.number - 1] ?? passes.at(-1);
      if (!pass) throw new Error("no pass");
      return pass;
    },
    { clock, ...options },
  );
  return { result, carried, waitedInMs: clock.now() - startedAtInMs };
}

describe("how many passes there are", () => {
  test.each<readonly [string, readonly Readonly<Record<string, Verdict>>[], number, string, number]>([
    ["an empty plan", [{}], 1, "converged", 0],
    ["after what was applied another one looks", [{ a: applied }, {}], 2, "converged", 0],
    ["what is propagating alone is left", [{ a: lag }], 1, "converged", 0],
    [
      "what was applied beside what is propagating",
      [{ a: applied, b: lag }, { b: lag }],
      2,
      "converged",
      5_000,
    ],
    [
      "what may recover is tried again after a while",
      [{ a: busy }, { a: applied }, {}],
      3,
      "converged",
      5_000,
    ],
    ["what failed for good is left", [{ a: refused, b: waits }], 1, "converged", 0],
    ["what is postponed is neither tried again nor waited for", [{ a: postponed }], 1, "converged", 0],
    ["nor is it waited for beside what was applied", [{ a: applied, b: postponed }, {}], 2, "converged", 0],
    ["never more than five", [{ a: busy }], 5, "unfinished", 20_000],
    ["nor of what is applied again and again", [{ a: applied }], 5, "unfinished", 0],
  ])("%s", async (_, verdicts, count, end, waitInMs) => {
    const { result, waitedInMs } = await runOf(verdicts.map((one) => passWith(one)));
    expect(result.passes).toHaveLength(count);
    expect(result.end).toBe(end);
    expect(waitedInMs).toBe(waitInMs);
  });
});

test("a pass knows what has failed for good and what was released before it", async () => {
  const { carried } = await runOf([
    passWith({ a: refused, b: applied, c: busy }, ["b"]),
    passWith({ a: refused, d: applied, e: waits }, ["d"]),
    passWith({}),
  ]);
  expect(carried.map((one) => [one.number, [...one.settled.keys()], [...one.released]])).toEqual([
    [1, [], []],
    [2, ["a"], ["b"]],
    [3, ["a"], ["b", "d"]],
  ]);
});

test("a pass knows which identities the ones before it have created", async () => {
  const creating = (verdict: Verdict): Pass => {
    const pass = passWith({ a: verdict });
    const outcomes = pass.report.outcomes.map((one) => ({ ...one, change: change("a", "create") }));
    return { ...pass, report: { ...pass.report, outcomes } };
  };
  const created = change("a", "create").identityId.toLowerCase();
  const after = async (verdict: Verdict) => {
    const { carried } = await runOf([creating(verdict), passWith({ b: applied }), passWith({})]);
    return carried.map((one) => [...one.created]);
  };
  expect(await after(applied)).toEqual([[], [created], [created]]);
  expect((await after(busy))[1]).toEqual([]);
});

test("what Azure has rejected on a target is not settled but left alone, and handed out in the end", async () => {
  const subject = { kind: "target", targetId: vmId("vm") } as const;
  const pass = passWith({ a: { ...refused, quarantine: "begins" }, b: applied });
  const outcomes = pass.report.outcomes.map((one) =>
    one.change.id === "a" ? { ...one, change: { ...one.change, subject } } : one,
  );
  const { carried, result } = await runOf([
    { ...pass, report: { ...pass.report, outcomes } },
    passWith({ a: { ...refused, quarantine: "stands" } }),
  ]);
  expect(carried.map(({ settled, quarantine }) => [settled.size, quarantine.size])).toEqual([
    [0, 0],
    [0, 1],
  ]);
  expect([...result.quarantine.values()]).toMatchObject([{ rejections: 1 }]);
  const next = await runOf([passWith({})], { quarantine: result.quarantine });
  expect(next.carried[0]?.quarantine).toBe(result.quarantine);
});

describe("stop", () => {
  test.each(["stop", "handOver", "abort"] as const)("by %s: no further pass begins", async (which) => {
    const controller = new AbortController();
    const { result } = await runOf([passWith({ a: applied })], {
      [which]: controller.signal,
      onPass: () => controller.abort(),
    });
    expect(result).toMatchObject({ end: "stopped", passes: [{}] });
  });

  test("after the pass that it met", async () => {
    const stop = new AbortController();
    const { result } = await runOf([passWith({ a: applied })], {
      stop: stop.signal,
      onPass: () => stop.abort(),
    });
    expect(result).toMatchObject({ end: "stopped", passes: [{}] });
  });

  test("while waiting for the next pass", async () => {
    const stop = new AbortController();
    const clock = jumpingClock();
    const sleep = (): Promise<void> => {
      stop.abort();
      return Promise.reject(stop.signal.reason);
    };
    const { result } = await runOf([passWith({ a: busy })], {
      stop: stop.signal,
      clock: { ...clock, sleep },
    });
    expect(result).toMatchObject({ end: "stopped", passes: [{}] });
  });

  test("while a pass reads: there is nothing to tell of it", async () => {
    const stop = new AbortController();
    const pass = async (): Promise<Pass> => {
      stop.abort();
      throw new DOMException("aborted", "AbortError");
    };
    const result = await converge(pass, { clock: jumpingClock(), stop: stop.signal });
    expect(result).toMatchObject({ end: "stopped", passes: [] });
  });

  test("a bug is not taken for an interruption", async () => {
    const stop = new AbortController();
    const pass = async (): Promise<Pass> => {
      stop.abort();
      throw new TypeError("bug");
    };
    await expect(converge(pass, { clock: jumpingClock(), stop: stop.signal })).rejects.toThrow("bug");
  });
});
