// A sandbox, an Azurite, and several command lines before them: each has its own way to both, and it is known who wrote what.
import type { ChildProcess } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { expect } from "vitest";
import type { LogEntry } from "../../src/sandbox/request-log.ts";
import { type Listening, serveHttps } from "../../src/sandbox/server.ts";
import { type Sandbox, startSandbox } from "../../src/sandbox/start.ts";
import { type CliRun, cli } from "../cli-run.ts";
import { type Azurite, startAzurite, type Wire, wireTo } from "./azurite.ts";
import { isWrite } from "./kill-gate.ts";

const S = "0b1f6471-0000-4000-8000-00000000a001";
/** How much there is to do, and how long each write of the first lane takes. */
export interface Work {
  readonly machines: number;
  readonly writeInMs: number;
}

function seedFor(machines: number): string {
  const one = (_: unknown, i: number): string => `  - { resourceGroup: rg, name: vm-${i}, tags: { app: a } }`;
  return `
subscriptions: [{ subscriptionId: ${S}, displayName: production }]
resourceGroups: [{ name: rg-identities, location: westeurope }, { name: rg, location: westeurope }]
virtualMachines:
${Array.from({ length: machines }, one).join("\n")}
settings: { listLagInMs: 0, graphLagInMs: 0, roleLagInMs: 0, principalLagInMs: 0, operationInMs: 0 }
`;
}

const documents = `apiVersion: bindery.dev/v1alpha1
kind: UserAssignedIdentity
metadata: { name: id-a, namespace: team }
spec: { subscriptionId: ${S}, resourceGroup: rg-identities, location: westeurope, prunePolicy: Authoritative }
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

/** A write that the sandbox has logged. */
export interface Write extends Pick<LogEntry, "sequence" | "method" | "path"> {
  /** When it came, by `performance.now`. */
  readonly at: number;
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
    startSandbox({ seed: { text: seedFor(machines), filename: "lease.yaml" } }),
  ]);
  expect(await azurite.send("PUT", "/leases?restype=container", sandbox.ready)).toBe(201);
  const folder = await mkdtemp(join(tmpdir(), "bindery-lease-"));
  await writeFile(join(folder, "documents.yaml"), documents);
  await writeFile(join(folder, "policy.yaml"), policyFile(sandbox));
  const sandboxCa = await readFile(sandbox.ready.caFile, "utf8");
  await writeFile(join(folder, "ca.pem"), `${sandboxCa}\n${azurite.pki.caPem}`);
  const senders = new Map<string, { readonly lane: string; readonly at: number }>();
  const opened = await Promise.all(
    names.map((name) => openLane({ name, azurite, sandbox, folder, senders, writeInMs })),
  );
  const lane: LeaseStage["lane"] = (name) => {
    const found = opened[names.indexOf(name)];
    if (!found) throw new Error(`there is no lane ${name}`);
    return found;
  };
  return {
    lane,
    writes: () => writesIn(sandbox, senders),
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

interface Opening {
  readonly name: string;
  readonly azurite: Azurite;
  readonly sandbox: Sandbox;
  readonly folder: string;
  readonly writeInMs: number;
  /** By correlation id and path: who sent it, and when it came. */
  readonly senders: Map<string, { readonly lane: string; readonly at: number }>;
}

const senderKey = (correlationId: string, method: string, path: string): string =>
  `${correlationId} ${method} ${path}`;

async function openLane({ name, azurite, sandbox, folder, senders, writeInMs }: Opening) {
  const wire: Wire = await wireTo(azurite.address);
  let [count, child] = [0, undefined as ChildProcess | undefined];
  let running: LaneOptions = {};
  const gate: Listening = await serveHttps(
    async (request) => {
      const { pathname, search } = new URL(request.url);
      if (isWrite(`${request.method} ${pathname}`)) {
        const correlationId = request.headers.get("x-ms-correlation-request-id") ?? "";
        senders.set(senderKey(correlationId, request.method, pathname + search), {
          lane: name,
          at: performance.now(),
        });
        count += 1;
        if (running.refuseWrites) return refusal();
        if (child) await running.onWrite?.(count, child);
        if (name === "first") await setTimeout(writeInMs);
      }
      return await sandbox.fetch(request);
    },
    azurite.pki,
    0,
  );
  const cloud = `cloud-${name}.json`;
  await writeFile(join(folder, cloud), cloudFile({ sandbox, azurite, gate, wire }));
  const { tenantId, clientId, clientSecret } = sandbox.ready;
  const env = { AZURE_TENANT_ID: tenantId, AZURE_CLIENT_ID: clientId, AZURE_CLIENT_SECRET: clientSecret };
  const run = (args: readonly string[], onStart: (started: ChildProcess) => void): Promise<CliRun> =>
    cli([...args, "--policy", "policy.yaml", "--cloud", cloud], { cwd: folder, env, onStart });
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
    cutFromStore: () => wire.cut(),
    close: async () => void (await Promise.all([gate.close(), wire.close()])),
  };
}

const usual = ["documents.yaml", "--detailed-exitcode"];

function refusal(): Response {
  const error = { code: "AuthorizationFailed", message: "The client does not have authorization." };
  return Response.json({ error }, { status: 403 });
}

/** The writes of the sandbox's own log, each with the lane that it came by. */
async function writesIn({ ready, fetch }: Sandbox, senders: Opening["senders"]): Promise<Writes> {
  const headers = { authorization: `Bearer ${ready.adminToken}` };
  const answer = await fetch(new Request(`${ready.admin}/requests`, { headers }));
  const log = (await answer.json()) as LogEntry[];
  const writes = log
    .filter(({ method, path, callerId }) => callerId !== undefined && isWrite(`${method} ${path}`))
    .map(({ sequence, method, path, correlationId = "" }) => {
      const sender = senders.get(senderKey(correlationId, method, path));
      if (!sender) throw new Error(`nobody sent ${method} ${path}`);
      return { sequence, method, path, ...sender };
    });
  return { of: (name) => writes.filter(({ lane }) => lane === name) };
}

interface CloudParts extends Pick<Opening, "sandbox" | "azurite"> {
  readonly gate: Listening;
  readonly wire: Wire;
}

function cloudFile({ sandbox, azurite, gate, wire }: CloudParts): string {
  return JSON.stringify({
    name: "sandbox",
    authorityHost: sandbox.ready.authority,
    resourceManager: `https://localhost:${gate.port}`,
    resourceManagerAudience: "https://management.azure.com",
    caFile: "ca.pem",
    tenantId: sandbox.ready.tenantId,
    sandbox: true,
    sqlServerSuffix: ".database.windows.net",
    sqlAudience: "https://database.windows.net/",
    blobSuffix: ".blob.core.windows.net",
    blobAddresses: { [azurite.host]: wire.address },
  });
}

function policyFile({ ready }: Sandbox): string {
  return `apiVersion: bindery.dev/v1alpha1
kind: Policy
metadata: { name: test }
spec:
  owner: test
  tenantId: ${ready.tenantId}
  estate: { subscriptions: [${S}] }
  lease: { blobUrl: https://bindery.blob.core.windows.net/leases/prod, durationSeconds: 15 }
`;
}
