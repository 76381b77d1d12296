// How a turn ends before its work does: by its deadline, a stop, a handover, an abort, or the end of its term.
import { getEventListeners } from "node:events";
import { describe, expect, test } from "vitest";
import type { FakeAzure } from "../apply/fake-azure.ts";
import { Failure } from "../model/failure.ts";
import { type Lease, type LeaseStore, leaseLost } from "../model/lease.ts";
import type { AttachmentPatch, RunningWrite } from "../model/ports.ts";
import { vmId } from "../plan/fixtures.ts";
import { handClock, settle } from "./clock-fixtures.ts";
import {
  azureWith,
  hasIdentity,
  inForceFor,
  type LoopSetup,
  type LoopTrial,
  listing,
  loopTrial,
} from "./fixtures.ts";
import { type Leadership, leadershipBy } from "./leadership.ts";

const minute = 60_000;

/** An Azure that accepts writes to some VMs, and shows nothing of them until they are told to end. */
function slowAzure(vms: readonly string[], slow: readonly string[]) {
  const azure = azureWith(vms);
  const gate = Promise.withResolvers<void>();
  const pending: AttachmentPatch[] = [];
  const setState = (id: string, provisioningState: string): void => {
    const target = azure.targets.get(id.toLowerCase());
    if (target) azure.targets.set(id.toLowerCase(), { ...target, provisioningState });
  };
  const running: RunningWrite = {
    async ended(signal) {
      azure.log.push("polls");
      const cut = Promise.withResolvers<never>();
      signal.addEventListener("abort", () => cut.reject(signal.reason), { once: true });
      await Promise.race([gate.promise, cut.promise]);
    },
  };
  const slowed: FakeAzure = {
    ...azure,
    async patchAttachments(patch, signal) {
      if (!slow.some((name) => vmId(name) === patch.targetId))
        return await azure.patchAttachments(patch, signal);
      azure.log.push("accepted");
      setState(patch.targetId, "Updating");
      pending.push(patch);
      return running;
    },
  };
  const end = async (): Promise<void> => {
    for (const patch of pending) {
      await azure.patchAttachments(patch, new AbortController().signal);
      setState(patch.targetId, "Succeeded");
    }
    gate.resolve();
  };
  return { azure: slowed, end };
}

const both = inForceFor(["vm-1", "vm-2"]);
const slowTrial = (setup: LoopSetup = {}) => {
  const { azure, end } = slowAzure(["vm-1", "vm-2"], ["vm-1"]);
  return { azure, end, trial: loopTrial(azure, { inForce: both, ...setup }) };
};

/** All is let go of: nobody sleeps, nobody listens. */
function expectNothingLeft({ clock, stop, handOver, abort }: LoopTrial): void {
  expect(clock.sleepers()).toBe(0);
  for (const { signal } of [stop, handOver, abort]) {
    if (!signal.aborted) expect(getEventListeners(signal, "abort")).toEqual([]);
  }
}

describe("at its deadline", () => {
  test("a turn hands over what runs; the next one comes soon and sees how it ended", async () => {
    const { azure, end, trial } = slowTrial();
    const running = trial.start();
    await trial.clock.pass(10 * minute);
    expect(hasIdentity(azure, "vm-2")).toBe(true);
    expect(trial.lines()).toEqual([
      "0 alone",
      "0 turn 1: start",
      "0 plan 1.1",
      "600 pass 1.1: vm-1 propagating InProgress, vm-2 applied",
      "600 deadline → 615",
    ]);
    await trial.clock.pass(16_000);
    expect(trial.lines()).toContain("615 turn 2: followUp");
    await end();
    await trial.clock.pass(minute);
    expect(hasIdentity(azure, "vm-1")).toBe(true);
    expect(azure.log.filter((line) => line === "accepted")).toHaveLength(1);
    trial.stop.abort();
    await running;
    expectNothingLeft(trial);
  });

  test("a target on which Azure goes on working is not written again, and is looked at less and less often", async () => {
    const { azure, trial } = slowTrial();
    const running = trial.start();
    await trial.clock.pass(60 * minute);
    expect(azure.log.filter((line) => line === "accepted")).toHaveLength(1);
    const begun = trial.events.flatMap((event) => (event.kind === "turnStarted" ? [event.reasons[0]] : []));
    expect(begun.length).toBeLessThan(20);
    trial.stop.abort();
    trial.handOver.abort();
    await running;
  });

  test("a turn that is still reading has failed: another one would get no further", async () => {
    const azure = azureWith(["vm-1"]);
    const trial = loopTrial(azure);
    const stuck = {
      ...listing(azure),
      listTargets: (_: readonly string[], signal: AbortSignal) =>
        trial.clock.sleep(1e9, signal) as Promise<never>,
    };
    const reading = loopTrial(azure, { clock: trial.clock, parts: { ports: stuck } });
    const running = reading.start();
    await reading.clock.pass(11 * minute);
    expect(reading.lines()).toContain("600 failed ReadingTookTooLong → 615");
    reading.stop.abort();
    await running;
    expectNothingLeft(reading);
  });

  test("a request that is not answered a minute later is cut, so that the turn ends", async () => {
    const azure = azureWith(["vm-1"]);
    const deaf = { ...listing(azure), patchAttachments: () => new Promise<never>(() => undefined) };
    const trial = loopTrial(azure, { parts: { ports: deaf } });
    const running = trial.start();
    await trial.clock.pass(11 * minute);
    expect(trial.lines().slice(-2)).toEqual(["660 pass 1.1: vm-1 failed Aborted", "660 deadline → 675"]);
    trial.stop.abort();
    trial.abort.abort();
    await running;
  });
});

