// Thousands of turns leave nothing behind: no listener, no sleeper, no memory.
import { getEventListeners } from "node:events";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import type { ApplyOptions } from "../apply/options.ts";
import { handClock } from "./clock-fixtures.ts";
import { azureWith, drift, inForceFor, listing, loopTrial } from "./fixtures.ts";
import { leadershipBy } from "./leadership.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

async function heapInKb(): Promise<number> {
  for (let i = 0; i < 3; i += 1) {
    collectGarbage();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return process.memoryUsage().heapUsed / 1024;
}

/** Signals that Node keeps in a set of this one for as long as it lives. */
function dependents(signal: AbortSignal): number {
  const sets = Object.getOwnPropertySymbols(signal).map((symbol) => Reflect.get(signal, symbol) as unknown);
  return sets.reduce<number>((sum, one) => sum + (one instanceof Set ? one.size : 0), 0);
}

test("five thousand turns: neither listeners nor memory grow", { timeout: 300_000 }, async () => {
  const clock = handClock(6);
  const leadership = leadershipBy({
    store: {
      name: "",
      durationInMs: 60_000,
      acquire: async () => true,
      renew: async () => true,
      release: async () => undefined,
    },
    clock,
    random: () => 0.5,
    onTrouble: () => undefined,
  });
  const azure = azureWith(["vm-1"]);
  const counts = { turns: 0, drifts: 0, polled: 0 };
  const ports = listing(azure);
  const applying: ApplyOptions = { clock, random: () => 0.5, audit: async () => undefined };
  const trial = loopTrial(azure, {
    clock,
    leadership,
    inForce: inForceFor(["vm-1"]),
    options: { intervalInMs: 1_000, pollIntervalInMs: 700 },
    parts: {
      applying,
      ports: {
        ...ports,
        async patchAttachments(patch, signal) {
          counts.drifts += 1;
          const { ended } = await ports.patchAttachments(patch, signal);
          return {
            async ended(until) {
              counts.polled += 1;
              await clock.sleep(10, until);
              await ended(until);
            },
          };
        },
      },
      observer: (event) => {
        if (event.kind !== "turnEnded") return;
        counts.turns += 1;
        azure.log.length = 0;
        // Every tenth turn has something to do.
        if (counts.turns % 10 === 0) drift(azure, "vm-1");
      },
    },
  });
  const running = trial.start();
  const signals = (): AbortSignal[] => [
    trial.options.stop,
    trial.options.handOver,
    trial.options.abort,
    ...[leadership.term()].filter((one) => one !== undefined),
    leadership.fence.ended,
  ];
  const state = () => [
    clock.sleepers(),
    ...signals().map((signal) => getEventListeners(signal, "abort").length + dependents(signal)),
  ];
  const until = async (turns: number): Promise<void> => {
    while (counts.turns < turns) await clock.pass(10_000);
  };
  await until(1_000);
  const [heapBefore, stateBefore] = [await heapInKb(), state()];
  await until(5_000);
  const grown = (await heapInKb()) - heapBefore;
  expect(counts.drifts).toBeGreaterThan(450);
  expect(counts.polled).toBe(counts.drifts);
  expect(state()).toEqual(stateBefore);
  expect(Math.max(...stateBefore)).toBeLessThanOrEqual(5);
  expect(grown).toBeLessThan(2_000);
  trial.stop.abort();
  await running;
  expect(clock.sleepers()).toBe(0);
});
