// Decides what the command line of `bindery config` is: that of `bindery run`, and the form of the result.
import type { Command } from "commander";
import { examples } from "./help.ts";
import type { CliIo, OnExit } from "./io.ts";
import { outputOption } from "./option-values.ts";
import { addCommandWithSettings, commandLineFrom } from "./settings-command.ts";
import type { CommandLine } from "./settings-given.ts";

/** What the settings of a daemon would be. */
export function addConfig(program: Command, io: CliIo, onExit: OnExit): void {
  addCommandWithSettings(program, "config")
    .description("show the settings that run would have, and where each comes from; needs no Azure")
    .addOption(outputOption("text", "json"))
    .addHelpText("after", examples.config)
    .action(async (paths: string[], options: ConfigOptions) => {
      const { output, ...flags } = options;
      const { runConfig } = await import("./config-command.ts");
      onExit(await runConfig(commandLineFrom(paths, flags), output, io));
    });
}

type ConfigOptions = CommandLine["flags"] & { readonly output: "text" | "json" };
