// The daemon's real loop for hundreds of passes, in the soak for thousands: whatever happens it comes to rest, writes only what it may, and does not grow.
import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import type { Measure } from "./soak/measure.ts";
import type { SoakAnswer } from "./soak/process.ts";
import type { Soaked, SoakOrder } from "./soak/soak.ts";

const { RUN_SOAK_SEED: seedText = "20261122", SOAK: soak } = process.env;
const seed = Number(seedText);
const factor = soak === undefined ? 1 : 10;
const passes = Number(process.env.RUN_SOAK_PASSES ?? 200 * factor);
const mostInMs = 3_600_000;

/**
 * How far memory may grow over the last three quarters. What grows there has bounds of its own that a week does not
 * reach: a bucket for each resource that was asked for, and the queries that the embedded Azure has compiled.
 */
const mostGrowthInKb = 3_000;
const mostStatus = 100_000;
const mostMetrics = 80_000;

test(
  `${passes} passes of seed ${seed}: at rest after each storm, no write that was not shown, nothing grows`,
  async () => {
    const soaked = await soakedBy({ seed, passes, dryRun: false });
    process.stdout.write(`${summaryOf(soaked)}\n`);
    expect(soaked.problems).toEqual([]);
    expect(soaked.passes).toBeGreaterThanOrEqual(passes);
    // What would make it prove nothing.
    expect(soaked.writes).toBeGreaterThanOrEqual(passes / 5);
    expect(soaked.judged).toBeGreaterThanOrEqual(passes / 20);
    expect(soaked.counts).toMatchObject({
      "reports: Standby": expect.any(Number),
      "reports: NoGoodRevision": expect.any(Number),
      "clock: back": expect.any(Number),
      "edit: broken": expect.any(Number),
    });
    expectFlat(soaked.measures.filter((one) => one.passes >= passes / 4));
  },
  mostInMs,
);

test(
  "a dry run sees the same and writes nothing",
  async () => {
    const soaked = await soakedBy({ seed: seed + 1, passes: passes / 10, dryRun: true });
    expect([soaked.problems, soaked.writes]).toEqual([[], 0]);
    expect(soaked.counts["reports: DryRun"]).toBeGreaterThan(0);
  },
  mostInMs,
);

function expectFlat(measures: readonly Measure[]): void {
  const [first, last] = [measures[0], measures.at(-1)];
  if (!first || !last || first === last) throw new Error("There is nothing to compare.");
  expect(last.heapInKb - first.heapInKb).toBeLessThan(mostGrowthInKb);
  expect(last.resources).toBeLessThanOrEqual(first.resources);
  expect(new Set(measures.map(({ listeners }) => listeners.join()))).toEqual(
    new Set([first.listeners.join()]),
  );
  expect(Math.max(...first.listeners)).toBeLessThanOrEqual(4);
  expect(Math.max(...measures.map(({ status }) => status))).toBeLessThan(mostStatus);
  expect(Math.max(...measures.map(({ metrics }) => metrics))).toBeLessThan(mostMetrics);
}

/** What a process of its own comes to, whose garbage can be collected. */
async function soakedBy(order: SoakOrder): Promise<Soaked> {
  const file = fileURLToPath(new URL("soak/process.ts", import.meta.url));
  const child = fork(file, { execArgv: ["--expose-gc"] });
  child.send(order);
  const message = once(child, "message");
  const end = once(child, "exit").then(([code]) => {
    throw new Error(`The soak of seed ${order.seed} ended with ${code}.`);
  });
  const [answer] = (await Promise.race([message, end])) as [SoakAnswer];
  end.catch(() => undefined);
  if ("bug" in answer) throw new Error(`seed ${order.seed}: ${answer.bug}`);
  return answer.soaked;
}

function summaryOf({ measures, counts, ...sums }: Soaked): string {
  const heaps = measures.map(({ heapInKb }) => Math.round(heapInKb / 1024));
  return [
    `run soak: seed ${seed}, ${sums.passes} passes in ${sums.turns} turns, ${sums.calms} calm spells,`,
    `at rest after at most ${sums.mostTurnsToRest} turns, ${sums.judged} identities judged, ${sums.writes} writes,`,
    `heap ${Math.min(...heaps)} to ${Math.max(...heaps)} MB; ${Object.entries(counts)
      .filter(([what]) => /^(ended|reports|code)/.test(what))
      .map(([what, count]) => `${what} ${count}`)
      .join(", ")}`,
  ].join(" ");
}
