// Decides what a daemon follows: its source of manifests, its policy file, and where the last good revision is remembered.
import { resolve } from "node:path";
import type { PolicyReading } from "../controller/revision-decision.ts";
import type { RevisionParts } from "../controller/revisions.ts";
import { renderDiagnostics } from "../manifest/render-diagnostics.ts";
import type { Policy as PolicyDocument } from "../manifest/schema-policy.ts";
import { hasErrors } from "../model/diagnostic.ts";
import { Failure } from "../model/failure.ts";
import type { LeasePlace } from "../model/policy.ts";
import type { Clock } from "../model/ports.ts";
import type { RevisionMemory, RevisionSource, SourceTrouble } from "../model/revisions.ts";
import { folderRevisions, readStill } from "../source/directory-revisions.ts";
import { parseGitLocation } from "../source/git-location.ts";
import { gitRevisions } from "../source/git-revisions.ts";
import { GitTrouble } from "../source/git-trouble.ts";
import { noteInFolder } from "../source/state-dir.ts";
import type { OpenAzure } from "./azure.ts";
import { azureDevOpsTokens } from "./azure-devops.ts";
import { CliError, exitCodes, isSystemError } from "./errors.ts";
import { accessFor, handedOnBy } from "./git-source.ts";
import { pathIn, type ReadPolicy, readPolicy, refusePolicyInside } from "./inputs.ts";
import type { CliIo } from "./io.ts";
import { refuseMixedSources, type SourceOptions, withFolder } from "./source-options.ts";
import { systemClock } from "./system-clock.ts";

/** What says where a daemon's manifests and its policy are. */
export interface RunSourceOptions {
  /** Files and folders; empty with `source.source`. */
  readonly paths: readonly string[];
  readonly source: SourceOptions;
  /** The policy's file. */
  readonly policy: string;
  readonly cloud: string;
}

/** What a keeper of revisions follows. */
export type RunSource = Pick<RevisionParts, "source" | "policy" | "readPolicy">;

/** Where and when files are read. */
interface Surroundings {
  readonly io: CliIo;
  readonly clock: Pick<Clock, "now" | "sleep">;
}

/** Reads the policy, and gives it with the ways to read it and the source again. A CliError if either cannot be right. */
export async function runSourceFor(
  options: RunSourceOptions,
  io: CliIo,
  signal: AbortSignal,
  clock: Surroundings["clock"] = systemClock,
): Promise<RunSource> {
  refuseMixedSources(options.paths, options.source);
  const { paths, ...git } = withFolder(options.paths, options.source);
  if (paths.includes("-")) {
    const message = "Standard input can be read only once, and a daemon reads again and again.";
    throw new CliError(exitCodes.badInput, message, "Name files and folders, or use `bindery apply`.");
  }
  const around = { io, clock };
  const policy = await policyAtStart(options.policy, paths, around, signal);
  const source =
    git.source === undefined
      ? folderRevisions({ paths: paths.map((path) => pathIn(path, io)), clock })
      : gitSource(git.source, git, { io, cloud: options.cloud, tenantId: policy.spec.tenantId });
  return { source, policy, readPolicy: (again) => policyNow(options.policy, paths, around, again) };
}

async function policyAtStart(
  path: string,
  paths: readonly string[],
  around: Surroundings,
  signal: AbortSignal,
): Promise<PolicyDocument> {
  const { file, policy, diagnostics } = await stillPolicy(path, paths, around, signal);
  if (policy && !hasErrors(diagnostics)) return policy;
  const lines = renderDiagnostics(diagnostics, "text", { color: false, files: [file] }).trimEnd();
  const cure = "Correct them, and start again.";
  throw new CliError(exitCodes.badInput, `There are mistakes in the policy.\n${lines}`, cure);
}

/** The policy as it is now; whatever keeps it from being read is told instead of thrown. */
async function policyNow(
  path: string,
  paths: readonly string[],
  around: Surroundings,
  signal: AbortSignal,
): Promise<PolicyReading> {
  try {
    return await stillPolicy(path, paths, around, signal);
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    return { trouble: sentencesOf(error) };
  }
}

async function stillPolicy(
  path: string,
  paths: readonly string[],
  { io, clock }: Surroundings,
  signal: AbortSignal,
): Promise<ReadPolicy> {
  const read = await readStill([resolve(io.cwd, path)], clock, signal, () => readPolicy(path, io));
  if (read === undefined) {
    const message = `The policy ${path} changes all the time, so that it cannot be read.`;
    throw new CliError(exitCodes.badInput, message, "Write it elsewhere, and rename it when it is complete.");
  }
  try {
    await refusePolicyInside(path, paths, io);
  } catch (error) {
    // A PATH that is missing is told when it is read.
    if (!isSystemError(error)) throw error;
  }
  return read;
}

function sentencesOf({ message, cure }: CliError): string {
  return cure === undefined ? message : `${message} ${cure.charAt(0).toUpperCase()}${cure.slice(1)}`;
}

interface GitSurroundings {
  readonly io: CliIo;
  readonly cloud: string;
  readonly tenantId: string;
}

/** Files of credentials are read again for each look: they are rotated. */
function gitSource(
  address: string,
  options: SourceOptions,
  { io, cloud, tenantId }: GitSurroundings,
): RevisionSource {
  const { ref, path = [] } = options;
  const location = locationOf(address, ref, path);
  const entraToken = azureDevOpsTokens({ cloud, tenantId }, io);
  const where = path.length === 0 ? "" : `, path ${path.join(", ")}`;
  return gitRevisions({
    name: `${address}${ref === undefined ? "" : `, ref ${ref}`}${where}`,
    location,
    access: async (signal) => {
      try {
        return await accessFor(location, options, { io, signal, entraToken });
      } catch (error) {
        return credentialTrouble(error);
      }
    },
    handedOn: handedOnBy(io),
  });
}

function locationOf(...args: Parameters<typeof parseGitLocation>): ReturnType<typeof parseGitLocation> {
  try {
    return parseGitLocation(...args);
  } catch (error) {
    if (!(error instanceof GitTrouble)) throw error;
    throw new CliError(exitCodes.badInput, error.message, error.cure);
  }
}

function credentialTrouble(error: unknown): SourceTrouble {
  const about = { kind: "trouble", reason: "SourceUnreadable", mayPass: true, hasAnswered: false } as const;
  if (error instanceof CliError) return { ...about, message: sentencesOf(error) };
  if (!(error instanceof Failure)) throw error;
  return {
    ...about,
    message: `There is no token for the Git server: ${error.details.code}: ${error.message}`,
  };
}

/**
 * Where the last good revision is remembered: beside the lease, so that whoever takes over knows it too, or in the
 * folder of --state-dir; undefined: nowhere. A CliError if both are named.
 */
export async function runMemoryFor(
  { stateDir }: { readonly stateDir?: string },
  azure: Pick<OpenAzure, "leaseStore">,
  { lease }: { readonly lease?: LeasePlace },
  io: Pick<CliIo, "cwd">,
): Promise<RevisionMemory | undefined> {
  if (lease && stateDir !== undefined) {
    throw new CliError(
      exitCodes.badInput,
      "There are a lease in the policy and a --state-dir.",
      "Leave --state-dir out: the last good revision is kept in the blob of the lease, so that whoever takes over knows it.",
    );
  }
  if (lease) return (await azure.leaseStore(lease)).note;
  return stateDir === undefined ? undefined : noteInFolder(resolve(io.cwd, stateDir));
}
