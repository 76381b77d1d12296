import {
  createHttpHeaders,
  createPipelineRequest,
  type HttpMethods,
  type PipelineResponse,
} from "@azure/core-rest-pipeline";
import { describe, expect, test } from "vitest";
import { jumpingClock } from "../apply/fixtures.ts";
import { type LimitQuota, type LimitWait, type Outside, throttlePolicy } from "./throttle.ts";

const arm = "https://management.azure.com";
const s1 = "/subscriptions/00000000-0000-0000-0000-000000000001";
const s2 = "/subscriptions/00000000-0000-0000-0000-000000000002";
const graph = "/providers/Microsoft.ResourceGraph/resources";
const vm = (name: string, subscription = s1): string =>
  `${subscription}/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/${name}`;
const identity = (name: string, subscription = s1): string =>
  `${subscription}/resourceGroups/rg/providers/Microsoft.ManagedIdentity/userAssignedIdentities/${name}`;
const credential = (name: string): string => `${identity("a")}/federatedIdentityCredentials/${name}`;

interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** A throttled line to a scripted Azure: when each request went out, in seconds from the start. */
function line(
  script: (path: string, count: number) => Answer = () => ({}),
  outside: Outside = (wait) => wait(),
) {
  const clock = jumpingClock();
  const policy = throttlePolicy(clock, outside);
  const startedAtInMs = clock.now();
  const went: { readonly path: string; readonly at: number }[] = [];
  async function send(
    method: HttpMethods,
    path: string,
    signal?: AbortSignal,
    requestBody?: string,
  ): Promise<PipelineResponse> {
    const request = createPipelineRequest({
      url: `${arm}${path}`,
      method,
      ...(requestBody === undefined ? {} : { body: requestBody }),
      ...(signal ? { abortSignal: signal } : {}),
    });
    return await policy.sendRequest(request, async () => {
      went.push({ path, at: (clock.now() - startedAtInMs) / 1000 });
      const { status = 200, headers = {}, body } = script(path, went.length);
      const bodyAsText = body === undefined ? "" : JSON.stringify(body);
      return { status, headers: createHttpHeaders(headers), request, bodyAsText };
    });
  }
  const times = async (
    count: number,
    method: HttpMethods,
    path: (i: number) => string,
  ): Promise<number[]> => {
    await Promise.all(Array.from({ length: count }, (_, i) => send(method, path(i))));
    return went.map(({ at }) => at);
  };
  return { clock, send, times, went };
}

describe("how many go at once, and when the next ones follow", () => {
  test.each<readonly [string, HttpMethods, (i: number) => string, number, number]>([
    ["reads of a subscription", "GET", (i) => `${s1}/resourceGroups/${i}`, 250, 1 / 25],
    ["writes of a subscription", "PUT", (i) => `${s1}/resourceGroups/${i}`, 200, 1 / 10],
    ["deletes of a subscription", "DELETE", (i) => `${s1}/resourceGroups/${i}`, 200, 1 / 10],
    ["reads of the tenant", "GET", () => "/subscriptions", 250, 1 / 25],
    ["writes of one machine", "PATCH", () => vm("a"), 12, 15],
    ["reads of one machine", "GET", () => vm("a"), 36, 5],
    [
      "polls of one operation",
      "GET",
      () => `${s1}/providers/Microsoft.Compute/locations/we/operations/1`,
      45,
      4,
    ],
    ["writes of one identity", "PUT", () => identity("a"), 3, 4],
    ["reads of one identity", "GET", () => identity("a"), 6, 2],
    ["writes of the credentials of one identity", "PUT", (i) => credential(`f${i}`), 3, 4],
    ["writes of many identities", "PUT", (i) => identity(`i${i}`), 24, 1 / 2],
    ["queries of Resource Graph", "POST", () => graph, 15, 1 / 3],
  ])("%s", async (_, method, path, burst, everyInSeconds) => {
    const times = await line().times(burst + 2, method, path);
    expect(times.slice(0, burst)).toEqual(Array.from({ length: burst }, () => 0));
    expect(times[burst]).toBeCloseTo(everyInSeconds, 2);
    expect(times[burst + 1]).toBeCloseTo(everyInSeconds * 2, 2);
  });
});

