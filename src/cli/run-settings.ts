// Decides what `bindery run` is told to do: flags before the environment before a file before defaults, every mistake at once.
import { resolve } from "node:path";
import { bounds } from "../model/source.ts";
import { liesUnder } from "../source/lies-under.ts";
import { CliError, exitCodes, isSystemError } from "./errors.ts";
import { readNamedFile } from "./files.ts";
import type { CliIo } from "./io.ts";
import { parseDuration } from "./option-values.ts";
import { mistakesTogether, type ReadSettings } from "./settings-checks.ts";
import { parseSettingsFile, type SettingMistake } from "./settings-file.ts";
import { type CommandLine, givenFrom, type ReadSettingsFile } from "./settings-given.ts";
import type { Address } from "./settings-kinds.ts";
import type { SettingValues } from "./settings-table.ts";
import {
  defaultPollInterval,
  strangeVariables,
  type ToldSetting,
  toldFrom,
  valuesFrom,
} from "./settings-values.ts";
import type { SourceOptions } from "./source-options.ts";

/** The settings of one daemon, free of mistakes. Nothing in it is secret: secrets stand in the files that it names. */
export interface RunSettings {
  /** Folders and files, relative to the working folder; empty with `source.source`. */
  readonly paths: readonly string[];
  readonly source: SourceOptions;
  /** The policy's file. */
  readonly policy: string;
  /** As `--cloud`: a name, or a cloud file. */
  readonly cloud: string;
  readonly sqlEncrypt: "strict" | "tds7";
  readonly intervalInMs: number;
  readonly pollIntervalInMs: number;
  readonly databasesIntervalInMs: number;
  readonly deadlineInMs: number;
  readonly gracePeriodInMs: number;
  /** For one answer of Azure. */
  readonly requestTimeoutInMs: number;
  /** For one answer of a database. */
  readonly sqlTimeoutInMs: number;
  readonly concurrency: number;
  /** One turn and its end; then nothing listens. */
  readonly once: boolean;
  readonly dryRun: boolean;
  readonly stateDir?: string;
  /** As `auditSink` takes it: a file, "-" for stderr, undefined for its default. */
  readonly audit?: string;
  readonly logLevel: LogLevel;
  /** Undefined: off, as below. */
  readonly probes?: Address;
  readonly webhook?: { readonly address: Address; readonly secretFile: string };
  /** A loopback address, or there is a token. */
  readonly api?: { readonly address: Address; readonly tokenFile?: string };
  /** The very URL that spans are sent to; undefined: no traces, and nothing of OpenTelemetry is loaded. */
  readonly tracesUrl?: string;
  /** The settings file, if there is one. */
  readonly file?: string;
  /** All settings with where each comes from. */
  readonly told: readonly ToldSetting[];
}

/** From which severity on lines are logged. */
export type LogLevel = "debug" | "info" | "warn" | "error" | "silent";

/** Reads and checks all settings; throws one CliError that tells every mistake. */
export async function readRunSettings(
  line: CommandLine & { readonly config?: string },
  io: Pick<CliIo, "env" | "cwd">,
): Promise<RunSettings> {
  const path = line.config ?? (io.env.BINDERY_CONFIG || undefined);
  const file = path === undefined ? undefined : await readSettingsFile(path, io);
  // A file that cannot be read at all leaves open what is missing.
  if (file && file.mistakes.length > 0 && file.values.size === 0) throw mistaken(file.mistakes);
  const given = givenFrom({ line, env: io.env, ...(file && { file }) });
  const { values, mistakes } = valuesFrom(given);
  const read = { values, given };
  const all = [
    ...(file?.mistakes ?? []),
    ...strangeVariables(io.env),
    ...mistakes,
    ...mistakesTogether(read),
    ...(await fileAmongManifests(path, read, io)),
  ];
  if (all.length > 0) throw mistaken(all);
  return { ...settingsFrom(read), ...(path !== undefined && { file: path }) };
}

