// Decides who hears what happens in a daemon: the log, the metrics, the probes and the status are all made of the same events.
import type { LoopParts } from "../controller/loop-parts.ts";
import type { DaemonObserver } from "../status/daemon-event.ts";
import {
  type DaemonFacts,
  type DaemonStatus,
  daemonStatusAfter,
  initialDaemonStatus,
} from "../status/daemon-status.ts";
import { type Health, healthFor } from "../telemetry/health.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import { daemonLog } from "./daemon-log.ts";
import { type DaemonTraces, daemonTraces } from "./daemon-traces.ts";
import type { CliIo } from "./io.ts";
import type { Log } from "./log.ts";
import type { RunSettings } from "./run-settings.ts";
import { version } from "./version.ts";

/** Everything that a daemon tells; spans that have not been sent yet are sent when it is disposed of. */
export interface Telling extends AsyncDisposable {
  readonly observe: DaemonObserver;
  /** Runs a pass so that its log lines and its spans are known as its own. */
  readonly aroundPass: NonNullable<LoopParts["aroundPass"]>;
  readonly traces: DaemonTraces;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly health: Health;
  readonly status: () => DaemonStatus;
}

/** What is told of one daemon, which begins now. */
export async function tellingFor(settings: RunSettings, facts: DaemonFacts, io: CliIo): Promise<Telling> {
  const { metricsFor } = await import("../telemetry/metrics.ts");
  const { log, observe: logged, aroundPass } = await daemonLog(settings.logLevel, io);
  const traces = await daemonTraces(settings.tracesUrl, log);
  const metrics = metricsFor({ version: version() });
  const { intervalInMs, deadlineInMs } = settings;
  const health = healthFor({ intervalInMs, deadlineInMs, uptimeInMs: () => performance.now() });
  let status = initialDaemonStatus(facts);
  return {
    observe(event) {
      status = daemonStatusAfter(status, event);
      metrics.observe(event);
      health.observe(event);
      logged(event);
      traces.observe(event);
    },
    aroundPass: (pass, run) => aroundPass(pass, () => traces.aroundPass(pass, run)),
    traces,
    log,
    metrics,
    health,
    status: () => status,
    [Symbol.asyncDispose]: () => traces[Symbol.asyncDispose](),
  };
}
