// Decides which commit is meant, and brings that one commit here: no history, no tags, and no more than the bound.
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { quoted } from "../model/text.ts";
import type { GitLocation } from "./git-location.ts";
import { type Git, gitOutput } from "./git-process.ts";
import { GitTrouble } from "./git-trouble.ts";
import { isNotThere } from "./read-file.ts";

/** What one reading of a repository may cost; tests lower it. */
export interface FetchBounds {
  /** Bytes of the pack that the server sends. */
  readonly packBytes: number;
  /** How long the server may take to say which refs it has. */
  readonly answerInMs: number;
}

/** How often the growing pack is looked at. */
const watchInMs = 50;

/** Where the fetched commit (or tag) stands in our repository. */
const fetchedRef = "refs/bindery/source";

/** Makes the empty, bare repository. Nothing is copied into it: no sample hook, no template of the system. */
export async function initRepository(git: Git): Promise<void> {
  await gitOutput(git, ["init", "--quiet", "--bare", "--template="]);
}

/** Fetches what a location names, and gives the full id of its commit. `git` must be one with the network. */
export async function fetchCommit(git: Git, location: GitLocation, within: FetchBounds): Promise<string> {
  const { wanted } = await listedRef(git, location, within.answerInMs);
  return await fetchTo(git, location, wanted, 1, within);
}

/** More commits than any history has: all of it is fetched. */
export const wholeHistory = 2_147_483_647;

/**
 * Fetches what stands under a name on the server (or a commit by its id), with so many commits of its history, and
 * gives the full id of its commit: another one than before if it has moved meanwhile.
 */
export async function fetchTo(
  git: Git,
  location: Pick<GitLocation, "url" | "ref">,
  wanted: string,
  depth: number,
  within: Pick<FetchBounds, "packBytes">,
): Promise<string> {
  await fetchWatched(git, within.packBytes, [
    "fetch",
    "--quiet",
    `--depth=${depth}`,
    "--no-tags",
    "--no-recurse-submodules",
    "--no-write-fetch-head",
    "--",
    location.url,
    `+${wanted}:${fetchedRef}`,
  ]);
  const commit = await gitOutput(git, ["rev-parse", "--verify", "--quiet", `${fetchedRef}^{commit}`]).catch(
    (error: unknown) => {
      if (!(error instanceof GitTrouble)) throw error;
      throw noSuchRef(location.ref, "is no commit");
    },
  );
  return commit.trim();
}

/** What a location means on the server now. */
export interface ListedRef {
  /** The name to fetch: what the server has under it is fetched, however it moves meanwhile. */
  readonly wanted: string;
  /** Of the commit, or of the tag that names it. */
  readonly id: string;
}

/** Asks which ref is meant; a GitTrouble "RefNotFound" if there is none. `git` must be one with the network. */
export async function listedRef(git: Git, location: GitLocation, answerInMs: number): Promise<ListedRef> {
  return await withDeadline(git, location, answerInMs, (limited) => refOf(limited, location));
}

async function refOf(git: Git, { url, ref }: GitLocation): Promise<ListedRef> {
  const patterns = candidatesFor(ref);
  const listing = await gitOutput(git, ["ls-remote", "--quiet", "--", url, ...patterns]);
  // A commit cannot be listed: the fetch tells whether it is there. The listing has shown that the way is open.
  if (ref !== undefined && isCommitId(ref)) return { wanted: ref.toLowerCase(), id: ref.toLowerCase() };
  const lines = listing.split("\n").map((line) => line.split("\t"));
  const ids = new Map(lines.map(([id = "", name = ""]) => [name, id]));
  const [found, other] = patterns.filter((pattern) => ids.has(pattern));
  if (found === undefined) {
    throw noSuchRef(ref, ref === undefined ? "does not exist: the repository is empty" : "does not exist");
  }
  if (other === undefined) return { wanted: found, id: ids.get(found) ?? "" };
  throw new GitTrouble(
    "RefNotFound",
    `--ref ${quoted(ref ?? "")} is both a branch and a tag.`,
    `Write ${found} or ${other}.`,
  );
}

function candidatesFor(ref: string | undefined): readonly string[] {
  if (ref === undefined || isCommitId(ref)) return ["HEAD"];
  return ref.startsWith("refs/") ? [ref] : [`refs/heads/${ref}`, `refs/tags/${ref}`];
}

/** True for the full id of a commit. */
export function isCommitId(ref: string): boolean {
  return /^[0-9a-f]{40}$/i.test(ref);
}

function noSuchRef(ref: string | undefined, what: string): GitTrouble {
  return new GitTrouble(
    "RefNotFound",
    `${ref === undefined ? "The repository's HEAD" : `The ref ${quoted(ref)}`} ${what}.`,
    "Name a branch, a tag or the full id of a commit with --ref.",
  );
}

async function withDeadline<T>(
  git: Git,
  { host }: GitLocation,
  inMs: number,
  run: (limited: Git) => Promise<T>,
): Promise<T> {
  const late = new AbortController();
  const timer = setTimeout(() => {
    late.abort(
      new GitTrouble(
        "Unreachable",
        `${host} has not answered within ${Math.ceil(inMs / 1000)} seconds.`,
        "Check the address, the network and HTTPS_PROXY, and try again.",
      ),
    );
  }, inMs);
  try {
    return await run({ ...git, signal: AbortSignal.any([git.signal, late.signal]) });
  } finally {
    clearTimeout(timer);
  }
}

/** Looks at the pack while it grows: git has no bound of its own for what it fetches. */
async function fetchWatched(git: Git, mostBytes: number, args: readonly string[]): Promise<void> {
  const full = new AbortController();
  const packs = join(git.folder, "repository", "objects", "pack");
  const look = async (): Promise<void> => {
    if ((await bytesIn(packs)) > mostBytes) full.abort(tooLarge(mostBytes));
  };
  // What cannot be looked at ends the fetch: nobody would know how large it is.
  const timer = setInterval(() => void look().catch((error: unknown) => full.abort(error)), watchInMs);
  try {
    await gitOutput({ ...git, signal: AbortSignal.any([git.signal, full.signal]) }, args);
  } finally {
    clearInterval(timer);
  }
  await look();
  full.signal.throwIfAborted();
}

function tooLarge(mostBytes: number): GitTrouble {
  return new GitTrouble(
    "TooLarge",
    `One commit of the repository is more than ${mostBytes} bytes, compressed.`,
    "Keep the manifests in a repository of their own.",
  );
}

async function bytesIn(folder: string): Promise<number> {
  let bytes = 0;
  for (const name of await readdir(folder)) {
    // Git renames a file when it is complete: then it is counted under its new name.
    const about = await stat(join(folder, name)).catch((error: unknown) => {
      if (isNotThere(error)) return { size: 0 };
      throw error;
    });
    bytes += about.size;
  }
  return bytes;
}
