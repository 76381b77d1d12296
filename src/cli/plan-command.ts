// What `bindery plan` does: reads, compares, prints. It cannot write.
import { resolve } from "node:path";
import { heldFor } from "../controller/caller-rights.ts";
import { planOf } from "../controller/reconcile.ts";
import { rightsOfOperations, withRights } from "../permissions/plan-rights.ts";
import type { Plan } from "../plan/plan.ts";
import { noReleases } from "../plan/plan-for.ts";
import { type PlanContext, renderJson } from "../plan/render/json.ts";
import { renderMarkdown } from "../plan/render/markdown.ts";
import { renderText } from "../plan/render/text.ts";
import { policyDigestOf } from "../plan/saved-plan-fit.ts";
import { applyLine } from "./apply-line.ts";
import { type AzureOptions, openAzure } from "./azure.ts";
import { exitCodes } from "./errors.ts";
import { writeNamedFile } from "./files.ts";
import { type InputOptions, readValidInputs } from "./inputs.ts";
import { Interrupted, interruptionOf } from "./interruption.ts";
import type { CliIo } from "./io.ts";
import { logFor } from "./log.ts";
import { releaseLines, releasesIn } from "./releases.ts";
import { savedPlanText } from "./saved-plan-file.ts";
import { systemClock } from "./system-clock.ts";
import { paintFor } from "./terminal.ts";

/** The options of `plan`. */
export interface PlanOptions extends InputOptions {
  readonly sqlEncrypt?: "strict" | "tds7";
  readonly output: "text" | "json" | "markdown";
  /** Where the plan is saved besides, for `apply --plan`. */
  readonly out?: string;
  readonly detailedExitcode?: boolean;
  readonly verbose?: boolean;
  readonly timeout?: number;
}

/** Prints the plan to stdout; 2 if something would change or is held and the caller asked to be told so. */
export async function runPlan(paths: readonly string[], options: PlanOptions, io: CliIo): Promise<number> {
  using interruption = interruptionOf(io, options.timeout);
  const { stop } = interruption;
  const { desired, policy } = await readValidInputs(paths, options, io, stop);
  const log = await logFor(io);
  const { owner, tenantId, sqlServers, lease } = policy;
  const { cloud, connection } = await openAzure(
    // A plan never takes the lease, and says if an apply could not.
    { ...cloudOf(options), tenantId, owner, sqlServers, dryRun: true, log, ...(lease && { lease }) },
    io,
  );
  const { plan, observed } = await untilStopped(stop, async () => {
    const self = await connection.self(stop);
    const planned = await planOf({ desired, policy, self, releases: noReleases }, connection.read, stop);
    const held = await heldFor(rightsOfOperations(planned.plan.operations), connection.rights, stop);
    return { ...planned, plan: withRights(planned.plan, held) };
  });
  const context = { cloud: cloud.name, tenantId };
  if (options.out !== undefined) {
    const saved = { ...context, policyDigest: policyDigestOf(policy), nowInMs: systemClock.now() };
    await writeNamedFile(resolve(io.cwd, options.out), savedPlanText(plan, saved), { replace: true });
  }
  for (const line of releaseLines(releasesIn({ desired, observed, policy }))) io.stderr.write(`${line}\n`);
  io.stdout.write(rendered(plan, context, { ...options, applyCommand: applyLine(paths, options) }, io));
  const remains = plan.changes.length + plan.held.length > 0;
  return options.detailedExitcode && remains ? exitCodes.changesRemain : exitCodes.done;
}

function rendered(
  plan: Plan,
  context: PlanContext,
  options: PlanOptions & { readonly applyCommand: string },
  io: CliIo,
): string {
  const { applyCommand, verbose: all = false } = options;
  switch (options.output) {
    case "text":
      return renderText(plan, { paint: paintFor(io.stdout, io.env), all, applyCommand });
    case "json":
      return renderJson(plan, context);
    case "markdown":
      return renderMarkdown(plan, context, { applyCommand });
  }
}

type Way = Pick<AzureOptions, "cloud" | "sqlEncrypt">;

/** The options that say how Azure is reached, where there are any, for options that must not be undefined. */
export function cloudOf({ cloud, sqlEncrypt }: Way): Way {
  return { ...(cloud !== undefined && { cloud }), ...(sqlEncrypt !== undefined && { sqlEncrypt }) };
}

/** What the work gives; whatever a stop makes of it is told as the stop. */
export async function untilStopped<T>(stop: AbortSignal, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (stop.reason instanceof Interrupted) throw stop.reason;
    throw error;
  }
}
