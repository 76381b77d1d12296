// Mutates the lines of plan, desired and manifest that a change touches; ends with 1 if too few mutants are noticed.
import { spawnSync } from "node:child_process";
import { boundedTo, changedLines, linesIn } from "./changed-lines.ts";
import { mutationRun, rendered } from "./stryker.ts";

/** About one mutant stands on a line, and one takes half a second of a core. */
const mostLines = 150;
const mostTimeInMs = 2 * 60_000;
/** Equivalent mutants and texts weigh much in a small change; below this, whole branches of it have no test. */
const floorInPercent = 60;
/** Of fewer mutants a share says nothing. */
const fewestMutants = 10;

function git(...args: readonly string[]): string | undefined {
  const { status, stdout } = spawnSync("git", args, { encoding: "utf8", maxBuffer: 2 ** 28 });
  return status === 0 ? stdout.trim() : undefined;
}

/** What the change is measured against; undefined: there is nothing before it. */
function baseRevision(): string | undefined {
  const { MUTATION_BASE: wanted } = process.env;
  if (wanted !== undefined) return wanted;
  const shared = git("merge-base", "origin/main", "HEAD");
  const head = git("rev-parse", "HEAD");
  return shared !== undefined && shared !== head ? shared : git("rev-parse", "--verify", "HEAD~1");
}

async function judge(diff: string): Promise<string> {
  const { taken, leftOut } = boundedTo(mostLines, changedLines(diff));
  if (taken.length === 0) return "nothing changed in plan, desired and manifest";
  const said = [`${linesIn(taken)} changed lines, ${leftOut} more left out`];
  const mutate = taken.map(({ file, from, to }) => `${file}:${from}-${to}`).join(",");
  const findings = await mutationRun(["--mutate", mutate], mostTimeInMs);
  if (!findings) return `${said.join()}; not judged: it took more than ${mostTimeInMs / 60_000} minutes`;
  process.stdout.write(`${rendered(findings)}\n`);
  const all = findings.scores.find(({ folder }) => folder === "all");
  const seen = (all?.detected ?? 0) + (all?.undetected ?? 0);
  if (seen >= fewestMutants && (all?.percent ?? 0) < floorInPercent) {
    process.exitCode = 1;
    said.push(`less than ${floorInPercent} % of the mutants in them were noticed`);
  }
  return said.join("; ");
}

const base = baseRevision();
const diff =
  base === undefined
    ? undefined
    : git("diff", "--unified=0", "--no-prefix", "--no-renames", base, "--", "src");
if (base !== undefined && diff === undefined) throw new Error(`No difference to ${base} can be shown.`);
process.stdout.write(
  `mutation: ${diff === undefined ? "skipped, there is no revision before this one" : await judge(diff)}\n`,
);
