// What `bindery explain` does: says which document and line gives a resource what it has, or that nobody does.
import { observe } from "../observed/observe.ts";
import { explainResource, resourcesNamed } from "../plan/explain/explain.ts";
import { renderExplanationJson, renderExplanationText } from "../plan/explain/render.ts";
import { openAzure } from "./azure.ts";
import { CliError, exitCodes } from "./errors.ts";
import { type InputOptions, readValidInputs } from "./inputs.ts";
import { interruptionOf } from "./interruption.ts";
import type { CliIo } from "./io.ts";
import { logFor } from "./log.ts";
import { cloudOf, untilStopped } from "./plan-command.ts";
import { paintFor } from "./terminal.ts";

/** The options of `explain`. */
export interface ExplainOptions extends InputOptions {
  readonly sqlEncrypt?: "strict" | "tds7";
  readonly output: "text" | "json";
  readonly timeout?: number;
}

/** Explains one resource, named by its id, its bare name, or the "namespace/name" of an identity's document. */
export async function runExplain(
  resource: string,
  paths: readonly string[],
  options: ExplainOptions,
  io: CliIo,
): Promise<number> {
  using interruption = interruptionOf(io, options.timeout);
  const { stop: signal } = interruption;
  const { desired, policy } = await readValidInputs(paths, options, io, signal);
  const log = await logFor(io);
  const { owner, tenantId, sqlServers } = policy;
  const { connection } = await openAzure(
    { ...cloudOf(options), tenantId, owner, sqlServers, dryRun: true, log },
    io,
  );
  const observed = await untilStopped(signal, async () =>
    observe({ desired, policy, self: await connection.self(signal), ports: connection.read, signal }),
  );
  const id = theOnly(resource, resourcesNamed(resource, desired, observed));
  const explanation = explainResource(id, desired, observed, policy);
  const text =
    options.output === "json"
      ? renderExplanationJson(explanation)
      : renderExplanationText(explanation, paintFor(io.stdout, io.env));
  io.stdout.write(text);
  return exitCodes.done;
}

function theOnly(resource: string, ids: readonly string[]): string {
  const [id, ...more] = ids;
  if (id === undefined) {
    throw new CliError(
      exitCodes.badInput,
      `Nothing in the estate or the documents is called ${resource}.`,
      "Give the full ARM id: /subscriptions/…",
    );
  }
  if (more.length === 0) return id;
  throw new CliError(
    exitCodes.badInput,
    `${resource} may mean:\n${ids.join("\n")}`,
    "Give the full id of one of them.",
  );
}
