// A sandbox, an Azurite, and several command lines before them: each has its own way to both, and it is known who wrote what.
import type { ChildProcess } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { expect } from "vitest";
import { startSandbox } from "../../src/sandbox/start.ts";
import { type CliRun, cli } from "../cli-run.ts";
import { startAzurite } from "./azurite.ts";
import {
  callerOf,
  leasePolicy,
  leaseSeed,
  leaseSubscriptionId,
  ledgerFor,
  openWay,
  trustBoth,
  type WayParts,
  type Write,
} from "./lease-ways.ts";

/** How much there is to do, and how long each write of the first lane takes. */
export interface Work {
  readonly machines: number;
  readonly writeInMs: number;
}

const documents = `apiVersion: bindery.dev/v1alpha1
kind: UserAssignedIdentity
metadata: { name: id-a, namespace: team }
spec: { subscriptionId: ${leaseSubscriptionId}, resourceGroup: rg-identities, location: westeurope, prunePolicy: Authoritative }
---
apiVersion: bindery.dev/v1alpha1
kind: IdentityBinding
metadata: { name: id-a, namespace: team }
spec:
  identityRef: { name: id-a }
  targets: [{ virtualMachines: { resourceGroups: [rg], selector: { matchTags: { app: a } } } }]
`;

/** How one command line is run. */
export interface LaneOptions {
  readonly more?: readonly string[];
  /** Sees each write, counted from 1, before the sandbox does. */
  readonly onWrite?: (number: number, child: ChildProcess) => Promise<void>;
  /** Lets Azure refuse every write. */
  readonly refuseWrites?: boolean;
}

/** A command line with its own way to Azure and to the store. */
export interface Lane {
  apply(options?: LaneOptions): Promise<CliRun>;
  plan(): Promise<CliRun>;
  /** From now on the store does not answer this lane. */
  cutFromStore(): void;
}

/** What the sandbox's log says of writes, by lane. */
export interface Writes {
  of(lane: LaneName): readonly Write[];
}

/** Lanes that there are on every stage. */
const names = ["first", "second", "refused"] as const;
type LaneName = (typeof names)[number];

/** Where leases are fought for; nothing is shared between stages. */
export interface LeaseStage {
  lane(name: LaneName): Lane;
  /** Reads the sandbox's request log. */
  writes(): Promise<Writes>;
  /** Every machine has the identity, and a plan finds nothing to do. */
  expectDone(): Promise<void>;
  close(): Promise<void>;
}

/** Opens a stage on which nothing has happened yet. */
export async function leaseStage({ machines, writeInMs }: Work): Promise<LeaseStage> {
  const [azurite, sandbox] = await Promise.all([
    startAzurite(),
    startSandbox({ seed: { text: leaseSeed(machines), filename: "lease.yaml" } }),
  ]);
  expect(await azurite.send("PUT", "/leases?restype=container", sandbox.ready)).toBe(201);
  const folder = await mkdtemp(join(tmpdir(), "bindery-lease-"));
  await writeFile(join(folder, "documents.yaml"), documents);
  await writeFile(join(folder, "policy.yaml"), leasePolicy(sandbox));
  const ledger = ledgerFor(sandbox);
  const parts = { azurite, sandbox, folder, ledger };
  await trustBoth(parts);
  const opened = await Promise.all(names.map((name) => openLane({ ...parts, name }, writeInMs)));
  const lane: LeaseStage["lane"] = (name) => {
    const found = opened[names.indexOf(name)];
    if (!found) throw new Error(`there is no lane ${name}`);
    return found;
  };
  return {
    lane,
    async writes() {
      const writes = await ledger.writes();
      return { of: (name) => writes.filter((one) => one.lane === name) };
    },
    async expectDone() {
      const attached = sandbox.world.resources
        .values()
        .filter((r) => /virtualmachines$/i.test(r.type) && JSON.stringify(r).includes("id-a"));
      expect(attached.length).toBe(machines);
      const plan = await lane("refused").plan();
      expect([plan.code, plan.stderr]).toEqual([0, expect.any(String)]);
    },
    async close() {
      await Promise.all([...opened.map((one) => one.close()), azurite.close(), sandbox.close()]);
      await rm(folder, { recursive: true });
    },
  };
}

async function openLane(parts: WayParts, writeInMs: number) {
  const { name, sandbox, folder } = parts;
  let [count, child] = [0, undefined as ChildProcess | undefined];
  let running: LaneOptions = {};
  const way = await openWay(parts, async () => {
    count += 1;
    if (running.refuseWrites) return refusal();
    if (child) await running.onWrite?.(count, child);
    if (name === "first") await setTimeout(writeInMs);
    return;
  });
  const env = callerOf(sandbox);
  const run = (args: readonly string[], onStart: (started: ChildProcess) => void): Promise<CliRun> =>
    cli([...args, "--policy", "policy.yaml", "--cloud", way.cloud], { cwd: folder, env, onStart });
  return {
    apply(options: LaneOptions = {}) {
      [count, running] = [0, options];
      // One after the other, so that the holder always has more to write.
      const width = ["--concurrency", name === "first" ? "1" : "8"];
      return run(["apply", ...usual, ...width, ...(options.more ?? [])], (started) => {
        child = started;
      });
    },
    plan: () => run(["plan", "documents.yaml"], () => undefined),
    cutFromStore: way.cutFromStore,
    close: way.close,
  };
}

const usual = ["documents.yaml", "--detailed-exitcode"];

function refusal(): Response {
  const error = { code: "AuthorizationFailed", message: "The client does not have authorization." };
  return Response.json({ error }, { status: 403 });
}
