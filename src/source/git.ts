// Reads manifests out of one commit of a Git repository: fetched shallow and bare, checked, walked, and all of it removed again.
import { rmSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sortedDiagnostics } from "../model/diagnostic.ts";
import { linkedTo } from "../model/linked-signal.ts";
import type { SourceReading } from "../model/revisions.ts";
import { bounds } from "../model/source.ts";
import type { RunBounds } from "./directory.ts";
import { type FetchBounds, fetchCommit, initRepository } from "./git-fetch.ts";
import type { GitLocation } from "./git-location.ts";
import { openObjects } from "./git-objects.ts";
import type { Git } from "./git-process.ts";
import { type GitAccess, gitSettings, type HandedOn } from "./git-settings.ts";
import { verifyCommit } from "./git-signature.ts";
import { GitTrouble } from "./git-trouble.ts";
import { walkCommit } from "./git-walk.ts";

/** Every bound on reading a repository; tests lower them. */
export interface GitBounds extends RunBounds, FetchBounds {
  readonly totalInMs: number;
}

/** What it takes to read a repository. */
export interface GitReading {
  readonly access: GitAccess;
  /** All that git sees of the environment. */
  readonly handedOn: HandedOn;
  readonly signal: AbortSignal;
  readonly within?: Partial<GitBounds>;
}

const gitBounds: GitBounds = { ...bounds, answerInMs: 60_000, totalInMs: bounds.gitSeconds * 1000 };

/**
 * The manifests of the commit that a location names; files are named as in the repository. Nothing of the repository
 * is run, and no file of it is written under a name of its choosing. Mistakes in it are diagnostics; a GitTrouble
 * is thrown if it cannot be read at all, or carries no signature though one is asked for.
 */
export async function readGitManifests(location: GitLocation, reading: GitReading): Promise<SourceReading> {
  return await inRepository(location, reading, async (repository) => {
    const commit = await fetchCommit(repository.online, location, repository.within);
    if (reading.access.allowedSigners !== undefined) await verifyCommit(repository.offline, commit);
    return await readCommit(repository, commit, location);
  });
}

/** An empty repository of ours, and git for it with and without the network. */
export interface Repository {
  readonly online: Git;
  readonly offline: Git;
  readonly within: GitBounds;
}

/** Does some work in a repository that is empty at first and is removed again; bounded in time. */
export async function inRepository<T>(
  location: GitLocation,
  reading: GitReading,
  work: (repository: Repository) => Promise<T>,
): Promise<T> {
  const within = { ...gitBounds, ...reading.within };
  const folder = await mkdtemp(join(tmpdir(), "bindery-git-"));
  const forget = (): void => rmSync(folder, { recursive: true, force: true });
  process.once("exit", forget);
  using late = linkedTo(reading.signal);
  const timer = setTimeout(() => late.abort(timedOut(within.totalInMs)), within.totalInMs);
  try {
    const settings = await gitSettings(folder, location, reading.access, reading.handedOn);
    const offline: Git = {
      folder,
      env: settings.offline,
      signal: late.signal,
      secrets: secretsIn(reading.access),
    };
    await initRepository(offline);
    return await work({ online: { ...offline, env: settings.online }, offline, within });
  } finally {
    clearTimeout(timer);
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
    process.off("exit", forget);
  }
}

/** Reads the manifests of a commit that has been fetched. */
export async function readCommit(
  { offline, within }: Repository,
  commit: string,
  { paths }: GitLocation,
): Promise<SourceReading> {
  const objects = openObjects(offline);
  try {
    const { files, diagnostics } = await walkCommit(objects, commit, paths, within);
    return {
      files,
      revision: { id: revisionIdOf(commit, paths) },
      diagnostics: sortedDiagnostics(diagnostics),
    };
  } finally {
    await objects.close();
  }
}

/** As git writes a path in a commit; two ids are equal only if the files are. */
function revisionIdOf(commit: string, paths: readonly string[]): string {
  return paths.includes("") ? commit : `${commit}:${paths.join(",")}`;
}

/** The header's value, and what it is made of: a server could send back any of it. */
function secretsIn({ authorization }: GitAccess): readonly string[] {
  if (authorization === undefined) return [];
  const [, encoded = ""] = authorization.split(" ");
  const decoded = Buffer.from(encoded, "base64").toString("utf8");
  return [authorization, encoded, decoded.slice(decoded.indexOf(":") + 1)];
}

function timedOut(inMs: number): GitTrouble {
  return new GitTrouble(
    "TimedOut",
    `Reading the repository has taken more than ${Math.ceil(inMs / 1000)} seconds.`,
    "Keep the manifests in a repository of their own, or see what slows the server down.",
  );
}
