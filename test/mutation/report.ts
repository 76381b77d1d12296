// What a report of Stryker comes to: the score of each folder, without the mutants that the type checker refuses.
import { readFileSync } from "node:fs";

/** One mutant of a report, with the source of its file. */
export interface Mutant {
  readonly file: string;
  readonly source: string;
  readonly mutator: string;
  readonly status: string;
  readonly replacement: string;
  readonly start: Position;
  readonly end: Position;
}

/** Line and column, both from 1. */
interface Position {
  readonly line: number;
  readonly column: number;
}

/** What became of the mutants of one folder. */
export interface Score {
  readonly folder: string;
  readonly detected: number;
  readonly undetected: number;
  /** In percent; of nothing it is 100. */
  readonly percent: number;
}

interface Report {
  readonly files: Readonly<
    Record<string, { readonly source: string; readonly mutants: readonly ReportedMutant[] }>
  >;
}

interface ReportedMutant {
  readonly mutatorName: string;
  readonly status: string;
  readonly replacement: string;
  readonly location: { readonly start: Position; readonly end: Position };
}

/** The mutants of a JSON report (mutation-testing-report-schema 2). */
export function mutantsFrom(path: string): readonly Mutant[] {
  const { files } = JSON.parse(readFileSync(path, "utf8")) as Report;
  return Object.entries(files).flatMap(([file, { source, mutants }]) =>
    mutants.map(({ mutatorName: mutator, status, replacement, location: { start, end } }) => ({
      ...{ file, source, mutator, status, replacement, start, end },
    })),
  );
}

/** True if no test has noticed the mutant. */
export function isUndetected({ status }: Mutant): boolean {
  return status === "Survived" || status === "NoCoverage";
}

/** The source with the mutant in it. */
export function mutatedSource({ source, replacement, start, end }: Mutant): string {
  return source.slice(0, offsetOf(source, start)) + replacement + source.slice(offsetOf(source, end));
}

/** The mutant as a line to read: place, what stood there, what stands there instead. */
export function lineOf({ file, source, mutator, replacement, start, end }: Mutant): string {
  const before = source.slice(offsetOf(source, start), offsetOf(source, end));
  const brief = (text: string): string => text.replaceAll(/\s+/g, " ").slice(0, 90);
  return `${file}:${start.line}:${start.column} ${mutator}: ${brief(before)} → ${brief(replacement)}`;
}

/** The score of each folder below src, and of all. Mutants that were ignored or did not run do not count. */
export function scoresOf(mutants: readonly Mutant[]): readonly Score[] {
  const folders = Map.groupBy(mutants, ({ file }) => file.split("/").slice(0, 2).join("/"));
  return [...[...folders].toSorted(([a], [b]) => (a < b ? -1 : 1)), ["all", mutants] as const].map(
    ([folder, all]) => {
      const detected = all.filter(({ status }) => status === "Killed" || status === "Timeout").length;
      const undetected = all.filter(isUndetected).length;
      const percent = detected + undetected === 0 ? 100 : (detected / (detected + undetected)) * 100;
      return { folder, detected, undetected, percent };
    },
  );
}

function offsetOf(source: string, { line, column }: Position): number {
  const lines = source.split("\n").slice(0, line - 1);
  return lines.reduce((sum, text) => sum + text.length + 1, 0) + column - 1;
}
