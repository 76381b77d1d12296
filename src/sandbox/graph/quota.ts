// How often a caller may ask Resource Graph: 15 queries in five seconds.

/** Azure's own numbers (its guidance for throttled requests). */
const queriesPerWindow = 15;
const windowInMs = 5_000;

interface Window {
  readonly startedAt: number;
  readonly used: number;
}

/** What is left of a caller's quota after a request was counted; `isExceeded`: the request is one too many. */
export interface QuotaState {
  readonly isExceeded: boolean;
  readonly remaining: number;
  readonly resetsAfterInMs: number;
}

/** The queries of all callers. */
export interface QueryQuota {
  /** Counts a query of a caller (its object id) at an instant, in milliseconds. */
  readonly count: (caller: string, now: number) => QuotaState;
}

/** A quota that nobody has used. */
export function createQueryQuota(): QueryQuota {
  const windows = new Map<string, Window>();
  return {
    count: (caller, now) => {
      const last = windows.get(caller);
      const isOver = last === undefined || now >= last.startedAt + windowInMs;
      const window = isOver ? { startedAt: now, used: 1 } : { ...last, used: last.used + 1 };
      windows.set(caller, window);
      return {
        isExceeded: window.used > queriesPerWindow,
        remaining: Math.max(queriesPerWindow - window.used, 0),
        resetsAfterInMs: window.startedAt + windowInMs - now,
      };
    },
  };
}

/** The state of a caller who is not throttled: as after the first query. */
export const unusedQuota: QuotaState = {
  isExceeded: false,
  remaining: queriesPerWindow - 1,
  resetsAfterInMs: windowInMs,
};

/** The headers that every answer of Resource Graph carries (recorded by azure-cli-extensions, Apr 2021). */
export function quotaHeaders({ remaining, resetsAfterInMs }: QuotaState): Record<string, string> {
  const seconds = Math.ceil(resetsAfterInMs / 1_000);
  return {
    "x-ms-ratelimit-remaining-tenant-resource-requests": String(remaining),
    "x-ms-user-quota-remaining": String(remaining),
    "x-ms-user-quota-resets-after": `00:00:${String(seconds).padStart(2, "0")}`,
  };
}
