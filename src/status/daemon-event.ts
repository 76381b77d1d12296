// Decides in which words the daemon tells what happens in it: one stream of events, from which status, metrics and logs are made.
import type { Outcome } from "../apply/outcome.ts";
import type { Plan, Warning } from "../plan/plan.ts";
import type { DocumentStatus, OrphanStatus } from "./status.ts";

/** Why a turn began; a turn does the same whatever its reasons. */
export type WakeReason =
  | "start"
  | "interval"
  | "revision"
  | "webhook"
  | "signal"
  | "leadership"
  | "followUp"
  | "retry";

/** Why what the source gave last is not what is brought about. */
export type RefusalReason =
  | "BrokenRevision"
  | "NonFastForward"
  | "CommitNotSigned"
  | "SourceUnreadable"
  | "BrokenPolicy"
  | "PolicyNeedsRestart";

/** What the source gave last, where it is not in force. */
export interface Refusal {
  readonly reason: RefusalReason;
  /** Undefined where not even that could be read. */
  readonly revision?: string;
  /** Full sentences, the cure included; harmless for no output yet. */
  readonly message: string;
}

/** Which revision is brought about. */
export interface SourceState {
  /** Undefined: none is known to be good, so nothing is written. */
  readonly inForce?: string;
  readonly refusal?: Refusal;
}

/** Why a turn only reports: nothing is written in it. */
export type ReportReason = "DryRun" | "Standby" | "NoGoodRevision";

/** One pass of a turn. */
export interface PassRef {
  /** A GUID, on every log line of the pass. */
  readonly id: string;
  /** Of the turn that it belongs to; counted from 1 since the start. */
  readonly turn: number;
  /** Within its turn, counted from 1. */
  readonly number: number;
}

/** How a turn ended: as a convergence does, having only reported, cut short by its deadline, or with a failure. */
export type TurnEnd = "converged" | "unfinished" | "stopped" | "reported" | "deadline" | "failed";

/** Something that happened in the daemon. Times are milliseconds since the epoch. */
export type DaemonEvent = { readonly atInMs: number } & (
  | { readonly kind: "sourceLooked"; readonly source: SourceState }
  | { readonly kind: "leadership"; readonly role: "leader" | "standby" | "alone" }
  | {
      readonly kind: "turnStarted";
      readonly turn: number;
      readonly reasons: readonly WakeReason[];
      /** Undefined: what is planned is applied. */
      readonly reportsBecause?: ReportReason;
    }
  | { readonly kind: "passPlanned"; readonly pass: PassRef; readonly plan: Plan }
  | {
      readonly kind: "passEnded";
      readonly pass: PassRef;
      readonly startedAtInMs: number;
      readonly plan: Plan;
      /** Empty if the turn only reports. */
      readonly outcomes: readonly Outcome[];
      readonly warnings: readonly Warning[];
      readonly documents: readonly DocumentStatus[];
      readonly orphans: readonly OrphanStatus[];
    }
  | {
      readonly kind: "turnEnded";
      readonly turn: number;
      readonly end: TurnEnd;
      /** What ended a turn that failed; a code of the failure table, and a sentence. */
      readonly failure?: { readonly code: string; readonly message: string };
      /** When the next turn begins unless something wakes the daemon before; undefined: nothing else begins one. */
      readonly nextAtInMs?: number;
      /** By document ("kind/namespace/name"): until when its changes are left alone after failures. */
      readonly backoff: ReadonlyMap<string, number>;
    }
  | { readonly kind: "stopping"; readonly why: string }
);

/** Sees every event, in order; never decides anything. */
export type DaemonObserver = (event: DaemonEvent) => void;
