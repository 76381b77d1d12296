// What `npm pack` gives, installed into an empty folder and used there: nothing of the repository is at hand.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { publint } from "publint";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { byText } from "../src/model/order.ts";
import type { ReadyLine } from "../src/sandbox/start.ts";
import { exportsOf } from "./cli-run.ts";

const root = join(import.meta.dirname, "..");

/** What the package is made of. Copied, so that it is built from nothing, and nobody's dist is in the way. */
const sources = [
  ...["bin", "docs", "manifests", "src"],
  ...["package.json", "tsconfig.json", "tsconfig.build.json"],
  ...["CHANGELOG.md", "LICENSE", "README.md", "SECURITY.md"],
];

/** One entry of package-lock.json. */
interface Locked {
  readonly version: string;
  readonly dev?: boolean;
}

/** What a run came to. */
interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

let folder: string;
let packed: { readonly filename: string; readonly files: readonly { readonly path: string }[] };
const elsewhere = (...names: readonly string[]): string => join(folder, "elsewhere", ...names);
const installed = (...names: readonly string[]): string => elsewhere("node_modules/bindery", ...names);

/** This Node, and nothing of what the tests of the repository hand to processes. */
function start(command: string, args: readonly string[], cwd: string, env = {}): ChildProcess {
  const path = [dirname(process.execPath), process.env.PATH ?? ""].join(delimiter);
  const { HOME, npm_config_cache, npm_config_registry } = process.env;
  return spawn(command, args, {
    cwd,
    env: { HOME, npm_config_cache, npm_config_registry, ...env, PATH: path },
    stdio: ["ignore", "pipe", "pipe"],
  });
}

async function run(command: string, args: readonly string[], cwd: string, env = {}): Promise<Run> {
  const child = start(command, args, cwd, env);
  const { stdout, stderr } = child;
  if (!stdout || !stderr) throw new Error("A pipe is missing.");
  const [[code], out, err] = await Promise.all([once(child, "close"), text(stdout), text(stderr)]);
  return { code, stdout: out, stderr: err };
}

