// Decides how long an identity that Azure has rejected on a target is left alone there: longer after each rejection.
import { idKey } from "../model/arm-id.ts";
import type { Change } from "../plan/plan.ts";
import type { Outcome, Verdict } from "./outcome.ts";

/** An identity on a target that Azure has rejected. */
export interface Quarantined {
  /** Rejections one after the other. */
  readonly rejections: number;
  /** In milliseconds since the epoch: not tried again before. */
  readonly untilInMs: number;
  /** What Azure said the last time. */
  readonly verdict: Verdict;
}

/** What is left alone, by target and identity. A value: whoever runs passes hands it from one to the next. */
export type Quarantine = ReadonlyMap<string, Quarantined>;

/** An identity that was created a moment ago is known everywhere after some seconds; most other causes need a person. */
const firstDelayInMs = 15_000;
const longestDelayInMs = 60 * 60_000;

/** The verdict on a change whose identity is to be left alone on its target at this time; undefined: it may be tried. */
export function quarantineVerdict(
  quarantine: Quarantine,
  change: Change,
  nowInMs: number,
): Verdict | undefined {
  const entry = quarantine.get(pairOf(change) ?? "");
  if (!entry || nowInMs >= entry.untilInMs) return;
  const until = new Date(entry.untilInMs).toISOString();
  return {
    ...entry.verdict,
    quarantine: "stands",
    message: `${entry.verdict.message} It is left alone until ${until}.`,
  };
}

/** The quarantine after a pass: what was rejected comes in or stays longer, what went through is free. */
export function quarantineAfter(
  before: Quarantine,
  outcomes: readonly Outcome[],
  nowInMs: number,
): Quarantine {
  const after = new Map([...before].filter(([, entry]) => nowInMs < entry.untilInMs + longestDelayInMs));
  for (const { change, ...verdict } of outcomes) {
    const pair = pairOf(change);
    if (pair === undefined) continue;
    if (verdict.quarantine === "begins") after.set(pair, longer(after.get(pair), verdict, nowInMs));
    else if (verdict.state === "applied") after.delete(pair);
  }
  return after;
}

/** The same, with nothing left alone for longer than there is a reason for: the clock may have been set back. */
export function quarantineWithin(quarantine: Quarantine, nowInMs: number): Quarantine {
  const latestInMs = nowInMs + longestDelayInMs;
  return new Map(
    [...quarantine].map(([pair, entry]) => [
      pair,
      { ...entry, untilInMs: Math.min(entry.untilInMs, latestInMs) },
    ]),
  );
}

function longer(before: Quarantined | undefined, verdict: Verdict, nowInMs: number): Quarantined {
  const rejections = (before?.rejections ?? 0) + 1;
  const delayInMs = Math.min(longestDelayInMs, firstDelayInMs * 2 ** (rejections - 1));
  return { rejections, untilInMs: nowInMs + delayInMs, verdict };
}

function pairOf({ subject, identityId }: Change): string | undefined {
  return subject.kind === "target" ? `${idKey(subject.targetId)} ${idKey(identityId)}` : undefined;
}
