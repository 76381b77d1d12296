// The settings of `bindery run`: which of flag, environment, file and default wins, and every mistake at once.
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { beforeAll, describe, expect, test } from "vitest";
import { CliError } from "./errors.ts";
import { type RunSettings, readRunSettings } from "./run-settings.ts";
import { addCommandWithSettings, commandLineFrom } from "./settings-command.ts";
import { originText } from "./settings-given.ts";
import { flagOf, type Setting, settingNames, settings, variableOf } from "./settings-table.ts";

let cwd = "";
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), "bindery-settings-"));
  await mkdir(join(cwd, "manifests"));
  await mkdir(join(cwd, "etc"));
  return () => rm(cwd, { recursive: true });
});

type Env = Readonly<Record<string, string>>;

/** What a command line, typed as it is, comes to. */
async function read(argv: readonly string[], env: Env = {}, file?: string): Promise<RunSettings> {
  if (file !== undefined) await writeFile(join(cwd, "etc/bindery.yaml"), file);
  const config = file === undefined ? [] : ["--config", "etc/bindery.yaml"];
  let found: Promise<RunSettings> | undefined;
  const program = new Command().exitOverride();
  addCommandWithSettings(program, "run").action((paths: string[], options) => {
    found = readRunSettings(commandLineFrom(paths, options), { env, cwd });
  });
  await program.parseAsync(["run", ...argv, ...config], { from: "user" });
  if (!found) throw new Error("the command did not run");
  return await found;
}

/** The lines of the error, arrows and count left out. */
async function mistakes(argv: readonly string[], env: Env = {}, file?: string): Promise<readonly string[]> {
  const error: unknown = await read(argv, env, file).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof CliError)) throw error;
  return error.message
    .split("\n")
    .slice(1)
    .filter((line) => !line.startsWith("  → "));
}

const least = ["manifests", "--policy", "policy.yaml"] as const;
const origins = ({ told }: RunSettings, name: string): readonly unknown[] =>
  told.filter((one) => one.name === name).map(({ value, origin }) => [value, originText(origin)]);

describe("the first of these gives the value", () => {
  const env = { BINDERY_INTERVAL: "3m" };
  const file = "# two lines\ninterval: 2m\n";
  test.each([
    ["the flag", [...least, "--interval", "4m"], env, file, "4m", "--interval", 240_000],
    ["the environment", [...least], env, file, "3m", "BINDERY_INTERVAL", 180_000],
    ["the file", [...least], {}, file, "2m", "etc/bindery.yaml:2", 120_000],
    ["the default", [...least], {}, undefined, "5m", "default", 300_000],
    [
      "the file, if the variable is empty",
      [...least],
      { BINDERY_INTERVAL: "" },
      file,
      "2m",
      "etc/bindery.yaml:2",
      120_000,
    ],
  ])("%s", async (_, argv, given, text, value, origin, inMs) => {
    const found = await read(argv, given, text);
    expect(origins(found, "interval")).toEqual([[value, origin]]);
    expect(found.intervalInMs).toBe(inMs);
  });
});

test("without more than it must be told, a daemon is careful and reachable from its own machine only", async () => {
  const { told: _, ...found } = await read(least);
  expect(found).toEqual({
    paths: ["manifests"],
    source: {},
    policy: "policy.yaml",
    cloud: "public",
    sqlEncrypt: "strict",
    intervalInMs: 300_000,
    pollIntervalInMs: 5_000,
    databasesIntervalInMs: 21_600_000,
    deadlineInMs: 900_000,
    gracePeriodInMs: 25_000,
    requestTimeoutInMs: 60_000,
    sqlTimeoutInMs: 30_000,
    concurrency: 8,
    once: false,
    dryRun: false,
    logLevel: "info",
    probes: { host: "127.0.0.1", port: 8080 },
    api: { address: { host: "127.0.0.1", port: 8082 } },
  });
});

test("a whole daemon out of a file: paths are relative to it, words are not", async () => {
  const file = `
paths: []
source: git+ssh://git@host.example/repository
path: [clusters/prod, shared]
sshKey: keys/id
sshKnownHosts: /known
policy: policy.yaml
cloud: usgovernment
audit: "-"
stateDir: ../state
concurrency: 16
dryRun: true
webhookAddress: "[::]:9000"
webhookSecretFile: hook
apiAddress: off
`;
  const found = await read([], {}, file);
  expect(found).toMatchObject({
    file: "etc/bindery.yaml",
    paths: [],
    source: {
      source: "git+ssh://git@host.example/repository",
      path: ["clusters/prod", "shared"],
      sshKey: "etc/keys/id",
      sshKnownHosts: "/known",
    },
    policy: "etc/policy.yaml",
    cloud: "usgovernment",
    audit: "-",
    stateDir: "state",
    pollIntervalInMs: 30_000,
    concurrency: 16,
    dryRun: true,
    webhook: { address: { host: "::", port: 9000 }, secretFile: "etc/hook" },
  });
  expect(found.api).toBeUndefined();
});