async function readSettingsFile(
  path: string,
  { cwd }: Pick<CliIo, "cwd">,
): Promise<ReadSettingsFile & { readonly mistakes: readonly SettingMistake[] }> {
  const bytes = await readNamedFile(resolve(cwd, path), bounds.fileBytes);
  if (bytes instanceof Uint8Array) return { path, ...parseSettingsFile({ path, bytes }) };
  const message = `The settings file ${path} cannot be read: ${bytes.message}.`;
  throw new CliError(exitCodes.badInput, message, `${bytes.cure}.`);
}

/** Who may change manifests must not be able to change the settings: they name the policy. */
async function fileAmongManifests(
  path: string | undefined,
  { values: { paths = [] } }: ReadSettings,
  { cwd }: Pick<CliIo, "cwd">,
): Promise<readonly SettingMistake[]> {
  if (path === undefined || paths.length === 0) return [];
  const roots = paths.filter((one) => one !== "-").map((one) => resolve(cwd, one));
  try {
    if (!(await liesUnder(resolve(cwd, path), roots))) return [];
  } catch (error) {
    // A PATH that is missing is told when it is read; then nothing is done at all.
    if (isSystemError(error)) return [];
    throw error;
  }
  const message =
    "The settings file lies among the manifests, or a link on the way to it does: who may change them must not be able to change it.";
  return [{ where: path, message, cure: "Keep it in a place of its own." }];
}

function mistaken(mistakes: readonly SettingMistake[]): CliError {
  const count = mistakes.length === 1 ? "1 mistake" : `${mistakes.length} mistakes`;
  const lines = mistakes.flatMap(({ where, message, cure }) => [`${where}: ${message}`, `  → ${cure}`]);
  return new CliError(exitCodes.badInput, [`${count} in the settings.`, ...lines].join("\n"));
}

function settingsFrom(read: ReadSettings): RunSettings {
  const { values } = read;
  const { policy, paths = [], once, dryRun, cloud, sqlEncrypt, concurrency, logLevel } = values;
  if (policy === undefined) throw new Error("settings without a policy have passed the checks");
  return {
    ...{ paths, policy, once, dryRun, cloud, sqlEncrypt, concurrency, logLevel },
    source: sourceFrom(values),
    intervalInMs: values.interval,
    pollIntervalInMs: values.pollInterval ?? parseDuration(defaultPollInterval(values)),
    databasesIntervalInMs: values.databasesInterval,
    deadlineInMs: values.passDeadline,
    gracePeriodInMs: values.gracePeriod,
    requestTimeoutInMs: values.requestTimeout,
    sqlTimeoutInMs: values.sqlTimeout,
    ...given("stateDir", values.stateDir),
    ...given("audit", values.audit),
    ...given("tracesUrl", values.tracesUrl),
    ...(!once && listenersFrom(values)),
    told: toldFrom(read),
  };
}

function sourceFrom(values: SettingValues): SourceOptions {
  const { path, gitEntra } = values;
  return {
    ...given("source", values.source),
    ...given("ref", values.ref),
    ...given("path", path),
    ...given("gitTokenFile", values.gitTokenFile),
    ...(gitEntra && { gitEntra }),
    ...given("gitCaFile", values.gitCaFile),
    ...given("sshKey", values.sshKey),
    ...given("sshKnownHosts", values.sshKnownHosts),
    ...given("verifyCommits", values.verifyCommits),
  };
}

function listenersFrom(values: SettingValues): Pick<RunSettings, "probes" | "webhook" | "api"> {
  const { probesAddress, webhookAddress, webhookSecretFile, apiAddress, apiTokenFile } = values;
  return {
    ...given("probes", probesAddress),
    ...(webhookAddress &&
      webhookSecretFile !== undefined && {
        webhook: { address: webhookAddress, secretFile: webhookSecretFile },
      }),
    ...(apiAddress && { api: { address: apiAddress, ...given("tokenFile", apiTokenFile) } }),
  };
}

/** A property that is left out where there is no value. */
function given<K extends string, V>(key: K, value: V | undefined): { readonly [P in K]?: V } {
  return (value === undefined ? {} : { [key]: value }) as { readonly [P in K]?: V };
}
