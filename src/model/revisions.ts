// What it takes to follow a source of manifests: what it gives, where it may not be read, and what is remembered of it.
import type { Diagnostic } from "./diagnostic.ts";
import type { Revision, SourceFile } from "./source.ts";

/** What a source gave at one moment. With an error among the diagnostics it is incomplete. */
export interface SourceReading {
  /** In the order of their paths. */
  readonly files: readonly SourceFile[];
  readonly revision: Revision;
  readonly diagnostics: readonly Diagnostic[];
}

/** Why a source gives nothing that could be taken; the message is made of full sentences, the cure included. */
export interface SourceTrouble {
  readonly kind: "trouble";
  readonly reason: "SourceUnreadable" | "NonFastForward" | "CommitNotSigned" | "BrokenRevision";
  /** The commit that it is about, where it is about one. */
  readonly revision?: string;
  readonly message: string;
  /** Asking again may give something else although the source still has the same. */
  readonly mayPass: boolean;
  /** The server has answered: something else could be asked of it. */
  readonly hasAnswered: boolean;
}

/** What a source has now: equal ids mean that nothing has changed there. */
export interface SourceHead {
  readonly kind: "head";
  readonly id: string;
}

/** Files that were read whole, out of what was asked for. */
export interface SourceFound {
  readonly kind: "found";
  readonly reading: SourceReading;
}

/** Which commits a reading must follow upon. */
export interface Lineage {
  /** The commit that was applied last: what is read must be it or descend from it. Undefined: there is none. */
  readonly since?: string;
  /** A commit that may be read whatever it descends from. */
  readonly accepted?: string;
}

/** Where manifests come from, time after time. Nothing of trouble with it is thrown: only bugs and interruptions. */
export interface RevisionSource {
  /** What people call it; nothing in it is secret. */
  readonly name: string;
  /** True if each revision is a commit that descends from others, and can be read again by its id. */
  readonly hasHistory: boolean;
  /** Asks cheaply what it has now. */
  head(signal: AbortSignal): Promise<SourceHead | SourceTrouble>;
  /** Reads what it has now, with every check on the commit and those between. */
  read(lineage: Lineage, signal: AbortSignal): Promise<SourceFound | SourceTrouble>;
  /** Reads one commit again, by its id, with every check on that commit alone. Only with a history. */
  readAgain(commit: string, signal: AbortSignal): Promise<SourceFound | SourceTrouble>;
}

/** Which revision was in force when something was written last. */
export interface RevisionNote {
  /** As in `Revision`. */
  readonly revision: string;
  /** When it was written down, as ISO 8601. */
  readonly at: string;
}

/** Where the note is kept. Trouble, a note that cannot be understood included, is thrown as `Failure`. */
export interface RevisionMemory {
  /** What people call it. */
  readonly name: string;
  /** Undefined: there is no note yet. */
  read(signal: AbortSignal): Promise<RevisionNote | undefined>;
  write(note: RevisionNote, signal: AbortSignal): Promise<void>;
}

/** The commit of a revision; undefined if it is none of a Git repository. */
export function commitOf(revision: string): string | undefined {
  return /^([0-9a-f]{40})(?::|$)/.exec(revision)?.[1];
}

/** A note in writing. */
export function noteText({ revision, at }: RevisionNote): string {
  return `${JSON.stringify({ revision, at })}\n`;
}

/** More than any note that was written by `noteText`. */
export const mostNoteBytes = 4096;

/** Reads what `noteText` has written; undefined if it is nothing of that kind. */
export function noteFrom(text: string): RevisionNote | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return;
  }
  if (typeof value !== "object" || value === null || !("revision" in value) || !("at" in value)) return;
  const { revision, at } = value;
  if (typeof revision !== "string" || typeof at !== "string") return;
  return commitOf(revision) !== undefined && isTime(at) ? { revision, at } : undefined;
}

function isTime(text: string): boolean {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/.test(text);
}
