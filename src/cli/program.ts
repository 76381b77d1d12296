// Decides which commands and options there are; what a command needs is loaded only when it runs.
import { Command, Option } from "commander";
import { addConfig } from "./config-options.ts";
import { examples, exitCodeHelp } from "./help.ts";
import type { CliIo, OnExit } from "./io.ts";
import { withSandbox } from "./left-out.ts";
import {
  cloudOption,
  collectDigest,
  collectGuid,
  outputOption,
  parseDuration,
  parseOwner,
  parseSpeed,
  planMaxAgeOption,
  policyOption,
  sqlEncryptOption,
  timeoutOption,
  wholeNumber,
} from "./option-values.ts";
import { addPermissions } from "./permissions-options.ts";
import { addRun } from "./run-options.ts";
import { addSourceOptions } from "./source-options.ts";
import { addStatus } from "./status-options.ts";
import { version } from "./version.ts";

const paths = ["[paths...]", "manifest files and folders; - is standard input"] as const;

/** All commands. Each hands its exit code to `onExit`. */
export function programFor(io: CliIo, onExit: OnExit): Command {
  const program = new Command("bindery")
    .description("Keeps Azure user-assigned managed identities the way a Git repository says they should be.")
    .version(`bindery ${version()}`, "-V, --version", "print the version")
    .helpOption("-h, --help", "print help")
    .showHelpAfterError("(--help lists commands and options)")
    .addHelpText("after", exitCodeHelp);
  addInit(program, io, onExit);
  addValidate(program, io, onExit);
  addPlan(program, io, onExit);
  addApply(program, io, onExit);
  addRun(program, io, onExit);
  addConfig(program, io, onExit);
  addExplain(program, io, onExit);
  addPermissions(program, io, onExit);
  addStatus(program, io, onExit);
  addSchema(program, io, onExit);
  addSandbox(program, io, onExit);
  addDemo(program, io, onExit);
  addVersion(program, io, onExit);
  return program;
}

function addInit(program: Command, io: CliIo, onExit: OnExit): void {
  program
    .command("init")
    .description("write a policy file: ask Azure for tenant and subscriptions, choose what is safe")
    .option("--output <file>", "where to write it; - is standard output", "bindery-policy.yaml")
    .addOption(
      new Option("--owner <name>", "the name of this instance, unique in the estate").argParser(parseOwner),
    )
    .addOption(
      new Option(
        "--subscription <id>",
        "only this subscription; can be repeated (default: all that are seen)",
      )
        .argParser(collectGuid)
        .default([], "all"),
    )
    .option("--force", "replace an existing file")
    .addOption(cloudOption())
    .addOption(timeoutOption())
    .addHelpText("after", examples.init)
    .action(async (options) => {
      const { runInit } = await import("./init-command.ts");
      onExit(await runInit(options, io));
    });
}

function addValidate(program: Command, io: CliIo, onExit: OnExit): void {
  addSourceOptions(
    program
      .command("validate")
      .description("report every mistake in manifests; needs no Azure")
      .argument(...paths),
  )
    .addOption(policyOption())
    .addOption(outputOption("text", "json", "github", "azure-pipelines"))
    .addHelpText("after", examples.validate)
    .action(async (names: string[], options) => {
      const { runValidate } = await import("./validate-command.ts");
      onExit(await runValidate(names, options, io));
    });
}

function addPlan(program: Command, io: CliIo, onExit: OnExit): void {
  addSourceOptions(
    program
      .command("plan")
      .description("show what would change, what is held and why; writes nothing to Azure")
      .argument(...paths),
  )
    .addOption(policyOption())
    .addOption(cloudOption())
    .addOption(sqlEncryptOption())
    .addOption(outputOption("text", "json", "markdown"))
    .option("--out <file>", "save the plan in a file (JSON) besides, for apply --plan")
    .option("--detailed-exitcode", "exit with 2 if there are changes or held changes")
    .option("--verbose", "list every addition and warning, however many")
    .addOption(timeoutOption())
    .addHelpText("after", examples.plan)
    .action(async (names: string[], options) => {
      const { runPlan } = await import("./plan-command.ts");
      onExit(await runPlan(names, options, io));
    });
}

