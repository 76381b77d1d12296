// Reads what a command works on: the operator's policy and the manifests, with every mistake in them.
import { relative, resolve } from "node:path";
import type { Desired } from "../desired/desired.ts";
import { desiredFrom } from "../desired/desired-from.ts";
import type { ManifestDocument } from "../manifest/manifest-document.ts";
import { parseManifests } from "../manifest/parse-manifests.ts";
import { modelPolicyFrom, parsePolicy } from "../manifest/parse-policy.ts";
import type { Policy as PolicyDocument } from "../manifest/schema-policy.ts";
import { type Diagnostic, hasErrors, sortedDiagnostics } from "../model/diagnostic.ts";
import type { Policy } from "../model/policy.ts";
import type { SourceReading } from "../model/revisions.ts";
import type { SourceFile } from "../model/source.ts";
import { safeText } from "../model/text.ts";
import { readManifests } from "../source/directory.ts";
import { liesUnder } from "../source/lies-under.ts";
import { diagnosticsText } from "./diagnostics-text.ts";
import { CliError, exitCodes } from "./errors.ts";
import { readNamedFile } from "./files.ts";
import type { CliIo } from "./io.ts";
import { refuseMixedSources, type SourceOptions, withFolder } from "./source-options.ts";
import { hasColor } from "./terminal.ts";

/** What was read, with its mistakes. */
export interface ReadInputs {
  /** Those of the manifests, then the policy. */
  readonly files: readonly SourceFile[];
  readonly manifestFiles: number;
  readonly revision: string;
  readonly documents: readonly ManifestDocument[];
  readonly diagnostics: readonly Diagnostic[];
  /** Undefined where no policy was named. */
  readonly policy?: PolicyDocument;
  readonly isEstateChecked: boolean;
}

/** What a command that talks to Azure works on: free of mistakes. */
export interface Inputs {
  readonly desired: Desired;
  readonly policy: Policy;
}

/** The options of a command that reads manifests. */
export interface InputOptions extends SourceOptions {
  readonly policy?: string;
  readonly cloud?: string;
}

/** The policy file's path: the option, else BINDERY_POLICY. */
function policyPathOf({ policy }: InputOptions, { env }: Pick<CliIo, "env">): string | undefined {
  return policy ?? (env.BINDERY_POLICY || undefined);
}

/** Reads policy and manifests and finds every mistake in them; refuses a policy that lies among the manifests. */
export async function readInputs(
  named: readonly string[],
  given: InputOptions,
  io: CliIo,
  signal: AbortSignal,
): Promise<ReadInputs> {
  refuseMixedSources(named, given);
  const { paths, ...options } = withFolder(named, given);
  const policyPath = policyPathOf(options, io);
  const read = policyPath === undefined ? undefined : await readPolicy(policyPath, io);
  const source = await readSource(paths, options, read?.policy, io, signal);
  if (policyPath !== undefined && !hasErrors(source.diagnostics))
    await refusePolicyInside(policyPath, paths, io);
  const policy = read?.policy;
  const parsed = parseManifests(source.files, policy ? { policy } : {});
  return {
    files: [...source.files, ...(read ? [read.file] : [])],
    manifestFiles: source.files.length,
    revision: source.revision.id,
    documents: parsed.documents,
    diagnostics: sortedDiagnostics([
      ...source.diagnostics,
      ...(read?.diagnostics ?? []),
      ...parsed.diagnostics,
    ]),
    ...(policy && { policy }),
    isEstateChecked: parsed.isEstateChecked,
  };
}

/** Policy and desired state; every diagnostic goes to stderr, and with one error nothing is asked of Azure. */
export async function readValidInputs(
  paths: readonly string[],
  options: InputOptions,
  io: CliIo,
  signal: AbortSignal,
): Promise<Inputs> {
  if (policyPathOf(options, io) === undefined) {
    throw new CliError(
      exitCodes.badInput,
      "No policy was named: it says which tenant and subscriptions are under management, and for whom.",
      "Name one with --policy FILE or BINDERY_POLICY; `bindery init` writes one.",
    );
  }
  const { files, revision, documents, diagnostics, policy } = await readInputs(paths, options, io, signal);
  const color = hasColor(io.stderr, io.env);
  io.stderr.write(await diagnosticsText(diagnostics, "text", { color, files }));
  if (hasErrors(diagnostics) || !policy) {
    const count = diagnostics.filter((d) => d.severity === "error").length;
    throw new CliError(
      exitCodes.badInput,
      `${count} ${count === 1 ? "mistake" : "mistakes"} in policy or manifests.`,
      "Nothing was asked of Azure; a revision is applied whole or not at all.",
    );
  }
  return { desired: desiredFrom(documents, revision), policy: modelPolicyFrom(policy) };
}

async function readSource(
  paths: readonly string[],
  options: InputOptions,
  policy: PolicyDocument | undefined,
  io: CliIo,
  signal: AbortSignal,
): Promise<SourceReading> {
  if (options.source === undefined) {
    return await readManifests(
      paths.map((path) => pathIn(path, io)),
      io.stdin,
    );
  }
  const { azureDevOpsTokens } = await import("./azure-devops.ts");
  const { readGitSource } = await import("./git-source.ts");
  const { cloud } = options;
  const tenantId = policy?.spec.tenantId;
  const signIn = { ...(cloud !== undefined && { cloud }), ...(tenantId !== undefined && { tenantId }) };
  const entraToken = azureDevOpsTokens(signIn, io);
  const reading = await readGitSource(options.source, options, { io, signal, entraToken });
  io.stderr.write(`${safeText(`Source: ${options.source} at ${reading.revision.id}`)}\n`);
  return reading;
}

/** The policy file as it was read. */
export interface ReadPolicy {
  readonly file: SourceFile;
  readonly policy?: PolicyDocument;
  readonly diagnostics: readonly Diagnostic[];
}

/** Reads a policy file, and finds every mistake in it; a CliError if it cannot be read. */
export async function readPolicy(path: string, io: CliIo): Promise<ReadPolicy> {
  const read = await readNamedFile(resolve(io.cwd, path));
  if (read instanceof Uint8Array) {
    const file = { path, bytes: read };
    return { file, ...parsePolicy(file) };
  }
  throw new CliError(
    exitCodes.badInput,
    `The policy ${path} cannot be read: ${read.message}.`,
    `${read.cure}.`,
  );
}

/** Refuses a policy that lies under one of the PATHs. */
export async function refusePolicyInside(
  policyPath: string,
  paths: readonly string[],
  io: CliIo,
): Promise<void> {
  const roots = paths.map((path) => pathIn(path, io));
  if (!(await liesUnder(resolve(io.cwd, policyPath), roots))) return;
  throw new CliError(
    exitCodes.badInput,
    `The policy ${policyPath} lies among the manifests, or a link on the way to it does: who may change them must not be able to change it.`,
    "Keep the policy in a place of its own.",
  );
}

/** As the user wrote it where that means the same to the process, so that diagnostics show it so. */
export function pathIn(path: string, { cwd }: CliIo): string {
  if (path === "-" || cwd === process.cwd()) return path;
  return relative(process.cwd(), resolve(cwd, path)) || ".";
}
