// Mutates all of plan, desired and manifest; ends with 1 if a folder's score has fallen below its floor.
import { mutationRun, rendered } from "./stryker.ts";

/** A little below what docs/testing.md tells: a mutant may time out on one machine and not on another. */
const floors: Readonly<Record<string, number>> = {
  "src/desired": 95,
  "src/manifest": 92,
  "src/plan": 92,
};

const findings = await mutationRun(process.argv.slice(2));
if (!findings) throw new Error("A run without a time limit has run out of time.");
// A pattern in braces is two patterns to Stryker, and neither of them a file.
if (findings.scores.every(({ detected, undetected }) => detected + undetected === 0))
  throw new Error("Nothing was mutated: --mutate takes patterns with commas between them.");
process.stdout.write(`${rendered(findings)}\n`);
for (const { folder, percent } of findings.scores) {
  const floor = floors[folder] ?? 0;
  if (percent >= floor) continue;
  process.stdout.write(`mutation: ${folder} is below its floor of ${floor} %\n`);
  process.exitCode = 1;
}
