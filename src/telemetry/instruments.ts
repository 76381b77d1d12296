// Decides which metrics there are: names, labels, meanings, buckets. docs/metrics.md is compared with this file.
import { Counter, Gauge, Histogram, type Registry } from "prom-client";

const turnBuckets = [1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1200, 3600];
const requestBuckets = [0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** All metrics of the daemon on a registry of their own. */
export type Instruments = ReturnType<typeof instrumentsOn>;

/** Registers every metric. */
export function instrumentsOn(register: Registry) {
  return { ...loopInstruments(register), ...stateInstruments(register), ...azureInstruments(register) };
}

/** Makers of metrics of one registry. */
function makersOn(register: Registry) {
  const registers = [register];
  return {
    counter: <L extends string = never>(name: string, help: string, ...labelNames: L[]): Counter<L> =>
      new Counter<L>({ ...shape(name, help, labelNames), registers }),
    gauge: <L extends string = never>(name: string, help: string, ...labelNames: L[]): Gauge<L> =>
      new Gauge<L>({ ...shape(name, help, labelNames), registers }),
    histogram: <L extends string = never>(
      name: string,
      help: string,
      buckets: number[],
      ...labelNames: L[]
    ): Histogram<L> => new Histogram<L>({ ...shape(name, help, labelNames), buckets, registers }),
  };
}

function shape<L extends string>(name: string, help: string, labelNames: L[]) {
  return { name: `bindery_${name}`, help, labelNames };
}

function loopInstruments(register: Registry) {
  const { counter, gauge, histogram } = makersOn(register);
  return {
    turns: counter("turns_total", "Turns of the loop by how they ended.", "end"),
    wakes: counter("turn_wakes_total", "Reasons for which turns began; a turn can have several.", "reason"),
    turnSeconds: histogram("turn_duration_seconds", "How long turns took.", turnBuckets),
    passes: counter("passes_total", "Passes by mode: applied what was planned, or only reported.", "mode"),
    passSeconds: histogram("pass_duration_seconds", "How long passes took.", turnBuckets),
    changes: counter("changes_total", "Changes that were tried, by kind and outcome.", "kind", "outcome"),
    drift: counter(
      "drift_total",
      "Differences found although the revision had not changed, by kind.",
      "kind",
    ),
    foreignLost: counter(
      "foreign_identities_lost_total",
      "Warnings that an identity was gone after a PATCH that had not named it.",
    ),
    lastTurn: gauge("last_turn_timestamp_seconds", "When a turn last ended, however it did."),
    lastSuccess: gauge(
      "last_success_timestamp_seconds",
      "When a turn last ended as it should: converged, or in a dry run reported.",
    ),
    webhookCalls: counter("webhook_calls_total", "Calls of the webhook by result.", "result"),
  };
}

function stateInstruments(register: Registry) {
  const { gauge } = makersOn(register);
  return {
    pending: gauge(
      "pending_changes",
      "Changes that the last pass planned and did not apply, by kind.",
      "kind",
    ),
    contested: gauge("contested_changes", "Changes left alone because somebody keeps reverting them."),
    held: gauge("held_changes", "Changes held by the last pass, by reason.", "reason"),
    warnings: gauge("warnings", "Warnings of the last pass, by code.", "code"),
    documents: gauge(
      "documents",
      "Documents by kind and by the condition that is true.",
      "kind",
      "condition",
    ),
    orphans: gauge("orphans", "Identities with our owner tag that no document names."),
    backoff: gauge(
      "documents_in_backoff",
      "Documents whose changes are left alone for a while after failures.",
    ),
    leader: gauge("leader", "1 if this process may write (it leads, or there is no lease), else 0."),
    reportsOnly: gauge("reports_only", "1 for the reason for which the last turn wrote nothing.", "reason"),
    revisionInForce: gauge("revision_in_force", "1 if a revision is known to be good, else 0."),
    revision: gauge(
      "revision_info",
      "1; the label names the revision in force by twelve digits.",
      "revision",
    ),
    revisionRefused: gauge(
      "revision_refused",
      "1 for the reason for which what the source gave last is not in force.",
      "reason",
    ),
    build: gauge("build_info", "1; the label names the version.", "version"),
  };
}

function azureInstruments(register: Registry) {
  const { counter, gauge, histogram } = makersOn(register);
  return {
    requests: counter(
      "azure_requests_total",
      "Requests to Azure by what they were about, method and HTTP status; status none: no answer.",
      "operation",
      "method",
      "status",
    ),
    requestSeconds: histogram(
      "azure_request_duration_seconds",
      "How long Azure took to answer, waits for its limits not counted.",
      requestBuckets,
      "operation",
    ),
    waits: counter("azure_throttle_waits_total", "Requests held back for one of Azure's limits.", "limit"),
    waitSeconds: counter(
      "azure_throttle_wait_seconds_total",
      "Seconds for which requests were held back for one of Azure's limits.",
      "limit",
    ),
    remaining: gauge(
      "azure_quota_remaining",
      "The least that Azure said was left of a limit in this turn, or in the last one in which it said so.",
      "limit",
    ),
  };
}
