// When the loop turns and what it then does, on a clock that is moved by hand.
import { describe, expect, test } from "vitest";
import type { FakeAzure, Fault } from "../apply/fake-azure.ts";
import { failure } from "../apply/fixtures.ts";
import { Failure } from "../model/failure.ts";
import type { Self } from "../model/ports.ts";
import { observed } from "../plan/fixtures.ts";
import type { DaemonEvent } from "../status/daemon-event.ts";
import { handClock } from "./clock-fixtures.ts";
import {
  azureWith,
  drift,
  hasIdentity,
  inForceFor,
  type LoopSetup,
  type LoopTrial,
  loopTrial,
} from "./fixtures.ts";
import { runOnce } from "./run-loop.ts";

const minute = 60_000;
const locked = failure("terminal", "ScopeLocked", { status: 409 });
const patchFails = (name: string, times = 1_000): Fault => ({
  on: `patchAttachments ${name}`,
  throws: locked,
  times,
});

async function ended(trial: LoopTrial, running: Promise<void>): Promise<void> {
  trial.stop.abort(new Error("SIGTERM"));
  await running;
  expect(trial.clock.sleepers()).toBe(0);
}

/** Only when turns began and ended. */
const turnsIn = (lines: readonly string[]): string[] =>
  lines.filter((line) => /^\d+ (turn|converged|unfinished|stopped|reported|deadline|failed)/.test(line));

test("a turn brings about what is in force; the next one comes after the interval and finds nothing to do", async () => {
  const azure = azureWith(["vm-1"]);
  const trial = loopTrial(azure);
  const running = trial.start();
  await trial.clock.pass(301_000);
  expect(hasIdentity(azure, "vm-1")).toBe(true);
  await ended(trial, running);
  expect(trial.lines()).toEqual([
    "0 alone",
    "0 turn 1: start",
    "0 plan 1.1",
    "0 pass 1.1: vm-1 applied",
    "0 plan 1.2",
    "0 pass 1.2",
    "0 converged → 300",
    "300 turn 2: interval",
    "300 plan 2.1",
    "300 pass 2.1",
    "300 converged → 600",
    "301 stopping: SIGTERM",
  ]);
  expect(trial.keeper.remembered).toEqual(["r1", "r1"]);
});

test("passes have ids of their own, and what runs around each one knows it", async () => {
  const around: string[] = [];
  const trial = loopTrial(azureWith(["vm-1"]), {
    parts: {
      aroundPass: async ({ id, turn, number }, run) => {
        around.push(`${id}: ${turn}.${number}`);
        return await run();
      },
    },
  });
  const running = trial.start();
  await trial.clock.pass(1_000);
  await ended(trial, running);
  expect(around).toEqual(["id-1: 1.1", "id-2: 1.2"]);
  const ids = trial.events.flatMap((event) => (event.kind === "passEnded" ? [event.pass.id] : []));
  expect(ids).toEqual(["id-1", "id-2"]);
});

test("what is taken while a turn asks who it is belongs to the next one", async () => {
  const azure = azureWith(["vm-1", "vm-2"]);
  const trial = loopTrial(azure, {
    parts: {
      self: async () => {
        trial.keeper.source = inForceFor(["vm-1", "vm-2"], "r2");
        await trial.keeper.look(new AbortController().signal);
        return observed().self;
      },
    },
  });
  const running = trial.start();
  await trial.clock.pass(1_000);
  expect([hasIdentity(azure, "vm-2"), trial.keeper.remembered]).toEqual([false, ["r1"]]);
  await ended(trial, running);
});

test("drift is healed in the next turn", async () => {
  const azure = azureWith(["vm-1"]);
  const trial = loopTrial(azure);
  const running = trial.start();
  await trial.clock.pass(minute);
  drift(azure, "vm-1");
  await trial.clock.pass(5 * minute);
  expect(hasIdentity(azure, "vm-1")).toBe(true);
  await ended(trial, running);
});