test("a PATCH counts by the identities that it attaches, not by those that it detaches", async () => {
  const { send, went } = line();
  const patch = (name: string, attach: number, detach: number): Promise<PipelineResponse> => {
    const keys = Array.from({ length: attach + detach }, (_, i) => [
      identity(`i${i}`),
      i < attach ? {} : null,
    ]);
    const body = { identity: { type: "UserAssigned", userAssignedIdentities: Object.fromEntries(keys) } };
    return send("PATCH", vm(name), undefined, JSON.stringify(body));
  };
  await Promise.all([patch("a", 150, 0), patch("b", 150, 0), patch("c", 0, 100), patch("d", 30, 5)]);
  const times = Object.fromEntries(went.map(({ path, at }) => [path.at(-1), at]));
  expect(times).toEqual({ a: 0, b: 0, c: 0, d: 2 });
});

describe("who waits for whom", () => {
  test("a machine that has used up its writes delays no other one", async () => {
    const { send, went } = line();
    await Promise.all([
      ...Array.from({ length: 13 }, () => send("PATCH", vm("a"))),
      send("PATCH", vm("b")),
      send("GET", vm("a")),
    ]);
    expect(went.filter(({ at }) => at > 0)).toEqual([{ path: vm("a"), at: 15 }]);
  });

  test("who waits for a machine takes nothing from its subscription", async () => {
    const { send, went } = line();
    const waiting = Array.from({ length: 250 }, () => send("PATCH", vm("a")).catch(() => undefined));
    await Promise.all([...Array.from({ length: 188 }, (_, i) => send("PATCH", vm(`vm-${i}`)))]);
    expect(went.filter(({ path, at }) => path !== vm("a") && at > 0)).toEqual([]);
    await Promise.all(waiting);
  });

  test("a subscription delays no other one", async () => {
    const { send, went } = line();
    await Promise.all([
      ...Array.from({ length: 25 }, (_, i) => send("PUT", identity(`i${i}`))),
      send("PUT", identity("x", s2)),
    ]);
    expect(went.filter(({ at }) => at > 0)).toEqual([{ path: identity("i24"), at: 0.5 }]);
  });

  test("only a wait for a single resource makes room for other work", async () => {
    let outsides = 0;
    const { send, times } = line(undefined, async (wait) => {
      outsides += 1;
      return await wait();
    });
    await times(3, "PUT", () => identity("a"));
    await times(25, "PUT", (i) => identity(`i${i}`));
    expect(outsides).toBe(0);
    await send("PUT", identity("a"));
    expect(outsides).toBe(1);
  });

  test("in turn, and who gives up holds nobody back", async () => {
    const { send, went } = line();
    const stop = new AbortController();
    const [a, b] = [send("PUT", identity("a")), send("PUT", identity("a"))];
    await Promise.all([a, b, send("PUT", identity("a"))]);
    const given = send("PUT", identity("a"), stop.signal);
    const next = send("PUT", identity("a"));
    stop.abort();
    await expect(given).rejects.toMatchObject({ name: "AbortError" });
    await next;
    expect(went.map(({ at }) => at)).toEqual([0, 0, 0, 4]);
  });

  test("an aborted request is not sent, and gives back what it had taken", async () => {
    const { send, went } = line();
    const aborted = AbortSignal.timeout(0);
    await new Promise((resolve) => setTimeout(resolve, 5));
    await expect(send("PUT", identity("a"), aborted)).rejects.toMatchObject({ name: "AbortError" });
    await Promise.all([1, 2, 3].map(() => send("PUT", identity("a"))));
    expect(went.map(({ at }) => at)).toEqual([0, 0, 0]);
  });
});

