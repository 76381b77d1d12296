// Decides which files under the PATHs of a command are manifests, and refuses what leads out of them.
import type { Dirent } from "node:fs";
import { readdir, realpath, stat } from "node:fs/promises";
import { basename, dirname, join, relative, sep } from "node:path";
import { type Diagnostic, sortedDiagnostics } from "../model/diagnostic.ts";
import type { SourceReading } from "../model/revisions.ts";
import { bounds, type SourceFile } from "../model/source.ts";
import { quoted } from "../model/text.ts";
import { type Refusal, readRegularFile, readStream, refusalOf } from "./read-file.ts";
import { type RevisedFile, revisionOf } from "./revision.ts";

/** The bounds on all that one run reads; tests lower them. */
export interface RunBounds {
  readonly files: number;
  readonly totalBytes: number;
  readonly folderEntries: number;
}

/** The name under which standard input appears in diagnostics. */
export const stdinName = "<stdin>";

/** What is being read: grows while the folders are walked. */
interface Walk {
  readonly within: RunBounds;
  readonly files: (SourceFile & RevisedFile)[];
  readonly diagnostics: Diagnostic[];
  /** Resolved paths, so that overlapping PATHs and links inside the root give each file once. */
  readonly seen: Set<string>;
  entries: number;
  bytes: number;
  /** Set when a bound on the whole is exceeded: one error instead of thousands. */
  isFull: boolean;
}

/** A file or folder on the way, with the PATH it belongs to. */
interface Place {
  /** Resolved path of the PATH. */
  readonly root: string;
  /** As the user would write it. */
  readonly shown: string;
  /** Below the root, with `/`. */
  readonly relativePath: string;
  readonly depth: number;
}

/**
 * Reads the files and folders named by PATHs, and standard input for `-`. In folders only `*.yaml` and `*.yml`
 * count; entries that begin with a dot and `kustomization.yaml` are left out. Never throws for what it finds.
 */
export async function readManifests(
  paths: readonly string[],
  stdin: () => AsyncIterable<Uint8Array>,
  within: RunBounds = bounds,
): Promise<SourceReading> {
  const walk: Walk = {
    within,
    files: [],
    diagnostics: [],
    seen: new Set(),
    entries: 0,
    bytes: 0,
    isFull: false,
  };
  for (const path of await outermostFirst(paths)) {
    await (path === "-" ? takeStdin(walk, stdin()) : takePath(walk, path));
  }
  const files = walk.files.toSorted((a, b) => (a.path < b.path ? -1 : 1));
  return {
    files: files.map(({ relativePath: _, ...file }) => file),
    revision: revisionOf(files),
    diagnostics: sortedDiagnostics(walk.diagnostics),
  };
}

/** A folder inside another PATH must not decide what its files are relative to: the outer one comes first. */
async function outermostFirst(paths: readonly string[]): Promise<readonly string[]> {
  const lengths = new Map<string, number>();
  for (const path of paths) {
    // What cannot be resolved is reported when it is to be read.
    lengths.set(path, path === "-" ? 0 : (await realpath(path).catch(() => path)).length);
  }
  return [...lengths.keys()].toSorted((a, b) => (lengths.get(a) ?? 0) - (lengths.get(b) ?? 0));
}

/** True if a resolved path is a folder or lies in it. */
export function isInside(root: string, resolved: string): boolean {
  return resolved === root || resolved.startsWith(root.endsWith(sep) ? root : root + sep);
}

function report(walk: Walk, file: string, refusal: Refusal, severity: "error" | "warning" = "error"): void {
  walk.diagnostics.push({ severity, file, line: 1, column: 1, path: "", ...refusal });
}

function reportFull(walk: Walk, file: string, what: string): void {
  walk.isFull = true;
  report(walk, file, { message: `more than ${what}; nothing after this was read`, cure: "name fewer PATHs" });
}

interface Taken extends Pick<Place, "shown" | "relativePath"> {
  readonly folder?: string;
}

function take(walk: Walk, place: Taken, read: Uint8Array | Refusal): void {
  if (!(read instanceof Uint8Array)) {
    report(walk, place.shown, read);
    return;
  }
  walk.bytes += read.length;
  if (walk.files.length >= walk.within.files) {
    reportFull(walk, place.shown, `${walk.within.files} files`);
    return;
  }
  if (walk.bytes > walk.within.totalBytes) {
    reportFull(walk, place.shown, `${walk.within.totalBytes} bytes in all files together`);
    return;
  }
  const { shown, relativePath, folder } = place;
  walk.files.push({ path: shown, relativePath, bytes: read, ...(folder !== undefined && { folder }) });
}

