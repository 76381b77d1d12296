// Where daemons run: a sandbox, a Git server, and `bindery run` as processes of their own between them.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type Sandbox, startSandbox } from "../../src/sandbox/start.ts";
import { exportsOf } from "../cli-run.ts";
import { commit, type HttpsGit, httpsGit, newRepository, treeOf } from "./git-server.ts";

const main = fileURLToPath(new URL("../../src/main.ts", import.meta.url));

/** The one subscription of the stage. */
export const subscriptionId = "0b1f6471-0000-4000-8000-00000000a001";
const group = `/subscriptions/${subscriptionId}/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines`;

const seed = `
subscriptions: [{ subscriptionId: ${subscriptionId}, displayName: production }]
resourceGroups: [{ name: rg-identities, location: westeurope }, { name: rg, location: westeurope }]
virtualMachines:
  - { resourceGroup: rg, name: vm-1, tags: { app: a } }
  - { resourceGroup: rg, name: vm-2, tags: { app: a } }
  - { resourceGroup: rg, name: vm-3, tags: { app: b } }
settings: { listLagInMs: 0, graphLagInMs: 0, roleLagInMs: 0, principalLagInMs: 0, operationInMs: 100 }
`;

/** An identity on the machines of this name; `of` makes documents of several. */
export function manifest(name: string, machines: readonly string[]): string {
  const targets = machines.map((vm) => `{ virtualMachine: { resourceGroup: rg, name: ${vm} } }`);
  return `apiVersion: bindery.dev/v1alpha1
kind: UserAssignedIdentity
metadata: { name: ${name}, namespace: team }
spec: { subscriptionId: ${subscriptionId}, resourceGroup: rg-identities, location: westeurope, prunePolicy: Authoritative }
---
apiVersion: bindery.dev/v1alpha1
kind: IdentityBinding
metadata: { name: ${name}, namespace: team }
spec:
  identityRef: { name: ${name} }
  targets: [${targets.join(", ")}]
`;
}

/** A daemon that runs. */
export interface Daemon {
  readonly child: ChildProcess;
  /** All that it has written to stderr so far: log lines, and audit lines unless they go to a file. */
  log(): readonly Record<string, unknown>[];
  /** All of stderr as it is. */
  stderr(): string;
  /** An answer of one of its listeners. */
  ask(listener: ListenerName, path: string, init?: RequestInit): Promise<Response>;
  /** `GET /api/v1/status`. */
  status(): Promise<StatusSeen>;
  /** Ends it, and says how it ended. */
  end(signal?: NodeJS.Signals): Promise<{ readonly code: number | null; readonly signal: string | null }>;
}

type ListenerName = "probes" | "webhook" | "api";

/** What these tests read of the status. */
export interface StatusSeen {
  readonly [key: string]: unknown;
}

export interface DaemonStage extends AsyncDisposable {
  readonly sandbox: Sandbox;
  readonly git: HttpsGit;
  /** The files of the stage: policy.yaml, and what the test puts there. */
  readonly folder: string;
  /** The repository as `--source` takes it. */
  readonly source: string;
  /** Makes these files the tip of main, on top of what is there; gives the commit's id. */
  push(files: Readonly<Record<string, string>>, parents?: readonly string[]): string;
  /** `bindery run` on the repository, polled every five seconds, every listener on a free port. */
  start(more?: readonly string[], env?: Readonly<Record<string, string>>): Daemon;
  /** The names of the machines that an identity of this name is attached to. */
  machinesOf(identity: string): readonly string[];
  /** Lets somebody else take an identity off a machine. */
  detach(identity: string, machine: string): void;
}

