// Runs the command line as a process of its own, as users do.
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));

export interface CliRun {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliRunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly input?: string;
  /** Sees the process as soon as it runs. */
  readonly onStart?: (child: ChildProcess) => void;
  /** Sees the process and all that it has written to stderr so far, whenever there is more. */
  readonly onStderr?: (child: ChildProcess, text: string) => void;
}

/** What makes a spawned process hand over what is held against Azure's contract and against the secrets of the run. */
function recorded(): Record<string, string> {
  const { BINDERY_EXCHANGES, BINDERY_PRINTED, NODE_OPTIONS } = process.env;
  const handed = { BINDERY_EXCHANGES, BINDERY_PRINTED, NODE_OPTIONS };
  return Object.fromEntries(
    Object.entries(handed).filter((one): one is [string, string] => one[1] !== undefined),
  );
}

/** Runs to the end. Of this process's environment only the path is handed on, and what the contract needs. */
export function cli(args: readonly string[], options: CliRunOptions = {}): Promise<CliRun> {
  const child = spawn(process.execPath, [main, ...args], {
    env: { PATH: process.env.PATH ?? "", ...recorded(), ...options.env },
    ...(options.cwd !== undefined && { cwd: options.cwd }),
  });
  options.onStart?.(child);
  child.stdin.on("error", () => undefined).end(options.input ?? "");
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
    options.onStderr?.(child, stderr);
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
}

/** The variables that a file of shell exports sets. */
export function exportsOf(file: string): Record<string, string> {
  const lines = readFileSync(file, "utf8").matchAll(/^export (\w+)='(.*)'$/gm);
  return Object.fromEntries([...lines].map(([, name, value]) => [name, value?.replaceAll("'\\''", "'")]));
}
