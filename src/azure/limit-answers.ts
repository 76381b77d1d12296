// What an answer says about Azure's limits: how much is left of which, and which one refused for how long.

import { type AnswerHeaders, delayAskedFor } from "./failure-delay.ts";
import { answerFailure } from "./failures.ts";
import type { Limit } from "./limits.ts";

/** An answer of Azure, failed or not. */
export interface LimitAnswer {
  readonly status: number;
  readonly headers: AnswerHeaders;
  readonly body: string;
}

/** How many requests Azure says it would still take; undefined if it does not say so of this limit. */
export function remainingOf(limit: Limit, headers: AnswerHeaders): number | undefined {
  switch (limit.provider) {
    case "arm": {
      const [scope, operation] = limit.name.split("-");
      const names = [limit.name, `${scope}-global-${operation}`].map((n) => `x-ms-ratelimit-remaining-${n}`);
      const counts = names.flatMap((name) => numberIn(headers.get(name)));
      return counts.length > 0 ? Math.min(...counts) : undefined;
    }
    case "compute":
      return resourceCounts(headers).get(limit.name.toLowerCase());
    case "graph":
      return numberIn(headers.get("x-ms-user-quota-remaining"))[0];
    case "identity":
    case "any":
      return;
  }
}

/** "Microsoft.Compute/UpdateVMResource;10,Microsoft.Compute/UpdateVMSubscriptionMaximum;1498" (azure-cli, Jan 2026). */
function resourceCounts(headers: AnswerHeaders): ReadonlyMap<string, number> {
  const parts = (headers.get("x-ms-ratelimit-remaining-resource") ?? "").matchAll(/\/(\w+);(\d+)/g);
  return new Map([...parts].map(([, name = "", count]) => [name.toLowerCase(), Number(count)]));
}

function numberIn(text: string | undefined): number[] {
  return text !== undefined && /^\d+$/.test(text) ? [Number(text)] : [];
}

/** How long nothing may go that counts against this limit, in milliseconds; 0 if the answer does not blame it. */
export function pauseOf(limit: Limit, answer: LimitAnswer): number {
  // Resource Graph says with every answer when its window ends.
  if (limit.provider === "graph" && remainingOf(limit, answer.headers) === 0) {
    return delayAskedFor(answer.headers, "") ?? 0;
  }
  if (answer.status !== 429 || !isBlamed(limit, answer)) return 0;
  return answerFailure(answer).details.retryAfterInMs ?? 0;
}

/** 429 says "not now" of many things, locks among them: only a limit that is named holds back other requests. */
function isBlamed(limit: Limit, answer: LimitAnswer): boolean {
  const { body } = answer;
  switch (limit.provider) {
    case "arm":
      return /"(Subscription|Tenant)RequestsThrottled"/i.test(body);
    case "compute":
      return isComputeBlamed(limit, answer);
    case "identity":
      return new RegExp(`throttled because ${limit.scope} `, "i").test(body);
    case "graph":
      return true;
    case "any":
      return /"ResourceRequestsThrottled"/i.test(body);
  }
}

/** Compute names the limit in the header or as the target of a detail; where it names none, it speaks of the subscription. */
function isComputeBlamed({ name, scope }: Limit, { headers, body }: LimitAnswer): boolean {
  if (!/"(OperationNotAllowed|TooManyRequests)"/i.test(body)) return false;
  const emptied = [...resourceCounts(headers)]
    .filter(([, count]) => count === 0)
    .map(([emptyName]) => emptyName);
  const target = /"target"\s*:\s*"(\w+)"/i.exec(body)?.[1]?.toLowerCase();
  if (emptied.length > 0) return emptied.includes(name.toLowerCase());
  if (target === name.toLowerCase()) return true;
  return scope === "subscription" && !(target ?? "").endsWith("resource");
}
