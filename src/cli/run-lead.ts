// Decides how a daemon comes to write: by the policy's lease, or alone where there is none.
import { alone, type Leadership, leadershipBy } from "../controller/leadership.ts";
import type { WriteFence } from "../model/lease.ts";
import type { LeasePlace } from "../model/policy.ts";
import type { OpenAzure } from "./azure.ts";
import type { Log } from "./log.ts";
import { steadyClock } from "./system-clock.ts";

/** Leadership whose fence stands before the way to Azure is open, by which the lease is reached. */
export interface Lead {
  /** Lets nothing pass before leadership has begun; undefined where there is no lease. */
  readonly fence?: WriteFence;
  begun(azure: Pick<OpenAzure, "leaseStore">, log: Log): Promise<Leadership>;
}

/** Leadership by this lease. */
export function leadBy(place: LeasePlace | undefined): Lead {
  if (place === undefined) return { begun: async () => alone() };
  const { signal: never } = new AbortController();
  let leadership: Leadership | undefined;
  return {
    fence: {
      mayWrite: () => leadership?.fence.mayWrite() ?? false,
      get ended() {
        return leadership?.fence.ended ?? never;
      },
    },
    async begun({ leaseStore }, log) {
      leadership = leadershipBy({
        store: await leaseStore(place),
        clock: steadyClock,
        random: Math.random,
        onTrouble: ({ message, details: { code } }, doing, leftInMs) =>
          log.warn({ doing, code, ...rounded(leftInMs), why: message }, "trouble with the lease"),
      });
      return leadership;
    },
  };
}

function rounded(leftInMs: number | undefined): { readonly leftInMs?: number } {
  return leftInMs === undefined ? {} : { leftInMs: Math.round(leftInMs) };
}
