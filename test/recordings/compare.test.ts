import { describe, expect, test } from "vitest";
import { type Answer, differencesBetween } from "./compare.ts";

const machine = {
  id: "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/vm",
  identity: {
    type: "UserAssigned",
    userAssignedIdentities: { "/subscriptions/s/resourceGroups/rg/id": { principalId: guid("1") } },
  },
  etag: '"1"',
  properties: { timeCreated: "2024-08-01T00:00:00.0000000+00:00", vmId: null },
};

function guid(digit: string): string {
  return `${digit.repeat(8)}-0000-4000-8000-000000000001`;
}

function answer(body: unknown, headers: Record<string, string> = {}, status = 200): Answer {
  return { status, headers: { date: "now", ...headers }, body };
}

const found = (here: unknown) => differencesBetween(answer(machine), answer(here));

describe("alike", () => {
  test("the same", () => {
    expect(found(structuredClone(machine))).toEqual([]);
  });

  test("what each world makes for itself: GUIDs, instants, counters", () => {
    const text = JSON.stringify(machine).replaceAll(guid("1"), guid("2")).replace("2024-08", "2026-01");
    expect(found({ ...(JSON.parse(text) as object), etag: '"7"' })).toEqual([]);
  });

  test("items that only the stage has", () => {
    const list = (...value: object[]) => answer({ value });
    expect(differencesBetween(list(machine), list({ id: "/other" }, machine))).toEqual([]);
  });
});

describe("different", () => {
  test.each<[string, unknown, string]>([
    ["a member too few", { ...machine, etag: undefined }, "body /etag absent"],
    ["a member too many", { ...machine, tags: {} }, "body /tags {}"],
    ["another kind of value", { ...machine, etag: 1 }, "body /etag 1"],
    [
      "a value for null",
      { ...machine, properties: { ...machine.properties, vmId: "x" } },
      "body /properties/vmId",
    ],
    [
      "another word",
      { ...machine, identity: { ...machine.identity, type: "userAssigned" } },
      "body /identity/type",
    ],
    [
      "another casing of an id",
      { ...machine, id: machine.id.replace("resourceGroups", "resourcegroups") },
      "body /id",
    ],
    ["no body", undefined, "body /"],
  ])("%s", (_, here, start) => {
    expect(found(here)).toEqual([expect.stringContaining(start)]);
  });

  test("another casing of a key", () => {
    const text = JSON.stringify(machine).replace("resourceGroups/rg/id", "resourcegroups/rg/id");
    expect(found(JSON.parse(text))).toHaveLength(2);
  });

  test("a missing item, and another status", () => {
    const [status, item] = differencesBetween(answer({ value: [machine] }), answer({ value: [] }, {}, 202));
    expect([status, item]).toEqual([
      "status 202, recorded 200",
      expect.stringContaining("body /value/0 absent"),
    ]);
  });

  test.each<[string, Record<string, string>, Record<string, string>]>([
    ["a header too few", { "retry-after": "10" }, {}],
    ["a header too many", {}, { etag: '"1"' }],
    ["another value", { "x-ms-failure-cause": "gateway" }, { "x-ms-failure-cause": "service" }],
    ["another path", { location: "https://a/operations/1?t=1" }, { location: "https://a/results/1?t=1" }],
    ["an unsigned URL", { location: "https://a/operations/1?t=1" }, { location: "https://a/operations/1" }],
    [
      "another policy",
      { "x-ms-ratelimit-remaining-resource": "Microsoft.Compute/A;1" },
      { "x-ms-ratelimit-remaining-resource": "Microsoft.Compute/B;1" },
    ],
  ])("%s", (_, recorded, here) => {
    expect(differencesBetween(answer({}, recorded), answer({}, here))).toEqual([
      expect.stringMatching(/^header /),
    ]);
  });

  test("an error's message, but for what is quoted in it", () => {
    const refusal = (message: string) => answer({ error: { code: "C", message } }, {}, 400);
    expect(differencesBetween(refusal("No 'a'."), refusal("No 'b'."))).toEqual([]);
    expect(differencesBetween(refusal("No 'a'."), refusal("Not 'a'."))).toHaveLength(1);
  });
});
