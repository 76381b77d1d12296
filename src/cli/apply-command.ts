// What `bindery apply` does: passes until nothing is left but what is held, with progress, audit and an honest end.
import { randomUUID } from "node:crypto";
import type { ApplyOptions } from "../apply/options.ts";
import { type Convergence, convergeOn } from "../controller/converge.ts";
import type { Narrowing } from "../controller/reconcile.ts";
import { safeText } from "../model/text.ts";
import { renderText } from "../plan/render/text.ts";
import type { SavedPlan } from "../plan/saved-plan.ts";
import { policyDigestOf, refusalsOf } from "../plan/saved-plan-fit.ts";
import { applyLease } from "./apply-lease.ts";
import { applyLine } from "./apply-line.ts";
import { applyExitCode, applyResultFrom, renderApplyJson, renderApplyText } from "./apply-result.ts";
import { auditSink } from "./audit-sink.ts";
import { openAzure } from "./azure.ts";
import { CliError, exitCodes } from "./errors.ts";
import { type InputOptions, type Inputs, readValidInputs } from "./inputs.ts";
import { interruptionOf } from "./interruption.ts";
import type { CliIo } from "./io.ts";
import { type Log, logFor } from "./log.ts";
import { cloudOf, untilStopped } from "./plan-command.ts";
import { type LiveArea, type Progress, progressOn } from "./progress.ts";
import { releaseLines, releasesIn } from "./releases.ts";
import { readSavedPlan } from "./saved-plan-file.ts";
import { systemClock } from "./system-clock.ts";
import { isLive, paintFor } from "./terminal.ts";

/** The options of `apply`. */
export interface ApplyCommandOptions extends InputOptions {
  readonly sqlEncrypt?: "strict" | "tds7";
  readonly output: "text" | "json";
  readonly audit?: string;
  /** A file that `plan --out` has written: only what stands in it is done. */
  readonly plan?: string;
  readonly planMaxAge: number;
  readonly release: readonly string[];
  readonly concurrency: number;
  readonly detailedExitcode?: boolean;
  readonly verbose?: boolean;
  readonly timeout?: number;
  /** How long to wait for the policy's lease, in milliseconds; not at all by default. */
  readonly leaseTimeout?: number;
}

/** Applies; 1 if something failed or was not done, 2 (where asked for) if something is held or not visible yet. */
export async function runApply(
  paths: readonly string[],
  options: ApplyCommandOptions,
  io: CliIo,
): Promise<number> {
  using progress = await progressFor(options, io);
  using interruption = interruptionOf(io, options.timeout, (why) => {
    progress.say(`Stopping (${why}): running operations end, nothing new begins. Again: ends at once.`);
  });
  const inputs = await readValidInputs(paths, options, io, interruption.stop);
  const saved = options.plan === undefined ? undefined : await readSavedPlan(options.plan, io);
  await using audit = await auditSink(options.audit, io);
  const log = await logFor(io);
  const { owner, tenantId, sqlServers, lease: place } = inputs.policy;
  await using lease = applyLease(place, {
    waitInMs: options.leaseTimeout ?? 0,
    say: progress.say,
    sayLast: (line) => void io.stderr.write(`${line}\n`),
  });
  const target = { ...cloudOf(options), tenantId, owner, sqlServers, ...lease.access };
  const opened = await openAzure({ ...target, dryRun: false, log, onWait: progress.waiting }, io);
  if (saved) refuseUnfit(saved, { inputs, options, cloud: opened.cloud.name }, io);
  const self = await untilStopped(interruption.stop, () => opened.connection.self(interruption.stop));
  const stop = await lease.take(opened, interruption.stop);
  const applying: ApplyOptions = {
    clock: systemClock,
    random: Math.random,
    audit: audit.write,
    observer: logged(progress, log),
    concurrency: options.concurrency,
    correlated: (run, outside) => {
      const id = randomUUID();
      return opened.connection.correlated(id, () => run(id), outside);
    },
    stop,
  };
  const ports = { ...opened.connection.read, ...opened.connection.write };
  const releases = { digests: new Set(options.release), changes: new Set<string>() };
  const allowance = saved && { allowance: { saved, created: new Set<string>() } };
  const convergence = await convergeOn({ ...inputs, self, releases, ...allowance }, ports, {
    ...applying,
    onPlan: (planned, pass) => told(planned, pass, { inputs, options, progress, io, paths }),
  });
  progress[Symbol.dispose]();
  return finish(convergence, { inputs, options, io, cloud: opened.cloud.name, ...(saved && { saved }) });
}

