// Decides which options a command with settings has: one for each setting, and one for the file with them.
import { type Command, Option } from "commander";
import type { CommandLine } from "./settings-given.ts";
import { flagged, flagOf, type Setting } from "./settings-table.ts";

/** Adds the PATHs and an option for each setting. Their values are read later, so that each is known to be given. */
export function addSettings(command: Command): Command {
  command
    .argument("[paths...]", "manifest files and folders")
    .option("--config <file>", "a file with settings (default: BINDERY_CONFIG)");
  const all: Readonly<Record<string, Setting>> = flagged;
  for (const [name, setting] of Object.entries(all)) command.addOption(optionFor(name, setting));
  return command;
}

function optionFor(name: string, { means, value, isList, default: standard }: Setting): Option {
  const shown = standard === undefined || value === undefined ? means : `${means} (default: ${standard})`;
  const flag = flagOf(name);
  const option = new Option(value === undefined ? flag : `${flag} ${value}`, shown);
  return isList ? option.argParser(collected) : option;
}

function collected(text: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), text];
}

/** What a command line says. */
export function commandLineFrom(
  paths: readonly string[],
  { config, ...flags }: CommandLine["flags"],
): CommandLine & { readonly config?: string } {
  return { paths, flags, ...(typeof config === "string" && { config }) };
}
