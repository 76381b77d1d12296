// Decides what the daemon tells in numbers, and keeps them on a registry of their own.
import { collectDefaultMetrics, Registry } from "prom-client";
import type { DaemonObserver } from "../status/daemon-event.ts";
import { type AzureCounters, azureCounters } from "./azure-metrics.ts";
import { instrumentsOn } from "./instruments.ts";
import { loopObserver } from "./loop-metrics.ts";
import { type WebhookResult, webhookResults } from "./webhook.ts";

/** The daemon's numbers. */
export interface Metrics extends AzureCounters {
  readonly observe: DaemonObserver;
  webhookCall(result: WebhookResult): void;
  /** All of them in Prometheus' text format. */
  text(): Promise<string>;
  /** The media type of that text. */
  readonly contentType: string;
}

/** What the metrics say of this very program. */
export interface MetricsOptions {
  readonly version: string;
  /** False leaves out those of the process (memory, handles, event loop); true by default. */
  readonly ofProcess?: boolean;
}

/** Numbers that start at zero; nothing of them is global. */
export function metricsFor({ version, ofProcess = true }: MetricsOptions): Metrics {
  const register = new Registry();
  const instruments = instrumentsOn(register);
  if (ofProcess) collectDefaultMetrics({ register });
  instruments.build.set({ version }, 1);
  for (const result of webhookResults) instruments.webhookCalls.inc({ result }, 0);
  const observeLoop = loopObserver(instruments);
  const { turnStarted, ...counters } = azureCounters(instruments);
  return {
    ...counters,
    observe(event) {
      if (event.kind === "turnStarted") turnStarted();
      observeLoop(event);
    },
    webhookCall: (result) => instruments.webhookCalls.inc({ result }),
    text: () => register.metrics(),
    contentType: register.contentType,
  };
}
