// Two real `bindery apply` and one lease on Azurite: never two writers, whatever happens to the one that holds it.
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type LeaseStage, leaseStage, type Writes } from "./support/lease-stage.ts";

/** The shortest that Azure allows. */
const leaseInMs = 15_000;
/** A waiting apply asks every fifteenth of the lease; the rest is for a busy machine. */
const slackInMs = 5_000;

let stages: readonly LeaseStage[] = [];
const stage = (number: number): LeaseStage => {
  const found = stages[number];
  if (!found) throw new Error(`there is no stage ${number}`);
  return found;
};

beforeAll(async () => {
  const work = [
    { machines: 8, writeInMs: 500 },
    { machines: 16, writeInMs: 500 },
    // One after the other: more than a lease lasts.
    { machines: 24, writeInMs: 1_000 },
    { machines: 8, writeInMs: 500 },
  ];
  stages = await Promise.all(work.map(leaseStage));
});
afterAll(() => Promise.all(stages.map((one) => one.close())));

/** All that the first one wrote came before all that the second one wrote; both have written. */
function expectOneAfterTheOther(writes: Writes): void {
  const [first, second] = [writes.of("first"), writes.of("second")];
  expect(first.length).toBeGreaterThan(0);
  expect(second.length).toBeGreaterThan(0);
  expect(Math.max(...first.map((w) => w.sequence))).toBeLessThan(Math.min(...second.map((w) => w.sequence)));
}

const hasEnded = ({ exitCode, signalCode }: ChildProcess): boolean =>
  exitCode !== null || signalCode !== null;

