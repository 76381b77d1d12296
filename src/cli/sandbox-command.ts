// What `bindery sandbox` does with its options before the embedded Azure takes over.
import { resolve } from "node:path";
import { harmlessJson, safeLines } from "../model/text.ts";
import { type CommandStreams, runSandbox } from "../sandbox/command.ts";
import { SeedError } from "../sandbox/seed/read.ts";
import { CliError, exitCodes, isSystemError } from "./errors.ts";
import { readNamedText } from "./files.ts";
import { interruptionOf } from "./interruption.ts";
import type { CliIo } from "./io.ts";

/** The options of `sandbox`. */
export interface SandboxCommandOptions {
  readonly seed?: string;
  readonly port?: number;
  /** Not `--env-file`: Node takes that for an option of its own, wherever it stands. */
  readonly exports?: string;
  readonly speed?: number;
}

/** Runs until Ctrl-C or SIGTERM. */
export async function runSandboxCommand(options: SandboxCommandOptions, io: CliIo): Promise<number> {
  const { port, speed, exports: envFile, seed } = options;
  const filename = seed === undefined ? undefined : resolve(io.cwd, seed);
  const cure = "Name a seed file (YAML); docs/sandbox.md describes it.";
  const text = filename === undefined ? undefined : await readNamedText(filename, "seed", cure);
  using interruption = interruptionOf(io, undefined);
  try {
    await runSandbox(
      {
        ...(port !== undefined && { port }),
        ...(speed !== undefined && { speed }),
        ...(envFile !== undefined && { envFile: resolve(io.cwd, envFile) }),
        ...(text !== undefined && { seed: { text, filename: seed ?? "" } }),
      },
      harmless(io),
      interruption.stop,
    );
  } catch (error) {
    if (error instanceof SeedError) throw new CliError(exitCodes.badInput, error.message, cure);
    if (!isSystemError(error)) throw error;
    throw new CliError(
      exitCodes.failed,
      `The sandbox cannot start: ${error.message}.`,
      "Free the port, or leave --port out.",
    );
  }
  return exitCodes.done;
}

/** The sandbox prints names out of its seed, and knows nothing of what is ours. */
function harmless({ stdout, stderr }: CliIo): CommandStreams {
  return {
    stdout: { write: (text) => stdout.write(harmlessJson(text)) },
    stderr: { write: (text) => stderr.write(safeLines(text)) },
  };
}
