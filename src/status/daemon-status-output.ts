// Decides the JSON form of a daemon's status: a versioned shape that programs may rely on.
import type { ReportReason, WakeReason } from "./daemon-event.ts";
import type { DaemonStatus, SourceStanding, TurnResult, TurnStanding } from "./daemon-status.ts";
import {
  type DocumentSummary,
  documentSummaryFrom,
  isReady,
  isTrue,
} from "./daemon-status-document-output.ts";
import type { Drift } from "./daemon-status-drift.ts";
import type { PassEntry } from "./daemon-status-history.ts";
import { type OrphanOutput, orphanOutputFrom } from "./daemon-status-orphan-output.ts";
import { type Time, timeFrom } from "./daemon-status-time.ts";

/** The version of the shape; it changes when a field goes or changes its meaning, not when one comes. */
export const statusApiVersion = "bindery.dev/status/v1";

/** A whole status; keys come in this order, times are ISO 8601 in UTC. */
export interface StatusOutput {
  readonly apiVersion: typeof statusApiVersion;
  /** When something last happened. */
  readonly asOf: Time;
  /** True if every document of the revision in force is Ready, nothing is refused or orphaned, and the last turn did not fail. */
  readonly ready: boolean;
  readonly version: string;
  readonly cloud: string;
  readonly tenantId: string;
  readonly owner: string;
  readonly source: string;
  readonly startedAt: Time;
  /** Null until it is known. */
  readonly role: "leader" | "standby" | "alone" | null;
  readonly roleSince: Time | null;
  readonly revision: RevisionOutput;
  /** Null between turns. */
  readonly turn: TurnOutput | null;
  readonly lastTurn: TurnResultOutput | null;
  /** Turns in a row that ended with a failure. */
  readonly failedTurns: number;
  readonly nextTurnAt: Time | null;
  readonly lastSuccess: { readonly at: Time; readonly revision: string | null } | null;
  readonly stopping: { readonly why: string; readonly since: Time } | null;
  readonly drift: DriftOutput;
  readonly summary: SummaryOutput;
  readonly documents: readonly DocumentSummary[];
  readonly orphans: readonly OrphanOutput[];
  /** Of the last pass. */
  readonly warnings: readonly { readonly code: string; readonly message: string }[];
  /** At most 20 passes, the newest first. */
  readonly history: readonly PassOutput[];
}

/** Which revision is brought about, and why a later one is not. */
export interface RevisionOutput {
  readonly inForce: string | null;
  readonly since: Time | null;
  readonly lookedAt: Time | null;
  /** Of the last pass that has ended. */
  readonly observed: string | null;
  readonly refusal: {
    readonly reason: string;
    readonly revision: string | null;
    readonly message: string;
    readonly since: Time;
  } | null;
}

/** A turn that runs. */
export interface TurnOutput {
  readonly turn: number;
  readonly startedAt: Time;
  readonly reasons: readonly WakeReason[];
  /** Null: what is planned is applied. */
  readonly reportsBecause: ReportReason | null;
  /** Null unless a plan is being applied. */
  readonly pass: PassOutput | null;
}

/** How the last turn ended. */
export interface TurnResultOutput extends Omit<TurnOutput, "pass"> {
  readonly endedAt: Time;
  readonly end: TurnResult["end"];
  readonly failure: { readonly code: string; readonly message: string } | null;
}

/** Changes that came up in a revision that had been brought about already, since the start. */
export interface DriftOutput {
  readonly total: number;
  readonly last: {
    readonly at: Time;
    readonly passId: string;
    readonly revision: string;
    readonly changes: number;
  } | null;
}

/** How many documents there are of each condition, and the rest. */
export interface SummaryOutput {
  readonly documents: number;
  readonly ready: number;
  readonly reconciling: number;
  readonly stalled: number;
  readonly suspended: number;
  /** Changes. */
  readonly held: number;
  readonly orphans: number;
}

/** One pass, in numbers. */
export interface PassOutput
  extends Pick<PassEntry, "id" | "turn" | "number" | "revision" | "changes" | "held"> {
  readonly startedAt: Time;
  /** Null while it runs. */
  readonly endedAt: Time | null;
  readonly reportsBecause: ReportReason | null;
  readonly drift: number;
  /** How its turn ended; null until then. */
  readonly end: PassEntry["end"] | null;
}

