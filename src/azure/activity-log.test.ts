import { createHttpHeaders, createPipelineRequest, type PipelineResponse } from "@azure/core-rest-pipeline";
import { describe, expect, test } from "vitest";
import { Failure } from "../model/failure.ts";
import { activityLogOn } from "./activity-log.ts";

const resourceId = "/subscriptions/S/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/vm-1";
const signal = new AbortController().signal;
const oid = "http://schemas.microsoft.com/identity/claims/objectidentifier";
const noon = Date.parse("2026-01-12T12:00:00Z");

function event(change: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    caller: "eve@contoso.com",
    claims: { [oid]: "eve" },
    eventTimestamp: "2026-01-12T11:00:00.1234567Z",
    operationId: "1",
    operationName: { value: "Microsoft.Compute/virtualMachines/write", localizedValue: "Write" },
    resourceId,
    status: { value: "Succeeded" },
    ...change,
  };
}

/** Answers with these bodies, one after the other; what was asked comes beside the log. */
function logOf(...bodies: readonly (string | object | Failure)[]) {
  const asked: string[] = [];
  const log = activityLogOn({
    self: async () => ({ principalId: "Self", tenantId: "t" }),
    now: () => noon,
    line: {
      async get(url): Promise<PipelineResponse> {
        const body = bodies[asked.length] ?? {};
        asked.push(url);
        if (body instanceof Failure) throw body;
        const bodyAsText = typeof body === "string" ? body : JSON.stringify(body);
        return {
          request: createPipelineRequest({ url }),
          headers: createHttpHeaders(),
          status: 200,
          bodyAsText,
        };
      },
    },
  });
  return { asked, who: (since = noon - 3_600_000, id = resourceId) => log.whoChanged(id, since, signal) };
}

test("asks for one resource since a time, and for no more members than it reads", async () => {
  const { asked, who } = logOf({ value: [] });
  expect(await who()).toEqual([]);
  const url = new URL(asked[0] ?? "", "https://management.azure.com");
  expect(url.pathname).toBe("/subscriptions/s/providers/Microsoft.Insights/eventtypes/management/values");
  expect(Object.fromEntries(url.searchParams)).toEqual({
    "api-version": "2015-04-01",
    $filter: `eventTimestamp ge '2026-01-12T11:00:00.000Z' and resourceUri eq '${resourceId}'`,
    $select: "caller,claims,eventTimestamp,operationId,operationName,resourceId,status",
  });
});

test("looks back no further than Azure lets anybody", async () => {
  const { asked, who } = logOf({ value: [] });
  await who(0);
  expect(decodeURIComponent(asked[0] ?? "")).toContain("ge '2025-10-15T12:00:00.000Z'");
});

test.each<[string, Record<string, unknown>, number]>([
  ["somebody's write", {}, 1],
  ["in any case", { resourceId: resourceId.toUpperCase() }, 1],
  ["accepted", { status: { value: "Accepted" } }, 1],
  ["a deletion", { operationName: { value: "Microsoft.Compute/virtualMachines/delete" } }, 1],
  ["only begun", { status: { value: "Started" } }, 0],
  ["failed", { status: { value: "Failed" } }, 0],
  ["Bindery's own, by its claims", { claims: { [oid]: "SELF" } }, 0],
  ["Bindery's own, by the caller", { caller: "self", claims: {} }, 0],
  ["of a child", { resourceId: `${resourceId}/extensions/x` }, 0],
  ["a look at its health", { operationName: { value: "Microsoft.Resourcehealth/healthevent/Updated" } }, 0],
  ["nobody's", { caller: "" }, 0],
  ["of no time", { eventTimestamp: "soon" }, 0],
  ["without what it needs", { caller: 5, resourceId: undefined }, 0],
])("%s: counts %j", async (_, change, count) => {
  const { who } = logOf({ value: [event(change)] });
  expect((await who())?.length).toBe(count);
});

test("one operation counts once, and not if it failed in the end; the latest comes first", async () => {
  const at = (minute: string) => ({ eventTimestamp: `2026-01-12T11:${minute}:00Z` });
  const { who } = logOf({
    value: [
      event({ operationId: "3", status: { value: "Failed" }, ...at("06") }),
      event({ operationId: "3", status: { value: "Accepted" }, ...at("05") }),
      event({ operationId: "2", caller: "bob", ...at("04") }),
      event({ operationId: "1", status: { value: "Succeeded" }, ...at("03") }),
      event({ operationId: "1", status: { value: "Accepted" }, ...at("02") }),
    ],
  });
  const writes = await who();
  expect(writes?.map((w) => [w.caller, new Date(w.atInMs).toISOString()])).toEqual([
    ["bob", "2026-01-12T11:04:00.000Z"],
    ["eve@contoso.com", "2026-01-12T11:03:00.000Z"],
  ]);
  expect(writes?.[0]?.operation).toBe("Microsoft.Compute/virtualMachines/write");
});

describe("pages", () => {
  test("are followed", async () => {
    const { asked, who } = logOf(
      { value: [event()], nextLink: "https://next/" },
      { value: [event({ operationId: "2" })] },
    );
    expect((await who())?.length).toBe(2);
    expect(asked[1]).toBe("https://next/");
  });

  test("but not for ever", async () => {
    const { asked, who } = logOf(
      ...Array.from({ length: 50 }, () => ({ value: [], nextLink: "https://next/" })),
    );
    expect(await who()).toEqual([]);
    expect(asked.length).toBe(5);
  });
});

describe("nothing is known", () => {
  test.each<[string, string | Failure]>([
    ["where it may not be read", new Failure("terminal", "no", { code: "AuthorizationFailed", status: 403 })],
    ["where a link leads elsewhere", new Failure("terminal", "no", { code: "ForeignHost" })],
    ["where it does not answer", new Failure("transient", "busy", { code: "ServerTimeout" })],
    ["where the answer is none", "<html>"],
    ["where it is of another shape", "[]"],
  ])("%s, and that is no failure", async (_, body) => {
    expect(await logOf(body).who()).toBeUndefined();
  });

  test("above the subscriptions, and nobody is asked", async () => {
    const { asked, who } = logOf();
    expect(await who(0, "/providers/Microsoft.Management/managementGroups/mg")).toBeUndefined();
    expect(asked).toEqual([]);
  });
});

test("an interruption stays one", async () => {
  const abort = new DOMException("stop", "AbortError");
  const log = activityLogOn({
    self: async () => ({ principalId: "p", tenantId: "t" }),
    now: () => noon,
    line: { get: () => Promise.reject(abort) },
  });
  await expect(log.whoChanged(resourceId, 0, signal)).rejects.toBe(abort);
});
