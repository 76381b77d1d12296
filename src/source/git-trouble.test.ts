import { expect, test } from "vitest";
import { gitTroubleFrom } from "./git-trouble.ts";

test.each([
  ["fatal: unable to access 'https://h/r/': Could not resolve host: h", "Unreachable"],
  [
    "fatal: unable to access 'https://h/r/': Failed to connect to h port 443 after 3 ms: Couldn't connect to server",
    "Unreachable",
  ],
  ["fatal: unable to access 'https://h/r/': The requested URL returned error: 503", "Unreachable"],
  [
    "ssh: connect to host h port 22: Connection timed out\nfatal: Could not read from remote repository.",
    "Unreachable",
  ],
  [
    "fatal: unable to access 'https://h/r/': server certificate verification failed. CAfile: none CRLfile: none",
    "CertificateNotTrusted",
  ],
  [
    "fatal: unable to access 'https://h/r/': SSL certificate problem: self-signed certificate",
    "CertificateNotTrusted",
  ],
  ["fatal: could not read Username for 'https://h': terminal prompts disabled", "AuthenticationFailed"],
  ["fatal: Authentication failed for 'https://h/r/'", "AuthenticationFailed"],
  ["fatal: unable to access 'https://h/r/': The requested URL returned error: 403", "AuthenticationFailed"],
  [
    "git@h: Permission denied (publickey).\nfatal: Could not read from remote repository.",
    "AuthenticationFailed",
  ],
  [
    "@ WARNING: UNPROTECTED PRIVATE KEY FILE! @\ngit@h: Permission denied (publickey).",
    "AuthenticationFailed",
  ],
  [
    "@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nHost key verification failed.",
    "HostKeyNotTrusted",
  ],
  ["No ED25519 host key is known for h and you have requested strict checking.", "HostKeyNotTrusted"],
  ["fatal: unable to access 'https://h/r/': The requested URL returned error: 301", "Redirected"],
  ["remote: Repository not found.\nfatal: repository 'https://h/r/' not found", "RepositoryNotFound"],
  ["ERROR: Repository not found.\nfatal: Could not read from remote repository.", "RepositoryNotFound"],
  ["fatal: remote error: upload-pack: not our ref 0123", "RefNotFound"],
  ["fatal: attempting to allocate 4294967296 over limit 268435456", "TooLarge"],
  ["error: cannot run ssh: No such file or directory\nfatal: unable to fork", "GitMissing"],
  ["error: unknown option `batch-command'\nusage: git cat-file", "GitMissing"],
  ["something else", "GitFailed"],
])("%j is %s", (stderr, code) => {
  expect(gitTroubleFrom(stderr, []).code).toBe(code);
});

test("what a server repeats of a secret does not come back, nor what steers a terminal", () => {
  const { message } = gitTroubleFrom("remote: you sent s3cret\u001b[2J\n\n", ["s3cret", ""]);
  expect(message).toBe('Git failed: it said "remote: you sent …\\u{1b}[2J".');
});
