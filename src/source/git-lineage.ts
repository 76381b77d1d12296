// Decides whether a commit descends from another one, and which commits are new since: with as much history as that takes, within bounds.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Repository } from "./git.ts";
import { fetchTo, wholeHistory } from "./git-fetch.ts";
import type { GitLocation } from "./git-location.ts";
import { type Git, gitOutput, runGit } from "./git-process.ts";
import { GitTrouble, gitTroubleFrom } from "./git-trouble.ts";
import { isNotThere } from "./read-file.ts";

/** A commit that is the one it should follow upon, or descends from it. */
export interface Descent {
  readonly commit: string;
  /** The first-parent commits that are new, the commit itself first; one more than the bound if they are more. */
  readonly news: readonly string[];
}

/** More new commits than these are not verified one by one. */
export const mostNewCommits = 1_000;

/** How much history is fetched step by step, in commits from the tip. */
const depths = [32, 512, 8_192, wholeHistory];

/**
 * Whether the commit that was fetched last descends from `since`; undefined: it does not. What has moved on the
 * server while its history was fetched is followed, so that it may be another commit that does. A GitTrouble if a
 * bound was hit before that was clear.
 */
export async function descentOf(
  repository: Repository,
  location: GitLocation,
  wanted: string,
  tip: { readonly commit: string; readonly since: string },
): Promise<Descent | undefined> {
  const { since } = tip;
  let { commit } = tip;
  for (const depth of [undefined, ...depths]) {
    if (depth !== undefined)
      commit = await fetchTo(repository.online, location, wanted, depth, repository.within);
    const news = await newsSince(repository.offline, commit, since);
    if (news) return { commit, news };
    if ((await cutsIn(repository.offline)).size === 0) return undefined;
  }
  throw new GitTrouble(
    "GitFailed",
    "The server does not give the whole history of the ref.",
    "See what kind of clone it serves: it must not be a shallow one.",
  );
}

/** The new commits; undefined if it does not descend, as far as the history here tells. */
async function newsSince(git: Git, commit: string, since: string): Promise<readonly string[] | undefined> {
  if (commit === since) return [];
  const { code, stderr } = await runGit(git, ["merge-base", "--is-ancestor", since, commit]);
  if (code === 1) return undefined;
  if (code !== 0) {
    // It is not here, or not yet.
    if (/Not a valid commit name|Not a valid object name/.test(stderr)) return undefined;
    throw gitTroubleFrom(stderr, git.secrets);
  }
  const most = `--max-count=${mostNewCommits + 1}`;
  const listed = await gitOutput(git, ["rev-list", "--first-parent", most, commit, `^${since}`]);
  const news = listed.split("\n").filter((line) => line !== "");
  const oldest = news.at(-1) ?? "";
  // Where the history here ends, there may be more first parents that are new.
  return news.length <= mostNewCommits && (await cutsIn(git)).has(oldest) ? undefined : news;
}

/** The commits whose parents were not fetched; none if the history is here as a whole. */
async function cutsIn({ folder }: Git): Promise<ReadonlySet<string>> {
  try {
    const text = await readFile(join(folder, "repository", "shallow"), "utf8");
    return new Set(text.split("\n").filter((line) => line !== ""));
  } catch (error) {
    if (isNotThere(error)) return new Set();
    throw error;
  }
}

/** True if a commit is here. */
export async function hasCommit(git: Git, commit: string): Promise<boolean> {
  const { code } = await runGit(git, ["cat-file", "-e", `${commit}^{commit}`]);
  return code === 0;
}

/** Fetches more and more history of a ref until a commit is here; false if it is not in that history. */
export async function fetchUntil(
  { online, offline, within }: Repository,
  location: GitLocation,
  wanted: string,
  commit: string,
): Promise<boolean> {
  for (const depth of depths) {
    await fetchTo(online, location, wanted, depth, within);
    if (await hasCommit(offline, commit)) return true;
    if ((await cutsIn(offline)).size === 0) return false;
  }
  return false;
}
