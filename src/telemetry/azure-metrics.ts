// Decides what is counted of each request to Azure and of its limits.
import type { Instruments } from "./instruments.ts";
import { limitLabel, methodLabel, operationLabel, statusLabel } from "./labels.ts";

/** One request to Azure, answered or not. */
export interface AzureRequestFact {
  readonly method: string;
  /** The ARM type that was asked, without names. */
  readonly operation: string;
  /** The HTTP status; 0 if there was no answer. */
  readonly status: number;
  /** Between sending and the answer; undefined if it was never sent. */
  readonly durationInMs?: number;
}

/** A request that was held back for a limit. */
export interface AzureWaitFact {
  /** "compute/UpdateVMResource/resource": provider, name and scope. */
  readonly key: string;
  readonly inMs: number;
}

/** What Azure says is left of a limit. */
export interface AzureQuotaFact {
  readonly key: string;
  readonly remaining: number;
}

/** Counts requests, waits and what is left of limits. */
export interface AzureCounters {
  azureRequest(fact: AzureRequestFact): void;
  azureWait(fact: AzureWaitFact): void;
  azureQuota(fact: AzureQuotaFact): void;
}

/** Counters, and what is to be called when a turn begins: the least that is left is that of the turn. */
export function azureCounters(instruments: Instruments): AzureCounters & { turnStarted(): void } {
  const { requests, requestSeconds, waits, waitSeconds, remaining: left } = instruments;
  const least = new Map<string, number>();
  return {
    azureRequest({ method, operation, status, durationInMs }) {
      const about = { operation: operationLabel(operation) };
      requests.inc({ ...about, method: methodLabel(method), status: statusLabel(status) });
      if (durationInMs !== undefined) requestSeconds.observe(about, durationInMs / 1000);
    },
    azureWait({ key, inMs }) {
      const limit = limitLabel(key);
      waits.inc({ limit });
      waitSeconds.inc({ limit }, Math.max(0, inMs) / 1000);
    },
    azureQuota({ key, remaining }) {
      const limit = limitLabel(key);
      const now = Math.min(remaining, least.get(limit) ?? remaining);
      least.set(limit, now);
      left.set({ limit }, now);
    },
    turnStarted: () => least.clear(),
  };
}
