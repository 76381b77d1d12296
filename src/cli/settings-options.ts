// Decides which options a command with settings has: one for each setting.
import { type Command, Option } from "commander";
import { flagged, flagOf, type Setting } from "./settings-table.ts";

/** Adds an option for each setting. Their values are read later, so that each is known to be given. */
export function addSettings(command: Command): void {
  const all: Readonly<Record<string, Setting>> = flagged;
  for (const [name, setting] of Object.entries(all)) command.addOption(optionFor(name, setting));
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
