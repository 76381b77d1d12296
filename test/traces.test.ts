// Traces arrive at a real OTLP receiver, nested as things happened; its trouble is nobody else's; without one nothing is loaded.
import { execFile } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { ClientSecretCredential } from "@azure/identity";
import { afterEach, describe, expect, test } from "vitest";
import { parseCloudFile } from "../src/azure/cloud.ts";
import { connectAzure } from "../src/azure/connect.ts";
import { daemonTraces } from "../src/cli/daemon-traces.ts";
import type { Log } from "../src/cli/log.ts";
import { convergeOn } from "../src/controller/converge.ts";
import { desiredFrom } from "../src/desired/desired-from.ts";
import { parseManifests } from "../src/manifest/parse-manifests.ts";
import { byText } from "../src/model/order.ts";
import { defaultLimits } from "../src/model/policy.ts";
import { noReleases } from "../src/plan/plan-for.ts";
import { startSandbox } from "../src/sandbox/start.ts";
import { addressesOf, connectSql } from "../src/sql/connect.ts";
import { tracerFor } from "../src/telemetry/traces.ts";
import { wouldPrint } from "./secrets/printed.ts";

interface SpanFacts {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly { readonly key: string; readonly value: Record<string, unknown> }[];
  readonly status: { readonly code: number };
}

