// A process of its own that runs its share of the adverse cases: plain Node, without the test runner's transformations.
import fc from "fast-check";
import { type EmbeddedAzure, embeddedAzure } from "../support/embedded-azure.ts";
import type { Case } from "./case.ts";
import { serverNames } from "./database-case.ts";
import { anyCase } from "./draw.ts";
import { anyCaseWithDatabases } from "./draw-databases.ts";
import { type Result, runCase } from "./run-case.ts";

/** What a process is to run: of the cases of this seed, counted through, those with the rest `slice` modulo `of`. */
export interface Share {
  readonly transport: "function" | "sockets";
  readonly seed: number;
  readonly runs: number;
  readonly slice: number;
  readonly of: number;
  /** One case alone, as fast-check names it. */
  readonly path?: string;
  /** Whether a failing case is made small. */
  readonly shrinks: boolean;
}

/** What it found. */
export interface Found {
  readonly results: readonly Result[];
  /** The failing case, with the seed and the path that bring it back. */
  readonly failure?: string;
}

process.once("message", (share: Share) => {
  void answered(share).then((found) => process.send?.(found, () => process.disconnect()));
});

async function answered(share: Share): Promise<Found> {
  const azure = await embeddedAzure(share.transport, undefined, serverNames);
  try {
    return await ran(azure, share);
  } finally {
    await azure.close();
  }
}

async function ran(azure: EmbeddedAzure, share: Share): Promise<Found> {
  const { seed, runs, slice, of, path, shrinks } = share;
  const results: Result[] = [];
  let number = 0;
  const property = fc.asyncProperty(
    share.transport === "sockets" ? anyCaseWithDatabases : anyCase,
    async (one: Case) => {
      number += 1;
      if (path === undefined && number <= runs && number % of !== slice) return;
      const result = await runCase(azure, one);
      results.push(result);
      if (result.problems.length > 0) throw new Error(result.problems.join("\n"));
    },
  );
  const which = path === undefined ? { numRuns: runs } : { numRuns: 1, path };
  const how = { seed, endOnFailure: !shrinks, ...which };
  const details = await fc.check(property, how);
  const failure = fc.defaultReportMessage(details);
  // What is wrong first: the case is long, and fast-check leaves the error out.
  return { results, ...(failure !== undefined && { failure: `${details.errorInstance}\n${failure}` }) };
}
