// Decides with which credential manifests are read out of a Git repository, and what an exit code says about trouble there.
import { resolve } from "node:path";
import type { SourceReading } from "../model/revisions.ts";
import { quoted } from "../model/text.ts";
import { readGitManifests } from "../source/git.ts";
import { type GitLocation, parseGitLocation } from "../source/git-location.ts";
import type { GitAccess, HandedOn } from "../source/git-settings.ts";
import { GitTrouble, type GitTroubleCode } from "../source/git-trouble.ts";
import { CliError, exitCodes } from "./errors.ts";
import { readNamedText } from "./files.ts";
import type { CliIo } from "./io.ts";
import type { SourceOptions } from "./source-options.ts";

/** What reading a repository takes of the command. */
export interface GitContext {
  readonly io: CliIo;
  readonly signal: AbortSignal;
  /** A token for Azure DevOps, from the credential for Azure. */
  readonly entraToken: (signal: AbortSignal) => Promise<string>;
}

/** Codes that are neither bad input nor a refusal are failures (1): trying again may help. */
const exitCodeOf: Readonly<Partial<Record<GitTroubleCode, number>>> = {
  BadSource: exitCodes.badInput,
  RepositoryNotFound: exitCodes.badInput,
  RefNotFound: exitCodes.badInput,
  TooLarge: exitCodes.badInput,
  CommitNotSigned: exitCodes.refused,
};

/** Reads the repository that --source names. */
export async function readGitSource(
  source: string,
  options: SourceOptions,
  context: GitContext,
): Promise<SourceReading> {
  const { io, signal } = context;
  try {
    const location = parseGitLocation(source, options.ref, options.path ?? []);
    const access = await accessFor(location, options, context);
    return await readGitManifests(location, { access, handedOn: handedOnBy(io), signal });
  } catch (error) {
    if (!(error instanceof GitTrouble)) throw error;
    throw new CliError(exitCodeOf[error.code] ?? exitCodes.failed, error.message, error.cure);
  }
}

/** What curl, and so git, reads; HTTP_PROXY is for http:// only, which is not spoken. */
const proxyVariables = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"];

/** What git is given of this process's environment. */
export function handedOnBy({ env }: CliIo): HandedOn {
  return { path: env.PATH ?? "", proxies: proxiesIn(env) };
}

function proxiesIn(env: CliIo["env"]): Record<string, string> {
  const set = proxyVariables.map((name) => [name, env[name]] as const);
  return Object.fromEntries(set.filter((one): one is [string, string] => one[1] !== undefined));
}

/** Reads what opens the way to the repository, as the options name it, as it is now. */
export async function accessFor(
  location: GitLocation,
  options: SourceOptions,
  context: GitContext,
): Promise<GitAccess> {
  const named = (path: string, what: string, flag: string): Promise<string> =>
    readNamedText(resolve(context.io.cwd, path), what, `Name another file with ${flag}.`);
  const { verifyCommits, gitCaFile } = options;
  const signers =
    verifyCommits === undefined
      ? {}
      : { allowedSigners: await named(verifyCommits, "file of allowed signers", "--verify-commits") };
  if (location.transport === "ssh") return { ...signers, ssh: await sshFor(options, context, named) };
  const authorization = await authorizationFor(location, options, context, named);
  return {
    ...signers,
    ...(gitCaFile !== undefined && {
      ca: await named(gitCaFile, "certificate authority", "--git-ca-file"),
    }),
    ...(authorization !== undefined && { authorization }),
  };
}

type ReadNamed = (path: string, what: string, flag: string) => Promise<string>;

async function sshFor(
  { sshKey, sshKnownHosts }: SourceOptions,
  { io }: GitContext,
  named: ReadNamed,
): Promise<NonNullable<GitAccess["ssh"]>> {
  if (sshKey === undefined || sshKnownHosts === undefined) {
    throw new CliError(
      exitCodes.badInput,
      `git+ssh:// needs ${sshKey === undefined ? "--ssh-key" : "--ssh-known-hosts"}.`,
      "No agent, no key and no known host of the user or the system is used: name a private key, and a file with the host's keys.",
    );
  }
  const keyFile = resolve(io.cwd, sshKey);
  // OpenSSH would only say that permission is denied if the file were missing.
  await named(keyFile, "private key", "--ssh-key");
  return { keyFile, knownHosts: await named(sshKnownHosts, "file of known hosts", "--ssh-known-hosts") };
}

/** GitHub wants this name for an app's token; with a personal token, and elsewhere, any name does. */
const defaultUser = "x-access-token";

async function authorizationFor(
  { host }: GitLocation,
  { gitTokenFile, gitEntra }: SourceOptions,
  { io, signal, entraToken }: GitContext,
  named: ReadNamed,
): Promise<string | undefined> {
  if (gitEntra) {
    if (!isAzureDevOps(host)) {
      throw new CliError(
        exitCodes.badInput,
        `--git-entra is for Azure DevOps, and ${quoted(host)} is not: a token for it would go to somebody else.`,
        "Name a token of this server with --git-token-file.",
      );
    }
    return `Bearer ${checkedToken(await entraToken(signal), "The token for Azure DevOps")}`;
  }
  const { BINDERY_GIT_TOKEN, BINDERY_GIT_USER } = io.env;
  const text =
    gitTokenFile === undefined
      ? BINDERY_GIT_TOKEN || undefined
      : await named(gitTokenFile, "token", "--git-token-file");
  if (text === undefined) return undefined;
  const where = gitTokenFile === undefined ? "BINDERY_GIT_TOKEN" : "The file of --git-token-file";
  const user = BINDERY_GIT_USER || defaultUser;
  if (!/^[^\p{Cc}:]+$/u.test(user)) {
    throw new CliError(
      exitCodes.badInput,
      "BINDERY_GIT_USER holds a colon or a line break.",
      "Set a name only.",
    );
  }
  return `Basic ${Buffer.from(`${user}:${checkedToken(text, where)}`).toString("base64")}`;
}

/** Azure DevOps Services, by its present and its former name. */
function isAzureDevOps(host: string): boolean {
  return host === "dev.azure.com" || host.endsWith(".visualstudio.com");
}

/** A line break in it would be another header. */
function checkedToken(text: string, where: string): string {
  const token = text.trim();
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new CliError(exitCodes.badInput, `${where} holds no token: one word on one line.`, "Correct it.");
}
