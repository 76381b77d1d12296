import { setTimeout as sleep } from "node:timers/promises";
import {
  createHttpHeaders,
  createPipelineRequest,
  type HttpMethods,
  type PipelineResponse,
} from "@azure/core-rest-pipeline";
import { describe, expect, test } from "vitest";
import {
  answersPolicy,
  boundsPolicy,
  correlationPolicy,
  dryRunPolicy,
  hostsPolicy,
  isReadOnly,
  operationOf,
  type RequestEvent,
  type SentTimes,
  sentTimesPolicy,
} from "./policies.ts";

const arm = "https://management.azure.com";
const sub = "/subscriptions/00000000-0000-0000-0000-000000000001";

function request(url: string, method: HttpMethods = "GET"): ReturnType<typeof createPipelineRequest> {
  return createPipelineRequest({ url, method });
}

/** The rest of the pipeline: answers, and remembers what came through. */
function end(status = 200, headers: Record<string, string> = {}) {
  const sent: string[] = [];
  const next = async (r: ReturnType<typeof request>): Promise<PipelineResponse> => {
    sent.push(`${r.method} ${r.url}`);
    return { status, headers: createHttpHeaders(headers), request: r };
  };
  return { sent, next };
}

describe("hosts", () => {
  const policy = hostsPolicy(["management.azure.com"]);
  test.each([`${arm}/x`, "https://MANAGEMENT.azure.com:443/x"])("%s passes", async (url) => {
    const { sent, next } = end();
    await policy.sendRequest(request(url), next);
    expect(sent).toHaveLength(1);
  });
  test.each([
    "https://evil.example/x",
    "http://management.azure.com/x",
    "https://management.azure.com.evil.example/x",
    "https://management.azure.com:8443/x",
    "https://management.azure.com@evil.example/x",
    "https://user:pw@management.azure.com/x",
  ])("%s is refused unsent", async (url) => {
    const { sent, next } = end();
    await expect(policy.sendRequest(request(url), next)).rejects.toMatchObject({
      class: "terminal",
      details: { code: "ForeignHost" },
    });
    expect(sent).toEqual([]);
  });
});

describe("answers", () => {
  const policy = answersPolicy();
  test.each([
    ["GET", 307, { class: "terminal", details: { code: "RedirectRefused", status: 307 } }],
    ["GET", 404, { class: "terminal", details: { code: "Http404" } }],
    ["PUT", 503, { class: "transient", details: { code: "ServiceUnavailable", mayHaveHappened: true } }],
    ["HEAD", 403, { class: "terminal", details: { code: "Http403" } }],
  ] as const)("to %s with %d are failures", async (method, status, expected) => {
    await expect(policy.sendRequest(request(`${arm}/x`, method), end(status).next)).rejects.toMatchObject(
      expected,
    );
  });
  test.each([
    ["GET", 200],
    ["PATCH", 202],
    ["HEAD", 404],
  ] as const)("to %s with %d pass", async (method, status) => {
    const { next } = end(status, { location: `${arm}/operations/1` });
    await expect(policy.sendRequest(request(`${arm}/x`, method), next)).resolves.toMatchObject({ status });
  });
});

describe("a dry run", () => {
  const graph = `${arm}/providers/Microsoft.ResourceGraph/resources?api-version=2024-04-01`;
  const reads: [HttpMethods, string][] = [
    ["GET", `${arm}${sub}`],
    ["HEAD", `${arm}${sub}/resourceGroups/g`],
    ["POST", graph],
  ];
  const writes: [HttpMethods, string][] = [
    ["PUT", `${arm}${sub}/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/i`],
    ["PATCH", `${arm}${sub}/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/v`],
    ["DELETE", `${arm}${sub}/x`],
    [
      "POST",
      `${arm}${sub}/resourceGroups/g/providers/Microsoft.Compute/virtualMachineScaleSets/s/manualupgrade`,
    ],
    ["POST", `${arm}/providers/Microsoft.ResourceGraph/resources/x`],
    ["POST", `${arm}${sub}/providers/Microsoft.ResourceGraph/resources`],
    ["PUT", graph],
  ];
  test.each(reads)("%s %s passes", async (method, url) => {
    const { sent, next } = end();
    await dryRunPolicy().sendRequest(request(url, method), next);
    expect(sent).toHaveLength(1);
    expect(isReadOnly(method, url)).toBe(true);
  });
  test.each(writes)("%s %s is refused unsent", async (method, url) => {
    const { sent, next } = end();
    await expect(dryRunPolicy().sendRequest(request(url, method), next)).rejects.toMatchObject({
      class: "terminal",
      details: { code: "DryRunRefused" },
    });
    expect(sent).toEqual([]);
  });
});