async function succeed(command: string, args: readonly string[], cwd: string): Promise<string> {
  const { code, stdout, stderr } = await run(command, args, cwd);
  if (code !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${code}: ${stderr}${stdout}`);
  return stdout;
}

/** The command as npm has linked it. */
function bindery(args: readonly string[], env = {}): Promise<Run> {
  return run(elsewhere("node_modules/.bin/bindery"), args, elsewhere(), env);
}

/**
 * Puts there what the package depends on, and nothing else of the repository: npm finds it when it installs the package,
 * and asks no registry. Nested folders come with their packages; source maps and types are left out, as nothing runs them.
 */
function bringDependencies(): void {
  const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as {
    packages: Readonly<Record<string, Locked>>;
  };
  const needed = Object.entries(packages).filter(
    ([path, { dev }]) => dev !== true && path.lastIndexOf("node_modules/") === 0,
  );
  for (const [path] of needed)
    cpSync(join(root, path), elsewhere(path), {
      recursive: true,
      filter: (source) => !/\.map$|\.d\.[cm]?ts$|\/dist\/(browser|react-native|workerd)$/.test(source),
    });
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "bindery-package-"));
  for (const name of sources) cpSync(join(root, name), join(folder, "source", name), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(folder, "source/node_modules"));
  const said = await succeed("npm", ["pack", "--json", "--pack-destination", folder], join(folder, "source"));
  [packed] = JSON.parse(said.slice(said.indexOf("[\n"))) as [typeof packed];
  cpSync(join(root, "test/support/loaded-modules.mjs"), elsewhere("loaded-modules.mjs"));
  writeFileSync(elsewhere("package.json"), JSON.stringify({ name: "elsewhere", version: "1.0.0" }));
  bringDependencies();
  const quiet = ["--offline", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund"];
  await succeed("npm", ["install", ...quiet, join(folder, packed.filename)], elsewhere());
}, 240_000);
afterAll(() => rm(folder, { recursive: true }), 240_000);

describe("what is in it", () => {
  test("the built command, its documents, and nothing else", () => {
    const paths = packed.files.map(({ path }) => path);
    const rest = paths.filter((path) => !/^(dist\/.*\.js|docs\/[^/]+\.md|manifests\/.+)$/.test(path));
    expect(rest.toSorted(byText)).toEqual([
      "CHANGELOG.md",
      "LICENSE",
      "README.md",
      "SECURITY.md",
      "bin/bindery.js",
      "dist/sandbox/roles/built-in-roles.json",
      "package.json",
    ]);
    expect(paths.filter((path) => path.startsWith("dist/")).length).toBeGreaterThan(400);
  });

  test("neither tests nor their helpers, sources or maps", () => {
    const paths = packed.files.map(({ path }) => path);
    expect(paths.filter((path) => /\.test\.|fixtures|fake-|\.ts$|\.map$|tsconfig/.test(path))).toEqual([]);
  });

  test("nothing that publint objects to", async () => {
    const bytes = readFileSync(join(folder, packed.filename));
    const tarball = new Uint8Array(bytes).buffer;
    const { messages } = await publint({ pack: { tarball }, strict: true });
    expect(messages).toEqual([]);
  });
});

describe("what it does elsewhere", () => {
  test("npx finds the command", async () => {
    const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Locked;
    const found = await succeed("npx", ["--no-install", "bindery", "--version"], elsewhere());
    expect(found).toBe(`bindery ${version}\n`);
  });

  test("validates", async () => {
    const { code, stderr } = await bindery(["validate", installed("manifests/teams")]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining("Valid: ") });
  });

  test("explains its commands", async () => {
    expect(await bindery(["init", "--help"])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("$ bindery init --owner prod"),
    });
  });

  test("keeps compiled code beside itself", () => {
    expect(existsSync(installed("node_modules/.cache/bindery"))).toBe(true);
  });

  test("says on an older Node which one it needs", async () => {
    const older = `Object.defineProperty(process, "versions", { value: { ...process.versions, node: "22.23.1" } });`;
    writeFileSync(elsewhere("older.mjs"), older);
    const asked = await bindery(["--version"], { NODE_OPTIONS: `--import=${elsewhere("older.mjs")}` });
    expect(asked).toEqual({
      code: 1,
      stdout: "",
      stderr: "Bindery needs Node 24 or later; this is 22.23.1.\n",
    });
  });

  test("begins its demo, with the documents and the command of the package", async () => {
    const child = start(elsewhere("node_modules/.bin/bindery"), ["demo"], elsewhere());
    const ended = once(child, "close");
    let said = "";
    child.stderr?.on("data", (part: Buffer) => {
      said += String(part);
    });
    child.stdout?.on("data", (part: Buffer) => {
      said += String(part);
      if (said.includes("+ create  id-orders")) child.kill("SIGINT");
    });
    await ended;
    expect(said).toContain("+ create  id-orders");
  });
});

/** Runs a command and counts the files that it loads, by package; "" is Bindery itself. */
async function loadedBy(args: readonly string[], env = {}): Promise<Readonly<Record<string, number>>> {
  const file = elsewhere("loaded.json");
  const NODE_OPTIONS = `--import=${elsewhere("loaded-modules.mjs")}`;
  const { code, stderr } = await bindery(args, { ...env, NODE_OPTIONS, LOADED_MODULES: file });
  if (code !== 0) throw new Error(`bindery ${args.join(" ")} ended with ${code}: ${stderr}`);
  const counts = JSON.parse(readFileSync(file, "utf8")) as Record<string, number>;
  rmSync(file);
  return counts;
}

/** Packages that take long to load, and are for what talks to Azure, to databases or to others. */
const heavy = /^(@azure\/|@typespec\/|tedious$|@opentelemetry\/|@kusto\/|hono$|@hono\/|pino$|prom-client$)/;
const heavyOf = (counts: Readonly<Record<string, number>>): readonly string[] =>
  Object.keys(counts).filter((name) => heavy.test(name));

describe("what it loads", () => {
  test.each([
    { args: ["--help"], atMost: 180 },
    { args: ["version"], atMost: 180 },
    { args: ["schema"], atMost: 200 },
    { args: ["plan", "--help"], atMost: 180 },
    { args: ["config", "--help"], atMost: 180 },
    { args: ["validate", "TEAMS", "--policy", "POLICY"], atMost: 350 },
  ])("$args: nothing of Azure's SDKs, and few files", async ({ args, atMost }) => {
    const places: Readonly<Record<string, string>> = {
      TEAMS: installed("manifests/teams"),
      POLICY: installed("manifests/policy.yaml"),
    };
    const counts = await loadedBy(args.map((arg) => places[arg] ?? arg));
    expect(heavyOf(counts)).toEqual([]);
    expect(counts[""]).toBeGreaterThan(5);
    expect(Object.values(counts).reduce((sum, count) => sum + count, 0)).toBeLessThan(atMost);
  });
});

test("plans against its own sandbox, and only then loads Azure's SDKs", async () => {
  const child = start(elsewhere("node_modules/.bin/bindery"), ["sandbox"], elsewhere());
  const ended = once(child, "close");
  try {
    const ready = await readyLine(child);
    const teams = installed("manifests/teams");
    const args = ["plan", teams, "--policy", installed("manifests/policy.yaml"), "--output", "json"];
    const env = exportsOf(ready.envFile);
    expect(heavyOf(await loadedBy(args, env))).toEqual(
      expect.arrayContaining(["@azure/identity", "tedious"]),
    );
    const { stdout } = await bindery(args, env);
    expect(JSON.parse(stdout)).toMatchObject({ digest: expect.stringMatching(/^[0-9a-f]{24}$/) });
  } finally {
    child.kill("SIGTERM");
  }
  expect(await ended).toEqual([0, null]);
});

test("without the embedded Azure all other commands work, and its own say that it is left out", async () => {
  const away = join(folder, "sandbox-left-out");
  renameSync(installed("dist/sandbox"), away);
  try {
    const said = "error: The embedded Azure is not in this image.";
    for (const command of ["sandbox", "demo"])
      expect(await bindery([command])).toMatchObject({ code: 1, stderr: expect.stringContaining(said) });
    expect(await bindery(["validate", installed("manifests/teams")])).toMatchObject({ code: 0 });
    // As far as a plan gets without the cloud of its policy.
    const teams = installed("manifests/teams");
    const plan = await bindery(["plan", teams, "--policy", installed("manifests/policy.yaml")]);
    expect(plan).toMatchObject({ code: 4, stderr: expect.stringContaining("is reserved for the sandbox") });
  } finally {
    renameSync(away, installed("dist/sandbox"));
  }
});

/** The line on stdout that says where the sandbox is. */
async function readyLine({ stdout }: ChildProcess): Promise<ReadyLine> {
  if (!stdout) throw new Error("The sandbox has no stdout.");
  let said = "";
  for await (const part of stdout.iterator({ destroyOnReturn: false })) {
    said += String(part);
    if (said.includes("\n")) return JSON.parse(said) as ReadyLine;
  }
  throw new Error(`The sandbox ended before it was ready: ${said}`);
}
