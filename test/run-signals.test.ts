// `bindery run`, told to stop at a request of its turn: it ends well and in time, begins nothing more, and the next start finishes what it has left.
import { afterAll, beforeAll, expect, test } from "vitest";
import { expectTheSameEnd, type Side, settledState } from "./support/crash.ts";
import {
  type DaemonLane,
  daemonLane,
  gracePeriodInMs,
  type StopAt,
  type StoppedRun,
} from "./support/daemon-lane.ts";
import { isWrite } from "./support/kill-gate.ts";

const isSoak = process.env.SOAK === "1";
/** Most of a run is waiting, so more run at the same time than there are cores. */
const laneCount = 4;
/** The stops of every run of the tests; the soak has all. */
const pointCount = 12;
const sides: readonly Side[] = ["before", "after"];

let lanes: readonly DaemonLane[] = [];
let reference: { readonly state: string; readonly requests: number };

beforeAll(async () => {
  const first = await daemonLane();
  lanes = [first];
  const run = await first.once();
  expect(run.code, run.stderr).toBe(0);
  reference = { requests: first.seen().length, state: settledState(first.azure) };
  await expectTheSameEnd(first.azure, reference.state, "not stopped");
  lanes = [first, ...(await Promise.all(Array.from({ length: laneCount - 1 }, daemonLane)))];
}, 900_000);
afterAll(() => Promise.all(lanes.map((lane) => lane.close())));

/** Spread evenly over the requests of a turn, in turn before and after Azure acted; in the soak every request on both sides. */
function points(): readonly StopAt[] {
  const { requests } = reference;
  if (isSoak)
    return Array.from({ length: requests }, (_, i) => sides.map((side) => ({ number: i + 1, side }))).flat();
  return Array.from({ length: pointCount }, (_, i) => ({
    number: 1 + Math.round((i * (requests - 1)) / (pointCount - 1)),
    side: i % 2 === 0 ? "before" : "after",
  }));
}

/** Stops a daemon there and starts the next one; false if its turn was over before. */
async function stopsWell(lane: DaemonLane, point: StopAt): Promise<boolean> {
  lane.rewind();
  const at = `stopped ${point.side} request ${point.number}`;
  const run = await lane.stopped(point);
  expect([run.code, run.signal], `${at}\n${run.stderr}`).toEqual([0, null]);
  expect(run.tookInMs ?? 0, at).toBeLessThan(gracePeriodInMs);
  expectNothingBegun(run, lane, at);
  const next = await lane.once();
  expect(next.code, `${at}\n${next.stderr}`).toBe(0);
  await expectTheSameEnd(lane.azure, reference.state, at);
  return run.tookInMs !== undefined;
}

/** Log and audit come in one stream, in order: after the stop no operation is announced, and no write goes unannounced. */
function expectNothingBegun({ stderr }: StoppedRun, lane: DaemonLane, at: string): void {
  const lines = stderr
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as { readonly msg?: string; readonly phase?: string });
  const stop = lines.findIndex(({ msg }) => msg === "stopping");
  const isIntent = ({ phase }: { readonly phase?: string }): boolean => phase === "intent";
  if (stop !== -1) expect(lines.slice(stop).filter(isIntent), at).toEqual([]);
  const announced = lines.filter(isIntent).length;
  if (announced === 0) expect(lane.seen().filter(isWrite), at).toEqual([]);
}

test(
  isSoak ? "stopped at every request of a turn" : "stopped at a dozen requests of a turn",
  async () => {
    const left = [...points()];
    const total = left.length;
    let stopped = 0;
    const work = async (lane: DaemonLane): Promise<void> => {
      for (let point = left.shift(); point; point = left.shift())
        if (await stopsWell(lane, point)) stopped += 1;
    };
    await Promise.all(lanes.map(work));
    // How often an operation is asked about differs, so the last requests may not come.
    expect(stopped).toBeGreaterThanOrEqual(total * 0.9);
  },
  isSoak ? 7_200_000 : 900_000,
);
