// Bindery's whole flow against a running sandbox, as `bindery plan` and `bindery apply` run it: real SDKs, real sockets.
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import type { TokenCredential } from "@azure/core-auth";
import type { HttpClient } from "@azure/core-rest-pipeline";
import { ClientSecretCredential } from "@azure/identity";
import type { AuditEvent } from "../../src/apply/audit.ts";
import { type AzureCloud, parseCloudFile } from "../../src/azure/cloud.ts";
import { type AzureConnection, connectAzure } from "../../src/azure/connect.ts";
import type { RequestEvent } from "../../src/azure/policies.ts";
import { type Convergence, convergeOn } from "../../src/controller/converge.ts";
import { type Intent, planOf } from "../../src/controller/reconcile.ts";
import { desiredFrom } from "../../src/desired/desired-from.ts";
import { parseManifests } from "../../src/manifest/parse-manifests.ts";
import type { Policy } from "../../src/model/policy.ts";
import type { Clock } from "../../src/model/ports.ts";
import type { Plan } from "../../src/plan/plan.ts";
import type { Sandbox } from "../../src/sandbox/start.ts";
import { addressesOf, connectSql } from "../../src/sql/connect.ts";
import { wouldPrint } from "../secrets/printed.ts";

/** What a test says of a run besides its documents. */
export interface RunOptions {
  readonly policy?: Partial<Policy>;
  readonly release?: readonly string[];
  readonly stop?: AbortSignal;
  readonly maxPasses?: number;
  /** Sees each line of the audit trail. */
  readonly onAudit?: (event: AuditEvent) => void;
  /** Sees each plan before anything of it is written. */
  readonly onPlan?: (plan: Plan) => void;
}

/** Bindery, connected to a sandbox. */
export interface Harness {
  plan(documents: string, options?: RunOptions): Promise<Plan>;
  apply(documents: string, options?: RunOptions): Promise<Convergence>;
  /** The requests that Bindery has sent since the last call. */
  requests(): readonly RequestEvent[];
}

/** What Bindery is connected with. */
export interface Wiring {
  readonly cloud: AzureCloud;
  readonly credential: TokenCredential;
  readonly clock: Clock;
  readonly tenantId: string;
  readonly subscriptions: readonly string[];
  readonly random: () => number;
  readonly ca?: string;
  readonly httpClient?: HttpClient;
  /** How long an operation of Azure may take; Bindery's own default if left out. */
  readonly deadlineInMs?: number;
  /** Of databases: what goes on around each reading and each change, and the clock for waits amidst them. */
  readonly databases?: { readonly clock: Clock; around<T>(work: () => Promise<T>): Promise<T> };
}

/** A clock that runs as fast as the sandbox's: a wait of a minute takes a minute of its time. */
function clockOf(sandbox: Sandbox, speed: number): Clock {
  return {
    now: sandbox.world.now,
    sleep: (inMs, signal) => setTimeout(inMs / speed, undefined, { signal }),
  };
}

type Databases = ReturnType<typeof connectSql>;

/** Connects Bindery's own, least privileged caller to a sandbox that was started with this speed. */
export function harnessFor(sandbox: Sandbox, speed: number, httpClient?: HttpClient): Harness {
  const { ready, cloudFile } = sandbox;
  const { cloud, problems } = parseCloudFile(readFileSync(cloudFile, "utf8"));
  if (!cloud) throw new Error(problems.join("\n"));
  const ca = readFileSync(ready.caFile, "utf8");
  const credential = new ClientSecretCredential(ready.tenantId, ready.clientId, ready.clientSecret, {
    authorityHost: cloud.authorityHost,
    disableInstanceDiscovery: true,
    tlsOptions: { ca },
  });
  return harnessOn({
    cloud,
    credential,
    clock: clockOf(sandbox, speed),
    tenantId: ready.tenantId,
    subscriptions: ready.subscriptions.map((s) => s.subscriptionId),
    random: Math.random,
    ca,
    ...(httpClient && { httpClient }),
  });
}

