// Bindery's whole flow against a running sandbox, as `bindery plan` and `bindery apply` run it: real SDKs, real sockets.
import { readFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { ClientSecretCredential } from "@azure/identity";
import { parseCloudFile } from "../../src/azure/cloud.ts";
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

/** What a test says of a run besides its documents. */
export interface RunOptions {
  readonly policy?: Partial<Policy>;
  readonly release?: readonly string[];
  readonly stop?: AbortSignal;
}

/** Bindery, connected to a sandbox. */
export interface Harness {
  plan(documents: string, options?: RunOptions): Promise<Plan>;
  apply(documents: string, options?: RunOptions): Promise<Convergence>;
  /** The requests that Bindery has sent since the last call. */
  requests(): readonly RequestEvent[];
}

/** A clock that runs as fast as the sandbox's: a wait of a minute takes a minute of its time. */
function clockOf(sandbox: Sandbox, speed: number): Clock {
  return {
    now: sandbox.world.now,
    sleep: (inMs, signal) => setTimeout(inMs / speed, undefined, { signal }),
  };
}

/** Connects Bindery's own, least privileged caller to a sandbox that was started with this speed. */
export function harnessFor(sandbox: Sandbox, speed: number): Harness {
  const { ready, cloudFile } = sandbox;
  const { cloud, problems } = parseCloudFile(readFileSync(cloudFile, "utf8"));
  if (!cloud) throw new Error(problems.join("\n"));
  const ca = readFileSync(ready.caFile, "utf8");
  const credential = new ClientSecretCredential(ready.tenantId, ready.clientId, ready.clientSecret, {
    authorityHost: cloud.authorityHost,
    disableInstanceDiscovery: true,
    tlsOptions: { ca },
  });
  const clock = clockOf(sandbox, speed);
  let events: RequestEvent[] = [];
  const connect = (dryRun: boolean): AzureConnection =>
    connectAzure({ cloud, credential, dryRun, clock, ca, onRequest: (event) => events.push(event) });
  const [dry, live] = [connect(true), connect(false)];
  const policy: Policy = {
    owner: "test",
    tenantId: ready.tenantId,
    estate: { subscriptions: ready.subscriptions.map((s) => s.subscriptionId), managementGroups: [] },
    wholeSubscriptionSelectors: "Deny",
    privileged: [],
    protected: [],
  };
  const intentFor = async (documents: string, options: RunOptions): Promise<Intent> => ({
    desired: read(documents),
    policy: { ...policy, ...options.policy },
    self: await live.self(AbortSignal.timeout(60_000)),
    releases: { digests: new Set(options.release), changes: new Set() },
  });
  return {
    plan: async (documents, options = {}) => {
      const intent = await intentFor(documents, options);
      return (await planOf(intent, dry.read, AbortSignal.timeout(120_000))).plan;
    },
    apply: async (documents, options = {}) => {
      const intent = await intentFor(documents, options);
      const stop = options.stop ?? new AbortController().signal;
      const ports = { ...live.read, ...live.write };
      return await convergeOn(intent, ports, {
        clock,
        random: Math.random,
        audit: async () => undefined,
        stop,
      });
    },
    requests: () => {
      const sent = events;
      events = [];
      return sent;
    },
  };
}

function read(documents: string): Intent["desired"] {
  const bytes = new TextEncoder().encode(documents);
  const parsed = parseManifests([{ path: "test.yaml", bytes }]);
  const errors = parsed.diagnostics.filter((d) => d.severity === "error");
  if (errors.length > 0) throw new Error(JSON.stringify(errors, null, 2));
  return desiredFrom(parsed.documents, `test-${bytes.length}`);
}
