// Decides what the command line of `bindery run` is.
import type { Command } from "commander";
import { examples } from "./help.ts";
import type { CliIo, OnExit } from "./io.ts";
import { addCommandWithSettings, commandLineFrom } from "./settings-command.ts";
import type { CommandLine } from "./settings-given.ts";

/** The daemon. */
export function addRun(program: Command, io: CliIo, onExit: OnExit): void {
  addCommandWithSettings(program, "run")
    .description("keep Azure as the manifests say, again and again, until it is told to stop")
    .addHelpText("after", examples.run)
    .action(async (paths: string[], options: CommandLine["flags"]) => {
      const { readRunSettings } = await import("./run-settings.ts");
      const settings = await readRunSettings(commandLineFrom(paths, options), io);
      const { runRun } = await import("./run-command.ts");
      onExit(await runRun(settings, io));
    });
}
