// How a seed file becomes a seed, or a list of all its mistakes with their lines.
import { type Document, isNode, LineCounter, type Node, parseDocument } from "yaml";
import type { z } from "zod";
import { Seed } from "./schema.ts";

/** One mistake in a seed file; line and column count from 1. */
export interface SeedMistake {
  readonly line: number;
  readonly column: number;
  /** The place in the document, "virtualMachines[2].tags.app"; "" for the whole. */
  readonly path: string;
  readonly message: string;
}

/** Thrown for a seed that cannot be loaded; the message lists every mistake with file and line. */
export class SeedError extends Error {
  readonly mistakes: readonly SeedMistake[];

  constructor(filename: string, mistakes: readonly SeedMistake[]) {
    const lines = mistakes.map(
      (m) => `${filename}:${m.line}:${m.column}: ${m.path === "" ? "" : `${m.path}: `}${m.message}`,
    );
    super(`The seed cannot be loaded:\n${lines.join("\n")}`);
    this.name = "SeedError";
    this.mistakes = mistakes;
  }
}

/** A seed with what is needed to tell where something in it stands. */
export interface ReadSeed {
  readonly seed: Seed;
  /** A mistake at a place of the document. */
  readonly mistakeAt: (path: readonly PropertyKey[], message: string) => SeedMistake;
}

const longestSeedInBytes = 32 * 1024 * 1024;

/** Reads YAML 1.2 (of which JSON is a part); throws SeedError with every mistake. */
export function readSeed(text: string, filename: string): ReadSeed {
  const tooLong = Buffer.byteLength(text) > longestSeedInBytes;
  if (tooLong)
    throw new SeedError(filename, [{ line: 1, column: 1, path: "", message: "is larger than 32 MB" }]);
  const lines = new LineCounter();
  const document = parseDocument(text, {
    version: "1.2",
    lineCounter: lines,
    uniqueKeys: true,
    merge: false,
  });
  if (document.errors.length > 0) {
    const mistakes = document.errors.map((e) => ({
      line: e.linePos?.[0].line ?? 1,
      column: e.linePos?.[0].col ?? 1,
      path: "",
      message: e.message.split("\n", 1).join(""),
    }));
    throw new SeedError(filename, mistakes);
  }
  const mistakeAt = (path: readonly PropertyKey[], message: string): SeedMistake => ({
    ...positionOf(document, path, lines),
    path: pathText(path),
    message,
  });
  const parsed = Seed.safeParse(document.toJS({ maxAliasCount: 100 }));
  if (!parsed.success)
    throw new SeedError(
      filename,
      parsed.error.issues.flatMap((i) => mistakesOf(i, mistakeAt)),
    );
  return { seed: parsed.data, mistakeAt };
}

function mistakesOf(issue: z.core.$ZodIssue, mistakeAt: ReadSeed["mistakeAt"]): SeedMistake[] {
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => mistakeAt([...issue.path, key], "is not a key that a seed knows"));
  }
  return [mistakeAt(issue.path, issue.message)];
}

/** The position of the place, or of the nearest thing above it that stands in the text. */
function positionOf(
  document: Document,
  path: readonly PropertyKey[],
  lines: LineCounter,
): { line: number; column: number } {
  for (let length = path.length; length >= 0; length--) {
    const node: unknown = document.getIn(path.slice(0, length), true);
    if (isNode(node) && rangeStart(node) !== undefined) {
      const { line, col } = lines.linePos(rangeStart(node) ?? 0);
      return { line: Math.max(line, 1), column: Math.max(col, 1) };
    }
  }
  return { line: 1, column: 1 };
}

function rangeStart(node: Node): number | undefined {
  return node.range?.[0];
}

function pathText(path: readonly PropertyKey[]): string {
  return path
    .map((p, i) => (typeof p === "number" ? `[${p}]` : `${i === 0 ? "" : "."}${String(p)}`))
    .join("");
}
