// Decides with which options a command is told where manifests are, and which of them go together.
import { type Command, Option } from "commander";
import { quoted } from "../model/text.ts";
import { CliError, exitCodes } from "./errors.ts";

/** Where manifests come from, besides PATHs. */
export interface SourceOptions {
  readonly source?: string;
  readonly ref?: string;
  readonly path?: readonly string[];
  readonly gitTokenFile?: string;
  readonly gitEntra?: boolean;
  readonly gitCaFile?: string;
  readonly sshKey?: string;
  readonly sshKnownHosts?: string;
  readonly verifyCommits?: string;
}

/** An option as it is written, and where its value stands. */
type OptionName = readonly [flag: string, key: keyof SourceOptions];

const forHttps: readonly OptionName[] = [
  ["--git-token-file", "gitTokenFile"],
  ["--git-entra", "gitEntra"],
  ["--git-ca-file", "gitCaFile"],
];
const forSsh: readonly OptionName[] = [
  ["--ssh-key", "sshKey"],
  ["--ssh-known-hosts", "sshKnownHosts"],
];
/** All but --source itself, in the order in which a command line has them. */
const more: readonly OptionName[] = [
  ["--ref", "ref"],
  ["--path", "path"],
  ...forHttps,
  ...forSsh,
  ["--verify-commits", "verifyCommits"],
];

/** Adds the options of a Git source to a command. */
export function addSourceOptions(command: Command): Command {
  return command
    .optionsGroup("Manifests out of a Git repository, instead of PATHs:")
    .option("--source <url>", "git+https://host/repository or git+ssh://git@host/repository; or a folder")
    .option("--ref <ref>", "a branch, a tag or the full id of a commit (default: the repository's HEAD)")
    .addOption(
      new Option(
        "--path <path>",
        "a folder or file in the repository; can be repeated (default: its root)",
      ).argParser(collected),
    )
    .option("--git-token-file <file>", "an access token for HTTPS (default: BINDERY_GIT_TOKEN, if it is set)")
    .option("--git-entra", "sign in to Azure DevOps with the credential for Azure")
    .option("--git-ca-file <file>", "certificate authorities (PEM) to trust instead of the system's")
    .option("--ssh-key <file>", "a private key without a passphrase")
    .option("--ssh-known-hosts <file>", "the host keys that are known to be right")
    .option(
      "--verify-commits <file>",
      "allowed signers: the commit must carry the SSH signature of one of them",
    )
    .optionsGroup("Options:");
}

function collected(text: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), text];
}

/** The words of a command line that name the same source; what a shell would take apart is not quoted yet. */
export function sourceWords(options: SourceOptions): readonly string[] {
  const words = (
    value: string | boolean | readonly string[] | undefined,
    flag: string,
  ): readonly string[] => {
    if (value === undefined || value === false) return [];
    if (value === true) return [flag];
    return [value].flat().flatMap((one) => [flag, one]);
  };
  return [["--source", "source"] as const, ...more].flatMap(([flag, key]) => words(options[key], flag));
}

/**
 * True for a --source that is a folder or file. What could be an address, right or wrong, is none: it may hold a
 * credential, which the message about a missing folder would repeat.
 */
export function isFolderSource(source: string): boolean {
  return !/^[a-z][a-z0-9+.-]*:|@/i.test(source);
}

/** The same source, with a --source that is a folder as the PATH that it is. */
export function withFolder<T extends SourceOptions>(
  paths: readonly string[],
  options: T,
): Omit<T, "source"> & { readonly paths: readonly string[]; readonly source?: string } {
  const { source, ...others } = options;
  if (source === undefined) return { ...others, paths };
  return isFolderSource(source) ? { ...others, paths: [source] } : { ...others, paths, source };
}

/** Refuses what says nothing, two things at once, or something that would have no effect. */
export function refuseMixedSources(paths: readonly string[], options: SourceOptions): void {
  const { source } = options;
  if (source !== undefined && paths.length > 0) {
    throw bad(
      `There is a PATH (${quoted(paths[0] ?? "")}) and a --source.`,
      "Name one of them. Folders inside the repository are named with --path.",
    );
  }
  if (source !== undefined && !isFolderSource(source)) {
    refuseMixedGit(source, options);
    return;
  }
  const [given] = more.filter(([, key]) => options[key] !== undefined);
  if (given) throw bad(`${given[0]} is for a Git repository, and none is named.`, "Name one with --source.");
  if (source === undefined && paths.length === 0) {
    throw bad(
      "No manifests were named.",
      "Name files and folders (PATH…; - is standard input), or a Git repository with --source.",
    );
  }
}

function refuseMixedGit(source: string, options: SourceOptions): void {
  const isSsh = source.startsWith("git+ssh:");
  const [misplaced] = (isSsh ? forHttps : forSsh).filter(([, key]) => options[key] !== undefined);
  if (misplaced) {
    throw bad(`${misplaced[0]} is not for ${isSsh ? "git+ssh" : "git+https"}://.`, "Leave it out.");
  }
  if (options.gitEntra && options.gitTokenFile !== undefined) {
    throw bad("There are --git-entra and --git-token-file.", "Name one of them.");
  }
}

function bad(message: string, cure: string): CliError {
  return new CliError(exitCodes.badInput, message, cure);
}
