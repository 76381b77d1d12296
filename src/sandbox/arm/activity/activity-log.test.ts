import { describe, expect, test } from "vitest";
import { createSecondClient } from "../../second-client/second-client.ts";
import { assign, callerId, groupId, putRole, subscriptionId } from "../authorization/authorization-world.ts";
import { at, codeOf, type Stage, stage } from "../provider-world.ts";

const identityId = `${groupId}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-a`;
const path = `/subscriptions/${subscriptionId}/providers/Microsoft.Insights/eventtypes/management/values`;
const version = "2015-04-01";
const from = "eventTimestamp ge '2026-01-12T00:00:00Z'";

const get = (s: Stage, filter?: string, more = "", as?: string) =>
  s.call("GET", `${path}?${filter === undefined ? "" : `$filter=${encodeURIComponent(filter)}`}${more}`, {
    version,
    ...(as !== undefined && { as }),
  });
const put = (s: Stage, id = identityId, as?: string) =>
  s.call("PUT", id, { body: { location: "westeurope" }, ...(as !== undefined && { as }) });

type Event = { readonly status: { value: string }; readonly operationName: { value: string } };
const eventsOf = (body: unknown): readonly Event[] => at(body, "value") as readonly Event[];
const brief = (body: unknown): readonly string[] =>
  eventsOf(body).map((e) => `${e.operationName.value.split("/").slice(-2).join("/")} ${e.status.value}`);

describe("what is logged", () => {
  test("a write: that it began and how it went, after a while", async () => {
    const s = stage();
    await put(s);
    expect(brief((await get(s, from)).body)).toEqual([]);
    s.advance(3_000);
    const { body } = await get(s, from);
    expect(brief(body)).toEqual([
      "userAssignedIdentities/write Succeeded",
      "userAssignedIdentities/write Started",
    ]);
    expect(eventsOf(body)[0]).toMatchObject({
      caller: callerId,
      claims: { appid: "client", "http://schemas.microsoft.com/identity/claims/objectidentifier": callerId },
      eventTimestamp: "2026-01-12T04:07:13.416Z",
      resourceId: identityId,
      resourceGroupName: groupId.split("/")[4],
    });
  });

  test("a write that is refused by a provider, but no read and nothing that was not let in", async () => {
    const s = stage({ activityLagInMs: 0 });
    await s.call("GET", identityId);
    await s.call("PUT", identityId, { body: { location: "westeurope" }, as: "somebody" });
    expect(brief((await get(s, from)).body)).toEqual([]);
    await s.call("PUT", identityId, { body: {} });
    expect(brief((await get(s, from)).body)).toEqual([
      "userAssignedIdentities/write Failed",
      "userAssignedIdentities/write Started",
    ]);
  });

  test("what somebody else does, by a user's name", async () => {
    const s = stage({ activityLagInMs: 0 });
    await put(s);
    createSecondClient(s.world).act({ kind: "addLock", resourceId: identityId });
    const [last] = eventsOf((await get(s, from)).body);
    expect(last).toMatchObject({
      caller: "somebody-else@contoso.com",
      operationName: { value: "Microsoft.Authorization/locks/write" },
      resourceId: expect.stringMatching(/\/id-a\/providers\/Microsoft\.Authorization\/locks\/somebody-else$/),
    });
  });

  test("an application by the id that the switch says", async () => {
    const s = stage({ activityLagInMs: 0 });
    s.world.switches.activityCaller = "clientId";
    await put(s);
    expect(eventsOf((await get(s, from)).body)[0]).toMatchObject({ caller: "client" });
  });
});

