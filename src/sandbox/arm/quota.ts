// ARM's token buckets: how many requests a caller, and all callers together, may still send to a subscription.
import { armErrors } from "./errors.ts";
import type { Caller } from "./provider.ts";

type Operation = "reads" | "writes" | "deletes";

/** Size and refill per second of ARM's buckets since 2024 (learn.microsoft.com, request-limits-and-throttling). */
const buckets: Readonly<Record<Operation, { size: number; refillPerSecond: number }>> = {
  reads: { size: 250, refillPerSecond: 25 },
  writes: { size: 200, refillPerSecond: 10 },
  deletes: { size: 200, refillPerSecond: 10 },
};

/** All principals together have this many times the bucket of one. */
const globalFactor = 15;

const singular = { reads: "read", writes: "write", deletes: "delete" } as const;

/** What is left in a bucket, and since when that was right. */
interface Level {
  readonly tokens: number;
  readonly at: number;
}

/** The buckets of one start; full in the beginning. */
export interface Quota {
  /** Takes a token for a request and answers the headers that tell what is left; throws 429 if `enforced` and none is. */
  take(
    method: string,
    subscriptionId: string | undefined,
    caller: Caller,
    enforced: boolean,
  ): Record<string, string>;
}

/** Makes the buckets; `now` in milliseconds. */
export function createQuota(now: () => number): Quota {
  const levels = new Map<string, Level>();
  const draw = (key: string, operation: Operation, factor: number): number => {
    const { size, refillPerSecond } = buckets[operation];
    const at = now();
    const { tokens, at: since } = levels.get(key) ?? { tokens: size * factor, at };
    const refilled = Math.min(size * factor, tokens + ((at - since) / 1000) * refillPerSecond * factor);
    const left = refilled - 1;
    levels.set(key, { tokens: Math.max(left, 0), at });
    return Math.floor(left);
  };
  return {
    take(method, subscriptionId, caller, enforced) {
      const operation = operationOf(method);
      const [kind, id] =
        subscriptionId === undefined ? ["tenant", "tenant"] : ["subscription", subscriptionId.toLowerCase()];
      const own = draw(`${id}/${caller.objectId}/${operation}`, operation, 1);
      const all = draw(`${id}/*/${operation}`, operation, globalFactor);
      if (enforced && Math.min(own, all) < 0) {
        throw armErrors.subscriptionThrottled(singular[operation], subscriptionId ?? "", caller.objectId, 1);
      }
      return {
        [`x-ms-ratelimit-remaining-${kind}-${operation}`]: String(Math.max(own, 0)),
        ...(kind === "subscription" && {
          [`x-ms-ratelimit-remaining-subscription-global-${operation}`]: String(Math.max(all, 0)),
        }),
      };
    },
  };
}

function operationOf(method: string): Operation {
  if (method === "GET" || method === "HEAD") return "reads";
  return method === "DELETE" ? "deletes" : "writes";
}