describe("what wakes it", () => {
  test("a new revision, within the poll interval; then the source is not looked at twice", async () => {
    const azure = azureWith(["vm-1", "vm-2"]);
    const trial = loopTrial(azure);
    const running = trial.start();
    await trial.clock.pass(90_000);
    trial.keeper.source = inForceFor(["vm-1", "vm-2"], "r2");
    await trial.clock.pass(29_000);
    expect(hasIdentity(azure, "vm-2")).toBe(false);
    const before = trial.keeper.looks;
    await trial.clock.pass(1_000);
    expect(hasIdentity(azure, "vm-2")).toBe(true);
    expect(trial.keeper.looks - before).toBe(1);
    expect(turnsIn(trial.lines()).slice(2)).toEqual(["120 turn 2: revision", "120 converged → 420"]);
    await ended(trial, running);
  });

  test("a webhook at once; what comes during a turn makes exactly one more, with all its reasons", async () => {
    const azure = azureWith(["vm-1"]);
    const trial = loopTrial(azure, {
      parts: {
        observer: (event) => {
          events.push(event);
          if (event.kind === "passPlanned" && event.pass.turn === 2) {
            for (const reason of ["webhook", "signal", "webhook"] as const) trial.waker.wake(reason);
          }
        },
      },
    });
    const events: DaemonEvent[] = [];
    const running = trial.start();
    await trial.clock.pass(10_000);
    trial.waker.wake("webhook");
    await trial.clock.pass(10_000);
    const reasons = events.flatMap((event) =>
      event.kind === "turnStarted" ? [event.reasons.join("+")] : [],
    );
    expect(reasons).toEqual(["start", "webhook", "webhook+signal"]);
    await ended(trial, running);
  });

  test("a wake-up makes it look at the source before it turns", async () => {
    const azure = azureWith(["vm-1", "vm-2"]);
    const trial = loopTrial(azure);
    const running = trial.start();
    await trial.clock.pass(10_000);
    trial.keeper.source = inForceFor(["vm-1", "vm-2"], "r2");
    trial.waker.wake("webhook");
    await trial.clock.pass(1);
    expect(hasIdentity(azure, "vm-2")).toBe(true);
    await ended(trial, running);
  });

  test("two looks are never under way at the same time", async () => {
    let [now, most] = [0, 0];
    const trial = loopTrial(azureWith(["vm-1"]));
    trial.keeper.onLook = async (signal) => {
      now += 1;
      most = Math.max(most, now);
      await trial.clock.sleep(90_000, signal);
      now -= 1;
    };
    const running = trial.start();
    for (let i = 0; i < 10; i += 1) {
      trial.waker.wake("webhook");
      await trial.clock.pass(minute);
    }
    expect([most, trial.keeper.looks > 3]).toEqual([1, true]);
    await ended(trial, running);
  });
});

describe("clocks that are set", () => {
  test.each([
    ["back by a day", -24 * 60 * minute],
    ["forward by a day", 24 * 60 * minute],
  ])("%s: the next turn comes after the interval all the same", async (_, byInMs) => {
    const trial = loopTrial(azureWith(["vm-1"]));
    const running = trial.start();
    await trial.clock.pass(minute);
    trial.clock.set(byInMs);
    await trial.clock.pass(4 * minute - 1);
    expect(trial.events.filter((event) => event.kind === "turnStarted")).toHaveLength(1);
    await trial.clock.pass(1);
    expect(trial.events.filter((event) => event.kind === "turnStarted")).toHaveLength(2);
    await ended(trial, running);
  });

  test("back by a year: a document is left alone for an hour more at most", async () => {
    const azure = azureWith(["vm-1"], { faults: [patchFails("vm-1", 1)] });
    const trial = loopTrial(azure);
    const running = trial.start();
    await trial.clock.pass(minute);
    trial.clock.set(-365 * 24 * 60 * minute);
    await trial.clock.pass(50 * minute);
    expect(hasIdentity(azure, "vm-1")).toBe(false);
    await trial.clock.pass(20 * minute);
    expect(hasIdentity(azure, "vm-1")).toBe(true);
    await ended(trial, running);
  });
});

