// Decides what git may do, use and see: everything that a repository, a system or a user could have configured is off.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { GitLocation } from "./git-location.ts";
import { GitTrouble } from "./git-trouble.ts";

/** What opens the way to the repository. Texts, not paths, but for the key: it is not copied. */
export interface GitAccess {
  /** The whole value of the Authorization header, for HTTPS. */
  readonly authorization?: string;
  /** Certificate authorities to trust instead of the system's, as PEM. */
  readonly ca?: string;
  readonly ssh?: {
    /** The absolute path of a private key without a passphrase. */
    readonly keyFile: string;
    readonly knownHosts: string;
  };
  /** Whose signature a commit must carry, as in ssh-keygen(1), ALLOWED SIGNERS. */
  readonly allowedSigners?: string;
}

/** What git is given of the operator's environment: where programs are, and the variables that name proxies. */
export interface HandedOn {
  readonly path: string;
  readonly proxies: Readonly<Record<string, string>>;
}

/** The environments of git: with the network and the credential, and without. */
export interface GitSettings {
  readonly online: Readonly<Record<string, string>>;
  readonly offline: Readonly<Record<string, string>>;
}

type Config = readonly (readonly [name: string, value: string])[];

const safeConfig: Config = [
  ["core.hooksPath", "/dev/null"],
  ["core.fsmonitor", "false"],
  // A blob above this is never held in memory as a whole, nor compared with another one.
  ["core.bigFileThreshold", "1m"],
  ["credential.helper", ""],
  ["protocol.allow", "never"],
  ["gc.auto", "0"],
  ["maintenance.auto", "false"],
  // One pack file, never thousands of loose ones.
  ["fetch.unpackLimit", "1"],
  ["fetch.recurseSubmodules", "false"],
  ["submodule.recurse", "false"],
  ["transfer.bundleURI", "false"],
  ["http.followRedirects", "false"],
  // A server that is still counting sends a few bytes every five seconds; one that is gone sends none.
  ["http.lowSpeedLimit", "1"],
  ["http.lowSpeedTime", "60"],
  ["http.sslVerify", "true"],
  ["gpg.format", "ssh"],
  // A commit that is signed otherwise is not signed for us.
  ["gpg.openpgp.program", "false"],
  ["gpg.x509.program", "false"],
  ["gpg.ssh.program", "ssh-keygen"],
  ["gpg.minTrustLevel", "fully"],
];

/** As much memory as git may ask for at once: a small pack can hold something that unfolds without end. */
const mostMemory = "256m";

/** The text that git hands to a shell is this constant; the path reaches ssh as a variable's value. */
const sshCommand = 'exec ssh -F "$BINDERY_SSH_CONFIG"';

/** Writes what git needs as files into the temporary folder, and gives the environments. */
export async function gitSettings(
  folder: string,
  { transport, url }: GitLocation,
  access: GitAccess,
  handedOn: HandedOn,
): Promise<GitSettings> {
  const write = async (name: string, text: string): Promise<string> => {
    const path = join(folder, name);
    await writeFile(path, text, { mode: 0o600, flag: "wx" });
    return path;
  };
  const base = { ...baseEnvironment(folder), PATH: handedOn.path };
  const signers = access.allowedSigners;
  const offline: Config = [
    ...safeConfig,
    ...(signers === undefined
      ? []
      : [["gpg.ssh.allowedSignersFile", await write("allowed_signers", signers)] as const]),
  ];
  const online: Config = [
    ...offline,
    [`protocol.${transport}.allow`, "always"],
    ...(access.ca === undefined ? [] : [["http.sslCAInfo", await write("ca.pem", access.ca)] as const]),
    // Bound to this server, and in the environment: arguments can be read by everybody on the machine.
    ...(access.authorization === undefined
      ? []
      : [[`http.${new URL(url).origin}/.extraHeader`, `Authorization: ${access.authorization}`] as const]),
  ];
  return {
    offline: { ...base, ...configEnvironment(offline) },
    online: {
      ...handedOn.proxies,
      ...base,
      ...configEnvironment(online),
      ...(access.ssh && { BINDERY_SSH_CONFIG: await writeSsh(access.ssh, write) }),
    },
  };
}

function baseEnvironment(folder: string): Record<string, string> {
  return {
    // No configuration, no .netrc, no attributes of the user or the system; messages as git's source has them.
    HOME: folder,
    XDG_CONFIG_HOME: folder,
    TMPDIR: folder,
    LC_ALL: "C",
    GIT_DIR: join(folder, "repository"),
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_ATTR_NOSYSTEM: "1",
    GIT_NO_REPLACE_OBJECTS: "1",
    GIT_NO_LAZY_FETCH: "1",
    GIT_LFS_SKIP_SMUDGE: "1",
    GIT_TERMINAL_PROMPT: "0",
    GIT_ALLOC_LIMIT: mostMemory,
    GIT_SSH_COMMAND: sshCommand,
    GIT_SSH_VARIANT: "ssh",
  };
}

function configEnvironment(config: Config): Record<string, string> {
  const pairs = config.flatMap(([name, value], i) => [
    [`GIT_CONFIG_KEY_${i}`, name],
    [`GIT_CONFIG_VALUE_${i}`, value],
  ]);
  return { GIT_CONFIG_COUNT: String(config.length), ...Object.fromEntries(pairs) };
}

async function writeSsh(
  { keyFile, knownHosts }: NonNullable<GitAccess["ssh"]>,
  write: (name: string, text: string) => Promise<string>,
): Promise<string> {
  const known = await write("known_hosts", knownHosts);
  const lines = [
    "Host *",
    "BatchMode yes",
    "StrictHostKeyChecking yes",
    `UserKnownHostsFile ${sshPath(known)}`,
    "GlobalKnownHostsFile none",
    "UpdateHostKeys no",
    "VerifyHostKeyDNS no",
    `IdentityFile ${sshPath(keyFile)}`,
    "IdentitiesOnly yes",
    "IdentityAgent none",
    "PreferredAuthentications publickey",
    "PasswordAuthentication no",
    "KbdInteractiveAuthentication no",
    "ForwardAgent no",
    "ClearAllForwardings yes",
    "ControlPath none",
    "PermitLocalCommand no",
    "ConnectTimeout 30",
    "ServerAliveInterval 15",
    "ServerAliveCountMax 4",
    "LogLevel ERROR",
  ];
  return write("ssh_config", `${lines.join("\n")}\n`);
}

/** A path as ssh_config(5) reads it: quoted, and with nothing in it that it would expand. */
function sshPath(path: string): string {
  if (/["\\$\p{Cc}]|^~/u.test(path)) {
    throw new GitTrouble(
      "BadSource",
      "The path of a key must hold no quotes, backslashes, dollar signs or line breaks.",
      "Give the file of --ssh-key another name.",
    );
  }
  return `"${path.replaceAll("%", "%%")}"`;
}
