// Decides how git is run: without a shell, in a group of its own that dies with the stop, and within bounds.
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { GitTrouble, gitTroubleFrom, gitTroubleStarting } from "./git-trouble.ts";

/** What every run of git for one reading has in common. */
export interface Git {
  /** A temporary folder, ours alone; the bare repository is `repository` in it. */
  readonly folder: string;
  /** Complete: nothing of this process's environment is added. */
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** What must not come back in an error. */
  readonly secrets: readonly string[];
}

/** How a run ended. */
export interface GitAnswer {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A bound on the listing of refs and on what errors say, in bytes. */
const mostBytes = 1024 * 1024;

/** A git that runs. */
export interface RunningGit {
  readonly child: ChildProcessWithoutNullStreams;
  /** What it has written to its standard error so far; its end if it is long. */
  stderr(): string;
  /** Its exit code once all is closed; rejects with the reason of a stop, or with what kept it from starting. */
  readonly ended: Promise<number>;
  kill(): void;
}

/** Starts git with these arguments. */
export function startGit(git: Git, args: readonly string[]): RunningGit {
  git.signal.throwIfAborted();
  // Detached means a process group: ssh and git's transport helpers end with it.
  const child = spawn("git", args, { cwd: git.folder, env: git.env, detached: true, stdio: "pipe" });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr = (stderr + text).slice(-mostBytes);
  });
  // It may have ended before it has read everything; its exit code tells why.
  child.stdin.on("error", () => undefined);
  const kill = (): void => killGroup(child.pid);
  git.signal.addEventListener("abort", kill, { once: true });
  // Its group outlives us otherwise, when a second Ctrl-C ends this process at once.
  process.once("exit", kill);
  const ended = endOf(child, git.signal).finally(() => {
    git.signal.removeEventListener("abort", kill);
    process.off("exit", kill);
  });
  // Whoever reads the output may learn of the end first; a rejection that nobody has looked at yet is no crash.
  ended.catch(() => undefined);
  return { child, stderr: () => stderr, ended, kill };
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch (error) {
    // It has ended by itself.
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}

async function endOf(child: ChildProcessWithoutNullStreams, signal: AbortSignal): Promise<number> {
  try {
    const [code] = (await once(child, "close")) as [number | null];
    signal.throwIfAborted();
    return code ?? -1;
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw gitTroubleStarting(error);
  }
}

/** Runs git to its end and gives whatever it came to. */
export async function runGit(git: Git, args: readonly string[]): Promise<GitAnswer> {
  const running = startGit(git, args);
  const { child, kill } = running;
  child.stdin.end();
  const chunks: Buffer[] = [];
  let length = 0;
  child.stdout.on("data", (chunk: Buffer) => {
    length += chunk.length;
    if (length > mostBytes) kill();
    else chunks.push(chunk);
  });
  const code = await running.ended;
  if (length > mostBytes) {
    throw new GitTrouble(
      "TooLarge",
      `The server's list of refs is larger than ${mostBytes} bytes.`,
      "Name the whole ref, like refs/heads/main, with --ref.",
    );
  }
  return { code, stdout: Buffer.concat(chunks).toString("utf8"), stderr: running.stderr() };
}

/** Runs git, and gives its output if it succeeds; a GitTrouble otherwise. */
export async function gitOutput(git: Git, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await runGit(git, args);
  if (code === 0) return stdout;
  throw gitTroubleFrom(stderr, git.secrets);
}