test("lists in the environment are separated by commas, switches are words", async () => {
  const env = {
    BINDERY_SOURCE: "git+https://host.example/r",
    BINDERY_PATH: "a, b",
    BINDERY_POLICY: "p.yaml",
    BINDERY_ONCE: "false",
  };
  const found = await read([], env, "once: true\n");
  expect(found.source.path).toEqual(["a", "b"]);
  expect(found.once).toBe(false);
});

test.each([
  [
    "the variable for traces, as it stands",
    { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://o:1/x" },
    "http://o:1/x",
  ],
  [
    "the general variable, below it",
    { OTEL_EXPORTER_OTLP_ENDPOINT: "http://o:4318/" },
    "http://o:4318/v1/traces",
  ],
  [
    "ours before both",
    { BINDERY_TRACES_URL: "http://b/y", OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://o/x" },
    "http://b/y",
  ],
  ["nobody", {}, undefined],
])("spans go where %s says", async (_, env, url) => {
  expect((await read(least, env)).tracesUrl).toBe(url);
});

test("a single turn listens nowhere, whatever a file that it shares with the daemon says", async () => {
  const found = await read([...least, "--once"], {}, "probesAddress: 127.0.0.1:1\ninterval: 1m\n");
  expect([found.probes, found.webhook, found.api]).toEqual([undefined, undefined, undefined]);
});

test("every mistake comes at once, each with its place", async () => {
  const file = `polcy: x
interval: 5 minutes
concurrency: 100
once: yes
webhookAddress: 0.0.0.0:8081
ref:
logLevel: [a, b]
`;
  const env = { BINDERY_GRACE_PERIOD: "25ms", BINDERY_INTERVALL: "1m" };
  expect(await mistakes(["--api-address", "0.0.0.0:8082"], env, file)).toEqual([
    'etc/bindery.yaml:1:1: There is no setting "polcy".',
    "etc/bindery.yaml:6:1: ref has no value.",
    "etc/bindery.yaml:7:1: logLevel is more than one value.",
    "BINDERY_INTERVALL: There is no setting for this variable.",
    'etc/bindery.yaml:2: "5 minutes" does not fit interval.',
    'BINDERY_GRACE_PERIOD: "25ms" does not fit gracePeriod.',
    'etc/bindery.yaml:3: "100" does not fit concurrency.',
    'etc/bindery.yaml:4: "yes" does not fit once.',
    "--policy: No policy was named: it says which tenant and subscriptions are under management, and for whom.",
    "--source: No manifests were named.",
    "etc/bindery.yaml:5: Webhooks are taken only from who knows a secret.",
    "--api-address: Others can reach this address, so the API asks for a token there.",
  ]);
});

const git = ["--source", "git+https://host.example/r", "--policy", "p"] as const;
const ssh = ["--source", "git+ssh://git@host.example/r", "--policy", "p"] as const;
const file = ["--webhook-secret-file", "s"] as const;
describe("a mistake", () => {
  test.each<[string, readonly string[], Env, string | undefined, readonly string[]]>([
    ["a number too small", [...least, "--concurrency", "0"], {}, undefined, ["--concurrency"]],
    ["no whole number", [...least, "--concurrency", "1.5"], {}, undefined, ["--concurrency"]],
    ["a duration out of bounds", [...least, "--grace-period", "2h"], {}, undefined, ["--grace-period"]],
    ["a choice that there is not", [...least, "--log-level", "trace"], {}, undefined, ["--log-level"]],
    [
      "an address without a port",
      [...least, "--probes-address", "0.0.0.0"],
      {},
      undefined,
      ["--probes-address"],
    ],
    [
      "a port that there is not",
      [...least, "--probes-address", "a:65536"],
      {},
      undefined,
      ["--probes-address"],
    ],
    ["a switch that is no word", [...least], { BINDERY_DRY_RUN: "1" }, undefined, ["BINDERY_DRY_RUN"]],
    ["an empty flag", ["manifests", "--policy", ""], {}, undefined, ["--policy"]],
    ["PATH and source", ["manifests", ...git], {}, undefined, ["PATH"]],
    ["standard input", ["-", "--policy", "p"], {}, undefined, ["PATH"]],
    [
      "a Git option without Git",
      [...least, "--ref", "main", "--git-entra"],
      {},
      undefined,
      ["--ref", "--git-entra"],
    ],
    ["an SSH option for HTTPS", [...git, "--ssh-key", "k"], {}, undefined, ["--ssh-key"]],
    [
      "an HTTPS option for SSH",
      [...ssh, "--git-ca-file", "c", "--ssh-key", "k", "--ssh-known-hosts", "h"],
      {},
      undefined,
      ["--git-ca-file"],
    ],
    ["SSH without key and hosts", [...ssh], {}, undefined, ["--ssh-key", "--ssh-known-hosts"]],
    [
      "two credentials for Git",
      [...git, "--git-entra", "--git-token-file", "t"],
      {},
      undefined,
      ["--git-entra"],
    ],
    ["a ref that there cannot be", [...git, "--ref", "a..b"], {}, undefined, ["--source"]],
    ["Git asked too often", [...git, "--poll-interval", "4s"], {}, undefined, ["--poll-interval"]],
    [
      "a webhook for everybody",
      [...least, "--webhook-address", "0.0.0.0:1"],
      {},
      undefined,
      ["--webhook-address"],
    ],
    ["a secret for no webhook", [...least, ...file], {}, undefined, ["--webhook-secret-file"]],
    ["an open API", [...least], { BINDERY_API_ADDRESS: "10.0.0.1:1" }, undefined, ["BINDERY_API_ADDRESS"]],
    [
      "two listeners at one address",
      [...least, "--api-address", "127.0.0.1:8080"],
      {},
      undefined,
      ["--api-address"],
    ],
    [
      "one turn and a webhook",
      [...least, "--once"],
      {},
      "webhookAddress: a:1\nwebhookSecretFile: s\n",
      ["etc/bindery.yaml:1"],
    ],
    ["one turn and its interval", [...least, "--once", "--interval", "1m"], {}, undefined, ["--interval"]],
    ["a second document", [...least], {}, "interval: 1m\n---\ninterval: 2m\n", ["etc/bindery.yaml:3:1"]],
    ["no mapping", [...least], {}, "- interval\n", ["etc/bindery.yaml:1:1"]],
    ["a key twice", [...least], {}, "interval: 1m\ninterval: 2m\n", ["etc/bindery.yaml:2:1"]],
    ["no YAML", [...least], {}, "interval: [1m\n", ["etc/bindery.yaml:2:1"]],
    ["a key of every object", [...least], {}, "__proto__: 1\n", ["etc/bindery.yaml:1:1"]],
  ])("is %s", async (_, argv, env, text, places) => {
    const lines = await mistakes(argv, env, text);
    expect(lines.map((line) => line.split(": ")[0])).toEqual(places);
  });

  test.each([
    ["a webhook that is turned off", [...least, ...file, "--webhook-address", "off"]],
    [
      "an API beyond the machine with a token",
      [...least, "--api-address", "0.0.0.0:1", "--api-token-file", "t"],
    ],
    ["an API on another loopback address", [...least, "--api-address", "127.8.8.8:1"]],
    ["any free port twice", [...least, "--api-address", "[::1]:0", "--probes-address", "[::1]:0"]],
    ["a switch that is off", [...least], { BINDERY_GIT_ENTRA: "false" }],
    [
      "variables of Kubernetes and of others",
      [...least],
      {
        BINDERY_SERVICE_HOST: "1",
        BINDERY_PORT: "tcp://1",
        BINDERY_PORT_80_TCP_ADDR: "1",
        BINDERY_BUILD_DATE: "1",
      },
    ],
  ])("is not %s", async (_, argv, env: Env = {}) => {
    expect((await read(argv, env)).policy).toBe("policy.yaml");
  });
});

test.each([
  ["--source", ["--source", "git+https://me:hunter2@host.example/r", "--policy", "p"]],
  ["--traces-url", [...least, "--traces-url", "https://me:hunter2@host.example/"]],
])("a credential in the address of %s is refused and not repeated", async (flag, argv) => {
  const lines = await mistakes(argv);
  expect(lines.map((line) => line.split(": ")[0])).toEqual([flag]);
  expect(lines.join()).not.toContain("hunter2");
});

test.each([
  ["lies among the manifests", "manifests/settings.yaml", false],
  ["is a link to there", "link.yaml", true],
])("a settings file that %s is refused: it names the policy", async (_, name, isLink) => {
  await writeFile(join(cwd, "manifests/settings.yaml"), "interval: 1m\n");
  if (isLink) await symlink("manifests/settings.yaml", join(cwd, name));
  expect(await mistakes([...least, "--config", name])).toEqual([
    expect.stringContaining(`${name}: The settings file lies among the manifests`),
  ]);
});

test("a settings file that is not there is a mistake of its own", async () => {
  await expect(read([...least], { BINDERY_CONFIG: "nowhere.yaml" })).rejects.toThrow(/nowhere\.yaml/);
});

describe("docs/configuration.md", () => {
  const rows = readFile(join(import.meta.dirname, "../../docs/configuration.md"), "utf8").then((page) => {
    const [, section = ""] = page.split("\n## All settings\n");
    return (section.split("\n## ")[0] ?? "").split("\n").filter((line) => line.startsWith("| `"));
  });

  test.each(settingNames)("has a row for %s, with flag, variable, default and meaning", async (name) => {
    const { default: standard, value, means }: Setting & { readonly value?: string } = settings[name];
    const flag =
      name === "paths"
        ? "PATH…"
        : `${flagOf(name)}${value === undefined ? "" : ` ${value.slice(1, -1).toUpperCase()}`}`;
    const row = (await rows).filter((line) => line.startsWith(`| \`${name}\` |`));
    expect(row.map((line) => line.split(" | ").slice(1, 3))).toEqual([
      [`\`${flag}\``, `\`${variableOf(name)}\``],
    ]);
    expect(row[0]).toContain(standard === undefined ? " |  | " : ` | \`${standard}\` | `);
    expect(means).not.toBe("");
  });

  test("has no other row", async () => {
    expect((await rows).length).toBe(settingNames.length);
  });
});
