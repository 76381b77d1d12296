// Decides when a condition last changed: with its status, not with its reason or message.
import { bounds, clipped } from "./daemon-status-text.ts";
import type { Condition, Conditions } from "./status.ts";

/** A condition that knows since when it has its status. */
export interface TimedCondition extends Condition {
  readonly lastTransitionAtInMs: number;
}

/** Always Ready, Reconciling and Stalled, in this order. */
export type TimedConditions = readonly [TimedCondition, TimedCondition, TimedCondition];

/** The conditions of now, with the times of those whose status has stayed. */
export function timedConditionsFrom(
  before: TimedConditions | undefined,
  [ready, reconciling, stalled]: Conditions,
  nowInMs: number,
): TimedConditions {
  const timed = (now: Condition): TimedCondition => {
    const was = before?.find(({ type }) => type === now.type);
    const isSame = was?.status === now.status;
    return {
      ...now,
      reason: clipped(now.reason, bounds.words),
      message: clipped(now.message),
      lastTransitionAtInMs: isSame ? was.lastTransitionAtInMs : nowInMs,
    };
  };
  return [timed(ready), timed(reconciling), timed(stalled)];
}
