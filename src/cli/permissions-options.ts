// Decides the options of `bindery permissions`.
import { type Command, Option } from "commander";
import { examples } from "./help.ts";
import type { CliIo } from "./io.ts";
import {
  cloudOption,
  outputOption,
  parseGuid,
  parseSqlUser,
  policyOption,
  timeoutOption,
} from "./option-values.ts";
import { addSourceOptions } from "./source-options.ts";

/** Adds the command; its exit code goes to `onExit`. */
export function addPermissions(program: Command, io: CliIo, onExit: (code: number) => void): void {
  addSourceOptions(
    program
      .command("permissions")
      .description("print the exact rights that manifests need, or say which of them are missing")
      .argument("[paths...]", "manifest files and folders; - is standard input"),
  )
    .addOption(policyOption())
    .addOption(cloudOption())
    .addOption(
      new Option("--for <purpose>", "plan: a principal that only plans; apply: one that plans and writes")
        .choices(["plan", "apply"])
        .default("apply"),
    )
    .option("--check", "compare with what the caller may do, and name what is missing (exit code 2)")
    .addOption(outputOption("text", "json", "role", "az", "sql"))
    .addOption(
      new Option(
        "--principal-id <id>",
        "with --output az: the object id of Bindery's service principal or managed identity",
      ).argParser(parseGuid),
    )
    .addOption(
      new Option("--sql-user <name>", "what Bindery's principal is called in databases")
        .argParser(parseSqlUser)
        .default("bindery"),
    )
    .addOption(timeoutOption())
    .addHelpText("after", examples.permissions)
    .action(async (names: string[], options) => {
      const { runPermissions } = await import("./permissions-command.ts");
      onExit(await runPermissions(names, options, io));
    });
}
