// The command line, ended by SIGKILL at a request and then run again, comes to the same end.
import { afterAll, beforeAll, expect, test } from "vitest";
import { type CliLane, cliLane, type LaneRun } from "./support/cli-lane.ts";
import { expectTheSameEnd, type Side, settledState } from "./support/crash.ts";
import { type Cut, isWrite } from "./support/kill-gate.ts";

const isSoak = process.env.SOAK === "1";
/** Most of a run is waiting for Azure's limits, so more run at the same time than there are cores. */
const laneCount = 4;
/** The cuts of every run of the tests; the soak has all. */
const pointCount = 12;
const sides: readonly Side[] = ["before", "after"];

let lanes: readonly CliLane[] = [];
let reference: { readonly state: string; readonly requests: readonly string[] };

beforeAll(async () => {
  const first = await cliLane();
  lanes = [first];
  const run = await first.apply();
  expect(run.code, run.stderr).toBe(0);
  reference = { state: settledState(first.azure), requests: first.gate.seen() };
  await expectTheSameEnd(first.azure, reference.state, "not killed");
  lanes = [first, ...(await Promise.all(Array.from({ length: laneCount - 1 }, cliLane)))];
}, 240_000);
afterAll(() => Promise.all(lanes.map((lane) => lane.close())));

/** Writes spread evenly over the run, in turn before and after Azure acted; in the soak every request on both sides. */
function points(): readonly Cut[] {
  const { requests } = reference;
  if (isSoak) {
    return requests.flatMap((_, i) => sides.map((side) => ({ number: i + 1, side, counts: "requests" })));
  }
  const last = requests.filter(isWrite).length - 1;
  return Array.from({ length: pointCount }, (_, i) => ({
    number: 1 + Math.round((i * last) / (pointCount - 1)),
    side: i % 2 === 0 ? "before" : "after",
    counts: "writes",
  }));
}

/** Kills a run at the cut and begins again; false if the run was over before the cut. */
async function survives(lane: CliLane, cut: Cut): Promise<boolean> {
  lane.rewind();
  const at = `killed ${cut.side} ${cut.counts} ${cut.number}`;
  const killed = await lane.apply(cut);
  expectAudited(killed, lane, at);
  const again = await lane.apply();
  expect(again.code, `${at}\n${again.stderr}`).toBe(0);
  await expectTheSameEnd(lane.azure, reference.state, at);
  return killed.signal === "SIGKILL";
}

/** Whatever was sent had been announced, and what stands in the audit file is whole. */
function expectAudited({ audit }: LaneRun, { gate }: CliLane, at: string): void {
  const events = audit.map((line) => JSON.parse(line) as { readonly phase: string });
  const intents = events.filter(({ phase }) => phase === "intent");
  expect(intents.length, at).toBeGreaterThanOrEqual(gate.seen().filter(isWrite).length);
}

test(
  isSoak ? "killed at every request" : "killed at a dozen writes",
  async () => {
    const left = [...points()];
    const total = left.length;
    let cutShort = 0;
    const work = async (lane: CliLane): Promise<void> => {
      for (let cut = left.shift(); cut; cut = left.shift()) if (await survives(lane, cut)) cutShort += 1;
    };
    await Promise.all(lanes.map(work));
    // Writes are always as many; how often an operation is asked about is not, so the last requests may not come.
    expect(cutShort).toBeGreaterThanOrEqual(isSoak ? total * 0.95 : total);
  },
  isSoak ? 3_600_000 : 300_000,
);
