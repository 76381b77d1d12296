// What the daemon's loop is made of, what its caller decides, and what one turn of it came to.
import type { ReadPorts, Self, WritePorts } from "../model/ports.ts";
import type { DaemonObserver, PassRef, ReportReason, TurnEnd } from "../status/daemon-event.ts";
import type { DocumentStatus, OrphanStatus } from "../status/status.ts";
import type { Contested } from "./contested.ts";
import type { Convergence } from "./converge.ts";
import type { Leadership } from "./leadership.ts";
import type { PassOptions, Planned } from "./reconcile.ts";
import type { RevisionKeeper } from "./revisions.ts";
import type { Waker } from "./wake.ts";

/** What the loop is made of. */
export interface LoopParts {
  readonly revisions: RevisionKeeper;
  readonly ports: ReadPorts & WritePorts;
  /** Who Bindery is; asked in each turn, throws `Failure`. */
  readonly self: (signal: AbortSignal) => Promise<Self>;
  readonly leadership: Leadership;
  readonly waker: Waker;
  readonly observer: DaemonObserver;
  readonly contested: Contested;
  readonly applying: Pick<
    PassOptions,
    "clock" | "random" | "audit" | "observer" | "concurrency" | "correlated" | "retry" | "step" | "rolling"
  >;
  /** A new GUID for each pass. */
  readonly newId: () => string;
  /** Runs each pass of a turn, so that its log lines and spans can carry it; default: just runs it. */
  readonly aroundPass?: <T>(pass: PassRef, run: () => Promise<T>) => Promise<T>;
}

/** What the caller decides. No time may be longer than 24 days, which is what timers can count. */
export interface LoopOptions {
  /** From the end of one turn to the next one, give or take a tenth. */
  readonly intervalInMs: number;
  /** Between looks at the source, likewise. */
  readonly pollIntervalInMs: number;
  /** How long a turn may take; then what runs is handed over to the next one. */
  readonly deadlineInMs: number;
  /** Reports only, whoever leads. */
  readonly dryRun: boolean;
  /** Once aborted nothing new begins; what runs ends. */
  readonly stop: AbortSignal;
  /** Once aborted, accepted writes are no longer waited for; implies a stop. */
  readonly handOver: AbortSignal;
  /** Once aborted, everything ends at once. */
  readonly abort: AbortSignal;
}

/** What a turn saw that only reported. */
export interface Reported extends Planned {
  readonly documents: readonly DocumentStatus[];
  readonly orphans: readonly OrphanStatus[];
}

/** What one turn came to. */
export interface TurnResult {
  readonly turn: number;
  readonly end: TurnEnd;
  /** Why it failed; a code of the failure table, and a sentence. */
  readonly failure?: { readonly code: string; readonly message: string; readonly retryAfterInMs?: number };
  /** Why nothing was written. */
  readonly reportsBecause?: ReportReason;
  /** Of a turn that wrote, or was to: its passes. */
  readonly convergence?: Convergence;
  /** Of a turn that only reported; undefined if there was nothing to plan, or Azure could not be read. */
  readonly reported?: Reported;
}
