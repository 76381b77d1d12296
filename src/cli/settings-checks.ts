// Decides which settings go together: what is missing, what contradicts, and what would have no effect.
import { isLoopback } from "../model/loopback.ts";
import { parseGitLocation } from "../source/git-location.ts";
import { GitTrouble } from "../source/git-trouble.ts";
import type { SettingMistake } from "./settings-file.ts";
import { type Given, originText } from "./settings-given.ts";
import type { Address } from "./settings-kinds.ts";
import { flagOf, type SettingName, type SettingValues } from "./settings-table.ts";

/** What was read: a value that is wrong in itself is undefined here, and was told already. */
export interface ReadSettings {
  readonly values: SettingValues;
  readonly given: ReadonlyMap<SettingName, Given>;
}

type Check = (read: ReadSettings) => readonly SettingMistake[];

const forHttps = ["gitTokenFile", "gitEntra", "gitCaFile"] as const;
const forSsh = ["sshKey", "sshKnownHosts"] as const;
const forGit = ["ref", "path", ...forHttps, ...forSsh, "verifyCommits"] as const;
/** What has no meaning for a single turn, whose end nobody waits for at an address. */
const forManyTurns = [
  "interval",
  "pollInterval",
  "databasesInterval",
  "probesAddress",
  "apiAddress",
  "apiTokenFile",
] as const;

/** Every mistake that only several settings together make. */
export function mistakesTogether(read: ReadSettings): readonly SettingMistake[] {
  return [needed, sources, transports, location, pollInterval, webhook, api, clashes, once].flatMap((check) =>
    check(read),
  );
}

/** True where somebody gave it a value, be it a wrong one; a switch that is off and an empty list are none. */
function isGiven({ values, given }: ReadSettings, name: SettingName): boolean {
  const one = given.get(name);
  return one !== undefined && one.origin.kind !== "default" && one.texts.length > 0 && values[name] !== false;
}

/** The mistake of one setting, at the place that its value comes from. */
function at({ given }: ReadSettings, name: SettingName, message: string, cure: string): SettingMistake {
  const origin = given.get(name)?.origin;
  return { where: origin && origin.kind !== "default" ? originText(origin) : flagOf(name), message, cure };
}

const needed: Check = (read) => {
  if (isGiven(read, "policy")) return [];
  const message =
    "No policy was named: it says which tenant and subscriptions are under management, and for whom.";
  return [at(read, "policy", message, "Name one; `bindery init` writes one.")];
};

const sources: Check = (read) => {
  const hasPaths = isGiven(read, "paths");
  if (!isGiven(read, "source")) {
    const astray = forGit
      .filter((name) => isGiven(read, name))
      .map((name) =>
        at(read, name, "It is for a Git repository, and none is named.", "Name one with --source."),
      );
    const cure = "Name files and folders (PATH…), or a Git repository with --source.";
    const nothing = hasPaths ? [] : [at(read, "source", "No manifests were named.", cure)];
    return [...nothing, ...(hasPaths ? standardInput(read) : []), ...astray];
  }
  if (!hasPaths) return [];
  const cure = "Name one of them. Folders inside the repository are named with --path.";
  return [at(read, "paths", "There are a PATH and a --source.", cure)];
};

function standardInput(read: ReadSettings): readonly SettingMistake[] {
  if (!read.values.paths?.includes("-")) return [];
  const message = "Standard input can be read only once, and a daemon reads again and again.";
  return [at(read, "paths", message, "Name files and folders, or use `bindery apply`.")];
}

const transports: Check = (read) => {
  const { source, gitTokenFile } = read.values;
  if (source === undefined) return [];
  const isSsh = source.startsWith("git+ssh:");
  const misplaced = (isSsh ? forHttps : forSsh)
    .filter((name) => isGiven(read, name))
    .map((name) => at(read, name, `It is not for ${isSsh ? "git+ssh" : "git+https"}://.`, "Leave it out."));
  if (isSsh) {
    const missing = forSsh.filter((name) => !isGiven(read, name));
    const message = "git+ssh:// needs it: no agent, no key and no known host of the user is used.";
    return [...misplaced, ...missing.map((name) => at(read, name, message, "Name the file."))];
  }
  if (!isGiven(read, "gitEntra") || gitTokenFile === undefined) return misplaced;
  return [
    ...misplaced,
    at(read, "gitEntra", "There are --git-entra and --git-token-file.", "Name one of them."),
  ];
};

const location: Check = (read) => {
  const { source, ref, path = [] } = read.values;
  if (source === undefined) return [];
  try {
    parseGitLocation(source, ref, path);
    return [];
  } catch (error) {
    if (!(error instanceof GitTrouble)) throw error;
    return [at(read, "source", error.message, error.cure)];
  }
};

const leastGitPollInMs = 5_000;

const pollInterval: Check = (read) => {
  const { source, pollInterval: inMs } = read.values;
  if (source === undefined || inMs === undefined || inMs >= leastGitPollInMs) return [];
  const message = "A Git server is not asked more often than every 5 seconds.";
  return [at(read, "pollInterval", message, "Write 5s or more; a webhook makes a commit immediate.")];
};

const webhook: Check = (read) => {
  const { webhookAddress, webhookSecretFile } = read.values;
  if (webhookAddress && !isGiven(read, "webhookSecretFile")) {
    const message = "Webhooks are taken only from who knows a secret.";
    return [at(read, "webhookAddress", message, "Name the file that holds it with --webhook-secret-file.")];
  }
  // Who turns the webhook off by its address may leave the rest as it stands.
  if (webhookSecretFile === undefined || isGiven(read, "webhookAddress")) return [];
  return [
    at(
      read,
      "webhookSecretFile",
      "No webhook is taken.",
      "Say where with --webhook-address, or leave it out.",
    ),
  ];
};

const api: Check = (read) => {
  const { apiAddress } = read.values;
  if (!apiAddress || isLoopback(apiAddress.host) || isGiven(read, "apiTokenFile")) return [];
  const message = "Others can reach this address, so the API asks for a token there.";
  const cure = "Name the file that holds it with --api-token-file, or listen on 127.0.0.1.";
  return [at(read, "apiAddress", message, cure)];
};

const listeners = ["probesAddress", "webhookAddress", "apiAddress"] as const;

const clashes: Check = (read) =>
  listeners.flatMap((name, i) => {
    const mine = read.values[name];
    const first = listeners.slice(0, i).find((other) => areSame(read.values[other], mine));
    if (first === undefined) return [];
    const message = `It is the address of ${flagOf(first)} too.`;
    return [at(read, name, message, "Give each its own: who may reach one may not reach all.")];
  });

function areSame(one: Address | undefined, other: Address | undefined): boolean {
  if (!one || !other || one.port === 0) return false;
  return one.host.toLowerCase() === other.host.toLowerCase() && one.port === other.port;
}

/** A settings file is often shared with the daemon; on one command line two wishes that exclude each other are a mistake. */
const once: Check = (read) => {
  if (!read.values.once) return [];
  const hooks = read.values.webhookAddress
    ? [at(read, "webhookAddress", "A single turn takes no webhook.", "Leave it out, or write off.")]
    : [];
  const vain = forManyTurns
    .filter((name) => read.given.get(name)?.origin.kind === "flag")
    .map((name) => at(read, name, "It has no effect with --once.", "Leave one of them out."));
  return [...hooks, ...vain];
};
