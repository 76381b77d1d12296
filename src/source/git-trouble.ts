// Decides what keeps manifests from being read out of a Git repository, in plain words and with a cure.
import { quoted, safeText } from "../model/text.ts";

/** What went wrong, in one word. */
export type GitTroubleCode =
  | "BadSource"
  | "RepositoryNotFound"
  | "RefNotFound"
  | "TooLarge"
  | "CommitNotSigned"
  | "AuthenticationFailed"
  | "HostKeyNotTrusted"
  | "CertificateNotTrusted"
  | "Redirected"
  | "Unreachable"
  | "TimedOut"
  | "GitMissing"
  | "GitFailed";

/** The repository could not be read, or must not be. Message and cure are full sentences that are safe to print. */
export class GitTrouble extends Error {
  readonly code: GitTroubleCode;
  readonly cure: string;

  constructor(code: GitTroubleCode, message: string, cure: string) {
    super(message);
    this.name = "GitTrouble";
    this.code = code;
    this.cure = cure;
  }
}

interface Rule {
  readonly pattern: RegExp;
  readonly code: GitTroubleCode;
  readonly message: string;
  readonly cure: string;
}

const giveCredential =
  "Name a token with --git-token-file, or set BINDERY_GIT_TOKEN (and BINDERY_GIT_USER); for Azure DevOps, --git-entra; for SSH, --ssh-key. It needs the right to read.";
const checkAddress =
  "Correct --source; a private repository is not found either without the right to read it.";
const checkHostKey =
  "Ask who runs the server for its host keys, compare them, and only then correct the file of --ssh-known-hosts.";

/**
 * What git, curl and OpenSSH say (git 2.30 to 2.50, curl 7.88 with GnuTLS and OpenSSL, OpenSSH 9.2; in the C locale).
 * The first rule that fits counts: what is sure and dangerous comes first.
 */
const rules: readonly Rule[] = [
  {
    pattern: /REMOTE HOST IDENTIFICATION HAS CHANGED/,
    code: "HostKeyNotTrusted",
    message:
      "The SSH host key is another one than the known one: the server was set up anew, or somebody is in between.",
    cure: checkHostKey,
  },
  {
    pattern: /No \S+ host key is known for|Host key verification failed/,
    code: "HostKeyNotTrusted",
    message: "The SSH host key is not in the file of known hosts.",
    cure: checkHostKey,
  },
  {
    pattern: /UNPROTECTED PRIVATE KEY FILE/,
    code: "AuthenticationFailed",
    message: "OpenSSH does not use the key of --ssh-key, because others can read the file.",
    cure: "Run `chmod 600` on it.",
  },
  {
    pattern: /Load key .*: /,
    code: "AuthenticationFailed",
    message: "OpenSSH cannot read the key of --ssh-key.",
    cure: "Name a private key in OpenSSH's format, without a passphrase.",
  },
  {
    pattern:
      /server certificate verification failed|SSL certificate problem|certificate subject name|no alternative certificate subject|unable to get local issuer|error setting certificate/,
    code: "CertificateNotTrusted",
    message: "The server's TLS certificate is not trusted.",
    cure: "If the server has a certificate authority of its own, name its certificate (PEM) with --git-ca-file.",
  },
  {
    pattern:
      /Authentication failed|could not read (Username|Password)|returned error: 40[13]|Permission denied \(|Permission to .* denied/,
    code: "AuthenticationFailed",
    message: "The server does not let Bindery read the repository.",
    cure: giveCredential,
  },
  {
    pattern: /returned error: 30\d/,
    code: "Redirected",
    message:
      "The server points to another address, and no redirect is followed: a credential might go with it.",
    cure: "Name the address where the repository is now with --source; some servers want `.git` at its end.",
  },
  {
    pattern:
      /[Rr]epository .*not found|ERROR: .*(not found|could not be found)|does not appear to be a git repository|not a git repository|returned error: (404|410)/,
    code: "RepositoryNotFound",
    message: "There is no such repository on the server, or Bindery may not see it.",
    cure: checkAddress,
  },
  {
    pattern: /couldn't find remote ref|not our ref|unadvertised object|Server does not allow request/,
    code: "RefNotFound",
    message: "The server has no such commit, or does not give it.",
    cure: "Name a branch, a tag, or the full id of a commit that a branch or tag contains, with --ref.",
  },
  {
    pattern: /over limit \d+|exceeds maximum allowed size/,
    code: "TooLarge",
    message: "Something in the repository is larger than Git is allowed to hold in memory here.",
    cure: "Keep the manifests in a repository of their own.",
  },
  {
    pattern:
      /Could not resolve|Failed to connect|Couldn't connect|Connection (refused|timed out|reset|closed)|No route to host|Network is unreachable|Operation too slow|Operation timed out|Empty reply|unexpected disconnect|early EOF|gnutls_handshake|SSL_connect|returned error: (429|5\d\d)|kex_exchange_identification/,
    code: "Unreachable",
    message: "The server cannot be reached, or broke off.",
    cure: "Check the address, the network and HTTPS_PROXY, and try again.",
  },
  {
    pattern:
      /cannot run ssh|ssh: not found|cannot run ssh-keygen|unknown (option|switch) .*batch-command|mismatched algorithms/,
    code: "GitMissing",
    message: "This needs Git 2.36 or later, with OpenSSH for git+ssh:// and --verify-commits.",
    cure: "Install git and openssh-client, or use a container image that has them.",
  },
];

/** How much of git's own words is shown where no rule fits, in UTF-16 units. */
const mostWords = 300;

/** What git's standard error means. `secrets` never come back in it, whatever a server repeats. */
export function gitTroubleFrom(stderr: string, secrets: readonly string[]): GitTrouble {
  const rule = rules.find(({ pattern }) => pattern.test(stderr));
  if (rule) return new GitTrouble(rule.code, rule.message, rule.cure);
  const said = withoutSecrets(stderr, secrets)
    .split("\n")
    .filter((line) => line.trim() !== "")
    .slice(-2)
    .join(" ");
  const words = said === "" ? "it said nothing" : `it said ${quotedWords(said)}`;
  return new GitTrouble("GitFailed", `Git failed: ${words}.`, "Check --source, --ref and the credential.");
}

function quotedWords(said: string): string {
  return `"${safeText(said, { max: mostWords })}"`;
}

function withoutSecrets(text: string, secrets: readonly string[]): string {
  return secrets.reduce((rest, secret) => (secret === "" ? rest : rest.replaceAll(secret, "…")), text);
}

/** What the operating system said when git was to be started. */
export function gitTroubleStarting(error: unknown): GitTrouble {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (code === "") throw error;
  return new GitTrouble(
    "GitMissing",
    code === "ENOENT" ? "Git is not installed." : `Git cannot be started (${quoted(code)}).`,
    "Install git (2.36 or later), and make sure that it is on the PATH.",
  );
}
