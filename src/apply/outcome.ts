// What became of a change.
import type { Change } from "../plan/plan.ts";

/**
 * `applied`: a fresh read shows it. `propagating`: written, not visible yet. `skipped`: not tried, because what it
 * needs failed, because the world had moved, or because of a stop. `failed`: refused or broken.
 */
export type OutcomeState = "applied" | "propagating" | "skipped" | "failed";

/** The outcome of one change. */
export interface Outcome {
  readonly change: Change;
  readonly state: OutcomeState;
  /** A full sentence; for a failure Azure's own message. */
  readonly message: string;
  /** Azure's error code, or one of ours. */
  readonly code?: string;
  /** True if trying again soon may help. */
  readonly transient?: boolean;
  readonly retryAfterInMs?: number;
  readonly correlationId?: string;
}