/** The status in its published shape; `documentOutputFrom` has more of each document. */
export function statusOutputFrom(status: DaemonStatus): StatusOutput {
  const { facts, turn, lastTurn, lastSuccess, stopping } = status;
  const { version, cloud, tenantId, owner, source, startedAtInMs } = facts;
  const documents = [...status.documents.values()].map(documentSummaryFrom);
  return {
    apiVersion: statusApiVersion,
    asOf: timeFrom(status.asOfInMs),
    ready: isAllReady(status),
    version,
    cloud,
    tenantId,
    owner,
    source,
    startedAt: timeFrom(startedAtInMs),
    role: status.role ?? null,
    roleSince: optionalTime(status.roleSinceInMs),
    revision: revisionOutput(status.source, status.observed?.revision),
    turn: turn ? { ...turnOutput(turn), pass: turn.pass ? passOutput(turn.pass) : null } : null,
    lastTurn: lastTurn ? turnResultOutput(lastTurn) : null,
    failedTurns: status.failedTurns,
    nextTurnAt: optionalTime(status.nextTurnAtInMs),
    lastSuccess: lastSuccess
      ? { at: timeFrom(lastSuccess.atInMs), revision: lastSuccess.revision ?? null }
      : null,
    stopping: stopping ? { why: stopping.why, since: timeFrom(stopping.sinceInMs) } : null,
    drift: driftOutput(status.drift),
    summary: summaryOf(status),
    documents,
    orphans: status.orphans.map(orphanOutputFrom),
    warnings: status.warnings.map(({ code, message }) => ({ code, message })),
    history: status.history.toReversed().map(passOutput),
  };
}

function isAllReady({ documents, orphans, source, lastTurn, observed }: DaemonStatus): boolean {
  if (source.refusal || orphans.length > 0 || lastTurn?.end === "failed") return false;
  // Of a revision that has just come nobody knows yet how its documents stand.
  if (observed === undefined || observed.revision !== source.inForce) return false;
  return [...documents.values()].every(isReady);
}

function summaryOf({ documents, orphans }: DaemonStatus): SummaryOutput {
  const all = [...documents.values()];
  const count = (type: "Ready" | "Reconciling" | "Stalled"): number =>
    all.filter(({ conditions }) => isTrue(conditions, type)).length;
  const [ready, reconciling, stalled] = [count("Ready"), count("Reconciling"), count("Stalled")];
  return {
    documents: all.length,
    ready,
    reconciling,
    stalled,
    suspended: all.length - ready - reconciling - stalled,
    held: all.reduce((sum, { heldCount }) => sum + heldCount, 0),
    orphans: orphans.length,
  };
}

function revisionOutput(
  { inForce, inForceSinceInMs, lookedAtInMs, refusal }: SourceStanding,
  observed: string | undefined,
): RevisionOutput {
  return {
    inForce: inForce ?? null,
    since: optionalTime(inForceSinceInMs),
    lookedAt: optionalTime(lookedAtInMs),
    observed: observed ?? null,
    refusal: refusal
      ? {
          reason: refusal.reason,
          revision: refusal.revision ?? null,
          message: refusal.message,
          since: timeFrom(refusal.sinceInMs),
        }
      : null,
  };
}

function turnOutput({ turn, startedAtInMs, reasons, reportsBecause }: TurnStanding) {
  return { turn, startedAt: timeFrom(startedAtInMs), reasons, reportsBecause: reportsBecause ?? null };
}

function turnResultOutput(result: TurnResult): TurnResultOutput {
  const { endedAtInMs, end, failure } = result;
  return { ...turnOutput(result), endedAt: timeFrom(endedAtInMs), end, failure: failure ?? null };
}

function driftOutput({ total, last }: Drift): DriftOutput {
  if (!last) return { total, last: null };
  const { atInMs, passId, revision, changes } = last;
  return { total, last: { at: timeFrom(atInMs), passId, revision, changes } };
}

function passOutput(pass: PassEntry): PassOutput {
  const { id, turn, number, revision, changes, held, drift } = pass;
  return {
    id,
    turn,
    number,
    revision,
    startedAt: timeFrom(pass.startedAtInMs),
    endedAt: optionalTime(pass.endedAtInMs),
    reportsBecause: pass.reportsBecause ?? null,
    changes,
    held,
    drift,
    end: pass.end ?? null,
  };
}

function optionalTime(inMs: number | undefined): Time | null {
  return inMs === undefined ? null : timeFrom(inMs);
}