describe("what Azure says of itself", () => {
  test.each<readonly [string, HttpMethods, string, Readonly<Record<string, string>>, number]>([
    ["reads left", "GET", s1, { "x-ms-ratelimit-remaining-subscription-reads": "0" }, 0.04],
    [
      "reads left for all principals together",
      "GET",
      s1,
      {
        "x-ms-ratelimit-remaining-subscription-reads": "200",
        "x-ms-ratelimit-remaining-subscription-global-reads": "0",
      },
      0.04,
    ],
    [
      "updates left for a machine",
      "PATCH",
      vm("a"),
      {
        "x-ms-ratelimit-remaining-resource":
          "Microsoft.Compute/UpdateVMSubscriptionMaximum;1498,Microsoft.Compute/UpdateVMResource;0",
      },
      15,
    ],
    [
      "queries left, and when there are more",
      "POST",
      graph,
      { "x-ms-user-quota-remaining": "0", "x-ms-user-quota-resets-after": "00:00:04" },
      4,
    ],
  ])("%s", async (_, method, path, headers, at) => {
    const { send, went } = line((_path, count) => (count === 1 ? { headers } : {}));
    await send(method, path);
    await send(method, path);
    expect(went[1]?.at).toBeCloseTo(at, 2);
  });

  test("more than expected is believed too", async () => {
    const headers = { "x-ms-ratelimit-remaining-resource": "Microsoft.Compute/UpdateVMResource;40" };
    const { send, times } = line((_path, count) => (count === 1 ? { headers } : {}));
    await send("PATCH", vm("a"));
    expect(await times(40, "PATCH", () => vm("a"))).toEqual(Array.from({ length: 41 }, () => 0));
  });

  test("what Azure has not counted yet, because it is on its way, counts", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const clock = jumpingClock();
    const policy = throttlePolicy(clock, (wait) => wait());
    const sent: string[] = [];
    const send = async (name: string, hold: boolean): Promise<unknown> => {
      const request = createPipelineRequest({ url: `${arm}${vm("a")}`, method: "PATCH" });
      return await policy.sendRequest(request, async () => {
        sent.push(name);
        if (hold) await promise;
        const headers = { "x-ms-ratelimit-remaining-resource": "Microsoft.Compute/UpdateVMResource;1" };
        return { status: 200, headers: createHttpHeaders(headers), request };
      });
    };
    const first = send("held", true);
    await send("answered", false);
    const startedAtInMs = clock.now();
    await send("late", false);
    expect(clock.now() - startedAtInMs).toBe(15_000);
    resolve();
    await first;
    expect(sent).toEqual(["held", "answered", "late"]);
  });
});

function refusal(code: string, message: string, retryAfter?: number, more: object = {}): Answer {
  const headers = retryAfter === undefined ? {} : { headers: { "retry-after": String(retryAfter) } };
  return { status: 429, body: { error: { code, message, ...more } }, ...headers };
}