describe("backoff", () => {
  const two = (faults: readonly Fault[]): { azure: FakeAzure; trial: LoopTrial } => {
    const azure = azureWith(["vm-1", "vm-2"], { faults });
    return { azure, trial: loopTrial(azure, { inForce: inForceFor(["vm-1", "vm-2"]) }) };
  };

  test("a document that fails is left alone, longer each time; the others go on", async () => {
    const { azure, trial } = two([patchFails("vm-1")]);
    const running = trial.start();
    await trial.clock.pass(minute);
    expect(hasIdentity(azure, "vm-2")).toBe(true);
    drift(azure, "vm-2");
    await trial.clock.pass(5 * minute);
    expect(hasIdentity(azure, "vm-2")).toBe(true);
    await trial.clock.pass(54 * minute);
    // 15 minutes, then 30, a quarter less by the chance of these tests.
    const tries = azure.log.filter((line) => line === "patchAttachments vm-1").length;
    expect(tries).toBe(3);
    const lines = trial.lines();
    expect(lines).toContain("300 pass 2.1: vm-1 skipped BackingOff, vm-2 applied");
    expect(lines).toContain("675 turn 4: retry");
    await ended(trial, running);
    const last = trial.events.findLast((event) => event.kind === "turnEnded");
    expect([...(last?.backoff.keys() ?? [])]).toEqual(["IdentityBinding/team/vm-1"]);
  });

  test("a turn of which nothing is left but what backs off makes one pass and waits for nothing", async () => {
    const { trial } = two([patchFails("vm-1")]);
    const running = trial.start();
    await trial.clock.pass(6 * minute);
    expect(trial.lines().filter((line) => line.includes("pass 2"))).toEqual([
      "300 pass 2.1: vm-1 skipped BackingOff",
    ]);
    await ended(trial, running);
  });

  test.each<[string, (trial: LoopTrial) => void, boolean]>([
    ["a new revision", ({ keeper }) => (keeper.source = inForceFor(["vm-1", "vm-2"], "r2")), true],
    ["the same revision, read again", ({ keeper }) => (keeper.source = inForceFor(["vm-1", "vm-2"])), false],
    [
      "a new policy",
      ({ keeper }) => {
        const { desired, policy } = inForceFor(["vm-1", "vm-2"]);
        keeper.source = { desired, policy: { ...policy, sqlServers: [] } };
      },
      true,
    ],
  ])("%s ends it: %#", async (_, happens, ends) => {
    const { azure, trial } = two([patchFails("vm-1", 1)]);
    const running = trial.start();
    await trial.clock.pass(minute);
    happens(trial);
    await trial.clock.pass(minute);
    expect(hasIdentity(azure, "vm-1")).toBe(ends);
    await ended(trial, running);
  });

  test("what is contested is left alone and said so, without another pass for it", async () => {
    const azure = azureWith(["vm-1"]);
    const noted: number[] = [];
    const verdict = {
      state: "skipped",
      code: "Contested",
      message: "Somebody reverts it.",
      transient: true,
    } as const;
    const trial = loopTrial(azure, {
      parts: {
        contested: { note: (outcomes) => void noted.push(outcomes.length), verdictOn: () => verdict },
      },
    });
    const running = trial.start();
    await trial.clock.pass(minute);
    await ended(trial, running);
    expect(trial.lines()).toContain("0 pass 1.1: vm-1 skipped Contested");
    expect([noted, azure.log.includes("patchAttachments vm-1")]).toEqual([[1], false]);
  });
});

