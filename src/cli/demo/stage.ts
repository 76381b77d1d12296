// Where the demo plays: a sandbox, a copy of the example documents, and Bindery run as a process of its own, as a user runs it.
import { spawn } from "node:child_process";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { type Sandbox, startSandbox } from "../../sandbox/start.ts";

const root = join(import.meta.dirname, "../../..");
/** Built or not: the entry has the extension of this file. */
const main = join(import.meta.dirname, `../../main${extname(import.meta.filename)}`);

/** What one run of Bindery cost. */
export interface RunCost {
  readonly exitCode: number;
  readonly requests: number;
  readonly writes: number;
  readonly seconds: number;
}

/** The demo's stage. */
export interface Stage {
  readonly sandbox: Sandbox;
  /** Runs `bindery …` in the folder of the documents, on this terminal. */
  bindery(args: readonly string[]): Promise<RunCost>;
  /** Replaces a text in one of the documents; throws if it is not there. */
  edit(file: string, from: string, to: string): Promise<void>;
  close(): Promise<void>;
}

/** Azure in a hurry: everything is as late as it must be to be seen. */
const settings = {
  listLagInMs: 200,
  graphLagInMs: 400,
  roleLagInMs: 200,
  principalLagInMs: 300,
  operationInMs: 900,
};

/** Sets the stage. The signal ends whatever runs on it. */
export async function setStage(signal: AbortSignal): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), "bindery-demo-"));
  await cp(join(root, "manifests"), join(folder, "manifests"), { recursive: true });
  const sandbox = await startSandbox({ settings });
  const { ready } = sandbox;
  const env = {
    ...withoutAzure(process.env),
    AZURE_TENANT_ID: ready.tenantId,
    AZURE_CLIENT_ID: ready.clientId,
    AZURE_CLIENT_SECRET: ready.clientSecret,
    BINDERY_CLOUD: sandbox.cloudFile,
    BINDERY_POLICY: "manifests/policy.yaml",
  };
  return {
    sandbox,
    bindery: (args) => runCounted(args, folder, env, sandbox, signal),
    edit: async (file, from, to) => {
      const path = join(folder, "manifests/teams", file);
      const text = await readFile(path, "utf8");
      if (!text.includes(from)) throw new Error(`The demo's ${file} does not say "${from}".`);
      await writeFile(path, text.replace(from, to));
    },
    close: async () => {
      await sandbox.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function runCounted(
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv,
  sandbox: Sandbox,
  signal: AbortSignal,
): Promise<RunCost> {
  const admin = { headers: { authorization: `Bearer ${sandbox.ready.adminToken}` } };
  await sandbox.fetch(new Request(`${sandbox.ready.admin}/requests`, { ...admin, method: "DELETE" }));
  const start = performance.now();
  const exitCode = await run(args, cwd, env, signal);
  const seconds = (performance.now() - start) / 1000;
  const response = await sandbox.fetch(new Request(`${sandbox.ready.admin}/counters`, admin));
  const { total, byMethod } = (await response.json()) as { total: number; byMethod: Record<string, number> };
  const writes = ["PUT", "PATCH", "DELETE"].reduce((sum, method) => sum + (byMethod[method] ?? 0), 0);
  return { exitCode, requests: total, writes, seconds };
}

function run(
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [main, ...args], { cwd, env, stdio: "inherit", signal });
    child.on("error", reject);
    child.on("exit", (code) => resolve(code ?? 1));
  });
}

/** The demo must reach nobody's real Azure: what this shell knows of one is left out. */
function withoutAzure(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => !/^(AZURE|BINDERY|IDENTITY|MSI)_/.test(name)),
  );
}
