// Adds the command `status`.
import { type Command, Option } from "commander";
import { examples } from "./help.ts";
import type { CliIo } from "./io.ts";
import { outputOption, timeoutOption } from "./option-values.ts";

/** Where a daemon's API is unless told otherwise. */
const defaultAddress = "http://127.0.0.1:8082";

/** Adds `bindery status` to the program. */
export function addStatus(program: Command, io: CliIo, onExit: (code: number) => void): void {
  program
    .command("status")
    .description("show what a running daemon does: its revision, its documents, what is held and why")
    .argument("[document]", "only this document: [KIND/]NAMESPACE/NAME")
    .option("--watch", "go on: draw it again at a terminal, elsewhere print what changes")
    .addOption(new Option("--address <url>", "where the daemon's API is").default(defaultAddress))
    .option("--token-file <file>", "the token of its API; sent by https or to this machine only")
    .addOption(outputOption("text", "json"))
    .addOption(timeoutOption())
    .addHelpText("after", examples.status)
    .action(async (document: string | undefined, options) => {
      const { runStatus } = await import("./status-command.ts");
      onExit(await runStatus(document, options, io));
    });
}
