// What `bindery permissions` does: tells which rights documents need, and with --check which of them the caller lacks.
import { heldFor } from "../controller/caller-rights.ts";
import { quoted } from "../model/text.ts";
import type { StatementGiving } from "../permissions/databases.ts";
import type { Need } from "../permissions/needs.ts";
import { type Verdict, verdictOn } from "../permissions/permits.ts";
import {
  renderRightsCheckJson,
  renderRightsJson,
  renderRoleDefinitions,
} from "../permissions/render-json.ts";
import { renderAzScript, renderSqlScript } from "../permissions/render-scripts.ts";
import { renderRightsCheckText, renderRightsText } from "../permissions/render-text.ts";
import { type RightsReport, rightsReportFrom } from "../permissions/report.ts";
import { roleGuidsOf, scopesOfNamedRoles } from "../permissions/role-guids.ts";
import { statementGiving } from "../sql/rights.ts";
import { type OpenAzure, openAzure } from "./azure.ts";
import { CliError, exitCodes } from "./errors.ts";
import { type InputOptions, type Inputs, readValidInputs } from "./inputs.ts";
import { interruptionOf } from "./interruption.ts";
import type { CliIo } from "./io.ts";
import { logFor } from "./log.ts";
import { cloudOf, untilStopped } from "./plan-command.ts";
import { paintFor } from "./terminal.ts";

/** The options of `permissions`. */
export interface PermissionsOptions extends InputOptions {
  readonly for: "plan" | "apply";
  readonly check?: boolean;
  readonly output: "text" | "json" | "role" | "az" | "sql";
  /** What Bindery's principal is called in Entra, and so in databases. */
  readonly sqlUser: string;
  /** Whom the script gives the rights. */
  readonly principalId?: string;
  readonly timeout?: number;
}

/** Prints the rights, or what of them is missing: then 2, and 1 where nobody can tell. Writes nothing to Azure. */
export async function runPermissions(
  paths: readonly string[],
  options: PermissionsOptions,
  io: CliIo,
): Promise<number> {
  refuseMixed(options);
  using interruption = interruptionOf(io, options.timeout);
  const { stop } = interruption;
  const inputs = await readValidInputs(paths, options, io, stop);
  if (options.check) {
    const report = reportOf(inputs, options, new Map());
    const { connection } = await wayFor(inputs, options, io);
    return await untilStopped(stop, async () => {
      const verdict = verdictOn(report.needs, await heldFor(report.needs, connection.rights, stop));
      io.stdout.write(renderedCheck(report, verdict, options, io));
      return exitCodeOf(verdict);
    });
  }
  const guids = await untilStopped(stop, () => guidsFor(inputs, options, io, stop));
  io.stdout.write(rendered(reportOf(inputs, options, guids), options, io));
  return exitCodes.done;
}

function refuseMixed({ check, output, principalId }: PermissionsOptions): void {
  if ((principalId === undefined) === (output === "az")) {
    throw new CliError(
      exitCodes.badInput,
      "--output az and --principal-id go together: the script assigns roles to that principal.",
      "Give the object id of Bindery's service principal or managed identity (not its application id).",
    );
  }
  if (!check || output === "text" || output === "json") return;
  throw new CliError(
    exitCodes.badInput,
    `--check has no output ${quoted(output)}.`,
    "Leave --check out, or take --output text or json.",
  );
}

function reportOf(
  { desired, policy }: Inputs,
  { for: purpose, sqlUser }: PermissionsOptions,
  roleGuidsAt: ReadonlyMap<string, readonly string[]>,
): RightsReport {
  const giving: StatementGiving = (right) => statementGiving(right, sqlUser);
  return rightsReportFrom({ desired, policy, purpose, roleGuidsAt, giving });
}

async function wayFor({ policy }: Inputs, options: PermissionsOptions, io: CliIo): Promise<OpenAzure> {
  const { tenantId, owner } = policy;
  return await openAzure({ ...cloudOf(options), tenantId, owner, dryRun: true, log: await logFor(io) }, io);
}

/** Conditions name roles by GUID: only where a document calls one by its name is Azure asked. */
async function guidsFor(
  inputs: Inputs,
  options: PermissionsOptions,
  io: CliIo,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const needsGuids = options.for === "apply" && (options.output === "az" || options.output === "json");
  if (!needsGuids) return new Map();
  const scopes = scopesOfNamedRoles(inputs.desired);
  const definitions = new Map();
  if (scopes.length > 0) {
    const { connection } = await wayFor(inputs, options, io);
    for (const scope of scopes) definitions.set(scope, await connection.read.listRoles(scope, signal));
  }
  const { at, unresolved } = roleGuidsOf(inputs.desired, definitions);
  const [first] = unresolved;
  if (!first) return at;
  throw new CliError(
    exitCodes.badInput,
    `No role called ${quoted(first.name)} can be assigned at ${first.scope} (${first.document.file}:${first.document.line}).`,
    "Correct the name, or name the role by roleDefinitionId.",
  );
}

function rendered(report: RightsReport, { output, principalId = "" }: PermissionsOptions, io: CliIo): string {
  switch (output) {
    case "text":
      return renderRightsText(report, paintFor(io.stdout, io.env));
    case "json":
      return renderRightsJson(report);
    case "role":
      return renderRoleDefinitions(report);
    case "az":
      return renderAzScript(report, principalId);
    case "sql":
      return renderSqlScript(report);
  }
}

function renderedCheck(
  report: RightsReport,
  verdict: Verdict<Need>,
  { output }: PermissionsOptions,
  io: CliIo,
): string {
  if (output === "json") return renderRightsCheckJson(report, verdict);
  return renderRightsCheckText(report, verdict, paintFor(io.stdout, io.env));
}

function exitCodeOf({ missing, unknown }: Verdict<Need>): number {
  if (missing.length > 0) return exitCodes.changesRemain;
  return unknown.length > 0 ? exitCodes.failed : exitCodes.done;
}