describe("a stop", () => {
  test("lets what runs end, then ends", async () => {
    const { azure, end, trial } = slowTrial();
    const running = trial.start();
    await trial.clock.pass(minute);
    trial.stop.abort(new Error("SIGTERM"));
    await trial.clock.pass(minute);
    await end();
    await running;
    expect(hasIdentity(azure, "vm-1")).toBe(true);
    expect(trial.lines().slice(3)).toEqual([
      "60 stopping: SIGTERM",
      "120 pass 1.1: vm-1 applied, vm-2 applied",
      "120 stopped",
    ]);
    expectNothingLeft(trial);
  });

  test("then a handover: what runs is not waited for any more", async () => {
    const { trial, azure } = slowTrial();
    const running = trial.start();
    await trial.clock.pass(minute);
    trial.stop.abort(new Error("SIGTERM"));
    await trial.clock.pass(minute);
    const polls = azure.log.filter((line) => line === "polls").length;
    trial.handOver.abort(new Error("the grace period is over"));
    await running;
    expect(trial.lines().slice(-2)).toEqual([
      "120 pass 1.1: vm-1 propagating InProgress, vm-2 applied",
      "120 stopped",
    ]);
    expect(azure.log.filter((line) => line === "polls")).toHaveLength(polls);
    expectNothingLeft(trial);
  });

  test("a handover alone is a stop, too", async () => {
    const { trial } = slowTrial();
    const running = trial.start();
    await trial.clock.pass(minute);
    trial.handOver.abort(new Error("now"));
    await running;
    expect(trial.lines().at(-1)).toBe("60 stopped");
  });

  test("an abort ends everything at once", async () => {
    const { trial } = slowTrial();
    const running = trial.start();
    await trial.clock.pass(minute);
    trial.abort.abort(new Error("second SIGTERM"));
    await running;
    expect(trial.lines().slice(-2)).toEqual(["60 pass 1.1: vm-1 failed Aborted, vm-2 applied", "60 stopped"]);
  });

  test("between two turns ends the waiting", async () => {
    const trial = loopTrial(azureWith(["vm-1"]));
    const running = trial.start();
    await trial.clock.pass(minute);
    trial.stop.abort(new Error("SIGTERM"));
    await running;
    expect(trial.lines().at(-1)).toBe("60 stopping: SIGTERM");
    expectNothingLeft(trial);
  });
});