async function takeStdin(walk: Walk, stdin: AsyncIterable<Uint8Array>): Promise<void> {
  take(walk, { shown: stdinName, relativePath: "-" }, await readStream(stdin));
}

async function takePath(walk: Walk, path: string): Promise<void> {
  const shown = join(path);
  const root = await resolved(walk, shown);
  if (root === undefined) {
    return;
  }
  const before = walk.files.length + walk.diagnostics.length;
  const place = { root, shown, relativePath: "", depth: 0 };
  const wasFolder = await takeResolved(walk, place, root);
  if (wasFolder && walk.files.length + walk.diagnostics.length === before) {
    const cure = "check the path: manifests end in .yaml or .yml";
    report(walk, shown, { message: "there is no manifest in this folder", cure }, "warning");
  }
}

async function resolved(walk: Walk, shown: string, isLink = false): Promise<string | undefined> {
  try {
    return await realpath(shown);
  } catch (error) {
    const refusal = refusalOf(error);
    const message = isLink ? `a symbolic link that leads nowhere: ${refusal.message}` : refusal.message;
    report(walk, shown, { message, cure: isLink ? "mend or remove the link" : refusal.cure });
    return undefined;
  }
}

/** Takes a file or walks a folder, each once. Says whether it was a folder that had not been walked yet. */
async function takeResolved(walk: Walk, place: Place, path: string): Promise<boolean> {
  if (walk.seen.has(path)) {
    return false;
  }
  walk.seen.add(path);
  try {
    if ((await stat(path)).isDirectory()) {
      await takeFolder(walk, place, path);
      return true;
    }
  } catch (error) {
    report(walk, place.shown, refusalOf(error));
    return false;
  }
  const { shown, root, relativePath } = place;
  const name = relativePath || basename(path);
  const folder = path === root ? {} : { folder: relative(root, dirname(path)).replaceAll(sep, "/") };
  take(walk, { shown, relativePath: name, ...folder }, await readRegularFile(path));
  return false;
}

async function takeFolder(walk: Walk, place: Place, path: string): Promise<void> {
  if (place.depth > bounds.folderDepth) {
    const message = `more than ${bounds.folderDepth} folders inside each other`;
    report(walk, place.shown, { message, cure: "move the manifests further up" });
    return;
  }
  const entries = (await readdir(path, { withFileTypes: true })).toSorted((a, b) =>
    a.name < b.name ? -1 : 1,
  );
  for (const entry of entries) {
    if (walk.isFull) {
      return;
    }
    walk.entries += 1;
    if (walk.entries > walk.within.folderEntries) {
      reportFull(walk, place.shown, `${walk.within.folderEntries} folder entries`);
      return;
    }
    if (!entry.name.startsWith(".")) {
      await takeEntry(walk, place, entry);
    }
  }
}

/** True for a name that makes a file a manifest where a folder is read. */
export function isManifestName(name: string): boolean {
  return /\.ya?ml$/i.test(name) && !/^kustomization\.ya?ml$/i.test(name);
}

async function takeEntry(walk: Walk, folder: Place, entry: Dirent): Promise<void> {
  if (!entry.isDirectory() && !entry.isSymbolicLink() && !isManifestName(entry.name)) {
    return;
  }
  const place: Place = {
    root: folder.root,
    shown: join(folder.shown, entry.name),
    relativePath: folder.relativePath === "" ? entry.name : `${folder.relativePath}/${entry.name}`,
    depth: folder.depth + 1,
  };
  const path = await resolved(walk, place.shown, entry.isSymbolicLink());
  if (path === undefined || !(isManifestName(entry.name) || (await isFolder(walk, place, path)))) {
    return;
  }
  if (isInside(folder.root, path)) {
    await takeResolved(walk, place, path);
    return;
  }
  const target = quoted(relative(folder.root, path));
  const message = `a symbolic link that leads out of the folder that was named, to ${target}`;
  report(walk, place.shown, { message, cure: "replace the link by what it points to" });
}

async function isFolder(walk: Walk, place: Place, path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    report(walk, place.shown, refusalOf(error));
    return false;
  }
}
