// Decides whether a saved plan may be applied at all: same tenant, cloud, owner, policy and documents, and not too old.
import { sameId } from "../model/arm-id.ts";
import type { Policy } from "../model/policy.ts";
import { quoted, safeText } from "../model/text.ts";
import { digestOf } from "./digest.ts";
import { canonicalText } from "./same-value.ts";
import type { SavedPlan } from "./saved-plan.ts";

/** What a plan is made for. */
export interface MadeFor {
  readonly cloud: string;
  readonly tenantId: string;
  readonly owner: string;
  readonly revision: string;
  readonly policyDigest: string;
}

/** How far the clocks of the one who saves and the one who applies may be apart. */
const clockSkewInMs = 5 * 60 * 1_000;

/** Names everything that a policy says; comments, and the order of keys, make no difference. */
export function policyDigestOf(policy: Policy): string {
  return digestOf(canonicalText(policy));
}

/** Why a saved plan must not be applied, as full sentences that are safe to print; none if it may be. */
export function refusalsOf(
  saved: SavedPlan,
  now: MadeFor,
  { timeInMs, maxAgeInMs }: { readonly timeInMs: number; readonly maxAgeInMs: number },
): readonly string[] {
  const differing = (what: string, then: string, is: string): readonly string[] =>
    then === is ? [] : [`It was saved for the ${what} ${quoted(then)}, and this is ${quoted(is)}.`];
  return [
    ...differing("cloud", saved.cloud, now.cloud),
    ...(sameId(saved.tenantId, now.tenantId) ? [] : differing("tenant", saved.tenantId, now.tenantId)),
    ...differing("owner", saved.owner, now.owner),
    ...(saved.revision === now.revision
      ? []
      : [
          `The manifests have changed since: they were ${quoted(saved.revision)}, and are ${quoted(now.revision)}.`,
        ]),
    ...(saved.policyDigest === now.policyDigest ? [] : ["The policy has changed since."]),
    ...ageRefusals(saved, timeInMs, maxAgeInMs),
  ];
}

function ageRefusals(
  { savedAt, savedAtInMs }: SavedPlan,
  timeInMs: number,
  maxAgeInMs: number,
): readonly string[] {
  const when = safeText(savedAt, { max: 40 });
  if (savedAtInMs > timeInMs + clockSkewInMs) return [`It says that it was saved in the future, at ${when}.`];
  if (timeInMs - savedAtInMs <= maxAgeInMs) return [];
  return [`It was saved at ${when}, more than ${durationWords(maxAgeInMs)} ago.`];
}

function durationWords(inMs: number): string {
  const units = [
    { unit: "hour", inMs: 3_600_000 },
    { unit: "minute", inMs: 60_000 },
    { unit: "second", inMs: 1_000 },
  ];
  const fitting = units.find((one) => inMs % one.inMs === 0) ?? { unit: "millisecond", inMs: 1 };
  const count = inMs / fitting.inMs;
  return `${count} ${fitting.unit}${count === 1 ? "" : "s"}`;
}
