// One soak: storms and calm spells by turns around one daemon; after each storm it must come to rest, and nothing may grow.
import fc from "fast-check";
import { createRandom } from "../../src/sandbox/second-client/random.ts";
import { defaultSwitches } from "../../src/sandbox/switches.ts";
import type { Case } from "../adversity/case.ts";
import { anyCase } from "../adversity/draw.ts";
import { seedOf } from "../adversity/texts.ts";
import { verdictOn } from "../adversity/verdict.ts";
import { type EmbeddedAzure, embeddedAzure } from "../support/embedded-azure.ts";
import { type SoakedDaemon, soakedDaemon } from "./daemon.ts";
import { type History, historyOf } from "./history.ts";
import { type Measure, measured } from "./measure.ts";
import { type Rest, restWatch } from "./rest.ts";
import { type Weather, weatherOver } from "./weather.ts";

/** What a process is to run. */
export interface SoakOrder {
  readonly seed: number;
  /** It ends with the first calm spell after so many passes. */
  readonly passes: number;
  readonly dryRun: boolean;
}

/** What came of it. */
export interface Soaked {
  readonly problems: readonly string[];
  readonly passes: number;
  readonly turns: number;
  readonly writes: number;
  readonly calms: number;
  /** Identities that were judged by their documents in calm spells. */
  readonly judged: number;
  /** Most turns that it took to come to rest. */
  readonly mostTurnsToRest: number;
  /** How often turns ended how, what was reported because of what, and what has happened around. */
  readonly counts: Readonly<Record<string, number>>;
  /** In calm spells, in order. */
  readonly measures: readonly Measure[];
}

interface Place {
  readonly azure: EmbeddedAzure;
  readonly daemon: SoakedDaemon;
  readonly history: History;
  readonly weather: Weather;
  readonly rest: Rest;
  readonly random: () => number;
  readonly over: AbortSignal;
}

/** Storms last for so many events at most, each some minutes after the one before. */
const mostStrikes = 12;
const mostPauseInMs = 8 * 60_000;
/** A collection of all garbage takes as long as some passes. */
const passesBetweenMeasures = 20;
/** Longer than a storm can lead anything to be left alone for: contests last for six hours, and clocks jump by a day. */
const mostTurnsToRest = 400;

/** Runs it in this process. Rejects with what only a bug can throw. */
export async function soak({ seed, passes, dryRun }: SoakOrder): Promise<Soaked> {
  const azure = await embeddedAzure();
  const [chance, edits] = [createRandom(seed), createRandom(seed + 1)];
  await azure.renew(seedOf(caseOf(seed)));
  const history = historyOf(edits);
  const rest = restWatch();
  const random = chance.next;
  const daemon = soakedDaemon(azure, { history, random, dryRun, observe: rest.observe });
  const weather = weatherOver({ azure, daemon, history, random: createRandom(seed + 2) });
  const over = new AbortController();
  const place = { azure, daemon, history, weather, rest, random, over: over.signal };
  const running = daemon.run().finally(() => over.abort());
  const driven = drive(place, passes, dryRun).finally(() => daemon.stop());
  const [run, drove] = await Promise.allSettled([running, driven]);
  await azure.close();
  for (const one of [run, drove]) if (one.status === "rejected") throw one.reason;
  if (drove.status === "rejected") throw drove.reason;
  const { problems } = daemon.guard;
  const counts = { ...rest.counts(), ...weather.counts };
  return {
    ...drove.value,
    problems: [...problems, ...drove.value.problems],
    ...rest.sums(),
    counts,
    writes: daemon.guard.writes(),
  };
}

type Driven = Pick<Soaked, "problems" | "calms" | "judged" | "mostTurnsToRest" | "measures">;

async function drive(place: Place, passes: number, dryRun: boolean): Promise<Driven> {
  const { azure, daemon, rest, weather } = place;
  const asItWas = azure.remember();
  const problems: string[] = [];
  const measures: Measure[] = [];
  let [calms, judged, most] = [0, 0, 0];
  while (rest.sums().passes < passes && problems.length === 0) {
    const happened = await storm(place);
    await weather.clear();
    const came = dryRun ? await calmly(place) : await atRest(place);
    most = Math.max(most, came.turns);
    judged += came.judged;
    problems.push(...came.problems.map((problem) => `${problem}, after ${happened.join(", ")}`));
    calms += 1;
    const { passes: sofar } = rest.sums();
    if (sofar - (measures.at(-1)?.passes ?? 0) >= passesBetweenMeasures) {
      measures.push(await measured(sofar, daemon, azure));
    }
    // A person puts in order what others have done, now and then or Bindery would have nothing left to do.
    if (happened.some((what) => what.startsWith("harsh"))) asItWas();
  }
  return { problems, judged, measures, mostTurnsToRest: most, calms };
}

async function storm({ azure, weather, random, over }: Place): Promise<readonly string[]> {
  const happened: string[] = [];
  for (let left = 1 + Math.floor(random() * mostStrikes); left > 0; left -= 1) {
    await azure.clock.sleep(random() * mostPauseInMs, over);
    happened.push(await weather.strike());
  }
  return happened;
}

interface CameToRest {
  readonly problems: readonly string[];
  readonly turns: number;
  readonly judged: number;
}

/** Waits until two turns, one interval after the other, have found nothing to do, and judges the world then. */
async function atRest({ azure, history, rest, over }: Place): Promise<CameToRest> {
  const { turns, plan, last } = await rest.reached(mostTurnsToRest, over);
  if (!plan) return { problems: [`no rest within ${turns} turns; the last one: ${last}`], turns, judged: 0 };
  const revisions = [history.wanted()];
  const { differences, judged } = verdictOn(azure.world, { revisions, instanceUpgrade: "Never" }, plan);
  return { problems: differences, turns, judged };
}

/** Where nothing is applied, there is nothing to come to rest. */
async function calmly({ azure, over }: Place): Promise<CameToRest> {
  await azure.clock.sleep(30 * 60_000, over);
  return { problems: [], turns: 0, judged: 0 };
}

/** A world without obstacles; who else is at work, and what goes wrong, is the weather's. */
function caseOf(seed: number): Case {
  const [drawn] = fc.sample(anyCase, { seed, numRuns: 1 });
  if (!drawn) throw new Error("No case was drawn.");
  const lags = { list: 10_000, graph: 60_000, role: 20_000, principal: 30_000 };
  return {
    ...drawn,
    obstacles: [],
    lags,
    operationInMs: 1_500,
    pageSize: 1_000,
    switches: defaultSwitches(),
  };
}
