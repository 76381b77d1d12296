// Decides which files of a commit are manifests: as in a folder, but no link is followed and nothing is written to disk.
import { posix } from "node:path";
import type { Diagnostic } from "../model/diagnostic.ts";
import { bounds, type SourceFile } from "../model/source.ts";
import { quoted } from "../model/text.ts";
import { isManifestName, type RunBounds } from "./directory.ts";
import { damaged, type ObjectReader } from "./git-objects.ts";
import { type NameTrouble, type ParsedEntry, parseTree, type TreeEntry } from "./git-tree.ts";
import { GitTrouble } from "./git-trouble.ts";
import type { Refusal } from "./read-file.ts";

/** What was found in a commit. */
export interface Walked {
  readonly files: readonly SourceFile[];
  readonly diagnostics: readonly Diagnostic[];
}

interface Found {
  readonly path: string;
  readonly id: string;
  readonly folder?: string;
}

interface Walk {
  readonly objects: ObjectReader;
  readonly commit: string;
  readonly within: RunBounds;
  readonly found: Found[];
  readonly diagnostics: Diagnostic[];
  readonly seen: Set<string>;
  entries: number;
  isFull: boolean;
}

interface Place {
  /** From the repository's root; empty for the root itself. */
  readonly path: string;
  /** The --path that it belongs to. */
  readonly root: string;
  readonly depth: number;
}

/** Larger than any tree of as many entries as are allowed. */
const mostTreeBytes = 32 * 1024 * 1024;

/** Reads the manifests of a commit below these paths, which are sorted by length and empty for the root. */
export async function walkCommit(
  objects: ObjectReader,
  commit: string,
  paths: readonly string[],
  within: RunBounds,
): Promise<Walked> {
  const walk: Walk = {
    objects,
    commit,
    within,
    found: [],
    diagnostics: [],
    seen: new Set(),
    entries: 0,
    isFull: false,
  };
  for (const path of paths) await walkPath(walk, path);
  const files = await readFound(walk);
  return {
    files: files.toSorted((a, b) => (a.path < b.path ? -1 : 1)),
    diagnostics: walk.diagnostics,
  };
}

function report(walk: Walk, path: string, refusal: Refusal, severity: "error" | "warning" = "error"): void {
  const file = path === "" ? "." : path;
  walk.diagnostics.push({ severity, file, line: 1, column: 1, path: "", ...refusal });
}

function reportFull(walk: Walk, path: string, what: string): void {
  walk.isFull = true;
  const cure = "name the folders with the manifests with --path";
  report(walk, path, { message: `more than ${what}; nothing after this was read`, cure });
}

async function treeOf(walk: Walk, name: string): Promise<readonly ParsedEntry[]> {
  const [info] = await walk.objects.info([name]);
  if (info?.type !== "tree") throw damaged();
  if (info.bytes > mostTreeBytes) {
    throw new GitTrouble(
      "TooLarge",
      `A folder in the repository has a list of more than ${mostTreeBytes} bytes.`,
      "Keep the manifests in a repository of their own.",
    );
  }
  const entries = parseTree(await walk.objects.contents(name));
  if (!entries) throw damaged();
  return entries;
}

/** Goes down to a --path name by name, so that no link on the way is followed. */
async function walkPath(walk: Walk, path: string): Promise<void> {
  let id = `${walk.commit}^{tree}`;
  const names = path === "" ? [] : path.split("/");
  for (const [i, name] of names.entries()) {
    const here = names.slice(0, i + 1).join("/");
    const entry = (await treeOf(walk, id)).find((one) => one.trouble === undefined && one.name === name);
    const isLast = i === names.length - 1;
    if (entry?.trouble !== undefined || entry === undefined || (entry.kind === "file" && !isLast)) {
      report(walk, path, {
        message: "there is no such file or folder in the commit",
        cure: "correct --path",
      });
      return;
    }
    if (entry.kind === "file") {
      take(walk, { path, id: entry.id });
      return;
    }
    if (entry.kind !== "folder") {
      report(walk, here, refusalOf(entry));
      return;
    }
    ({ id } = entry);
  }
  const before = walk.found.length + walk.diagnostics.length;
  if (walk.seen.has(path)) return;
  await walkFolder(walk, { path, root: path, depth: 0 }, id);
  if (walk.found.length + walk.diagnostics.length > before) return;
  const cure = "check --path: manifests end in .yaml or .yml";
  report(walk, path, { message: "there is no manifest in this folder of the repository", cure }, "warning");
}