interface Payload {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: SpanFacts["attributes"] };
    readonly scopeSpans: readonly { readonly spans: readonly SpanFacts[] }[];
  }[];
}

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** An OTLP receiver on loopback that keeps what it is sent. */
async function receiver(answer: Answer = (_, response) => void response.end("{}")) {
  const payloads: Payload[] = [];
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      if (request.url === "/v1/traces")
        payloads.push(JSON.parse(Buffer.concat(chunks).toString()) as Payload);
      answer(request, response);
    });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  closing.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/v1/traces`,
    payloads,
    spans: () =>
      payloads.flatMap((one) => one.resourceSpans.flatMap((r) => r.scopeSpans.flatMap((s) => s.spans))),
  };
}

/** A log that keeps its messages. */
function heard(): { log: Log; messages: string[] } {
  const messages: string[] = [];
  const line = (_fields: object, message: string): void => void messages.push(message);
  return { log: { debug: line, info: line, warn: line, error: line }, messages };
}

function attributesOf({ attributes }: Pick<SpanFacts, "attributes">): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
}

test("a pass arrives with its steps, operations and every call, each within what it belongs to", async () => {
  const speed = 20;
  const sandbox = await startSandbox({ speed });
  closing.push(() => sandbox.close());
  const otlp = await receiver();
  const { log, messages } = heard();
  const traces = await daemonTraces(otlp.url, log);
  const convergence = await applied(sandbox, speed, traces);
  await traces[Symbol.asyncDispose]();

  expect(messages).toEqual([]);
  wouldPrint(otlp.payloads);
  const spans = otlp.spans();
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  const parentOf = (span: SpanFacts): string => byId.get(span.parentSpanId ?? "")?.name ?? "nobody";
  const parents = (name: RegExp): readonly string[] =>
    [...new Set(spans.filter((span) => name.test(span.name)).map(parentOf))].toSorted(byText);

  const passes = spans.filter(({ name }) => name === "pass");
  expect(passes.length).toBe(convergence.passes.length);
  expect(new Set(passes.map(({ traceId }) => traceId)).size).toBe(passes.length);
  expect(parents(/^pass$/)).toEqual(["nobody"]);
  expect(parents(/^(observe|confirm|plan|apply)$/)).toEqual(["pass"]);
  expect(parents(/^operation /)).toEqual(["apply"]);
  expect(parents(/^PATCH Microsoft\.Compute\/virtualMachines$/)).toEqual(["operation patchTarget"]);
  expect(parents(/^POST Microsoft\.ResourceGraph\/resources$/)).toContain("observe");
  expect(parents(/^sql write$/)).toEqual(["operation changeDatabase"]);
  expect(spans.some(({ name }) => name === "sql connect")).toBe(true);
  for (const span of spans) {
    expect(BigInt(span.endTimeUnixNano) >= BigInt(span.startTimeUnixNano)).toBe(true);
    const parent = byId.get(span.parentSpanId ?? "");
    if (parent) expect(span.traceId).toBe(parent.traceId);
  }

  const patch = spans.find(({ name }) => name.startsWith("PATCH Microsoft.Compute"));
  const operation = byId.get(patch?.parentSpanId ?? "");
  if (!patch || !operation) throw new Error("no PATCH within an operation");
  const { "azure.correlation_id": id } = attributesOf(operation);
  expect(attributesOf(patch)).toMatchObject({
    "http.request.method": "PATCH",
    "azure.correlation_id": id,
    "http.response.status_code": expect.any(Number),
  });
  expect(attributesOf(operation)).toMatchObject({
    "bindery.operation": "patchTarget",
    "bindery.changes": 1,
    "bindery.applied": 1,
  });
  const [resource] = otlp.payloads.flatMap((one) => one.resourceSpans.map((r) => r.resource));
  expect(attributesOf(resource ?? { attributes: [] })).toMatchObject({ "service.name": "bindery" });
});

async function applied(
  { ready, cloudFile, world }: Awaited<ReturnType<typeof startSandbox>>,
  speed: number,
  traces: Awaited<ReturnType<typeof daemonTraces>>,
) {
  const { cloud } = parseCloudFile(readFileSync(cloudFile, "utf8"));
  if (!cloud) throw new Error("no cloud");
  const ca = readFileSync(ready.caFile, "utf8");
  const { tenantId } = ready;
  const credential = new ClientSecretCredential(tenantId, ready.clientId, ready.clientSecret, {
    authorityHost: cloud.authorityHost,
    disableInstanceDiscovery: true,
    tlsOptions: { ca },
  });
  const clock = {
    now: world.now,
    sleep: (inMs: number, signal?: AbortSignal) => sleep(inMs / speed, undefined, signal ? { signal } : {}),
  };
  const connection = connectAzure({
    ...{ cloud, credential, clock, ca, tenantId, dryRun: false },
    onRequest: traces.azureRequest,
  });
  const databases = connectSql({
    ...{ clock, ca, dryRun: false, serverSuffix: cloud.sqlServerSuffix, isAllowed: () => true },
    token: (signal) => connection.databaseToken(signal),
    addresses: addressesOf(cloud.sqlAddresses),
    onRequest: traces.sqlRequest,
  });
  const { documents } = parseManifests([{ path: "orders.yaml", bytes: new TextEncoder().encode(manifest) }]);
  const intent = {
    desired: desiredFrom(documents, "r1"),
    policy: {
      owner: "prod",
      tenantId,
      estate: { subscriptions: ready.subscriptions.map((s) => s.subscriptionId), managementGroups: [] },
      namespaces: [],
      limits: defaultLimits,
      wholeSubscriptionSelectors: "Deny" as const,
      privileged: [],
      federatedCredentials: [],
      sqlServers: ["*"],
      protected: [],
      releases: [],
    },
    self: await connection.self(AbortSignal.timeout(60_000)),
    releases: noReleases,
  };
  return await convergeOn(
    intent,
    { ...connection.read, ...connection.write, ...databases },
    {
      ...traces.applying({
        clock,
        random: Math.random,
        audit: async () => undefined,
        correlated: (run, outside) => {
          const id = crypto.randomUUID();
          return connection.correlated(id, () => run(id), outside);
        },
      }),
      aroundPass: (number, run) => traces.aroundPass({ id: `p-${number}`, turn: 1, number }, run),
    },
  );
}

const subscription = "0b1f6471-0000-4000-8000-00000000a001";
const manifest = `apiVersion: bindery.dev/v1alpha1
kind: UserAssignedIdentity
metadata: { name: id-traced, namespace: team }
spec: { subscriptionId: ${subscription}, resourceGroup: rg-identities, location: westeurope, prunePolicy: Authoritative }
---
apiVersion: bindery.dev/v1alpha1
kind: IdentityBinding
metadata: { name: id-traced, namespace: team }
spec:
  identityRef: { name: id-traced }
  targets: [{ virtualMachine: { resourceGroup: rg-orders, name: vm-orders-1 } }]
  grants: [{ sqlDatabase: { server: sql-orders.database.windows.net, database: orders, roles: [db_datareader] } }]
