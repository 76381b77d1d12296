// What `bindery plan` does: reads, compares, prints. It cannot write.
import { resolve } from "node:path";
import { planOf } from "../controller/reconcile.ts";
import type { Plan } from "../plan/plan.ts";
import { noReleases } from "../plan/plan-for.ts";
import { type PlanContext, renderJson } from "../plan/render/json.ts";
import { renderMarkdown } from "../plan/render/markdown.ts";
import { renderText } from "../plan/render/text.ts";
import { openAzure } from "./azure.ts";
import { exitCodes } from "./errors.ts";
import { writeNamedFile } from "./files.ts";
import { readValidInputs } from "./inputs.ts";
import { Interrupted, interruptionOf } from "./interruption.ts";
import type { CliIo } from "./io.ts";
import { logFor } from "./log.ts";
import { paintFor } from "./terminal.ts";

/** The options of `plan`. */
export interface PlanOptions {
  readonly policy?: string;
  readonly cloud?: string;
  readonly output: "text" | "json" | "markdown";
  /** Where the JSON plan is written besides. */
  readonly out?: string;
  readonly detailedExitcode?: boolean;
  readonly verbose?: boolean;
  readonly timeout?: number;
}

/** Prints the plan to stdout; 2 if something would change or is held and the caller asked to be told so. */
export async function runPlan(paths: readonly string[], options: PlanOptions, io: CliIo): Promise<number> {
  const { desired, policy } = await readValidInputs(paths, options.policy, io);
  using interruption = interruptionOf(io, options.timeout);
  const { stop } = interruption;
  const log = await logFor(io);
  const { owner, tenantId } = policy;
  const { cloud, connection } = await openAzure(
    { ...cloudOf(options), tenantId, owner, dryRun: true, log },
    io,
  );
  const { plan } = await untilStopped(stop, async () => {
    const self = await connection.self(stop);
    return await planOf({ desired, policy, self, releases: noReleases }, connection.read, stop);
  });
  const context = { cloud: cloud.name, tenantId };
  if (options.out !== undefined) {
    await writeNamedFile(resolve(io.cwd, options.out), renderJson(plan, context), { replace: true });
  }
  io.stdout.write(rendered(plan, context, options, io));
  const remains = plan.changes.length + plan.held.length > 0;
  return options.detailedExitcode && remains ? exitCodes.changesRemain : exitCodes.done;
}

function rendered(plan: Plan, context: PlanContext, options: PlanOptions, io: CliIo): string {
  switch (options.output) {
    case "text":
      return renderText(plan, { paint: paintFor(io.stdout, io.env), all: options.verbose ?? false });
    case "json":
      return renderJson(plan, context);
    case "markdown":
      return renderMarkdown(plan, context);
  }
}

/** The `cloud` option where there is one, for options that must not be undefined. */
export function cloudOf({ cloud }: { readonly cloud?: string }): { readonly cloud?: string } {
  return cloud === undefined ? {} : { cloud };
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
