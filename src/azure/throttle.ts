// Holds every request back until Azure's limits leave room for it, and learns from the answers how much room there is.
import type {
  PipelinePolicy,
  PipelineRequest,
  PipelineResponse,
  SendRequest,
} from "@azure/core-rest-pipeline";
import type { Clock } from "../model/ports.ts";
import { type Bucket, bucketFrom } from "./bucket.ts";
import { pauseOf, remainingOf } from "./limit-answers.ts";
import { type Claim, claimsOf, type Limit, limitKeyOf } from "./limits.ts";
import { factsOf } from "./request-facts.ts";

/** A request's bucket, and which limit it stands for. */
interface Held extends Claim {
  readonly bucket: Bucket;
}

/** Runs a wait during which other work may go on. */
export type Outside = <T>(wait: () => Promise<T>) => Promise<T>;

/** A request that is held back. */
export interface LimitWait {
  /** "Compute's UpdateVMResource per resource": whose limit, its name, and whom it counts for. */
  readonly limit: string;
  /** "compute/UpdateVMResource/resource": the same for all that it counts for. */
  readonly key: string;
  readonly inMs: number;
}

/** How many requests Azure says it would still take of a limit. */
export interface LimitQuota {
  /** As that of a wait. */
  readonly key: string;
  readonly remaining: number;
}

/** Who watches the limits; nobody by default. */
export interface LimitWatcher {
  readonly onWait?: (wait: LimitWait) => void;
  readonly onQuota?: (quota: LimitQuota) => void;
}

/** How a limit's owner is called. */
const owners: Readonly<Record<Limit["provider"], string>> = {
  arm: "Resource Manager's",
  compute: "Compute's",
  identity: "the identity provider's",
  graph: "Resource Graph's",
  any: "a provider's",
};

/**
 * A policy that delays before sending: one set of buckets for all clients that share it. A request that finds room
 * goes at once. Aborting the request ends its wait with an `AbortError`.
 */
export function throttlePolicy(
  clock: Clock,
  outside: Outside,
  { onWait, onQuota }: LimitWatcher = {},
): PipelinePolicy {
  const bucketOf = bucketsOn(clock);
  const take = async ({ limit, cost }: Claim, bucket: Bucket, signal: AbortSignal): Promise<void> => {
    const wait = (): Promise<void> => bucket.take(cost, signal);
    if (bucket.hasRoom(cost)) return await wait();
    const { provider, name, scope } = limit;
    const words = `${owners[provider]} ${name} per ${scope}`;
    onWait?.({ limit: words, key: limitKeyOf(limit), inMs: bucket.delayInMs(cost) });
    // A limit of one resource delays nobody else; behind a wide one it is of no use to begin more.
    await (scope === "resource" ? outside(wait) : wait());
  };
  return {
    name: "bindery-throttle",
    async sendRequest(request: PipelineRequest, next: SendRequest): Promise<PipelineResponse> {
      const claims = claimsOf(factsOf(request.method, request.url, request.body));
      const held = await takeAll(claims, { bucketOf, take }, request);
      let answer: PipelineResponse | undefined;
      try {
        answer = await next(request);
        return answer;
      } finally {
        for (const one of held) learn(one, answer, onQuota);
      }
    },
  };
}

interface Taking {
  readonly bucketOf: (claim: Claim) => Bucket;
  readonly take: (claim: Claim, bucket: Bucket, signal: AbortSignal) => Promise<void>;
}

/** Takes from one bucket after the other: who waits for a narrow one has taken nothing from the wide ones yet. */
async function takeAll(
  claims: readonly Claim[],
  { bucketOf, take }: Taking,
  request: PipelineRequest,
): Promise<readonly Held[]> {
  const signal = request.abortSignal instanceof AbortSignal ? request.abortSignal : never;
  const held: Held[] = [];
  try {
    for (const claim of claims) {
      const bucket = bucketOf(claim);
      await take(claim, bucket, signal);
      held.push({ ...claim, bucket });
    }
    return held;
  } catch (error) {
    for (const { bucket, cost } of held) bucket.giveBack(cost);
    throw signal.aborted ? new DOMException("The operation was aborted.", "AbortError") : error;
  }
}

const never = new AbortController().signal;

function learn(
  { bucket, limit, cost }: Held,
  answer: PipelineResponse | undefined,
  onQuota: LimitWatcher["onQuota"],
): void {
  if (!answer) {
    bucket.answered(cost);
    return;
  }
  const { status, headers, bodyAsText } = answer;
  const remaining = remainingOf(limit, headers);
  if (remaining !== undefined) onQuota?.({ key: limitKeyOf(limit), remaining });
  bucket.answered(cost, remaining);
  const pauseInMs = pauseOf(limit, { status, headers, body: bodyAsText ?? "" });
  if (pauseInMs > 0) bucket.pause(pauseInMs);
}

const firstSweepAt = 1000;

/** The buckets by key. There is one for each resource that was asked for, so idle ones are dropped from time to time. */
function bucketsOn(clock: Clock): (claim: Claim) => Bucket {
  const buckets = new Map<string, Bucket>();
  let sweepAt = firstSweepAt;
  return ({ limit, key }) => {
    const bucket = buckets.get(key) ?? bucketFrom(limit, clock);
    buckets.set(key, bucket);
    if (buckets.size < sweepAt) return bucket;
    for (const [idleKey, idle] of buckets) if (idle !== bucket && idle.isIdle()) buckets.delete(idleKey);
    sweepAt = Math.max(firstSweepAt, buckets.size * 2);
    return bucket;
  };
}
