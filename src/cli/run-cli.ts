// Runs one command line: everything that can happen becomes output and an exit code.
import { CommanderError } from "commander";
import { safeLines } from "../model/text.ts";
import { exitCodes, reportError } from "./errors.ts";
import { Interrupted } from "./interruption.ts";
import type { CliIo } from "./io.ts";
import { programFor } from "./program.ts";

/** Runs what the arguments (without node and script) ask for, and gives the exit code. Never rejects. */
export async function runCli(argv: readonly string[], io: CliIo): Promise<number> {
  let exitCode: number = exitCodes.done;
  const program = programFor(io, (code) => {
    exitCode = code;
  });
  for (const command of [program, ...program.commands]) {
    command.exitOverride().configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: (text) => void io.stderr.write(text),
      // What was typed comes back in messages, and may hold anything.
      outputError: (text, write) => write(safeLines(text)),
    });
  }
  try {
    await program.parseAsync(argv, { from: "user" });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.badInput;
    if (error instanceof Interrupted) {
      io.stderr.write(`Stopped (${error.message}). Nothing was written to Azure.\n`);
      return exitCodes.failed;
    }
    return reportError(error, io);
  }
}
