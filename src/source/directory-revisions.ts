// Decides when folders and files have changed, and reads them only at a moment when they keep still.
import { createHash } from "node:crypto";
import { lstat, readdir, readlink, realpath, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../model/ports.ts";
import type { RevisionSource, SourceFound, SourceTrouble } from "../model/revisions.ts";
import { bounds } from "../model/source.ts";
import { readManifests } from "./directory.ts";

/** Folders and files that are read again and again. */
export interface FolderFollowing {
  /** PATHs, without standard input. */
  readonly paths: readonly string[];
  readonly clock: Pick<Clock, "now" | "sleep">;
}

/** Who writes a file may not be done: what has changed within this time is not read yet. */
const quietInMs = 1_000;

/** How often it is tried to find them still. */
const mostTries = 6;

/** What all entries below the PATHs look like from outside. */
interface Fingerprint {
  readonly digest: string;
  /** When one of them has changed last, in milliseconds since the epoch. */
  readonly changedAtInMs: number;
}

/** Folders and files as a source of revisions; they have no history. */
export function folderRevisions({ paths, clock }: FolderFollowing): RevisionSource {
  return {
    name: paths.join(", "),
    hasHistory: false,
    async head(signal) {
      const { digest } = await fingerprintOf(paths);
      signal.throwIfAborted();
      return { kind: "head", id: digest };
    },
    read: (_, signal) => readWhenQuiet(paths, clock, signal),
    async readAgain() {
      throw new Error("folders have no history");
    },
  };
}

async function readWhenQuiet(
  paths: readonly string[],
  clock: FolderFollowing["clock"],
  signal: AbortSignal,
): Promise<SourceFound | SourceTrouble> {
  const reading = await readStill(paths, clock, signal, () => readManifests(paths, noStdin));
  if (reading) return { kind: "found", reading };
  return {
    kind: "trouble",
    reason: "SourceUnreadable",
    message:
      "The manifests change all the time, so that they cannot be read as they are at one moment. Write them elsewhere, and swap a link or rename a folder when they are complete.",
    mayPass: true,
    hasAnswered: true,
  };
}

/**
 * Reads folders or files at a moment when they keep still; undefined: there was none. A link may be swapped, and
 * files be written, while they are read: what is read counts only if nothing was about to change before, and nothing
 * has changed until afterwards.
 */
export async function readStill<T>(
  paths: readonly string[],
  clock: FolderFollowing["clock"],
  signal: AbortSignal,
  read: () => Promise<T>,
): Promise<T | undefined> {
  for (let tries = 0; tries < mostTries; tries += 1) {
    const before = await fingerprintOf(paths);
    const restlessInMs = quietInMs - Math.abs(clock.now() - before.changedAtInMs);
    if (restlessInMs > 0) {
      await clock.sleep(restlessInMs, signal);
      continue;
    }
    const value = await read();
    signal.throwIfAborted();
    const after = await fingerprintOf(paths);
    if (after.digest === before.digest) return value;
  }
  return undefined;
}

async function* noStdin(): AsyncGenerator<Uint8Array> {
  // Standard input has an end, and is no source that could change.
}

/** The walk behind a fingerprint. */
interface Look {
  readonly lines: string[];
  readonly seen: Set<string>;
  changedAtInMs: number;
}

async function fingerprintOf(paths: readonly string[]): Promise<Fingerprint> {
  const look: Look = { lines: [], seen: new Set(), changedAtInMs: Number.NEGATIVE_INFINITY };
  for (const path of paths) await lookAt(look, path, 0);
  const digest = createHash("sha256").update(JSON.stringify(look.lines)).digest("hex");
  return { digest, changedAtInMs: look.changedAtInMs };
}

/** One entry, by where it leads to and what is there. What cannot be looked at is told when it is read. */
async function lookAt(look: Look, path: string, depth: number): Promise<void> {
  try {
    const own = await lstat(path, { bigint: true });
    const target = own.isSymbolicLink() ? await readlink(path) : "";
    const place = await realpath(path);
    const about = await stat(place, { bigint: true });
    const { dev, ino, mode, size, mtimeNs, ctimeNs } = about;
    look.lines.push(
      [path, own.ino, own.ctimeNs, target, place, dev, ino, mode, size, mtimeNs, ctimeNs].join("\0"),
    );
    // Nobody can set this time but the system, when something has changed.
    look.changedAtInMs = Math.max(look.changedAtInMs, Number(own.ctimeMs), Number(about.ctimeMs));
    if (about.isDirectory()) await lookInto(look, path, place, depth);
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
    look.lines.push(`${path}\0${error.code}`);
  }
}

async function lookInto(look: Look, path: string, place: string, depth: number): Promise<void> {
  if (look.seen.has(place) || depth > bounds.folderDepth) return;
  look.seen.add(place);
  for (const name of (await readdir(place)).toSorted()) {
    if (name.startsWith(".")) continue;
    // What is read is bounded in the same way, and refuses more.
    if (look.lines.length > bounds.folderEntries) return;
    await lookAt(look, join(path, name), depth + 1);
  }
}
