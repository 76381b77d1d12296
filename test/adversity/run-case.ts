// Takes one adverse case through: others and faults first, then quiet, and then everything must come to rest.
import { Failure } from "../../src/model/failure.ts";
import type { Plan } from "../../src/plan/plan.ts";
import type { EmbeddedAzure } from "../support/embedded-azure.ts";
import { harnessOn } from "../support/harness.ts";
import type { Case } from "./case.ts";
import { databaseTroubleShapes } from "./database-case.ts";
import { databaseVerdictOn } from "./database-verdict.ts";
import { type Facts, factsOf } from "./facts.ts";
import { isObstructed, lift, unexplained } from "./obstacles.ts";
import { manifestsOf, seedOf, wantedDatabasesOf } from "./texts.ts";
import { troubleShapes } from "./troubles.ts";
import { type Verdict, verdictOn } from "./verdict.ts";
import { type Witness, witnessOf } from "./witness.ts";

/** What a case came to, for the statistics that show that the cases are worth anything. */
export interface Result {
  readonly problems: readonly string[];
  readonly writes: number;
  /** Applies that it took after quiet had returned; the last one changed nothing. */
  readonly applies: number;
  readonly judged: number;
  readonly held: readonly string[];
  /** Of databases; undefined in a case without. */
  readonly databases?: {
    readonly judged: number;
    readonly readings: number;
    readonly writes: number;
    readonly deeds: number;
  };
}

/** Longer than any lag and any operation that is under way. */
const quietInMs = 20 * 60_000;
const mostApplies = 4;
/** Endless operations are given up sooner than by default: waiting for them shows nothing more. */
const deadlineInMs = 3 * 60_000;

/** Runs a case; throws what Bindery should not have thrown. */
export async function runCase(azure: EmbeddedAzure, one: Case): Promise<Result> {
  await azure.renew(seedOf(one));
  for (const { mode, after, times } of one.modes) {
    azure.world.operationModes.add({ path: "**", mode, after, times });
  }
  for (const { shape, ...rest } of one.troubles) {
    const path = "/^\\/(subscriptions|providers)(\\/|$)/i";
    await azure.admin("POST", "faults", { ...rest, ...troubleShapes[shape], path });
  }
  for (const { shape, ...rest } of one.databases?.troubles ?? []) {
    azure.sqlFaults.add({ ...rest, ...databaseTroubleShapes[shape] });
  }
  const facts = factsOf(azure.world);
  const witness = witnessOf(azure.world, azure.send, facts, one);
  try {
    return await taken(azure, one, witness, facts);
  } finally {
    witness.databases?.close();
  }
}

async function taken(azure: EmbeddedAzure, one: Case, witness: Witness, facts: Facts): Promise<Result> {
  const bindery = harnessOn({ ...azure.wiring(() => 0.5, witness.client), deadlineInMs });
  const documentsOf = (number: number): string =>
    manifestsOf(one.revisions[number] ?? [], one.instanceUpgrade, wantedDatabasesOf(one.databases, number));
  for (const [number, revision] of one.revisions.entries()) {
    witness.expect(revision, wantedDatabasesOf(one.databases, number));
    await unlessRefused(bindery.apply(documentsOf(number), { onPlan: witness.onPlan }));
  }
  witness.endDeeds();
  await azure.admin("DELETE", "faults");
  await azure.admin("DELETE", "operation-modes");
  // The sandbox lets an operation have its effect when it is next asked: what was endless ends before the quiet begins.
  await azure.admin("GET", "operation-modes");
  azure.sqlFaults.clear();
  const documents = documentsOf(one.revisions.length - 1);
  const room = { azure, one, bindery, witness, facts, documents };
  await obstructed(room);
  return await settled(room);
}

/** Where a case takes place. */
interface Room {
  readonly azure: EmbeddedAzure;
  readonly one: Case;
  readonly bindery: ReturnType<typeof harnessOn>;
  readonly witness: Witness;
  readonly facts: Facts;
  readonly documents: string;
}

