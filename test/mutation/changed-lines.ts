// Which lines of the mutated folders a change touches, and how many of them are looked at.

/** Lines of one file, from the first to the last, both included and counted from 1. */
export interface LineRange {
  readonly file: string;
  readonly from: number;
  readonly to: number;
}

/** The folders that are mutated, in the order in which they are looked at when a change is too large for all. */
const folders = ["src/plan/", "src/desired/", "src/manifest/"] as const;

/** True for a source of these folders that is neither a test nor what tests are made of. */
export function isMutated(file: string): boolean {
  return folders.some((folder) => file.startsWith(folder)) && !/(\.test|\/fixtures)\.ts$/.test(file);
}

/** The lines that are new or different, from the output of `git diff --unified=0 --no-prefix`. */
export function changedLines(diff: string): readonly LineRange[] {
  let file = "";
  const ranges: LineRange[] = [];
  for (const line of diff.split("\n")) {
    if (line.startsWith("+++ ")) file = line.slice(4);
    const [, from, count = "1"] = /^@@ -\S+ \+(\d+)(?:,(\d+))? @@/.exec(line) ?? [];
    if (from === undefined || count === "0" || !isMutated(file)) continue;
    ranges.push({ file, from: Number(from), to: Number(from) + Number(count) - 1 });
  }
  return ranges.toSorted((a, b) => folderOf(a) - folderOf(b));
}

/** As many lines as may be looked at, from the first on, and how many are left out. */
export function boundedTo(lines: number, ranges: readonly LineRange[]): Bounded {
  const taken: LineRange[] = [];
  let free = lines;
  for (const range of ranges) {
    if (free === 0) break;
    const to = Math.min(range.to, range.from + free - 1);
    free -= to - range.from + 1;
    taken.push({ ...range, to });
  }
  return { taken, leftOut: linesIn(ranges) - linesIn(taken) };
}

interface Bounded {
  readonly taken: readonly LineRange[];
  readonly leftOut: number;
}

/** How many lines these are. */
export function linesIn(ranges: readonly LineRange[]): number {
  return ranges.reduce((sum, { from, to }) => sum + to - from + 1, 0);
}

function folderOf({ file }: LineRange): number {
  return folders.findIndex((folder) => file.startsWith(folder));
}
