// Where replicas take turns: a Git repository, a sandbox and an Azurite, and daemons between them, each with its own way.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { expect } from "vitest";
import { startSandbox } from "../../src/sandbox/start.ts";
import { type CliRun, cli } from "../cli-run.ts";
import { startAzurite } from "./azurite.ts";
import { type Daemon, isRunning, startDaemon } from "./daemon-stage.ts";
import { commit, httpsGit, newRepository, treeOf } from "./git-server.ts";
import {
  callerOf,
  leasePolicy,
  leaseSeed,
  ledgerFor,
  openWay,
  trustBoth,
  type Way,
  type WayParts,
  type Write,
} from "./lease-ways.ts";

/** A place for a daemon, one after the other: what they write comes by the same way, one write at a time. */
export interface Replica extends Pick<Way, "cutFromStore" | "reachStore"> {
  /** `bindery run` on the repository, which is looked at every five seconds. */
  start(more?: readonly string[]): Daemon;
  /** How many writes have come from here. */
  sent(): number;
}

/** Where replicas take turns; nothing is shared between stages. */
export interface ReplicaStage extends AsyncDisposable {
  readonly first: Replica;
  readonly second: Replica;
  /** Names of all machines. */
  readonly machines: readonly string[];
  /** Makes this the only manifest of main; gives the commit's id. Its parents are the tip unless they are given. */
  push(text: string, parents?: readonly string[]): string;
  /** `bindery apply` on the same text, by a way of its own. */
  apply(text: string, more?: readonly string[], onStderr?: (text: string) => void): Promise<CliRun>;
  /** How many machines an identity of this name is attached to. */
  attached(identity: string): number;
  /** The sandbox's own log. */
  writes(): Promise<readonly Write[]>;
}

/** How much there is to do, and how long each write of the first replica and of the second takes. */
export interface ReplicaWork {
  readonly machines: number;
  readonly writesInMs: readonly [first: number, second: number];
}

/** Opens a stage on which nothing has happened yet. */
export async function replicaStage({ machines, writesInMs }: ReplicaWork): Promise<ReplicaStage> {
  const folder = mkdtempSync(join(tmpdir(), "bindery-replicas-"));
  mkdirSync(join(folder, "served"));
  const [azurite, sandbox, git] = await Promise.all([
    startAzurite(),
    startSandbox({ seed: { text: leaseSeed(machines), filename: "replicas.yaml" } }),
    httpsGit(join(folder, "served"), folder),
  ]);
  expect(await azurite.send("PUT", "/leases?restype=container", sandbox.ready)).toBe(201);
  writeFileSync(join(folder, "policy.yaml"), leasePolicy(sandbox));
  const ledger = ledgerFor(sandbox);
  const parts = { azurite, sandbox, folder, ledger };
  await trustBoth(parts);
  const source = ["--source", `git+https://127.0.0.1:${git.port}/manifests.git`, "--git-ca-file", git.caFile];
  const [first, second, applied] = await Promise.all([
    openReplica({ ...parts, name: "first" }, source, writesInMs[0]),
    openReplica({ ...parts, name: "second" }, source, writesInMs[1]),
    openWay({ ...parts, name: "apply" }, async () => undefined),
  ]);
  const repository = newRepository(join(folder, "served"), "manifests.git");
  let tip: string | undefined;
  return {
    first,
    second,
    machines: Array.from({ length: machines }, (_, i) => `vm-${i}`),
    push(text, parents = tip === undefined ? [] : [tip]) {
      tip = commit(repository, treeOf(repository, { "a.yaml": text }), { parents });
      return tip;
    },
    apply(text, more = [], onStderr = () => undefined) {
      writeFileSync(join(folder, "applied.yaml"), text);
      const files = ["applied.yaml", "--policy", "policy.yaml", "--cloud", applied.cloud];
      const options = { cwd: folder, env: callerOf(sandbox) };
      return cli(["apply", ...files, ...more], { ...options, onStderr: (_, all) => onStderr(all) });
    },
    attached: (identity) =>
      [...sandbox.world.resources.values()].filter(
        (r) =>
          /virtualmachines$/i.test(r.type) &&
          Object.keys(r.identity?.userAssignedIdentities ?? {}).some((id) => id.endsWith(`/${identity}`)),
      ).length,
    writes: () => ledger.writes(),
    async [Symbol.asyncDispose]() {
      await Promise.all([first.close(), second.close(), applied.close()]);
      await Promise.all([azurite.close(), sandbox.close(), git[Symbol.asyncDispose]()]);
      rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

async function openReplica(parts: WayParts, source: readonly string[], writeInMs: number) {
  const { folder, sandbox } = parts;
  const daemons: Daemon[] = [];
  let sent = 0;
  const way = await openWay(parts, async () => {
    sent += 1;
    await setTimeout(writeInMs);
    return;
  });
  const listeners = ["--probes-address", "127.0.0.1:0", "--api-address", "127.0.0.1:0"];
  const usual = ["--policy", "policy.yaml", "--cloud", way.cloud, "--audit", `audit-${parts.name}.jsonl`];
  return {
    ...way,
    sent: () => sent,
    start(more: readonly string[] = []) {
      // One after the other, so that the leader always has more to write.
      const pace = ["--concurrency", "1", "--poll-interval", "5s"];
      const args = ["run", ...source, ...usual, ...listeners, ...pace, ...more];
      const daemon = startDaemon(args, { cwd: folder, env: callerOf(sandbox) });
      daemons.push(daemon);
      return daemon;
    },
    async close() {
      for (const { child } of daemons) if (isRunning(child)) child.kill("SIGKILL");
      await way.close();
    },
  };
}