function addApply(program: Command, io: CliIo, onExit: OnExit): void {
  addSourceOptions(
    program
      .command("apply")
      .description("make Azure as the manifests say, in passes, until only what is held remains")
      .argument(...paths),
  )
    .addOption(policyOption())
    .addOption(cloudOption())
    .addOption(sqlEncryptOption())
    .addOption(outputOption("text", "json"))
    .option("--plan <file>", "do only what stands in this saved plan too (from plan --out)")
    .addOption(planMaxAgeOption())
    .addOption(
      new Option("--release <digest>", "approve a held set by its digest; can be repeated")
        .argParser(collectDigest)
        .default([], "none"),
    )
    .option(
      "--audit <file>",
      "append audit lines to a file; - is stderr (default: stderr, unless it is a terminal)",
    )
    .addOption(
      new Option(
        "--lease-timeout <duration>",
        "wait so long for the policy's lease (default: not at all)",
      ).argParser(parseDuration),
    )
    .addOption(
      new Option("--concurrency <number>", "operations at the same time")
        .argParser(wholeNumber(1, 64))
        .default(8),
    )
    .option("--detailed-exitcode", "exit with 2 if something is held or not visible yet")
    .option("--verbose", "list every addition and warning, however many")
    .addOption(timeoutOption())
    .addHelpText("after", examples.apply)
    .action(async (names: string[], options) => {
      const { runApply } = await import("./apply-command.ts");
      onExit(await runApply(names, options, io));
    });
}

function addExplain(program: Command, io: CliIo, onExit: OnExit): void {
  addSourceOptions(
    program
      .command("explain")
      .description("say why a target, scope or identity has what it has: document, line, or nobody")
      .argument(
        "<resource>",
        "an ARM id, the bare name of a resource, or NAMESPACE/NAME of an identity's document",
      )
      .argument(...paths),
  )
    .addOption(policyOption())
    .addOption(cloudOption())
    .addOption(sqlEncryptOption())
    .addOption(outputOption("text", "json"))
    .addOption(timeoutOption())
    .addHelpText("after", examples.explain)
    .action(async (resource: string, names: string[], options) => {
      const { runExplain } = await import("./explain-command.ts");
      onExit(await runExplain(resource, names, options, io));
    });
}

function addSchema(program: Command, io: CliIo, onExit: OnExit): void {
  program
    .command("schema")
    .description("print the JSON Schema of the documents, for editors")
    .addHelpText("after", examples.schema)
    .action(async () => {
      const { jsonSchema } = await import("../manifest/json-schema.ts");
      io.stdout.write(`${JSON.stringify(jsonSchema(), undefined, 2)}\n`);
      onExit(0);
    });
}

function addSandbox(program: Command, io: CliIo, onExit: OnExit): void {
  program
    .command("sandbox")
    .description("run the embedded Azure, until Ctrl-C; one JSON line on stdout says where it is")
    .option("--seed <file>", "the world to begin with (YAML; default: a small built-in one)")
    .addOption(
      new Option("--port <port>", "the port on 127.0.0.1 (default: a free one)").argParser(
        wholeNumber(0, 65_535),
      ),
    )
    .option("--exports <file>", "where to write the shell exports (default: a temporary file)")
    .addOption(
      new Option("--speed <factor>", "how many times as fast its clock runs (default: 1)").argParser(
        parseSpeed,
      ),
    )
    .addHelpText("after", examples.sandbox)
    .action(async (options) => {
      const { runSandboxCommand } = await withSandbox(() => import("./sandbox-command.ts"));
      onExit(await runSandboxCommand(options, io));
    });
}

function addDemo(program: Command, io: CliIo, onExit: OnExit): void {
  program
    .command("demo")
    .description("tell the whole story on the embedded Azure, in under a minute")
    .addHelpText("after", examples.demo)
    .action(async () => {
      const { runDemoCommand } = await withSandbox(() => import("./demo-command.ts"));
      onExit(await runDemoCommand(io));
    });
}

function addVersion(program: Command, io: CliIo, onExit: OnExit): void {
  program
    .command("version")
    .description("print the versions of Bindery and Node")
    .addHelpText("after", examples.version)
    .action(() => {
      io.stdout.write(`bindery ${version()} (Node ${process.versions.node})\n`);
      onExit(0);
    });
}