/** Opens a stage on which nothing has happened yet. */
export async function daemonStage(): Promise<DaemonStage> {
  const folder = mkdtempSync(join(tmpdir(), "bindery-run-"));
  mkdirSync(join(folder, "served"));
  mkdirSync(join(folder, "state"));
  const [sandbox, git] = await Promise.all([
    startSandbox({ seed: { text: seed, filename: "run.yaml" } }),
    httpsGit(join(folder, "served"), folder),
  ]);
  writeFileSync(join(folder, "policy.yaml"), policyText(sandbox.ready.tenantId));
  const repository = newRepository(join(folder, "served"), "manifests.git");
  const source = `git+https://127.0.0.1:${git.port}/manifests.git`;
  const daemons: ChildProcess[] = [];
  let tip: string | undefined;
  const { resources } = sandbox.world;
  const machines = () => resources.values().filter((r) => r.id.startsWith(`${group}/`));
  return {
    sandbox,
    git,
    folder,
    source,
    push(files, parents = tip === undefined ? [] : [tip]) {
      tip = commit(repository, treeOf(repository, files), { parents });
      return tip;
    },
    start(more = [], env = {}) {
      const listeners = ["--probes-address", "127.0.0.1:0", "--api-address", "127.0.0.1:0"];
      const forMany = more.includes("--once") ? [] : ["--poll-interval", "5s", ...listeners];
      const args = ["--source", source, "--git-ca-file", git.caFile, "--policy", "policy.yaml", ...forMany];
      const daemon = startDaemon(["run", ...args, ...more], {
        cwd: folder,
        env: { ...exportsOf(sandbox.ready.envFile), ...env },
      });
      daemons.push(daemon.child);
      return daemon;
    },
    machinesOf: (identity) =>
      [...machines()]
        .filter((vm) => keysOf(vm).some((key) => isNamed(key, identity)))
        .map(({ name }) => name),
    detach(identity, machine) {
      const vm = resources.get(`${group}/${machine}`);
      if (!vm) throw new Error(`there is no ${machine}`);
      const left = Object.entries(vm.identity?.userAssignedIdentities ?? {}).filter(
        ([key]) => !isNamed(key, identity),
      );
      const { identity: _, ...bare } = vm;
      const kept = { type: "UserAssigned", userAssignedIdentities: Object.fromEntries(left) };
      resources.set(vm.id, left.length > 0 ? { ...bare, identity: kept } : bare);
    },
    async [Symbol.asyncDispose]() {
      for (const child of daemons.filter(isRunning)) child.kill("SIGKILL");
      await Promise.all([sandbox.close(), git[Symbol.asyncDispose]()]);
      rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

function keysOf({ identity }: { identity?: { userAssignedIdentities?: object } | undefined }): string[] {
  return Object.keys(identity?.userAssignedIdentities ?? {});
}

function isNamed(id: string, name: string): boolean {
  return id.toLowerCase().endsWith(`/${name.toLowerCase()}`);
}

/** True until a process has ended. */
export function isRunning({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode === null && signalCode === null;
}

/** What makes a spawned process hand over what is held against Azure's contract and against the secrets of the run. */
function handedOn(): Record<string, string> {
  const { BINDERY_EXCHANGES, BINDERY_PRINTED, NODE_OPTIONS } = process.env;
  const all = Object.entries({ BINDERY_EXCHANGES, BINDERY_PRINTED, NODE_OPTIONS });
  return Object.fromEntries(all.filter((one): one is [string, string] => one[1] !== undefined));
}

interface Spawning {
  readonly cwd: string;
  /** On top of the path and of what is handed on. */
  readonly env: Readonly<Record<string, string>>;
}

/** Starts a daemon with this command line. */
export function startDaemon(args: readonly string[], { cwd, env }: Spawning): Daemon {
  const child = spawn(process.execPath, [main, ...args], {
    cwd,
    env: { PATH: process.env.PATH ?? "", ...handedOn(), ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let text = "";
  child.stderr.setEncoding("utf8").on("data", (more: string) => {
    text += more;
  });
  child.stdout.resume();
  const log = (): readonly Record<string, unknown>[] =>
    text
      .split("\n")
      .slice(0, -1)
      .filter((line) => line.startsWith("{"))
      .map((line) => JSON.parse(line));
  const addressOf = async (listener: ListenerName): Promise<string> => {
    const line = await until(
      () => log().find(({ msg, listener: name }) => msg === "listening" && name === listener),
      `the ${listener} listener`,
      () => text,
    );
    return `http://${line.address}`;
  };
  const ask: Daemon["ask"] = async (listener, path, init) =>
    await fetch(`${await addressOf(listener)}${path}`, init);
  return {
    child,
    log,
    stderr: () => text,
    ask,
    status: async () => (await (await ask("api", "/api/v1/status")).json()) as StatusSeen,
    async end(signal = "SIGTERM") {
      if (isRunning(child)) {
        const exit = once(child, "exit");
        child.kill(signal);
        await exit;
      }
      return { code: child.exitCode, signal: child.signalCode };
    },
  };
}

/** Waits until something is there; fails with what is known after half a minute. */
export async function until<T>(
  look: () => T | undefined | Promise<T | undefined>,
  what: string,
  known: () => string = () => "",
  inMs = 30_000,
): Promise<T> {
  const end = performance.now() + inMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > end) throw new Error(`${what} has not come.\n${known()}`);
    await setTimeout(50);
  }
}

function policyText(tenantId: string): string {
  return `apiVersion: bindery.dev/v1alpha1
kind: Policy
metadata: { name: test }
spec:
  owner: test
  tenantId: ${tenantId}
  estate: { subscriptions: [${subscriptionId}] }
  limits: { removals: { count: 100, percent: 100 } }
`;
}
