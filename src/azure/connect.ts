// The way into Azure: puts the ports together for one cloud and one credential.
import { AsyncLocalStorage } from "node:async_hooks";
import { randomUUID } from "node:crypto";
import type { TokenCredential } from "@azure/core-auth";
import type { HttpClient } from "@azure/core-rest-pipeline";
import type { ActivityLog } from "../model/activity-log.ts";
import type { DatabaseReader, DatabaseWriter } from "../model/database.ts";
import type { WriteFence } from "../model/lease.ts";
import type { CallerRights, Clock, ReadPorts, Self, WritePorts } from "../model/ports.ts";
import { activityLogOn } from "./activity-log.ts";
import { assignmentWriterOf } from "./assignment-writer.ts";
import { ask } from "./call.ts";
import { clientsOn } from "./clients.ts";
import type { AzureCloud } from "./cloud.ts";
import { guardedCredential, readSelf, readToken } from "./credential.ts";
import { databaseLocatorOf } from "./databases.ts";
import { listSeen, type SeenEstate } from "./estate.ts";
import { identityWriterOf } from "./identity-writer.ts";
import { inventoryOf } from "./inventory.ts";
import { callerRightsOn } from "./permissions.ts";
import { lineTo } from "./pipeline.ts";
import type { RequestBounds, RequestEvent } from "./policies.ts";
import { readerOf } from "./reader.ts";
import { graphOf } from "./resource-graph.ts";
import { existingScopes } from "./scopes.ts";
import { targetWriterOf } from "./target-writer.ts";
import type { LimitQuota, LimitWait, Outside } from "./throttle.ts";

/** What it takes to connect. */
export interface ConnectOptions {
  readonly cloud: AzureCloud;
  readonly credential: TokenCredential;
  /** True for `plan`: no request that writes leaves the process. */
  readonly dryRun: boolean;
  readonly clock: Clock;
  /** The policy's tenant; subscriptions and tokens of another one are refused. Default: the token's own. */
  readonly tenantId?: string;
  /** Bindery's version, for the user agent. */
  readonly version?: string;
  /** A certificate authority to trust, as PEM. */
  readonly ca?: string;
  readonly onRequest?: (event: RequestEvent) => void;
  /** Sees each request that is held back for one of Azure's limits. */
  readonly onWait?: (wait: LimitWait) => void;
  /** Sees what each answer says is left of one of Azure's limits. */
  readonly onQuota?: (quota: LimitQuota) => void;
  readonly bounds?: Partial<RequestBounds>;
  /** What stands before every write; nothing by default. */
  readonly fence?: WriteFence;
  /** How long an operation of Azure may take; 20 minutes by default. */
  readonly deadlineInMs?: number;
  /** What carries the requests; sockets by default. */
  readonly httpClient?: HttpClient;
}

/** Azure, as the rest of Bindery sees it. */
export interface AzureConnection {
  readonly read: Omit<ReadPorts, keyof DatabaseReader>;
  readonly write: Omit<WritePorts, keyof DatabaseWriter>;
  /** What Bindery itself may do. */
  readonly rights: CallerRights;
  /** Who else writes in the estate, where that may be read. */
  readonly activityLog: ActivityLog;
  /** An access token for databases. */
  databaseToken(signal: AbortSignal): Promise<string>;
  /** Who Bindery is, read from its own token. */
  self(signal: AbortSignal): Promise<Self>;
  /** The tenants and subscriptions that the caller can see. */
  listEstate(signal: AbortSignal): Promise<SeenEstate>;
  /**
   * Runs something whose requests, polls included, all carry this correlation id (a GUID). Where one of them waits
   * for a limit of the very resource that it addresses, it does so in `outside`.
   */
  correlated<T>(correlationId: string, run: () => Promise<T>, outside?: Outside): Promise<T>;
}

/** Waits for who has no other work to do meanwhile. */
const withinPlace: Outside = (wait) => wait();

/** Connects to a cloud; nothing is sent before the first call of a port. */
export function connectAzure(options: ConnectOptions): AzureConnection {
  const { cloud, clock } = options;
  const running = new AsyncLocalStorage<{ correlationId: string; outside: Outside }>();
  const line = lineTo({
    cloud,
    dryRun: options.dryRun,
    clock,
    outside: (wait) => (running.getStore()?.outside ?? withinPlace)(wait),
    credential: guardedCredential(options.credential, cloud, options.tenantId),
    version: options.version ?? "unknown",
    correlationId: () => running.getStore()?.correlationId ?? randomUUID(),
    onRequest: options.onRequest ?? ((): void => undefined),
    onWait: options.onWait ?? ((): void => undefined),
    onQuota: options.onQuota ?? ((): void => undefined),
    ...(options.ca ? { ca: options.ca } : {}),
    ...(options.bounds ? { bounds: options.bounds } : {}),
    ...(options.fence ? { fence: options.fence } : {}),
    ...(options.httpClient ? { httpClient: options.httpClient } : {}),
  });
  const clients = clientsOn(line);
  const graph = graphOf(clients.graph, clock);
  const self = (signal: AbortSignal): Promise<Self> => ask(() => readSelf(line.credential, cloud, signal));
  const tenantId = async (signal: AbortSignal): Promise<string> =>
    options.tenantId ?? (await self(signal)).tenantId;
  const deadline = options.deadlineInMs === undefined ? {} : { deadlineInMs: options.deadlineInMs };
  const polling = { line, clock, ...deadline };
  const parts = { clients, graph, clock };
  return {
    read: {
      ...inventoryOf({ ...parts, tenantId }),
      ...readerOf(clients, clock),
      ...databaseLocatorOf(clients, clock, cloud.sqlServerSuffix),
      existingScopes: (scopes, signal) => existingScopes(parts, scopes, signal),
    },
    write: {
      ...identityWriterOf(clients, polling),
      ...targetWriterOf(clients, polling),
      ...assignmentWriterOf(clients, clock),
    },
    rights: callerRightsOn(line, clock),
    activityLog: activityLogOn({ line, self, now: () => clock.now() }),
    self,
    databaseToken: (signal) => ask(() => readToken(line.credential, cloud.sqlAudience, signal)),
    listEstate: (signal) => listSeen(clients, clock, signal),
    correlated: (correlationId, run, outside = withinPlace) => running.run({ correlationId, outside }, run),
  };
}
