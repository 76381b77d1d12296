// Decides what a daemon knows of itself: its events, one after the other, folded into one bounded status.
import type { DaemonEvent, Refusal, ReportReason, TurnEnd, WakeReason } from "./daemon-event.ts";
import { type DocumentEntry, documentEntriesAfter } from "./daemon-status-document.ts";
import { type Drift, driftAfterPass, driftAfterTurn, noDrift } from "./daemon-status-drift.ts";
import {
  endedPassFrom,
  historyWith,
  type PassEntry,
  plannedPassFrom,
  withTurnEnd,
} from "./daemon-status-history.ts";
import { type OrphanEntry, orphanEntriesAfter } from "./daemon-status-orphan.ts";
import { bounds, clipped } from "./daemon-status-text.ts";

type EventOf<K extends DaemonEvent["kind"]> = Extract<DaemonEvent, { readonly kind: K }>;

/** What is known of a daemon before anything has happened. */
export interface DaemonFacts {
  readonly version: string;
  /** "public", "usgovernment", "china", or the name in a cloud file. */
  readonly cloud: string;
  readonly tenantId: string;
  readonly owner: string;
  /** Where the manifests come from, for people and without secrets: "git+https://host/repository, ref main". */
  readonly source: string;
  readonly startedAtInMs: number;
}

/** Which revision is brought about, since when, and why a later one is not. */
export interface SourceStanding {
  readonly inForce?: string;
  readonly inForceSinceInMs?: number;
  readonly lookedAtInMs?: number;
  readonly refusal?: Refusal & { readonly sinceInMs: number };
}

/** A turn that runs. */
export interface TurnStanding {
  readonly turn: number;
  readonly startedAtInMs: number;
  readonly reasons: readonly WakeReason[];
  /** Undefined: what is planned is applied. */
  readonly reportsBecause?: ReportReason;
  /** The pass that has been planned and not ended yet. */
  readonly pass?: PassEntry;
}

/** How the last turn ended. */
export interface TurnResult extends Omit<TurnStanding, "pass"> {
  readonly endedAtInMs: number;
  readonly end: TurnEnd;
  readonly failure?: { readonly code: string; readonly message: string };
}

/** A warning of the last pass. */
export interface WarningEntry {
  readonly code: string;
  readonly message: string;
}

/**
 * All that a daemon tells of itself. It does not grow with time: the history has 20 passes, everything else is of the
 * last pass and within the bounds that `daemon-status-text.ts` names. Times are milliseconds since the epoch.
 */
export interface DaemonStatus {
  readonly facts: DaemonFacts;
  /** When the last event happened. */
  readonly asOfInMs: number;
  /** Undefined until it is known. */
  readonly role?: EventOf<"leadership">["role"];
  readonly roleSinceInMs?: number;
  readonly source: SourceStanding;
  /** Undefined between turns. */
  readonly turn?: TurnStanding;
  readonly lastTurn?: TurnResult;
  /** Turns in a row that ended with a failure. */
  readonly failedTurns: number;
  readonly nextTurnAtInMs?: number;
  /** The end of the last turn that did all it could: converged, or reported in a dry run. */
  readonly lastSuccess?: { readonly atInMs: number; readonly revision?: string };
  readonly stopping?: { readonly why: string; readonly sinceInMs: number };
  /** The last pass that has ended. */
  readonly observed?: { readonly atInMs: number; readonly revision: string };
  /** By key ("kind/namespace/name"), in the order of the last pass. */
  readonly documents: ReadonlyMap<string, DocumentEntry>;
  readonly orphans: readonly OrphanEntry[];
  /** Of the last pass, those of applying before those of its plan. */
  readonly warnings: readonly WarningEntry[];
  /** The last passes, oldest first. */
  readonly history: readonly PassEntry[];
  readonly drift: Drift;
}

/** The status of a daemon that has just started. */
export function initialDaemonStatus(facts: DaemonFacts): DaemonStatus {
  return {
    facts,
    asOfInMs: facts.startedAtInMs,
    source: {},
    failedTurns: 0,
    documents: new Map(),
    orphans: [],
    warnings: [],
    history: [],
    drift: noDrift,
  };
}

/** The status after an event. Never throws, whatever the order of events. */
export function daemonStatusAfter(before: DaemonStatus, event: DaemonEvent): DaemonStatus {
  const status = { ...before, asOfInMs: event.atInMs };
  switch (event.kind) {
    case "sourceLooked":
      return { ...status, source: sourceAfter(before.source, event) };
    case "leadership":
      if (before.role === event.role) return status;
      return { ...status, role: event.role, roleSinceInMs: event.atInMs };
    case "turnStarted":
      return { ...withoutNext(status), turn: turnFrom(event) };
    case "passPlanned":
      return { ...status, turn: { ...turnOf(before, event), pass: plannedPassFrom(event, before.turn) } };
    case "passEnded":
      return afterPass(status, event);
    case "turnEnded":
      return afterTurn(status, event);
    case "stopping":
      if (before.stopping) return status;
      return { ...status, stopping: { why: clipped(event.why), sinceInMs: event.atInMs } };
  }
}