/** Puts Bindery's flow on whatever leads to a sandbox. */
export function harnessOn(wiring: Wiring): Harness {
  const { cloud, credential, clock, random, ca, httpClient, deadlineInMs } = wiring;
  let events: RequestEvent[] = [];
  const connect = (dryRun: boolean): AzureConnection =>
    connectAzure({
      cloud,
      credential,
      dryRun,
      clock,
      onRequest: (event) => {
        events.push(event);
        wouldPrint(event);
      },
      ...(ca !== undefined && { ca }),
      ...(httpClient && { httpClient }),
      ...(deadlineInMs !== undefined && { deadlineInMs }),
    });
  const databasesOf = (connection: AzureConnection, dryRun: boolean): Databases => {
    const ports = connectSql({
      serverSuffix: cloud.sqlServerSuffix,
      isAllowed: () => true,
      token: (signal) => connection.databaseToken(signal),
      dryRun,
      clock: wiring.databases?.clock ?? clock,
      addresses: addressesOf(cloud.sqlAddresses),
      ...(ca !== undefined && { ca }),
    });
    const { databases: beside } = wiring;
    if (!beside) return ports;
    return {
      readDatabase: (...args) => beside.around(() => ports.readDatabase(...args)),
      changeDatabase: (...args) => beside.around(() => ports.changeDatabase(...args)),
    };
  };
  const [dry, live] = [connect(true), connect(false)];
  const [dryDatabases, databases] = [databasesOf(dry, true), databasesOf(live, false)];
  let desired: { readonly of: string; readonly state: Intent["desired"] } | undefined;
  const desiredOf = (documents: string): Intent["desired"] => {
    if (desired?.of !== documents) desired = { of: documents, state: read(documents) };
    return desired.state;
  };
  const intentFor = async (documents: string, options: RunOptions): Promise<Intent> => ({
    desired: desiredOf(documents),
    policy: { ...policyOf(wiring), ...options.policy },
    self: await live.self(AbortSignal.timeout(60_000)),
    releases: { digests: new Set(options.release), changes: new Set() },
  });
  return {
    plan: async (documents, options = {}) => {
      const intent = await intentFor(documents, options);
      return (await planOf(intent, { ...dry.read, ...dryDatabases }, AbortSignal.timeout(120_000))).plan;
    },
    apply: async (documents, options = {}) => {
      const intent = await intentFor(documents, options);
      const stop = options.stop ?? new AbortController().signal;
      const ports = { ...live.read, ...live.write, ...databases };
      return await convergeOn(intent, ports, {
        clock,
        random,
        audit: async (event) => {
          options.onAudit?.(event);
          wouldPrint(event);
        },
        correlated: (run, outside) => {
          const id = randomUUID();
          return live.correlated(id, () => run(id), outside);
        },
        stop,
        onPlan: async ({ plan }) => options.onPlan?.(plan),
        ...(options.maxPasses !== undefined && { maxPasses: options.maxPasses }),
      });
    },
    requests: () => {
      const sent = events;
      events = [];
      return sent;
    },
  };
}

/** The worlds of tests are so small that a share of them says nothing; limits have tests of their own. */
const generousLimits: Policy["limits"] = {
  removals: { count: 100, percent: 100 },
  additions: { count: 5_000 },
};

/** The one repository whose branches the documents of tests trust. */
const trusted = {
  issuer: "https://token.actions.githubusercontent.com",
  subject: "repo:c/o:ref:refs/heads/*",
};

function policyOf({ tenantId, subscriptions }: Wiring): Policy {
  return {
    owner: "test",
    tenantId,
    estate: { subscriptions, managementGroups: [] },
    namespaces: [],
    limits: generousLimits,
    wholeSubscriptionSelectors: "Deny",
    privileged: [],
    federatedCredentials: [trusted],
    sqlServers: ["*"],
    protected: [],
    releases: [],
  };
}

function read(documents: string): Intent["desired"] {
  const bytes = new TextEncoder().encode(documents);
  const parsed = parseManifests([{ path: "test.yaml", bytes }]);
  const errors = parsed.diagnostics.filter((d) => d.severity === "error");
  if (errors.length > 0) throw new Error(JSON.stringify(errors, null, 2));
  return desiredFrom(parsed.documents, `test-${bytes.length}`);
}
