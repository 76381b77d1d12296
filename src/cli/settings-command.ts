// Decides what a command with settings takes, `run` and `config` alike, and when its options are loaded.
import type { Command } from "commander";
import type { CommandLine } from "./settings-given.ts";

/**
 * Adds a command that takes PATHs, settings, and a file with settings. The table of settings, and what reads their
 * values, is loaded only when this command is called: the others start without it.
 */
export function addCommandWithSettings(program: Command, name: string): Command {
  const command = program
    .command(name)
    .argument("[paths...]", "manifest files and folders")
    .option("--config <file>", "a file with settings (default: BINDERY_CONFIG)");
  program.hook("preSubcommand", async (_program, called) => {
    if (called !== command) return;
    const { addSettings } = await import("./settings-options.ts");
    addSettings(command);
  });
  return command;
}

/** What a command line says. */
export function commandLineFrom(
  paths: readonly string[],
  { config, ...flags }: CommandLine["flags"],
): CommandLine & { readonly config?: string } {
  return { paths, flags, ...(typeof config === "string" && { config }) };
}
