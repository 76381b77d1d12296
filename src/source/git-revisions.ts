// Decides which commits of a Git repository may be taken one after the other: what descends, is signed, and can be read.
import { createHash } from "node:crypto";
import type { Lineage, RevisionSource, SourceFound, SourceTrouble } from "../model/revisions.ts";
import { type GitBounds, type GitReading, inRepository, type Repository, readCommit } from "./git.ts";
import { fetchTo, isCommitId, listedRef } from "./git-fetch.ts";
import { type Descent, descentOf, fetchUntil, mostNewCommits } from "./git-lineage.ts";
import type { GitLocation } from "./git-location.ts";
import type { GitAccess } from "./git-settings.ts";
import { verifyCommit } from "./git-signature.ts";
import { GitTrouble } from "./git-trouble.ts";

/** A repository that is read again and again. */
export interface GitFollowing {
  /** What people call it. */
  readonly name: string;
  readonly location: GitLocation;
  /** Asked for each reading, because credentials change; trouble with them is trouble with the source. */
  readonly access: (signal: AbortSignal) => Promise<GitAccess | SourceTrouble>;
  readonly handedOn: GitReading["handedOn"];
  readonly within?: Partial<GitBounds>;
}

/** A repository that is open, and how it was opened. */
interface Opened extends Repository {
  readonly access: GitAccess;
  readonly location: GitLocation;
}

/** A Git repository as a source of revisions. */
export function gitRevisions({ name, location, access, handedOn, within }: GitFollowing): RevisionSource {
  async function opening<T>(
    signal: AbortSignal,
    work: (opened: Opened) => Promise<T | SourceTrouble>,
  ): Promise<T | SourceTrouble> {
    const given = await access(signal);
    if ("kind" in given) return given;
    const reading = { access: given, handedOn, signal, ...(within && { within }) };
    return await troubleOf(undefined, () =>
      inRepository(location, reading, (repository) => work({ ...repository, access: given, location })),
    );
  }
  return {
    name,
    hasHistory: true,
    head: (signal) =>
      opening(signal, async ({ online, within: { answerInMs }, access: { allowedSigners = "" } }) => {
        const { id } = await listedRef(online, location, answerInMs);
        // Whom the file of signers names decides as well whether a commit is taken.
        const signers = createHash("sha256").update(allowedSigners).digest("hex");
        return { kind: "head", id: `${id} ${signers}` };
      }),
    read: (lineage, signal) => opening(signal, (opened) => readHead(opened, lineage)),
    readAgain: (commit, signal) =>
      opening(signal, (opened) => troubleOf(commit, () => readOlder(opened, commit))),
  };
}

async function readHead(opened: Opened, { since, accepted }: Lineage): Promise<SourceFound | SourceTrouble> {
  const { online, within, location } = opened;
  const { wanted } = await listedRef(online, location, within.answerInMs);
  const commit = await fetchTo(online, location, wanted, 1, within);
  if (since === undefined || commit === accepted) {
    return await troubleOf(commit, () => readVerified(opened, { commit, news: [] }));
  }
  const descent = await provenDescent(opened, wanted, { commit, since });
  if ("kind" in descent) return descent;
  return await troubleOf(descent.commit, () => readVerified(opened, descent));
}

async function readOlder(opened: Opened, commit: string): Promise<SourceFound> {
  const { online, within, location } = opened;
  try {
    await fetchTo(online, { url: location.url, ref: commit }, commit, 1, within);
  } catch (error) {
    if (!(error instanceof GitTrouble) || error.code !== "RefNotFound") throw error;
    if (location.ref !== undefined && isCommitId(location.ref)) throw error;
    const { wanted } = await listedRef(online, location, within.answerInMs);
    if (!(await fetchUntil(opened, location, wanted, commit))) {
      throw new GitTrouble(
        "RefNotFound",
        `The server does not give commit ${commit} by its id, and it is not in the history of ${wanted} any more.`,
        "Mend the head of the ref, or let a branch or tag keep the commit.",
      );
    }
  }
  return await readVerified(opened, { commit, news: [] });
}

/** Reads a commit, once it and all that is new below it is signed as it must be. */
async function readVerified(opened: Opened, { commit, news }: Descent): Promise<SourceFound> {
  const { offline, location, access } = opened;
  if (access.allowedSigners !== undefined) {
    if (news.length > mostNewCommits) throw tooManyToVerify(commit);
    for (const one of new Set([commit, ...news])) await verifyCommit(offline, one);
  }
  return { kind: "found", reading: await readCommit(opened, commit, location) };
}

const acceptIt = "If it is right, name it as source.acceptRevision in the policy.";

async function provenDescent(
  opened: Opened,
  wanted: string,
  tip: { readonly commit: string; readonly since: string },
): Promise<Descent | SourceTrouble> {
  const { commit, since } = tip;
  const refused = (message: string, mayPass: boolean): SourceTrouble => ({
    kind: "trouble",
    reason: "NonFastForward",
    revision: commit,
    message: `${message} ${acceptIt}`,
    mayPass,
    hasAnswered: true,
  });
  try {
    const descent = await descentOf(opened, opened.location, wanted, tip);
    if (descent) return descent;
    const why = "the history was rewritten, or set back";
    return refused(`Commit ${commit} does not descend from ${since}, which was applied last: ${why}.`, false);
  } catch (error) {
    // A bound that is hit proves nothing.
    if (!(error instanceof GitTrouble) || (error.code !== "TooLarge" && error.code !== "TimedOut"))
      throw error;
    const bound = error.code === "TooLarge" ? "size" : "time";
    return refused(
      `It cannot be shown within the bound on ${bound} that commit ${commit} descends from ${since}, which was applied last.`,
      error.code === "TimedOut",
    );
  }
}

function tooManyToVerify(commit: string): GitTrouble {
  return new GitTrouble(
    "CommitNotSigned",
    `More than ${mostNewCommits} commits below commit ${commit} are new, too many to verify.`,
    acceptIt,
  );
}

/** Runs work, and gives trouble with Git instead of throwing it. */
async function troubleOf<T>(
  revision: string | undefined,
  work: () => Promise<T>,
): Promise<T | SourceTrouble> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof GitTrouble)) throw error;
    return troubleFrom(error, revision);
  }
}

function troubleFrom({ code, message, cure }: GitTrouble, revision: string | undefined): SourceTrouble {
  const about = { kind: "trouble", message: `${message} ${cure}`, ...(revision && { revision }) } as const;
  if (code === "CommitNotSigned") return { ...about, reason: code, mayPass: false, hasAnswered: true };
  if (code === "TooLarge") return { ...about, reason: "BrokenRevision", mayPass: false, hasAnswered: true };
  const hasAnswered = code === "RefNotFound";
  return {
    ...about,
    reason: "SourceUnreadable",
    mayPass: !hasAnswered || revision === undefined,
    hasAnswered,
  };
}