describe("whom a refusal holds back", () => {
  const throttledText = (who: string): string =>
    `Request is temporarily throttled because ${who} has issued too many requests. Retry after 7 seconds.`;
  const computeText =
    "The server rejected the request because too many requests have been received for this subscription.";
  const computeRefusal = (target: string): Answer => ({
    status: 429,
    headers: { "retry-after": "7" },
    body: {
      code: "OperationNotAllowed",
      message: computeText,
      details: [{ code: "TooManyRequests", target, message: "{}" }],
    },
  });

  test.each<readonly [string, HttpMethods, string, Answer, string, number]>([
    [
      "a subscription's reads hold back its other reads",
      "GET",
      vm("a"),
      refusal("SubscriptionRequestsThrottled", "Please try again after '7' seconds."),
      vm("b"),
      7,
    ],
    [
      "but not those of another subscription",
      "GET",
      vm("a"),
      refusal("SubscriptionRequestsThrottled", "Please try again after '7' seconds."),
      vm("b", s2),
      0,
    ],
    [
      "one identity's requests itself",
      "GET",
      identity("a"),
      refusal("429", throttledText(`resource ${identity("a")}`)),
      identity("a"),
      7,
    ],
    [
      "and nobody else",
      "GET",
      identity("a"),
      refusal("429", throttledText(`resource ${identity("a")}`), 7),
      identity("b"),
      0,
    ],
    [
      "a subscription's identities each other",
      "GET",
      identity("a"),
      refusal("429", throttledText("subscription x"), 7),
      identity("b"),
      7,
    ],
    ["one machine's requests itself", "GET", vm("a"), computeRefusal("LowCostGetResource"), vm("a"), 7],
    ["and no other machine", "GET", vm("a"), computeRefusal("LowCostGetResource"), vm("b"), 0],
    [
      "a subscription's machines each other",
      "GET",
      vm("a"),
      computeRefusal("LowCostGetSubscriptionMaximum"),
      vm("b"),
      7,
    ],
    [
      "a name that is not known counts for the subscription",
      "GET",
      `${s1}/providers/Microsoft.Compute/virtualMachines`,
      computeRefusal("HighCostGet30Min"),
      `${s1}/providers/Microsoft.Compute/virtualMachines`,
      7,
    ],
    [
      "a provider's limit its requests",
      "GET",
      `${s1}/providers/Microsoft.Authorization/roleAssignments`,
      refusal(
        "ResourceRequestsThrottled",
        "Number of requests for Microsoft.Authorization exceeded the limit of '120'. Please try again after '5' seconds.",
      ),
      `${s1}/providers/Microsoft.Authorization/roleAssignments`,
      5,
    ],
    [
      "and no other provider",
      "GET",
      `${s1}/providers/Microsoft.Authorization/roleAssignments`,
      refusal("ResourceRequestsThrottled", "Please try again after '5' seconds."),
      vm("a"),
      0,
    ],
    [
      "a lock that says 429 nobody",
      "PATCH",
      vm("a"),
      refusal("RetryableError", "The call can be retried in 14 seconds."),
      vm("a"),
      0,
    ],
    [
      "a throttled identity inside a machine's PATCH no other PATCH",
      "PATCH",
      vm("a"),
      refusal("FailedIdentityOperation", throttledText(`resource ${identity("a")}`)),
      vm("b"),
      0,
    ],
  ])("%s", async (_, method, path, answer, then, at) => {
    const { send, went } = line((_path, count) => (count === 1 ? answer : {}));
    await send(method, path);
    await send(method, then);
    expect(went[1]).toEqual({ path: then, at });
  });

  test("a pause of more than half a minute is not waited for, but told", async () => {
    const { send, went, clock } = line((_path, count) =>
      count === 1 ? refusal("SubscriptionRequestsThrottled", "Please try again after '303' seconds.") : {},
    );
    await send("GET", vm("a"));
    await expect(send("GET", vm("b"))).rejects.toMatchObject({
      class: "transient",
      details: { code: "Throttled", retryAfterInMs: 303_000 },
    });
    await send("PATCH", vm("b"));
    await clock.sleep(303_000, new AbortController().signal);
    await send("GET", vm("b"));
    expect(went.map(({ at }) => at)).toEqual([0, 0, 303]);
  });
});

test("the buckets of thousands of machines do not add up for ever, and those in use are kept", async () => {
  const { send, times, clock } = line();
  await Promise.all(Array.from({ length: 12 }, () => send("PATCH", vm("used"))));
  const before = clock.now();
  await times(1200, "GET", (i) =>
    `https://x/subscriptions/s-${i}/resourceGroups/rg`.slice("https://x".length),
  );
  expect(clock.now()).toBe(before);
  await send("PATCH", vm("used"));
  expect(clock.now() - before).toBe(15_000);
});

test("who watches is told which limit holds a request back, for how long, and what is left", async () => {
  const waits: LimitWait[] = [];
  const quotas: LimitQuota[] = [];
  const clock = jumpingClock();
  const policy = throttlePolicy(clock, (wait) => wait(), {
    onWait: (wait) => waits.push(wait),
    onQuota: (quota) => quotas.push(quota),
  });
  for (let n = 0; n < 16; n += 1) {
    const request = createPipelineRequest({ url: `${arm}${graph}`, method: "POST" });
    const headers = createHttpHeaders(n < 15 ? { "x-ms-user-quota-remaining": `${14 - n}` } : {});
    await policy.sendRequest(request, async () => ({ status: 200, headers, bodyAsText: "", request }));
  }
  expect(waits).toEqual([
    { limit: "Resource Graph's user-quota per tenant", key: "graph/user-quota/tenant", inMs: 334 },
  ]);
  const left = Array.from({ length: 15 }, (_, n) => ({ key: "graph/user-quota/tenant", remaining: 14 - n }));
  expect(quotas).toEqual(left);
});
