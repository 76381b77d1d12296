// Runs Stryker and says what came of it: which mutants no test has noticed, and the score of each folder.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { isUndetected, lineOf, type Mutant, mutantsFrom, type Score, scoresOf } from "./report.ts";
import { refusedByTypes } from "./type-check.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const config = JSON.parse(readFileSync(join(root, "stryker.config.json"), "utf8")) as {
  readonly jsonReporter: { readonly fileName: string };
};

/** What a run has shown. */
export interface Findings {
  readonly scores: readonly Score[];
  /** Mutants that compile and that no test has noticed. */
  readonly undetected: readonly Mutant[];
  /** How many mutants no test has noticed, but the type checker. */
  readonly refused: number;
}

/** Runs Stryker with these options; undefined: it has not ended in time. Throws if it has failed. */
export async function mutationRun(
  options: readonly string[],
  timeoutInMs?: number,
): Promise<Findings | undefined> {
  const report = join(root, config.jsonReporter.fileName);
  rmSync(report, { force: true });
  const stryker = join(root, "node_modules/@stryker-mutator/core/bin/stryker.js");
  const concurrency = ["--concurrency", `${availableParallelism()}`];
  const child = spawn(process.execPath, [stryker, "run", ...concurrency, ...options], {
    cwd: root,
    stdio: "inherit",
  });
  // Stryker ends its workers when it is asked to end, and exits with a status of its own.
  let isLate = false;
  const end = (): void => {
    isLate = true;
    child.kill();
  };
  const timer = timeoutInMs === undefined ? undefined : setTimeout(end, timeoutInMs);
  const [status] = (await once(child, "exit")) as [number | null];
  clearTimeout(timer);
  if (isLate) return undefined;
  if (status !== 0) throw new Error(`Stryker has ended with ${status}.`);
  // Where nothing can be mutated Stryker writes no report.
  return findingsFrom(existsSync(report) ? mutantsFrom(report) : []);
}

function findingsFrom(mutants: readonly Mutant[]): Findings {
  const refused = refusedByTypes(mutants.filter(isUndetected));
  const judged = mutants.filter((mutant) => !refused.has(mutant));
  return { scores: scoresOf(judged), undetected: judged.filter(isUndetected), refused: refused.size };
}

/** The findings as text: every mutant that nobody has noticed, then a line for each folder. */
export function rendered({ scores, undetected, refused }: Findings): string {
  const lines = scores.map(
    ({ folder, detected, undetected: missed, percent }) =>
      `mutation: ${folder}: ${percent.toFixed(1)} % (${detected} of ${detected + missed} noticed)`,
  );
  const types = `mutation: ${refused} more were noticed by the type checker only, and do not count`;
  return [...undetected.map(lineOf), ...lines, types].join("\n");
}