`;

describe("a receiver in trouble", () => {
  const options = (url: string, closeInMs = 3_000) => {
    const told: string[] = [];
    return {
      told,
      options: {
        url,
        version: "0",
        closeInMs,
        onTrouble: (why: string) => void told.push(why),
        onRecovery: () => void told.push("recovered"),
      },
    };
  };

  test("is told once, holds nothing up, and its end is told too", async () => {
    const state: { isBroken: boolean } = { isBroken: true };
    const otlp = await receiver((_, response) => {
      if (state.isBroken) response.statusCode = 400;
      response.end("{}");
    });
    const { told, options: given } = options(otlp.url);
    const tracer = await tracerFor(given);
    for (const expected of [1, 2]) {
      expect(await tracer.span("work", {}, async () => "done")).toBe("done");
      await expect.poll(() => otlp.payloads.length, { timeout: 10_000 }).toBe(expected);
    }
    await expect.poll(() => told.length).toBe(1);
    state.isBroken = false;
    await tracer.span("work", {}, async () => undefined);
    await tracer.close();
    expect(told).toHaveLength(2);
    expect(told[1]).toBe("recovered");
  });

  test("that nobody answers at is waited for no longer than the bound", async () => {
    const otlp = await receiver(() => undefined);
    const { told, options: given } = options(otlp.url, 200);
    const tracer = await tracerFor(given);
    await tracer.span("work", {}, async () => undefined);
    const startedAtInMs = performance.now();
    await tracer.close();
    expect(performance.now() - startedAtInMs).toBeLessThan(1_500);
    expect(told).toEqual([expect.stringContaining("200 ms")]);
  });

  test("does not make the queue grow: more spans than it holds are dropped", async () => {
    const otlp = await receiver(() => undefined);
    const { options: given } = options(otlp.url, 50);
    const tracer = await tracerFor(given);
    for (let i = 0; i < 20_000; i += 1) tracer.called("call", {}, { durationInMs: 1 });
    await tracer.close();
    expect(otlp.spans().length).toBeLessThanOrEqual(4_096 + 512);
  });

  test("that is not there at all fails nothing", async () => {
    const { told, options: given } = options("http://127.0.0.1:9/v1/traces", 300);
    const tracer = await tracerFor(given);
    await expect(tracer.span("work", {}, () => Promise.reject(new RangeError("ours")))).rejects.toThrow(
      "ours",
    );
    await tracer.close();
    expect(told).toHaveLength(1);
  });
});

test("what rejects is a failed span with a code, and without its message", async () => {
  const otlp = await receiver();
  const tracer = await tracerFor({
    url: otlp.url,
    version: "0",
    onTrouble: (why) => expect.unreachable(why),
    onRecovery: () => undefined,
  });
  const failing = tracer.span("outer", {}, () =>
    tracer.span("inner", { a: 1 }, () => Promise.reject(new RangeError("a secret"))),
  );
  await expect(failing).rejects.toThrow("a secret");
  await tracer.close();
  const [inner, outer] = otlp.spans();
  expect([inner?.name, outer?.name]).toEqual(["inner", "outer"]);
  expect(inner?.parentSpanId).toBe(outer?.spanId);
  expect(inner?.status.code).toBe(2);
  expect(attributesOf(inner ?? { attributes: [] })).toEqual({ a: 1, "error.type": "RangeError" });
  expect(JSON.stringify(otlp.payloads)).not.toContain("a secret");
});

/** Which packages of OpenTelemetry a process of its own loads for this code. */
async function loadedBy(code: string): Promise<readonly string[]> {
  const hooks = `import { registerHooks } from "node:module";
const found = new Set();
registerHooks({ load(url, context, next) {
  const name = /node_modules\\/(@opentelemetry\\/[^/]+)(?!.*node_modules)/.exec(url)?.[1];
  if (name) found.add(name);
  return next(url, context);
} });
process.on("exit", () => console.log(JSON.stringify([...found].sort())));`;
  const { stdout } = await promisify(execFile)(process.execPath, [
    "--import",
    `data:text/javascript,${encodeURIComponent(hooks)}`,
    "--input-type=module",
    "-e",
    code,
  ]);
  return JSON.parse(stdout) as string[];
}

const moduleOf = (path: string): string =>
  JSON.stringify(pathToFileURL(`${import.meta.dirname}/../src/${path}`).href);
const log = "{ debug() {}, info() {}, warn() {}, error() {} }";
const traced = (url: string): string =>
  `const { daemonTraces } = await import(${moduleOf("cli/daemon-traces.ts")});
const traces = await daemonTraces(${url}, ${log});
await traces.aroundPass({ id: "p", turn: 1, number: 1 }, async () => undefined);
await traces[Symbol.asyncDispose]();`;

describe("what is loaded of OpenTelemetry", () => {
  test("is nothing without an address, nor with all that talks to Azure and databases", async () => {
    const code = `await import(${moduleOf("azure/connect.ts")}); await import(${moduleOf("sql/connect.ts")});
await import(${moduleOf("cli/run-settings.ts")}); ${traced("undefined")}`;
    expect(await loadedBy(code)).toEqual([]);
  });

  test("is the API alone with the metrics, whose package asks for it", async () => {
    expect(
      await loadedBy(`await import(${moduleOf("telemetry/metrics.ts")}); ${traced("undefined")}`),
    ).toEqual(["@opentelemetry/api"]);
  });

  test("is the SDK with an address: this check can fail", async () => {
    expect(await loadedBy(traced('"http://127.0.0.1:9/v1/traces"'))).toContain("@opentelemetry/sdk-trace");
  });
});