describe("a signal at every point of a turn", () => {
  /** A loop in which the nth thing that is asked of source, token or Azure makes this happen. */
  function trialWith(nth: number, happens: (trial: LoopTrial) => void) {
    const azure = azureWith(["vm-1", "vm-2"]);
    let asked = 0;
    const note = (): void => {
      asked += 1;
      if (asked === nth) happens(trial);
    };
    const noting = <T extends object>(ports: T): T =>
      new Proxy(ports, {
        get(target, key, receiver) {
          const value: unknown = Reflect.get(target, key, receiver);
          if (typeof value !== "function") return value;
          return (...args: unknown[]) => {
            note();
            return value.apply(target, args);
          };
        },
      });
    const setup = loopTrial(azure, { inForce: both });
    const trial = loopTrial(azure, {
      inForce: both,
      clock: setup.clock,
      parts: {
        ports: noting(listing(azure)),
        revisions: noting(setup.keeper),
        self: async (signal) => {
          note();
          return await setup.parts.self(signal);
        },
      },
    });
    return { trial, azure, asked: () => asked };
  }

  const points = async (): Promise<number> => {
    const { trial, asked } = trialWith(-1, () => undefined);
    const running = trial.start();
    await trial.clock.pass(1_000);
    trial.stop.abort();
    await running;
    return asked();
  };

  test.each(["stop", "handOver", "abort"] as const)(
    "%s: each turn ends that began, and nothing is left",
    async (which) => {
      const count = await points();
      expect(count).toBeGreaterThan(20);
      for (let nth = 1; nth <= count; nth += 1) {
        const { trial, azure } = trialWith(nth, ({ [which]: signal }) =>
          signal.abort(new Error(`at ${nth}`)),
        );
        const running = trial.start();
        await trial.clock.pass(1_000);
        const writes = azure.log.length;
        await Promise.race([running, settle(500).then(() => Promise.reject(new Error(`hangs at ${nth}`)))]);
        expect(azure.log.length, `at ${nth}`).toBe(writes);
        const kinds = trial.events.map((event) => event.kind);
        const count = (kind: string): number => kinds.filter((one) => one === kind).length;
        expect(count("turnEnded"), `at ${nth}`).toBe(count("turnStarted"));
        expect(count("passEnded"), `at ${nth}`).toBe(count("passPlanned"));
        expect(trial.events.at(-1)?.kind === "turnEnded" || count("stopping") === 1, `at ${nth}`).toBe(true);
        expectNothingLeft(trial);
      }
    },
  );
});

describe("a lease that is lost in the middle of a turn", () => {
  function leased(clock = handClock(), release = async (_: AbortSignal): Promise<void> => undefined) {
    const store = { renew: true, acquire: true };
    const leaseStore: LeaseStore = {
      name: "the lease",
      durationInMs: 60_000,
      acquire: async () => store.acquire,
      renew: async () => store.renew,
      release: () => release(new AbortController().signal),
    };
    const leadership = leadershipBy({
      store: leaseStore,
      clock,
      random: () => 0.5,
      onTrouble: () => undefined,
    });
    return { clock, store, leadership };
  }

  test("hands over what runs, and reports once as a standby", async () => {
    const { clock, store, leadership } = leased();
    const { azure, trial } = slowTrial({ clock, leadership });
    const running = trial.start();
    await clock.pass(10_000);
    Object.assign(store, { renew: false, acquire: false });
    await clock.pass(20 * minute);
    expect(trial.lines()).toEqual([
      "0 leader",
      "0 turn 1: start",
      "0 plan 1.1",
      "20 standby",
      "20 pass 1.1: vm-1 propagating InProgress, vm-2 applied",
      "20 stopped",
      "20 turn 2: leadership (Standby)",
      "20 plan 2.1",
      "20 pass 2.1",
      "20 reported",
    ]);
    expect(
      azure.log.filter((line) => line === "accepted" || line.startsWith("patchAttachments")),
    ).toHaveLength(2);
    trial.stop.abort();
    await running;
    expectNothingLeft(trial);
  });

  test("is not taken again before the turn has ended that it was lost in", async () => {
    const { clock, store, leadership } = leased();
    const azure = azureWith(["vm-1"]);
    const ports = listing(azure);
    const slow: typeof ports.patchAttachments = async (patch, signal) => {
      store.renew = false;
      await clock.sleep(40_000, signal);
      store.renew = true;
      return await ports.patchAttachments(patch, signal);
    };
    const parts = { ports: { ...ports, patchAttachments: slow } };
    const trial = loopTrial(azure, { clock, leadership, parts });
    const running = trial.start();
    await clock.pass(minute);
    trial.stop.abort();
    await running;
    expect(trial.lines().slice(3, 7)).toEqual([
      "20 standby",
      "40 pass 1.1: vm-1 applied",
      "40 stopped",
      "40 turn 2: leadership (Standby)",
    ]);
    expect(trial.events.flatMap((event) => (event.kind === "leadership" ? [event.role] : []))).toEqual([
      "leader",
      "standby",
      "leader",
    ]);
  });

  test("is given back before the loop has ended", async () => {
    const { clock, leadership } = leased(handClock(), (signal) => clock.sleep(1_000, signal));
    const trial = loopTrial(azureWith(["vm-1"]), { clock, leadership });
    let hasEnded = false;
    const running = trial.start().then(() => {
      hasEnded = true;
    });
    await clock.pass(minute);
    trial.stop.abort();
    await clock.pass(999);
    expect(hasEnded).toBe(false);
    await clock.pass(1);
    await running;
  });

  test("begins nothing more of the turn, and the next term makes up for it", async () => {
    const { clock, store, leadership } = leased();
    const azure = azureWith(["vm-1", "vm-2"]);
    const ports = listing(azure);
    const trial = loopTrial(azure, {
      clock,
      leadership,
      inForce: both,
      parts: {
        ports: {
          ...ports,
          async patchAttachments(patch, signal) {
            const write = await ports.patchAttachments(patch, signal);
            Object.assign(store, { renew: false, acquire: false });
            await clock.sleep(30_000, signal);
            return write;
          },
        },
        applying: { clock, random: () => 0.5, audit: async () => undefined, concurrency: 1 },
      },
    });
    const running = trial.start();
    await clock.pass(minute);
    expect([hasIdentity(azure, "vm-1"), hasIdentity(azure, "vm-2")]).toEqual([true, false]);
    expect(trial.lines()).toContain("30 pass 1.1: vm-1 applied, vm-2 skipped LeaseLost");
    Object.assign(store, { renew: true, acquire: true });
    await clock.pass(minute);
    expect(hasIdentity(azure, "vm-2")).toBe(true);
    trial.stop.abort();
    await running;
    expectNothingLeft(trial);
  });
});