function sourceAfter(before: SourceStanding, { atInMs, source }: EventOf<"sourceLooked">): SourceStanding {
  const { inForce, refusal } = source;
  const isSame = before.inForce === inForce && before.inForceSinceInMs !== undefined;
  const wasRefused =
    before.refusal?.reason === refusal?.reason && before.refusal?.revision === refusal?.revision;
  return {
    lookedAtInMs: atInMs,
    ...(inForce !== undefined && {
      inForce,
      inForceSinceInMs: isSame ? before.inForceSinceInMs : atInMs,
    }),
    ...(refusal && {
      refusal: {
        ...refusal,
        message: clipped(refusal.message),
        sinceInMs: (wasRefused ? before.refusal?.sinceInMs : undefined) ?? atInMs,
      },
    }),
  };
}

function turnFrom({ turn, atInMs, reasons, reportsBecause }: EventOf<"turnStarted">): TurnStanding {
  return {
    turn,
    startedAtInMs: atInMs,
    reasons: [...new Set(reasons)],
    ...(reportsBecause && { reportsBecause }),
  };
}

/** The turn that runs, without its pass; if its start was not seen, what its pass tells of it. */
function turnOf(
  { turn }: DaemonStatus,
  { pass, atInMs }: EventOf<"passPlanned" | "passEnded">,
): TurnStanding {
  if (turn?.turn !== pass.turn) return { turn: pass.turn, startedAtInMs: atInMs, reasons: [] };
  const { pass: _, ...rest } = turn;
  return rest;
}

function afterPass(status: DaemonStatus, event: EventOf<"passEnded">): DaemonStatus {
  const { drift, found } = driftAfterPass(status.drift, event);
  return {
    ...status,
    turn: turnOf(status, event),
    observed: { atInMs: event.atInMs, revision: event.plan.revision },
    documents: documentEntriesAfter(status.documents, event),
    orphans: orphanEntriesAfter(status.orphans, event),
    warnings: [...event.warnings, ...event.plan.warnings]
      .slice(0, bounds.warnings)
      .map(({ code, message }) => ({ code, message: clipped(message) })),
    history: historyWith(status.history, endedPassFrom(event, status.turn, found)),
    drift,
  };
}

function afterTurn(status: DaemonStatus, event: EventOf<"turnEnded">): DaemonStatus {
  const { turn, ...rest } = withoutNext(status);
  // A pass that has been planned and never ended.
  const cut = turn?.pass ? [{ ...turn.pass, endedAtInMs: event.atInMs }] : [];
  const history = withTurnEnd(cut.reduce(historyWith, status.history), event);
  const revision = history.findLast((pass) => pass.turn === event.turn)?.revision;
  const isSuccess =
    event.end === "converged" || (event.end === "reported" && turn?.reportsBecause === "DryRun");
  return {
    ...rest,
    history,
    lastTurn: turnResultFrom(turn, event),
    failedTurns: event.end === "failed" ? status.failedTurns + 1 : 0,
    ...(event.nextAtInMs !== undefined && { nextTurnAtInMs: event.nextAtInMs }),
    documents: withRetries(status.documents, event.backoff),
    drift: driftAfterTurn(status.drift, event.end),
    ...(isSuccess && { lastSuccess: successFrom(event.atInMs, revision) }),
  };
}

function successFrom(atInMs: number, revision: string | undefined): NonNullable<DaemonStatus["lastSuccess"]> {
  return revision === undefined ? { atInMs } : { atInMs, revision };
}

function turnResultFrom(
  started: TurnStanding | undefined,
  { turn, end, atInMs, failure }: EventOf<"turnEnded">,
): TurnResult {
  const isMine = started?.turn === turn;
  return {
    turn,
    startedAtInMs: isMine ? started.startedAtInMs : atInMs,
    endedAtInMs: atInMs,
    reasons: isMine ? started.reasons : [],
    ...(isMine && started.reportsBecause && { reportsBecause: started.reportsBecause }),
    end,
    ...(failure && { failure: { code: failure.code, message: clipped(failure.message) } }),
  };
}

/** A document that the backoff does not name is tried again in the next turn, like all the others. */
function withRetries(
  documents: DaemonStatus["documents"],
  backoff: ReadonlyMap<string, number>,
): DaemonStatus["documents"] {
  return new Map(
    [...documents].map(([key, entry]): [string, DocumentEntry] => {
      const { nextRetryAtInMs: _, ...rest } = entry;
      const retry = backoff.get(key);
      return [key, retry === undefined ? rest : { ...rest, nextRetryAtInMs: retry }];
    }),
  );
}

function withoutNext({ nextTurnAtInMs: _, ...status }: DaemonStatus): DaemonStatus {
  return status;
}
