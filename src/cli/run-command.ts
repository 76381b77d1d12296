// What `bindery run` does: puts the loop together with its source, Azure, the lease and all that it tells, and runs it.
import { randomUUID } from "node:crypto";
import { contestedMemory, explainedBy } from "../controller/contested.ts";
import type { Leadership } from "../controller/leadership.ts";
import type { LoopOptions, LoopParts } from "../controller/loop-parts.ts";
import { type Judged, keepRevisions, type RevisionKeeper } from "../controller/revisions.ts";
import { rollingReads } from "../controller/rolling-reads.ts";
import { runLoop, runOnce } from "../controller/run-loop.ts";
import { type Waker, wakerOn } from "../controller/wake.ts";
import { modelPolicyFrom } from "../manifest/parse-policy.ts";
import type { Policy } from "../model/policy.ts";
import type { DaemonFacts } from "../status/daemon-status.ts";
import { documentOutputFrom } from "../status/daemon-status-document-output.ts";
import { statusOutputFrom } from "../status/daemon-status-output.ts";
import { type AuditSink, auditSink } from "./audit-sink.ts";
import { type AzureOptions, type OpenAzure, openAzure, readCloud } from "./azure.ts";
import { type Ending, endingOf } from "./ending.ts";
import type { CliIo } from "./io.ts";
import type { Log } from "./log.ts";
import { leadBy } from "./run-lead.ts";
import { openListeners } from "./run-listeners.ts";
import { finishOnce } from "./run-once.ts";
import type { RunSettings } from "./run-settings.ts";
import { type RunSource, runMemoryFor, runSourceFor } from "./run-source.ts";
import { type Telling, tellingFor } from "./run-telling.ts";
import { systemClock } from "./system-clock.ts";
import { version } from "./version.ts";

/** Runs until it is told to stop (0), or once (as `apply` ends). Rejects with what keeps it from starting, and with bugs. */
export async function runRun(settings: RunSettings, io: CliIo): Promise<number> {
  using ending = endingOf(io, settings.gracePeriodInMs);
  const source = await runSourceFor(settings, io, ending.stop);
  const policy = modelPolicyFrom(source.policy);
  await using telling = await tellingFor(settings, await factsOf(settings, source, policy, io), io);
  await using audit = await auditSink(settings.audit, io);
  const lead = leadBy(policy.lease);
  let policyNow = (): Policy => policy;
  const azure = await openAzure(
    {
      ...wayOf(settings, telling),
      ...whose(policy),
      get sqlServers() {
        return policyNow().sqlServers;
      },
      ...(lead.fence && { fence: lead.fence }),
    },
    io,
  );
  const memory = await runMemoryFor(settings, azure, policy, io);
  const revisions = keepRevisions({
    ...source,
    clock: systemClock,
    ...(memory && { memory }),
    onJudged: judgedLines(telling.log),
  });
  policyNow = () => revisions.current().inForce?.policy ?? policy;
  const leadership = await lead.begun(azure, telling.log);
  const parts = partsOf({ settings, azure, revisions, leadership, telling, audit });
  if (settings.once) {
    const result = await runOnce(parts, optionsOf(settings, ending));
    return finishOnce(result, revisions.current().state, io);
  }
  await turning(parts, { settings, ending, telling, io });
  return 0;
}

async function factsOf(
  settings: RunSettings,
  { source }: RunSource,
  { tenantId, owner }: Policy,
  io: CliIo,
): Promise<DaemonFacts> {
  const { cloud } = await readCloud(settings, io);
  const startedAtInMs = systemClock.now();
  return { version: version(), cloud: cloud.name, tenantId, owner, source: source.name, startedAtInMs };
}

function wayOf(
  { cloud, sqlEncrypt, dryRun, requestTimeoutInMs, sqlTimeoutInMs }: RunSettings,
  { log, metrics, traces }: Telling,
): Omit<AzureOptions, "fence"> {
  return {
    cloud,
    sqlEncrypt,
    dryRun,
    requestTimeoutInMs,
    sqlTimeoutInMs,
    log,
    onRequest(event) {
      metrics.azureRequest(event);
      traces.azureRequest(event);
    },
    onSqlRequest: traces.sqlRequest,
    onWait: metrics.azureWait,
    onQuota: metrics.azureQuota,
  };
}

function whose({ owner, tenantId, lease }: Policy): Pick<AzureOptions, "owner" | "tenantId" | "lease"> {
  return { owner, tenantId, ...(lease && { lease }) };
}

/** A line for each mistake and warning of a revision: what is told of a refusal elsewhere is short. */
function judgedLines(log: Log): (judged: Judged) => void {
  return ({ revision, diagnostics }) => {
    for (const { severity, file, line, column, path, message, cure } of diagnostics) {
      log.warn({ revision, severity, file, line, column, path, why: message, cure }, "finding in a revision");
    }
  };
}

interface Made {
  readonly settings: RunSettings;
  readonly azure: OpenAzure;
  readonly revisions: RevisionKeeper;
  readonly leadership: Leadership;
  readonly telling: Telling;
  readonly audit: AuditSink;
}

function partsOf({ settings, azure, revisions, leadership, telling, audit }: Made): LoopParts {
  const { connection } = azure;
  const rolling = rollingReads(
    { ...connection.read, ...connection.write },
    {
      clock: systemClock,
      databasesInMs: settings.databasesIntervalInMs,
      term: () => leadership.term(),
    },
  );
  return {
    revisions,
    ports: rolling.ports,
    self: connection.self,
    leadership,
    waker: wakerOn(systemClock),
    observer: telling.observe,
    contested: explainedBy(connection.activityLog, contestedMemory()),
    applying: telling.traces.applying({
      clock: systemClock,
      random: Math.random,
      audit: audit.write,
      concurrency: settings.concurrency,
      rolling,
      correlated: (run, outside) => {
        const id = randomUUID();
        return connection.correlated(id, () => run(id), outside);
      },
    }),
    newId: randomUUID,
    aroundPass: telling.aroundPass,
  };
}

interface Turning {
  readonly settings: RunSettings;
  readonly ending: Ending;
  readonly telling: Telling;
  readonly io: CliIo;
}

/** The daemon: can be asked and woken for as long as it turns. */
async function turning(parts: LoopParts, { settings, ending, telling, io }: Turning): Promise<void> {
  const { log, status } = telling;
  await using _listeners = await openListeners(settings, {
    ...telling,
    io,
    clock: systemClock,
    status: () => statusOutputFrom(status()),
    document: (key) => documentOutputFrom(status(), key),
    wake: () => parts.waker.wake("webhook"),
    stop: ending.stop,
  });
  using _hangUps = hangUps(parts.waker, io);
  log.info({ version: version(), pid: process.pid }, "started");
  await runLoop(parts, optionsOf(settings, ending));
  log.info({}, "stopped");
}

function optionsOf(settings: RunSettings, { stop, handOver, abort }: Ending): LoopOptions {
  const { intervalInMs, pollIntervalInMs, deadlineInMs, dryRun } = settings;
  return { intervalInMs, pollIntervalInMs, deadlineInMs, dryRun, stop, handOver, abort };
}

function hangUps(waker: Waker, io: CliIo): Disposable {
  const forget = io.onHangUp(() => waker.wake("signal"));
  return { [Symbol.dispose]: forget };
}
