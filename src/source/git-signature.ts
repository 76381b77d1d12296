// Decides whether a commit carries the signature of somebody who may sign: SSH signatures only, checked by git and ssh-keygen.
import { type Git, runGit } from "./git-process.ts";
import { GitTrouble, gitTroubleFrom } from "./git-trouble.ts";

/** Throws a GitTrouble "CommitNotSigned" unless a signer whom the settings of `git` name has signed the commit. */
export async function verifyCommit(git: Git, commit: string): Promise<void> {
  const { code, stderr } = await runGit(git, ["verify-commit", "--raw", commit]);
  // Both must say so: the exit code, and the sentence that names a principal of the file.
  if (code === 0 && /^Good "git" signature for /m.test(stderr)) return;
  if (/cannot run|No such file or directory/.test(stderr)) throw gitTroubleFrom(stderr, git.secrets);
  throw new GitTrouble(
    "CommitNotSigned",
    `Commit ${commit} ${whatIsWrong(stderr)}.`,
    "Nothing of it is used. Sign the commit with an SSH key (`git commit -S` with gpg.format=ssh), or add the signer to the file of --verify-commits if that is right.",
  );
}

function whatIsWrong(stderr: string): string {
  if (/No principal matched/.test(stderr))
    return "is signed by somebody whom the allowed signers do not name";
  if (stderr.trim() === "") return "carries no SSH signature";
  return "carries no signature of an allowed signer that is good";
}