describe("a turn that fails", () => {
  const noToken = (): Failure => new Failure("transient", "No token.", { code: "CredentialUnavailable" });

  test("is told, and comes again more and more slowly, up to the interval; then all is as before", async () => {
    const clock = handClock();
    const azure = azureWith(["vm-1"]);
    const breaksForInMs = 20 * minute;
    const since = clock.stopwatch();
    const self = async (): Promise<Self> => {
      if (since() < breaksForInMs) throw noToken();
      return observed().self;
    };
    const failing = loopTrial(azure, { clock, parts: { self } });
    const running = failing.start();
    await failing.clock.pass(25 * minute);
    const begun = failing.events.flatMap((event) => (event.kind === "turnStarted" ? [event.atInMs] : []));
    const gaps = begun.slice(1).map((at, i) => (at - (begun[i] ?? 0)) / 1000);
    expect(gaps).toEqual([15, 30, 60, 120, 240, 300, 300, 300]);
    expect(failing.lines()).toContain("0 failed CredentialUnavailable → 15");
    expect(hasIdentity(azure, "vm-1")).toBe(true);
    await ended(failing, running);
  });

  test("because what is in force could not be kept has written nothing", async () => {
    const azure = azureWith(["vm-1"]);
    const trial = loopTrial(azure);
    trial.keeper.forgets = new Failure("transient", "The blob is away.", { code: "ECONNREFUSED" });
    const running = trial.start();
    await trial.clock.pass(minute);
    expect(turnsIn(trial.lines())[1]).toBe("0 failed ECONNREFUSED → 15");
    expect(azure.log).toEqual([]);
    await ended(trial, running);
  });

  test("because another one has gone on looks and turns at once, then no sooner than other failures let it", async () => {
    const azure = azureWith(["vm-1", "vm-2"]);
    const trial = loopTrial(azure);
    trial.keeper.forgets = new Failure("transient", "Another one has gone on.", { code: "RevisionMovedOn" });
    const running = trial.start();
    await trial.clock.pass(20_000);
    trial.keeper.source = inForceFor(["vm-1", "vm-2"], "r2");
    delete trial.keeper.forgets;
    await trial.clock.pass(minute);
    expect(turnsIn(trial.lines())).toEqual([
      "0 turn 1: start",
      "0 failed RevisionMovedOn → 0",
      "0 turn 2: retry",
      "0 failed RevisionMovedOn → 30",
      "30 turn 3: retry",
      "30 converged → 330",
    ]);
    expect([hasIdentity(azure, "vm-2"), trial.keeper.remembered]).toEqual([true, ["r2"]]);
    await ended(trial, running);
  });

  test.each<[string, (trial: LoopTrial, bug: Error) => LoopSetup["parts"]]>([
    ["the source", ({ keeper }, bug) => ({ revisions: { ...keeper, look: () => Promise.reject(bug) } })],
    ["a turn", (_, bug) => ({ self: () => Promise.reject(bug) })],
    [
      "leadership",
      ({ parts: { leadership } }, bug) => ({
        leadership: {
          ...leadership,
          async run(_, watch) {
            watch.onRole("alone");
            await new Promise((resolve) => setImmediate(resolve));
            throw bug;
          },
        },
      }),
    ],
    [
      "whoever watches",
      (_, bug) => ({
        observer: (event) => {
          if (event.kind === "passEnded") throw bug;
        },
      }),
    ],
  ])("because of a bug in %s ends the loop loudly", async (_, breaks) => {
    const azure = azureWith(["vm-1"]);
    const trial = loopTrial(azure);
    const bug = new TypeError("undefined is not a function");
    const broken = loopTrial(azure, { clock: trial.clock, parts: breaks(trial, bug) ?? {} });
    await expect(broken.start()).rejects.toBe(bug);
    expect(trial.clock.sleepers()).toBe(0);
  });

  test("because of a bug says that Bindery itself failed", async () => {
    const trial = loopTrial(azureWith([]), { parts: { self: () => Promise.reject(new TypeError("bug")) } });
    await expect(trial.start()).rejects.toThrow("bug");
    expect(trial.lines().slice(-2)).toEqual(["0 failed InternalError", "0 stopping: bug"]);
  });
});

