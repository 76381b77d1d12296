// The daemon of the soak: the parts that `bindery run` makes, on an embedded Azure, with time, lease, branch and policy in other hands.
import { randomUUID } from "node:crypto";
import { getEventListeners } from "node:events";
import { connectAzure } from "../../src/azure/connect.ts";
import { contestedMemory, explainedBy } from "../../src/controller/contested.ts";
import { leadershipBy } from "../../src/controller/leadership.ts";
import type { LoopOptions, LoopParts } from "../../src/controller/loop-parts.ts";
import { keepRevisions } from "../../src/controller/revisions.ts";
import { rollingReads } from "../../src/controller/rolling-reads.ts";
import { runLoop } from "../../src/controller/run-loop.ts";
import { type Waker, wakerOn } from "../../src/controller/wake.ts";
import { Failure } from "../../src/model/failure.ts";
import type { ReadPorts, WritePorts } from "../../src/model/ports.ts";
import { sandboxTenantId } from "../../src/sandbox/tenant.ts";
import type { DaemonEvent, DaemonObserver } from "../../src/status/daemon-event.ts";
import { daemonStatusAfter, initialDaemonStatus } from "../../src/status/daemon-status.ts";
import { statusOutputFrom } from "../../src/status/daemon-status-output.ts";
import { type Metrics, metricsFor } from "../../src/telemetry/metrics.ts";
import type { EmbeddedAzure } from "../support/embedded-azure.ts";
import { type ContendedLease, contendedLease } from "./contended-lease.ts";
import { type DaemonClock, daemonClock } from "./daemon-clock.ts";
import type { History } from "./history.ts";
import { type WriteGuard, writeGuard } from "./write-guard.ts";

export interface SoakedDaemon {
  readonly clock: DaemonClock;
  readonly lease: ContendedLease;
  readonly guard: WriteGuard;
  readonly waker: Waker;
  /** Runs until the stop; rejects with a bug. */
  run(): Promise<void>;
  stop(): void;
  /** UTF-16 units of the status as JSON, and of the metrics. */
  told(): Promise<{ readonly status: number; readonly metrics: number }>;
  /** Who listens on what lives as long as the daemon, and how many wait. */
  listeners(): readonly number[];
}

export interface DaemonOptions {
  readonly history: History;
  /** From 0 up to 1. */
  readonly random: () => number;
  readonly dryRun: boolean;
  readonly observe: DaemonObserver;
}

const times = { intervalInMs: 5 * 60_000, pollIntervalInMs: 60_000, deadlineInMs: 10 * 60_000 };

/** A daemon that has not begun yet. */
export function soakedDaemon(azure: EmbeddedAzure, options: DaemonOptions): SoakedDaemon {
  const { history, random, dryRun } = options;
  const wiring = azure.wiring(random);
  const clock = daemonClock(wiring.clock);
  const lease = contendedLease(wiring.clock.now);
  const guard = writeGuard(azure.send, () => lease.holder());
  const leadership = leadershipBy({ store: lease.store, clock, random, onTrouble: () => undefined });
  const metrics = metricsFor({ version: "soak", ofProcess: false });
  const connection = connectAzure({
    ...wiring,
    clock,
    // Were it a dry run for the pipeline too, it would not show whether the loop keeps to it.
    dryRun: false,
    fence: leadership.fence,
    httpClient: guard.client,
    onRequest: metrics.azureRequest,
    onWait: metrics.azureWait,
    onQuota: metrics.azureQuota,
  });
  const ports = { ...connection.read, ...connection.write, ...noDatabases };
  const rolling = rollingReads(ports, { clock, term: () => leadership.term() });
  const waker = wakerOn(clock);
  const telling = tellingOf(clock.now(), metrics);
  const parts: LoopParts = {
    revisions: keepRevisions({ ...history, clock }),
    ports: rolling.ports,
    self: connection.self,
    leadership,
    waker,
    observer(event) {
      guard.observe(event);
      telling.observe(event);
      options.observe(event);
    },
    contested: explainedBy(connection.activityLog, contestedMemory()),
    applying: {
      clock,
      random,
      audit: async () => undefined,
      rolling,
      correlated: (run, outside) => {
        const id = randomUUID();
        return connection.correlated(id, () => run(id), outside);
      },
    },
    newId: randomUUID,
  };
  const ends = [new AbortController(), new AbortController(), new AbortController()] as const;
  const [stop, handOver, abort] = ends;
  const loop: LoopOptions = {
    ...times,
    dryRun,
    stop: stop.signal,
    handOver: handOver.signal,
    abort: abort.signal,
  };
  return {
    clock,
    lease,
    guard,
    waker,
    run: () => runLoop(parts, loop),
    stop: () => stop.abort(new Error("The soak is over.")),
    told: telling.told,
    listeners: () => [
      clock.sleepers(),
      ...[...ends.map(({ signal }) => signal), leadership.term(), leadership.fence.ended].map(listenersOn),
    ],
  };
}

function tellingOf(startedAtInMs: number, metrics: Metrics) {
  const facts = {
    version: "soak",
    cloud: "sandbox",
    tenantId: sandboxTenantId,
    owner: "test",
    source: "branch",
  };
  let status = initialDaemonStatus({ ...facts, startedAtInMs });
  return {
    observe(event: DaemonEvent): void {
      status = daemonStatusAfter(status, event);
      metrics.observe(event);
    },
    async told() {
      const text = await metrics.text();
      return { status: JSON.stringify(statusOutputFrom(status)).length, metrics: text.length };
    },
  };
}

/** Listeners, and signals that Node keeps in a set of this one for as long as it lives. */
function listenersOn(signal: AbortSignal | undefined): number {
  if (!signal) return 0;
  const sets = Object.getOwnPropertySymbols(signal).map((symbol) => Reflect.get(signal, symbol) as unknown);
  const dependents = sets.reduce<number>((sum, one) => sum + (one instanceof Set ? one.size : 0), 0);
  return getEventListeners(signal, "abort").length + dependents;
}

function noDatabase(): never {
  throw new Failure("terminal", "There are no databases here.", { code: "NoDatabases" });
}

const noDatabases: Pick<ReadPorts & WritePorts, "readDatabase" | "changeDatabase"> = {
  readDatabase: async () => noDatabase(),
  changeDatabase: async () => noDatabase(),
};
