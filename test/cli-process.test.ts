import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { cli } from "./cli-run.ts";

const subscription = "00000000-0000-4000-8000-000000000001";
const tenantId = "00000000-0000-4000-8000-00000000000a";
const good = `apiVersion: bindery.dev/v1alpha1
kind: UserAssignedIdentity
metadata: { name: orders, namespace: team }
spec:
  subscriptionId: ${subscription}
  resourceGroup: rg-ids
  prunePolicy: Additive
`;
const policy = `apiVersion: bindery.dev/v1alpha1
kind: Policy
metadata: { name: test }
spec:
  owner: test
  tenantId: ${tenantId}
  estate: { subscriptions: [${subscription}] }
`;
const steering = /[\p{Cc}\p{Cf}]/u;

let folder: string;
const at = (name: string): string => join(folder, name);
/** Beside the folder, not in it. */
const link = join(tmpdir(), `bindery-cli-link-${process.pid}`);
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "bindery-cli-"));
  writeFileSync(at("good.yaml"), good);
  writeFileSync(at("bad.yaml"), good.replace("prunePolicy", "prunePolcy"));
  writeFileSync(at("other.yaml"), good.replace("name: orders", "name: other"));
  writeFileSync(at("policy.yml.txt"), policy);
});
afterAll(() => {
  rmSync(folder, { recursive: true });
  rmSync(link, { force: true });
});

describe("what is typed", () => {
  test.each([
    ["no command", [], "Usage: bindery"],
    ["an unknown command", ["pln"], "(Did you mean plan?)"],
    ["an unknown option", ["plan", "x", "--polcy", "y"], "(Did you mean --policy?)"],
    ["an option of a later version", ["apply", "x", "--state-dir", "y"], "unknown option '--state-dir'"],
    ["an age that is none", ["apply", "x", "--plan-max-age", "1d"], "Write a duration like 90s, 10m or 1h."],
    ["a missing argument", ["validate"], "No manifests were named."],
    ["too many arguments", ["schema", "x"], "too many arguments"],
    ["an unknown format", ["plan", "x", "--output", "xml"], "Allowed choices are text, json, markdown"],
    ["no digest", ["apply", "x", "--release", "abc"], "24 hexadecimal digits"],
    ["no number", ["apply", "x", "--concurrency", "0"], "a whole number from 1 to 64"],
    ["no duration", ["apply", "x", "--timeout", "soon"], "90s, 10m or 1h"],
    ["an owner that is none", ["init", "--owner", "Prod!"], "lower-case letters"],
    ["no policy", ["plan", "x"], "`bindery init` writes one"],
  ])("%s is bad input, told on stderr", async (_, args, message) => {
    const run = await cli(args);
    expect(run).toMatchObject({ code: 3, stdout: "" });
    expect(run.stderr).toContain(message);
    expect(run.stderr).not.toMatch(/\n\s+at /);
  });

  test("comes back harmless", async () => {
    const { stderr, code } = await cli(["pl\u001b[31man\u202E"]);
    expect(code).toBe(3);
    for (const line of stderr.split("\n")) expect(line).not.toMatch(steering);
  });

  test.each([
    "init",
    "validate",
    "plan",
    "apply",
    "run",
    "config",
    "status",
    "explain",
    "permissions",
    "schema",
    "sandbox",
    "demo",
    "version",
  ])("%s --help shows examples on stdout", async (command) => {
    const run = await cli([command, "--help"]);
    expect(run).toMatchObject({ code: 0, stderr: "" });
    expect(run.stdout).toMatch(new RegExp(`Examples:\\n  .*bindery ${command}`));
  });
});

describe("version and schema", () => {
  test("version", async () => {
    expect((await cli(["version"])).stdout).toMatch(/^bindery \d+\.\d+\.\d+ \(Node 24\./);
    expect((await cli(["--version"])).stdout).toMatch(/^bindery \d+\.\d+\.\d+\n$/);
  });

  test("schema is JSON Schema of every kind", async () => {
    const run = await cli(["schema"]);
    expect(run).toMatchObject({ code: 0, stderr: "" });
    const schema = JSON.parse(run.stdout) as { definitions: object };
    expect(Object.keys(schema.definitions)).toEqual(
      expect.arrayContaining(["UserAssignedIdentity", "IdentityBinding", "Policy"]),
    );
  });

  test("a reader that goes away is no error", () => {
    const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));
    const piped = `"${process.execPath}" "${main}" schema | head -c 10; echo "code \${PIPESTATUS[0]}"`;
    const { stdout, stderr } = spawnSync("bash", ["-c", piped], { encoding: "utf8" });
    expect(stdout).toContain("code 0");
    expect(stderr).toBe("");
  });
});