describe("bounds", () => {
  const untilAborted = (r: ReturnType<typeof request>): Promise<PipelineResponse> =>
    new Promise((_, reject) => {
      r.abortSignal?.addEventListener("abort", () => reject(new DOMException("aborted", "AbortError")));
    });
  test.each([
    ["GET", undefined],
    ["PATCH", true],
  ] as const)("a %s without an answer is given up", async (method, mayHaveHappened) => {
    const policy = boundsPolicy({ timeoutInMs: 5, answerInBytes: 10 });
    await expect(policy.sendRequest(request(`${arm}/x`, method), untilAborted)).rejects.toMatchObject({
      class: "transient",
      details: { code: "RequestTimedOut", ...(mayHaveHappened ? { mayHaveHappened } : {}) },
    });
  });
  test("an answer that is too large is given up", async () => {
    const policy = boundsPolicy({ timeoutInMs: 60_000, answerInBytes: 10 });
    const next = (r: ReturnType<typeof request>): Promise<PipelineResponse> => {
      const answer = untilAborted(r);
      r.onDownloadProgress?.({ loadedBytes: 10 });
      expect(r.abortSignal?.aborted).toBe(false);
      r.onDownloadProgress?.({ loadedBytes: 11 });
      return answer;
    };
    await expect(policy.sendRequest(request(`${arm}/x`), next)).rejects.toMatchObject({
      class: "terminal",
      details: { code: "AnswerTooLarge" },
    });
  });
  test("an abort of the caller stays an abort", async () => {
    const caller = new AbortController();
    const aborted = Object.assign(request(`${arm}/x`), { abortSignal: caller.signal });
    const answer = boundsPolicy({ timeoutInMs: 60_000, answerInBytes: 10 }).sendRequest(
      aborted,
      untilAborted,
    );
    caller.abort();
    await expect(answer).rejects.toMatchObject({ name: "AbortError" });
  });
});

test("requests carry the operation's correlation id and are reported with it", async () => {
  const events: RequestEvent[] = [];
  const policy = correlationPolicy(
    () => "c-1",
    (event) => events.push(event),
  );
  const answer = await policy.sendRequest(request(`${arm}${sub}/resources`), end().next);
  expect(answer.headers.get("x-ms-correlation-request-id")).toBe("c-1");
  await expect(
    policy.sendRequest(request(`${arm}${sub}`, "PUT"), () => Promise.reject(new Error("cut"))),
  ).rejects.toThrow("cut");
  expect(events).toEqual([
    { method: "GET", operation: "Microsoft.Resources/resources", status: 200, correlationId: "c-1" },
    { method: "PUT", operation: "Microsoft.Resources/subscriptions", status: 0, correlationId: "c-1" },
  ]);
});

test("a request is timed from its sending, not from its wait", async () => {
  const events: RequestEvent[] = [];
  const times: SentTimes = new WeakMap();
  const policy = correlationPolicy(
    () => "c-1",
    (event) => events.push(event),
    times,
  );
  const sent = sentTimesPolicy(times);
  await policy.sendRequest(request(`${arm}${sub}`), async (r) => {
    await sleep(60);
    return await sent.sendRequest(r, async (one) => {
      await sleep(20);
      return await end().next(one);
    });
  });
  expect(events[0]?.durationInMs).toBeGreaterThanOrEqual(15);
  expect(events[0]?.durationInMs).toBeLessThan(60);
});

test.each([
  ["/subscriptions?api-version=1", "Microsoft.Resources/subscriptions"],
  ["/tenants", "Microsoft.Resources/tenants"],
  [`${sub}/resourceGroups`, "Microsoft.Resources/resourceGroups"],
  [`${sub}/resourceGroups/g`, "Microsoft.Resources/resourceGroups"],
  [`${sub}/resourceGroups/g/resources`, "Microsoft.Resources/resources"],
  [`${sub}/providers/Microsoft.Compute/virtualMachines`, "Microsoft.Compute/virtualMachines"],
  [
    `${sub}/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/v`,
    "Microsoft.Compute/virtualMachines",
  ],
  [`${sub}/resourceGroups/g/providers/M.I/ids/i/creds/c`, "M.I/ids/creds"],
  [`${sub}/providers/Microsoft.Compute/locations/we/operations/1`, "Microsoft.Compute/locations/operations"],
  [
    `${sub}/resourceGroups/g/providers/M.C/vms/v/providers/Microsoft.Authorization/roleAssignments/a`,
    "Microsoft.Authorization/roleAssignments",
  ],
  ["/providers/Microsoft.ResourceGraph/resources", "Microsoft.ResourceGraph/resources"],
])("%s is %s", (path, operation) => {
  expect(operationOf(`${arm}${path}`)).toBe(operation);
});