async function walkFolder(walk: Walk, place: Place, id: string): Promise<void> {
  if (place.depth > bounds.folderDepth) {
    const message = `more than ${bounds.folderDepth} folders inside each other`;
    report(walk, place.path, { message, cure: "move the manifests further up" });
    return;
  }
  walk.seen.add(place.path);
  for (const entry of await treeOf(walk, id)) {
    if (walk.isFull) return;
    walk.entries += 1;
    if (walk.entries > walk.within.folderEntries) {
      reportFull(walk, place.path, `${walk.within.folderEntries} folder entries`);
      return;
    }
    await walkEntry(walk, place, entry);
  }
}

const nameTroubles: Readonly<Record<NameTrouble, string>> = {
  notUtf8: "a name that is not UTF-8",
  notAName: "a name that no file can have",
  twice: "a name that the folder has twice",
};

async function walkEntry(walk: Walk, place: Place, entry: ParsedEntry): Promise<void> {
  if (entry.trouble !== undefined) {
    const message = `${nameTroubles[entry.trouble]}: ${quoted(entry.shown)}`;
    report(walk, place.path, { message, cure: "find out who made this commit, and how" });
    return;
  }
  const { name, kind, id } = entry;
  if (name.startsWith(".")) return;
  const path = place.path === "" ? name : `${place.path}/${name}`;
  if (kind === "folder") {
    await walkFolder(walk, { ...place, path, depth: place.depth + 1 }, id);
  } else if (kind !== "file") {
    if (!(await isLinkToFile(walk, place, entry))) report(walk, path, refusalOf(entry));
  } else if (isManifestName(name)) {
    take(walk, { path, id, folder: place.path.slice(place.root === "" ? 0 : place.root.length + 1) });
  }
}

function take(walk: Walk, found: Found): void {
  if (walk.seen.has(found.path)) return;
  walk.seen.add(found.path);
  if (walk.found.length < walk.within.files) walk.found.push(found);
  else reportFull(walk, found.path, `${walk.within.files} files`);
}

function refusalOf({ kind }: TreeEntry): Refusal {
  if (kind === "link") {
    const message = "a symbolic link: in a repository they are not followed";
    return {
      message,
      cure: "replace the link by what it points to, or name folders without links with --path",
    };
  }
  if (kind === "submodule") {
    const message = "a submodule: other repositories are not read";
    return { message, cure: "copy its manifests here, or name folders without submodules with --path" };
  }
  return { message: "neither a file nor a folder", cure: "find out who made this commit, and how" };
}

/** How long the target of a link may be that is looked at. */
const mostLinkBytes = 4096;

/**
 * True for a link that could not have led to a manifest: it has another name, and what it points to is a file of
 * this commit. A link to a folder would take manifests away without a word, and with them what they grant.
 */
async function isLinkToFile(walk: Walk, place: Place, { name, kind, id }: TreeEntry): Promise<boolean> {
  if (kind !== "link" || isManifestName(name)) return false;
  const [info] = await walk.objects.info([id]);
  if (info?.type !== "blob" || info.bytes > mostLinkBytes) return false;
  const target = new TextDecoder().decode(await walk.objects.contents(id));
  const path = posix.join(place.path, target);
  if (target.startsWith("/") || /^\.\.?(?:\/|$)|[\p{Cc}\uFFFD]/u.test(path)) return false;
  const [pointed] = await walk.objects.info([`${walk.commit}:${path}`]);
  return pointed?.type === "blob";
}

/** The contents, each within the bound for one file and all within theirs; sizes are known before. */
async function readFound(walk: Walk): Promise<readonly SourceFile[]> {
  const infos = await walk.objects.info(walk.found.map(({ id }) => id));
  const files: SourceFile[] = [];
  let total = 0;
  for (const [i, { id, ...file }] of walk.found.entries()) {
    const info = infos[i];
    if (info?.type !== "blob") throw damaged();
    if (info.bytes > bounds.fileBytes) {
      const message = `larger than ${bounds.fileBytes} bytes, the bound for one file`;
      report(walk, file.path, { message, cure: "split it into several files" });
      continue;
    }
    total += info.bytes;
    if (total > walk.within.totalBytes) {
      reportFull(walk, file.path, `${walk.within.totalBytes} bytes in all files together`);
      break;
    }
    files.push({ ...file, bytes: await walk.objects.contents(id) });
  }
  return files;
}
