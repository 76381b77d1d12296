// Ways to Azure and to the store of leases, one for each process: it is known what was written by each, and each can be held up or cut off.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { LogEntry } from "../../src/sandbox/request-log.ts";
import { type Listening, serveHttps } from "../../src/sandbox/server.ts";
import type { Sandbox } from "../../src/sandbox/start.ts";
import { type Azurite, type Wire, wireTo } from "./azurite.ts";
import { isWrite } from "./kill-gate.ts";

/** The one subscription of tests of the lease. */
export const leaseSubscriptionId = "0b1f6471-0000-4000-8000-00000000a001";

/** A sandbox with so many machines, vm-0 and on, in which nothing lags. */
export function leaseSeed(machines: number): string {
  const one = (_: unknown, i: number): string => `  - { resourceGroup: rg, name: vm-${i}, tags: { app: a } }`;
  return `
subscriptions: [{ subscriptionId: ${leaseSubscriptionId}, displayName: production }]
resourceGroups: [{ name: rg-identities, location: westeurope }, { name: rg, location: westeurope }]
virtualMachines:
${Array.from({ length: machines }, one).join("\n")}
settings: { listLagInMs: 0, graphLagInMs: 0, roleLagInMs: 0, principalLagInMs: 0, operationInMs: 0 }
`;
}

/** A policy whose lease lasts as short as Azure allows. */
export function leasePolicy({ ready }: Sandbox): string {
  return `apiVersion: bindery.dev/v1alpha1
kind: Policy
metadata: { name: test }
spec:
  owner: test
  tenantId: ${ready.tenantId}
  estate: { subscriptions: [${leaseSubscriptionId}] }
  lease: { blobUrl: https://bindery.blob.core.windows.net/leases/prod, durationSeconds: 15 }
`;
}

/** A write that the sandbox has logged. */
export interface Write extends Pick<LogEntry, "sequence" | "method" | "path"> {
  /** The way that it came by. */
  readonly lane: string;
  /** When it came, by `performance.now`. */
  readonly at: number;
}

/** Knows who has sent what. */
export interface Ledger {
  note(lane: string, request: Request): void;
  /** The writes of the sandbox's own log, in its order. */
  writes(): Promise<readonly Write[]>;
}

const keyOf = (correlationId: string, method: string, path: string): string =>
  `${correlationId} ${method} ${path}`;

/** A ledger in which nothing stands yet. */
export function ledgerFor({ ready, fetch }: Sandbox): Ledger {
  const senders = new Map<string, Pick<Write, "lane" | "at">>();
  return {
    note(lane, { method, url, headers }) {
      const { pathname, search } = new URL(url);
      const correlationId = headers.get("x-ms-correlation-request-id") ?? "";
      senders.set(keyOf(correlationId, method, pathname + search), { lane, at: performance.now() });
    },
    async writes() {
      const headers = { authorization: `Bearer ${ready.adminToken}` };
      const answer = await fetch(new Request(`${ready.admin}/requests`, { headers }));
      const log = (await answer.json()) as LogEntry[];
      return log
        .filter(({ method, path, callerId }) => callerId !== undefined && isWrite(`${method} ${path}`))
        .map(({ sequence, method, path, correlationId = "" }) => {
          const sender = senders.get(keyOf(correlationId, method, path));
          if (!sender) throw new Error(`nobody sent ${method} ${path}`);
          return { sequence, method, path, ...sender };
        });
    },
  };
}

/** Between what a way leads. */
export interface WayParts {
  readonly name: string;
  readonly azurite: Azurite;
  readonly sandbox: Sandbox;
  readonly ledger: Ledger;
  /** Where files are put; `trustBoth` has been there. */
  readonly folder: string;
}

/** A way of its own to Azure and to the store. */
export interface Way {
  /** The cloud file that leads by it, relative to the folder. */
  readonly cloud: string;
  /** From now on the store does not answer. */
  cutFromStore(): void;
  reachStore(): void;
  close(): Promise<void>;
}

/** Lets everybody in the folder trust the sandbox and the store. */
export async function trustBoth({ sandbox, azurite, folder }: Omit<WayParts, "name" | "ledger">) {
  const sandboxCa = await readFile(sandbox.ready.caFile, "utf8");
  await writeFile(join(folder, "azure-ca.pem"), `${sandboxCa}\n${azurite.pki.caPem}`);
}

/** Opens a way; each write waits for `onWrite`, which may answer in the sandbox's place. */
export async function openWay(parts: WayParts, onWrite: () => Promise<Response | undefined>): Promise<Way> {
  const { name, azurite, sandbox, folder, ledger } = parts;
  const wire = await wireTo(azurite.address);
  const gate = await serveHttps(
    async (request) => {
      if (!isWrite(`${request.method} ${new URL(request.url).pathname}`)) return await sandbox.fetch(request);
      ledger.note(name, request);
      return (await onWrite()) ?? (await sandbox.fetch(request));
    },
    azurite.pki,
    0,
  );
  const cloud = `cloud-${name}.json`;
  await writeFile(join(folder, cloud), cloudFile(parts, gate, wire));
  return {
    cloud,
    cutFromStore: () => wire.cut(),
    reachStore: () => wire.mend(),
    close: async () => void (await Promise.all([gate.close(), wire.close()])),
  };
}

function cloudFile({ sandbox, azurite }: WayParts, gate: Listening, wire: Wire): string {
  return JSON.stringify({
    name: "sandbox",
    authorityHost: sandbox.ready.authority,
    resourceManager: `https://localhost:${gate.port}`,
    resourceManagerAudience: "https://management.azure.com",
    caFile: "azure-ca.pem",
    tenantId: sandbox.ready.tenantId,
    sandbox: true,
    sqlServerSuffix: ".database.windows.net",
    sqlAudience: "https://database.windows.net/",
    blobSuffix: ".blob.core.windows.net",
    blobAddresses: { [azurite.host]: wire.address },
  });
}

/** The caller of a sandbox, as the environment of a process names it. */
export function callerOf({ ready: { tenantId, clientId, clientSecret } }: Sandbox): Record<string, string> {
  return { AZURE_TENANT_ID: tenantId, AZURE_CLIENT_ID: clientId, AZURE_CLIENT_SECRET: clientSecret };
}