describe.concurrent("rule 23: one writer", () => {
  test("killed: others are refused, plan is not, and one that waits takes over when the lease has run out", async () => {
    const { lane, writes, expectDone } = stage(0);
    const killedAt = Promise.withResolvers<number>();
    const killed = lane("first").apply({
      onWrite: async (number, child) => {
        if (number !== 4 || hasEnded(child)) return;
        const gone = once(child, "exit");
        child.kill("SIGKILL");
        await gone;
        killedAt.resolve(performance.now());
      },
    });
    const since = await killedAt.promise;
    expect((await killed).signal).toBe("SIGKILL");
    const refused = await lane("refused").apply();
    expect([refused.code, refused.stdout]).toEqual([4, ""]);
    expect(refused.stderr).toMatch(
      /another Bindery holds the lease of https:\/\/bindery\.blob\.core\.windows\.net\/leases\/prod; it ends by itself within 15 s/,
    );
    const [plan, waited] = await Promise.all([
      lane("refused").plan(),
      lane("second").apply({ more: ["--lease-timeout", "60s"] }),
    ]);
    expect(plan.code, plan.stderr).toBe(0);
    expect(waited.code, waited.stderr).toBe(0);
    expect(waited.stderr).toContain("Waiting: another Bindery holds the lease");
    const log = await writes();
    expect(log.of("refused")).toEqual([]);
    expectOneAfterTheOther(log);
    const tookInMs = Math.min(...log.of("second").map((w) => w.at)) - since;
    expect(tookInMs).toBeLessThan(leaseInMs + slackInMs);
    await expectDone();
  });

  test("stopped past the lease: when it goes on it sends not one more write", async () => {
    const { lane, writes, expectDone } = stage(1);
    const stopped = Promise.withResolvers<ChildProcess>();
    const first = lane("first").apply({
      onWrite: async (number, child) => {
        if (number !== 4) return;
        child.kill("SIGSTOP");
        stopped.resolve(child);
      },
    });
    const child = await stopped.promise;
    const second = await lane("second").apply({
      more: ["--lease-timeout", "60s"],
      // Now there are two, and one of them does not know how late it is.
      onWrite: async (number) => {
        if (number === 1) child.kill("SIGCONT");
        if (number < 12) await setTimeout(100);
      },
    });
    expect(second.code, second.stderr).toBe(0);
    const woken = await first;
    expect(woken.code, woken.stderr).toBe(1);
    expect(woken.stderr).toContain("Stopping: The lease could not be renewed in time");
    expect(woken.stdout).toContain("LeaseLost");
    expectOneAfterTheOther(await writes());
    await expectDone();
  });

  test("cut off from the store: it stops writing before anybody else begins", async () => {
    const { lane, writes, expectDone } = stage(2);
    const cut = Promise.withResolvers<number>();
    const first = lane("first").apply({
      onWrite: async (number) => {
        if (number !== 2) return;
        lane("first").cutFromStore();
        cut.resolve(performance.now());
      },
    });
    const since = await cut.promise;
    const second = await lane("second").apply({ more: ["--lease-timeout", "60s"] });
    const lost = await first;
    expect(second.code, second.stderr).toBe(0);
    expect(lost.code, lost.stderr).toBe(1);
    expect(lost.stderr).toContain("The lease was not renewed (RequestTimedOut");
    expect(lost.stderr).toContain("Stopping: The lease could not be renewed in time");
    expect(lost.stdout).toContain("LeaseLost");
    const log = await writes();
    expectOneAfterTheOther(log);
    const lastOfFirst = Math.max(...log.of("first").map((w) => w.at));
    const firstOfSecond = Math.min(...log.of("second").map((w) => w.at));
    // It had work to the end, used most of the time that it had, and left the margin.
    expect(lastOfFirst - since).toBeGreaterThan(leaseInMs / 3);
    expect(firstOfSecond - lastOfFirst).toBeGreaterThan(1_000);
    expect(firstOfSecond - since).toBeLessThan(leaseInMs + slackInMs);
    await expectDone();
  });

  test("failed, or ended by SIGTERM: the lease is given back at once", async () => {
    const { lane, writes, expectDone } = stage(3);
    const failed = await lane("refused").apply({ refuseWrites: true });
    expect(failed.code, failed.stderr).toBe(1);
    expect(failed.stdout, failed.stderr).toContain("AuthorizationFailed");
    const first = await lane("first").apply({
      onWrite: async (number, child) => {
        if (number === 4) child.kill("SIGTERM");
      },
    });
    expect(first.code, first.stderr).toBe(1);
    expect(first.stdout).toContain("Stopped");
    const second = await lane("second").apply();
    expect(second.code, second.stderr).toBe(0);
    expectOneAfterTheOther(await writes());
    await expectDone();
  });
});

/** Stops the holder somewhere in its work, so that it may be reading, waiting, renewing or about to send. */
async function stoppedAnywhere(
  { lane, writes, expectDone, close }: LeaseStage,
  at: string,
  afterInMs: number,
) {
  const stopped = Promise.withResolvers<ChildProcess>();
  const first = lane("first").apply({
    onWrite: async (number, child) => {
      if (number !== 1) return;
      void setTimeout(afterInMs).then(() => {
        child.kill("SIGSTOP");
        stopped.resolve(child);
      });
    },
  });
  const child = await stopped.promise;
  const second = await lane("second").apply({
    more: ["--lease-timeout", "60s"],
    onWrite: async (number) => {
      if (number === 1) child.kill("SIGCONT");
      if (number < 8) await setTimeout(200);
    },
  });
  expect(second.code, `${at}\n${second.stderr}`).toBe(0);
  const woken = await first;
  expect(woken.code, `${at}\n${woken.stderr}`).toBe(1);
  expectOneAfterTheOther(await writes());
  await expectDone();
  await close();
}

test.runIf(process.env.SOAK === "1")(
  "rule 23: stopped at any moment",
  async () => {
    for (let round = 0; round < 10; round += 1) {
      const afterInMs = Math.round(Math.random() * 4_000);
      const fresh = await leaseStage({ machines: 40, writeInMs: 300 });
      await stoppedAnywhere(fresh, `round ${round}, stopped after ${afterInMs} ms`, afterInMs);
    }
  },
  1_200_000,
);