describe("a fast start", () => {
  const hook = `import { registerHooks } from "node:module";
    registerHooks({ load(url, context, next) { process.stderr.write("LOAD " + url + "\\n"); return next(url, context); } });`;
  const env = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(hook)}` };

  test.each([[["--help"]], [["version"]], [["schema"]], [["validate", "good.yaml"]]])(
    "%j loads no SDK, no sandbox and no demo",
    async (args) => {
      const { stderr } = await cli(args, { env, cwd: folder });
      const loaded = stderr.match(/(?<=^LOAD ).*/gm) ?? [];
      expect(loaded.some((url) => url.includes("/src/cli/program.ts"))).toBe(true);
      expect(
        loaded.filter((url) => /@azure|tedious|pino|src\/(sandbox|azure|cli\/demo)\//.test(url)),
      ).toEqual([]);
    },
  );
});

describe("validate", () => {
  test("says that all is well, and that the estate was not checked", async () => {
    const run = await cli(["validate", at("good.yaml")]);
    expect(run).toMatchObject({ code: 0, stdout: "" });
    expect(run.stderr).toBe(
      "Valid: 1 document in 1 file. Without --policy nobody has looked whether names lie outside the estate, and whether folders keep to their namespaces.\n",
    );
  });

  test("checks the estate with a policy, by option and by environment", async () => {
    const outside = good.replace(subscription, subscription.replace("1", "2"));
    for (const run of [
      await cli(["validate", "-", "--policy", at("policy.yml.txt")], { input: outside }),
      await cli(["validate", "-"], { input: outside, env: { BINDERY_POLICY: at("policy.yml.txt") } }),
    ]) {
      expect(run.code).toBe(3);
      expect(run.stdout).toContain("<stdin>:5:");
    }
  });

  test.each([
    ["text", /^.*bad\.yaml:\d+:\d+ error /m],
    ["github", /^::error file=.*bad\.yaml,line=\d+,col=\d+,/m],
    ["json", /"apiVersion": "bindery\.dev\/diagnostics\/v1"/],
  ])("shows mistakes as %s on stdout", async (format, pattern) => {
    const run = await cli(["validate", at("bad.yaml"), at("good.yaml"), "--output", format]);
    expect(run.code).toBe(3);
    expect(run.stdout).toMatch(pattern);
    expect(run.stdout).not.toContain("\u001b");
    if (format === "json") expect(() => JSON.parse(run.stdout)).not.toThrow();
  });

  test("colours when told to, and not when told not to", async () => {
    const told = await cli(["validate", at("bad.yaml")], { env: { FORCE_COLOR: "1" } });
    expect(told.stdout).toContain("\u001b[");
    const not = await cli(["validate", at("bad.yaml")], { env: { NO_COLOR: "1" } });
    expect(not.stdout).not.toContain("\u001b[");
  });

  test.each([
    ["a file that is not there", "nothing.yaml", "there is no such file or folder"],
    ["a binary file", "binary.yaml", "binary.yaml:1:1 error"],
  ])("%s is a diagnostic", async (_, name, message) => {
    writeFileSync(at("binary.yaml"), Buffer.from([0xff, 0xfe, 0x00, 0x80]));
    const run = await cli(["validate", at(name)]);
    expect(run.code).toBe(3);
    expect(run.stdout).toContain(message);
  });
});

describe("the policy", () => {
  test.each([
    [
      "is refused among the manifests",
      (): string[] => ["plan", folder, "--policy", at("policy.yml.txt")],
      "lies among the manifests",
    ],
    [
      "is refused behind a link",
      (): string[] => ["plan", folder, "--policy", linked()],
      "lies among the manifests",
    ],
    ["must be there", (): string[] => ["plan", at("good.yaml"), "--policy", at("none")], "cannot be read"],
    [
      "must be a policy",
      (): string[] => ["plan", at("good.yaml"), "--policy", at("other.yaml")],
      "policy file holds one",
    ],
  ])("%s", async (_, args, message) => {
    const run = await cli(args());
    expect(run).toMatchObject({ code: 3, stdout: "" });
    expect(run.stderr).toContain(message);
  });

  test.each([
    ["a cloud that is none", "nowhere", 3, "--cloud takes public, usgovernment, china"],
    ["a cloud file that is none", "good.yaml", 3, "is not JSON"],
  ])("%s is bad input", async (_, cloud, code, message) => {
    const run = await cli(["plan", at("good.yaml"), "--policy", at("policy.yml.txt"), "--cloud", at(cloud)]);
    expect(run).toMatchObject({ code, stdout: "" });
    expect(run.stderr).toContain(message);
  });

  test("a log level that is none is bad input", async () => {
    const env = { BINDERY_LOG_LEVEL: "loud" };
    const run = await cli(["plan", at("good.yaml"), "--policy", at("policy.yml.txt")], { env });
    expect(run.code).toBe(3);
    expect(run.stderr).toContain("debug, info, warn, error, silent");
  });

  test("mistakes in manifests are told on stderr, and Azure is asked nothing", async () => {
    const broken = good.replace("prunePolicy", "prunePolcy");
    const run = await cli(["plan", "-", "--policy", at("policy.yml.txt")], { input: broken });
    expect(run).toMatchObject({ code: 3, stdout: "" });
    expect(run.stderr).toContain("<stdin>:7:");
    expect(run.stderr).toContain("Nothing was asked of Azure");
    expect(run.stderr).not.toContain("Azure: cloud");
  });
});

function linked(): string {
  symlinkSync(at("policy.yml.txt"), link);
  return link;
}