describe("the filter", () => {
  const both = async (): Promise<Stage> => {
    const s = stage({ activityLagInMs: 0 });
    await put(s);
    s.advance(60_000);
    await put(s, `${identityId}-b`);
    await s.call("PUT", `${identityId}/providers/Microsoft.Resources/tags/default`, {
      body: { properties: { tags: { a: "1" } } },
      version: "2021-04-01",
    });
    return s;
  };

  test.each<[string, string, number]>([
    ["a beginning alone", from, 6],
    ["a beginning without quotes, as azure-cli sends it", "eventTimestamp ge 2026-01-12T00:00:00+00:00", 6],
    ["a range", `${from} and eventTimestamp le '2026-01-12T04:08:00Z'`, 2],
    ["a resource, in any case", `${from} and resourceUri eq '${identityId.toUpperCase()}'`, 2],
    ["another resource", `${from} and resourceUri eq '${identityId}-c'`, 0],
    ["a group", `${from} and resourceGroupName eq '${groupId.split("/")[4]}'`, 6],
    ["a provider", `${from} and resourceProvider eq 'Microsoft.Resources'`, 2],
    ["channels, as older clients send them", `${from} and eventChannels eq 'Admin, Operation'`, 6],
  ])("takes %s", async (_, filter, count) => {
    const { status, body } = await get(await both(), filter);
    expect([status, eventsOf(body).length]).toEqual([200, count]);
  });

  test("takes what lies below a resource for it, where the switch says so", async () => {
    const s = await both();
    s.world.switches.activityResourceUri = "andBelow";
    const { body } = await get(s, `${from} and resourceUri eq '${identityId}'`);
    expect(eventsOf(body).length).toBe(4);
  });

  test.each<[string, string | undefined]>([
    ["none", undefined],
    ["no beginning", `resourceUri eq '${identityId}'`],
    ["a beginning that is no time", "eventTimestamp ge 'yesterday'"],
    ["a time that it must equal", "eventTimestamp eq '2026-01-12T00:00:00Z'"],
    ["two beginnings", `${from} and ${from}`],
    ["two things at once", `${from} and resourceUri eq 'a' and resourceGroupName eq 'b'`],
    ["another operator", `${from} and resourceUri ge 'a'`],
    ["another member", `${from} and caller eq 'a'`],
    ["or", `${from} or resourceUri eq 'a'`],
    ["an end that is missing", `${from} and `],
    ["a call", "startswith(resourceUri, 'a')"],
  ])("refuses %s", async (_, filter) => {
    const { status, body } = await get(stage(), filter);
    expect([status, at(body, "Code")]).toEqual([400, "BadRequest"]);
  });

  test("refuses what is longer ago than 90 days, in the words that were recorded", async () => {
    const { status, body } = await get(stage(), "eventTimestamp ge '2025-10-01T00:00:00Z'");
    expect([status, body]).toEqual([
      400,
      { Code: "BadRequest", Message: "The start time cannot be more than 90 days in the past." },
    ]);
  });
});

test("$select leaves the rest out, and knows its members", async () => {
  const s = stage({ activityLagInMs: 0 });
  await put(s);
  const { body } = await get(s, from, "&$select=caller,eventTimestamp");
  expect(new Set(Object.keys(eventsOf(body)[0] ?? {}))).toEqual(new Set(["caller", "eventTimestamp"]));
  expect((await get(s, from, "&$select=caller,colour")).status).toBe(400);
});

test("long answers come in pages, each as of the same instant", async () => {
  const s = stage({ activityLagInMs: 0, pageSize: 3 });
  await put(s);
  await put(s, `${identityId}-b`);
  const first = await get(s, from);
  expect(eventsOf(first.body).length).toBe(3);
  const second = await s.call("GET", String(at(first.body, "nextLink")), { version });
  expect(eventsOf(second.body).length).toBe(1);
  expect(at(second.body, "nextLink")).toBeUndefined();
});

describe("who may not read the subscription's log", () => {
  const withReader = async (): Promise<Stage> => {
    const s = stage({ activityLagInMs: 0 });
    await put(s);
    const reader = "acdd72a7-3385-48ef-bd42-f606fba81ae7";
    putRole(s.world, reader, { actions: ["*/read"] });
    assign(s.world, { scope: identityId, role: reader, principalId: "reader" });
    await put(s, `${identityId}-b`);
    return s;
  };

  test("is refused", async () => {
    const answer = await get(await withReader(), from, "", "reader");
    expect([answer.status, codeOf(answer)]).toEqual([403, "AuthorizationFailed"]);
    expect(String(at(answer.body, "error", "message"))).toContain(
      "Microsoft.Insights/eventtypes/values/read",
    );
  });

  test("or sees what it may read of it, where the switch says so", async () => {
    const s = await withReader();
    s.world.switches.activityLogRights = "filtered";
    const { status, body } = await get(s, from, "", "reader");
    expect([status, eventsOf(body).length]).toEqual([200, 2]);
  });
});

test.each([
  ["another type of events", path.replace("management", "digest"), 404],
  ["a resource group", path.replace("/providers", "/resourceGroups/rg-orders/providers"), 404],
  ["another version", path, 404],
])("%s is refused", async (what, url, status) => {
  const s = stage();
  const answer = await s.call("GET", `${url}?$filter=${encodeURIComponent(from)}`, {
    version: what === "another version" ? "2017-03-01" : version,
  });
  expect(answer.status).toBe(status);
});