/** Says which plan is applied, or why it must not be. */
function refuseUnfit(
  saved: SavedPlan,
  { inputs, options, cloud }: Pick<Finishing, "inputs" | "options" | "cloud">,
  io: CliIo,
): void {
  const { policy, desired } = inputs;
  const { owner, tenantId } = policy;
  const now = { cloud, tenantId, owner, revision: desired.revision, policyDigest: policyDigestOf(policy) };
  const age = { timeInMs: systemClock.now(), maxAgeInMs: options.planMaxAge };
  const refusals = refusalsOf(saved, now, age);
  if (refusals.length > 0) {
    throw new CliError(
      exitCodes.refused,
      [`The saved plan ${options.plan} is not applied.`, ...refusals].join("\n"),
      "Save a new plan with `bindery plan PATH --out FILE`, have it reviewed, and apply that one.",
    );
  }
  const { savedAt, digest } = saved;
  io.stderr.write(`${safeText(`Only what stands in the plan of ${savedAt} (digest ${digest}) is done.`)}\n`);
}

interface Telling {
  readonly inputs: Inputs;
  readonly options: ApplyCommandOptions;
  readonly io: CliIo;
}

interface Finishing extends Telling {
  readonly cloud: string;
  readonly saved?: SavedPlan;
}

/** Before a pass writes: the first plan goes to stdout, later ones only to the progress. */
function told(
  planned: Narrowing,
  number: number,
  {
    inputs,
    options,
    progress,
    io,
    paths,
  }: Telling & {
    readonly progress: Progress;
    readonly paths: readonly string[];
  },
): void {
  const { plan, observed } = planned;
  if (number === 1) {
    const { desired, policy } = inputs;
    const use = releasesIn({ desired, observed, policy }, options.release);
    for (const line of releaseLines(use)) progress.say(line);
    if (options.output === "text") {
      const { verbose: all = false } = options;
      const applyCommand = applyLine(paths, options);
      const paint = paintFor(io.stdout, io.env);
      io.stdout.write(`${renderText(plan, { paint, all, applyCommand })}\n`);
    }
  } else if (plan.changes.length > 0) {
    progress.say(`Pass ${number}: ${plan.changes.length} more to do.`);
  }
  progress.planned(plan);
}

function finish(convergence: Convergence, { inputs, options, io, cloud, saved }: Finishing): number {
  const result = applyResultFrom(convergence);
  const { owner, tenantId } = inputs.policy;
  const revision = inputs.desired.revision;
  const context = { cloud, tenantId, owner, revision, ...(saved && { saved }) };
  io.stdout.write(
    options.output === "json"
      ? renderApplyJson(result, context)
      : renderApplyText(result, paintFor(io.stdout, io.env)),
  );
  return applyExitCode(result, options.detailedExitcode ?? false);
}

async function progressFor({ output }: ApplyCommandOptions, io: CliIo): Promise<Progress> {
  const screen = { stream: io.stderr, paint: paintFor(io.stderr, io.env), now: systemClock.now };
  if (!isLive(io.stderr, io.env) || output === "json") return progressOn(screen);
  const { createLogUpdate } = await import("log-update");
  const live: LiveArea = createLogUpdate(io.stderr as NodeJS.WriteStream);
  return progressOn({ ...screen, live });
}

function logged(progress: Progress, log: Log): Progress {
  return {
    ...progress,
    retrying(operation, failure, delayInMs) {
      const { code, status, correlationId } = failure.details;
      log.debug({ operation: operation.id, code, status, correlationId, delayInMs }, "retrying an operation");
      progress.retrying(operation, failure, delayInMs);
    },
  };
}