describe("a standby", () => {
  test("reports at its start, of each new revision, and when a person asks; else it makes no turns", async () => {
    const never = new AbortController();
    let tell: ((role: "leader" | "standby") => void) | undefined;
    let term: AbortSignal | undefined;
    const leadership: Leadership = {
      fence: { mayWrite: () => term !== undefined, ended: never.signal },
      term: () => term,
      role: () => (term ? "leader" : "standby"),
      async run(stop, { onRole }) {
        tell = onRole;
        onRole("standby");
        if (!stop.aborted)
          await new Promise((resolve) => stop.addEventListener("abort", resolve, { once: true }));
      },
    };
    const azure = azureWith(["vm-1", "vm-2"]);
    const trial = loopTrial(azure, { leadership });
    const running = trial.start();
    await trial.clock.pass(60 * minute);
    trial.waker.wake("webhook");
    await trial.clock.pass(20_000);
    expect(trial.lines()).toEqual([
      "0 standby",
      "0 turn 1: start (Standby)",
      "0 plan 1.1",
      "0 pass 1.1",
      "0 reported",
    ]);
    trial.keeper.source = inForceFor(["vm-1", "vm-2"], "r2");
    trial.waker.wake("webhook");
    await trial.clock.pass(1);
    trial.waker.wake("signal");
    await trial.clock.pass(60_000);
    const reasons = trial.lines().filter((line) => line.includes("turn"));
    expect(reasons).toEqual(["3620 turn 2: webhook (Standby)", "3620 turn 3: signal (Standby)"]);
    expect([hasIdentity(azure, "vm-1"), trial.keeper.remembered]).toEqual([false, []]);
    term = never.signal;
    tell?.("leader");
    await trial.clock.pass(1_000);
    expect(trial.lines()[1]).toMatch(/turn 4: leadership$/);
    expect(hasIdentity(azure, "vm-2")).toBe(true);
    trial.stop.abort();
    await running;
    expectNothingLeft(trial);
  });

  test("that could not report tries again", async () => {
    const lost = AbortSignal.abort(leaseLost("gone"));
    const leadership: Leadership = {
      fence: { mayWrite: () => false, ended: lost } satisfies Pick<Lease, "mayWrite" | "ended">,
      term: () => undefined,
      role: () => "standby",
      async run(stop, { onRole }) {
        onRole("standby");
        if (!stop.aborted)
          await new Promise((resolve) => stop.addEventListener("abort", resolve, { once: true }));
      },
    };
    let failures = 2;
    const trial = loopTrial(azureWith(["vm-1"]), { leadership });
    const { self } = trial.parts;
    const failing = loopTrial(azureWith(["vm-1"]), {
      clock: trial.clock,
      leadership,
      parts: {
        self: (signal) => {
          failures -= 1;
          return failures < 0
            ? self(signal)
            : Promise.reject(new Failure("transient", "No token.", { code: "CredentialUnavailable" }));
        },
      },
    });
    const running = failing.start();
    await failing.clock.pass(10 * minute);
    expect(failing.lines().filter((line) => /failed|reported/.test(line))).toEqual([
      "0 failed CredentialUnavailable → 15",
      "15 failed CredentialUnavailable → 45",
      "45 reported",
    ]);
    failing.stop.abort();
    await running;
  });
});