describe("turns that only report", () => {
  test("a dry run says what is to be done, in each turn, and writes nothing", async () => {
    const azure = azureWith(["vm-1"]);
    const trial = loopTrial(azure, { options: { dryRun: true } });
    const running = trial.start();
    await trial.clock.pass(301_000);
    await ended(trial, running);
    expect(trial.lines().slice(1)).toEqual([
      "0 turn 1: start (DryRun)",
      "0 plan 1.1",
      "0 pass 1.1",
      "0 reported → 300",
      "300 turn 2: interval (DryRun)",
      "300 plan 2.1",
      "300 pass 2.1",
      "300 reported → 600",
      "301 stopping: SIGTERM",
    ]);
    const pass = trial.events.find((event) => event.kind === "passEnded");
    expect(pass?.plan.changes).toHaveLength(1);
    expect(pass?.documents.map(({ conditions }) => conditions[1].reason)).toContain("Planned");
    expect([azure.log.some((line) => line.startsWith("patch")), trial.keeper.remembered]).toEqual([
      false,
      [],
    ]);
  });

  test("without a good revision there is nothing to plan; the first one is applied", async () => {
    const azure = azureWith(["vm-1"]);
    const trial = loopTrial(azure, { inForce: "none" });
    const running = trial.start();
    await trial.clock.pass(30_000);
    expect(trial.lines()).toEqual(["0 alone", "0 turn 1: start (NoGoodRevision)", "0 reported → 300"]);
    trial.keeper.source = inForceFor(["vm-1"]);
    await trial.clock.pass(30_000);
    expect(hasIdentity(azure, "vm-1")).toBe(true);
    await ended(trial, running);
  });
});

describe("the container job", () => {
  test("is one turn", async () => {
    const azure = azureWith(["vm-1"]);
    const trial = loopTrial(azure);
    const result = await runOnce(trial.parts, trial.options);
    expect(result).toMatchObject({ turn: 1, end: "converged", convergence: { passes: [{}, {}] } });
    expect(turnsIn(trial.lines())).toEqual(["0 turn 1: start", "0 converged"]);
    expect(trial.clock.sleepers()).toBe(0);
  });

  test("says what it would do in a dry run", async () => {
    const trial = loopTrial(azureWith(["vm-1"]), { options: { dryRun: true } });
    const result = await runOnce(trial.parts, trial.options);
    expect(result).toMatchObject({ end: "reported", reportsBecause: "DryRun" });
    expect(result.reported?.plan.changes).toHaveLength(1);
  });

  test("that is stopped before it begins has made no turn", async () => {
    const trial = loopTrial(azureWith(["vm-1"]));
    trial.stop.abort();
    expect(await runOnce(trial.parts, trial.options)).toEqual({ turn: 0, end: "stopped" });
    expect(turnsIn(trial.lines())).toEqual([]);
  });

  test("fails with what Azure says, and rejects for a bug", async () => {
    const no = (error: Error) => loopTrial(azureWith([]), { parts: { self: () => Promise.reject(error) } });
    const failing = no(new Failure("terminal", "No token.", { code: "CredentialUnavailable" }));
    expect(await runOnce(failing.parts, failing.options)).toMatchObject({
      end: "failed",
      failure: { code: "CredentialUnavailable", message: "No token." },
    });
    const broken = no(new TypeError("bug"));
    await expect(runOnce(broken.parts, broken.options)).rejects.toThrow("bug");
  });
});

test.each(["intervalInMs", "pollIntervalInMs", "deadlineInMs"])(
  "%s is refused where timers cannot count it",
  async (name) => {
    for (const inMs of [0, -1, 25 * 24 * 60 * minute, Number.NaN]) {
      const trial = loopTrial(azureWith([]), { options: { [name]: inMs } });
      await expect(trial.start()).rejects.toThrow(RangeError);
    }
  },
);