/** While locks and the like stand, what fails must fail because of them; then an operator takes them away. */
async function obstructed({ azure, bindery, witness, facts, documents }: Room): Promise<void> {
  const { world } = azure;
  azure.advance(quietInMs);
  witness.problems.push(...witness.lost());
  if (!isObstructed(world)) return;
  await bindery.apply(documents, { onPlan: witness.onPlan });
  azure.advance(quietInMs);
  const { passes } = await bindery.apply(documents, { onPlan: witness.onPlan, maxPasses: 1 });
  witness.problems.push(
    ...unexplained(
      world,
      passes.flatMap((pass) => pass.report.outcomes),
    ),
  );
  facts.whileOthersAct(() => lift(world));
}

/** While others and faults are at work, a pass that can read nothing ends with a Failure. */
async function unlessRefused(run: Promise<unknown>): Promise<void> {
  try {
    await run;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
  }
}

async function settled(room: Room): Promise<Result> {
  const { azure, one, bindery, witness, facts, documents } = room;
  let release: readonly string[] = [];
  for (let applies = 1; applies <= mostApplies; applies += 1) {
    azure.advance(quietInMs);
    const { passes } = await bindery.apply(documents, { onPlan: witness.onPlan, release });
    const outcomes = passes.flatMap((pass) => pass.report.outcomes);
    const bugs = outcomes.filter((o) => o.code === "InternalError").map((o) => o.message);
    witness.problems.push(...bugs);
    const [first] = passes;
    if (!first || first.plan.changes.length > 0) continue;
    if (one.databases?.releases && release.length === 0) {
      release = repairsIn(first.plan);
      if (release.length > 0) continue;
    }
    azure.advance(quietInMs);
    const again = await bindery.plan(documents, { release });
    const { differences, judged } = verdictOn(azure.world, one, first.plan);
    const inDatabases = databasesJudged(room, first.plan);
    const restless =
      again.digest === first.plan.digest ? [] : ["the same plan has another digest a moment later"];
    return {
      problems: [
        ...witness.problems,
        ...differences,
        ...inDatabases.differences,
        ...restless,
        ...facts.violated(),
        ...(witness.databases?.violated() ?? []),
        ...(await unseen(azure, witness)),
      ],
      writes: witness.writes(),
      applies,
      judged,
      held: first.plan.held.map((h) => h.reason),
      ...(witness.databases && {
        databases: { judged: inDatabases.judged, ...witness.databases.counts },
      }),
    };
  }
  const left = (await bindery.plan(documents, { release })).changes;
  return {
    problems: [...witness.problems, ...left.map((change) => `never done: ${change.id}`), ...facts.violated()],
    writes: witness.writes(),
    applies: mostApplies,
    judged: 0,
    held: [],
  };
}

/** What a person releases: that a recreated identity gets its users in databases again. */
function repairsIn({ held }: Plan): readonly string[] {
  const recreated = held.filter(({ reason, releasable }) => reason === "Recreated" && releasable);
  const digests = new Set(recreated.map(({ digest }) => digest));
  const isInDatabases = (digest: string): boolean =>
    recreated.every((one) => one.digest !== digest || "database" in one.change.subject);
  return [...digests].filter(isInDatabases);
}

function databasesJudged({ azure, one }: Room, plan: Plan): Verdict {
  const last = one.revisions.length - 1;
  const wanted = wantedDatabasesOf(one.databases, last);
  const revision = one.revisions[last] ?? [];
  return wanted ? databaseVerdictOn(azure.world, revision, wanted, plan) : { differences: [], judged: 0 };
}

/** Every write that the sandbox has answered must have passed the witness. */
async function unseen(azure: EmbeddedAzure, witness: Witness): Promise<readonly string[]> {
  const answered = await azure.writesOfBindery();
  return answered <= witness.writes() ? [] : [`${answered} writes arrived and ${witness.writes()} were seen`];
}
