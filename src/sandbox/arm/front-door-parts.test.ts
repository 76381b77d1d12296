import { describe, expect, test } from "vitest";
import { fulfils, parseFilter } from "./odata-filter.ts";
import { ArmError } from "./provider.ts";
import { createQuota } from "./quota.ts";
import { normalizeLocation } from "./regions.ts";
import { checkTags, mergeTags, parseTags, removeTags } from "./tag-map.ts";

describe("filters of ARM's lists", () => {
  test.each([
    ["", []],
    [
      "resourceType eq 'Microsoft.Compute/virtualMachines'",
      [["resourcetype", "eq", "Microsoft.Compute/virtualMachines"]],
    ],
    [
      "tagname eq 'cli-test' and tagvalue eq 'it''s'",
      [
        ["tagname", "eq", "cli-test"],
        ["tagvalue", "eq", "it's"],
      ],
    ],
    [
      "name ne 'a' AND startswith(location, 'west')",
      [
        ["name", "ne", "a"],
        ["location", "startswith", "west"],
      ],
    ],
    ["substringof('vm', name)", [["name", "substringof", "vm"]]],
  ])("%s", (text, expected) => {
    expect(parseFilter(text)?.map((c) => [c.field, c.operator, c.value])).toEqual(expected);
  });

  test.each([
    "name eq",
    "name eq 'a' or name eq 'b'",
    "name eq 'a' and",
    "name eq 'a' 'b'",
    "contains(name,'a')",
  ])("%s is outside of what ARM's lists accept", (text) => expect(parseFilter(text)).toBeUndefined());

  test("compares without case", () => {
    const [type] = parseFilter("resourceType eq 'MICROSOFT.COMPUTE/virtualmachines'") ?? [];
    expect(type && fulfils("Microsoft.Compute/virtualMachines", type)).toBe(true);
  });
});

describe("tags", () => {
  test("merging keeps the rest and takes the new spelling of a name", () => {
    expect(mergeTags({ App: "a", other: "x" }, { app: "b" })).toEqual({ other: "x", app: "b" });
  });

  test.each([
    [{ app: "" }, { other: "x" }],
    [{ APP: "a" }, { other: "x" }],
    [{ app: "something else" }, { App: "a", other: "x" }],
  ])("deleting %j leaves %j", (removed, left) => {
    expect(removeTags({ App: "a", other: "x" }, removed)).toEqual(left);
  });

  test.each([
    ["51 tags", Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`t${i}`, ""])), "TooManyTags"],
    ["a reserved character", { "a/b": "" }, "InvalidTagNameCharacters"],
    ["a long name", { ["n".repeat(513)]: "" }, "TagNameTooLong"],
    ["a long value", { n: "v".repeat(257) }, "InvalidTagValueLength"],
  ])("%s is refused", (_, tags, code) => {
    expect(() => checkTags(tags)).toThrow(expect.objectContaining({ code }));
  });

  test("the largest that Azure takes is taken", () => {
    const most = Object.fromEntries(
      Array.from({ length: 50 }, (_, i) => [`${i}`.padStart(512, "n"), "v".repeat(256)]),
    );
    expect(() => checkTags(parseTags(most))).not.toThrow();
  });

  test.each([[{ a: 1 }], [["a"]], ["a"]])("%j is no tag map", (value) => {
    expect(() => parseTags(value)).toThrow(expect.objectContaining({ code: "InvalidRequestContent" }));
  });
});

test.each([
  ["West Europe", "westeurope"],
  ["WESTEUROPE", "westeurope"],
  ["East US 2", "eastus2"],
])("the location %s is %s", (sent, stored) => expect(normalizeLocation(sent)).toBe(stored));

describe("token buckets", () => {
  const caller = { objectId: "o", clientId: "c" };

  test("a full bucket has 250 reads, counts down and refills with time", () => {
    let now = 0;
    const quota = createQuota(() => now);
    const left = () => quota.take("GET", "s", caller, true)["x-ms-ratelimit-remaining-subscription-reads"];
    expect([left(), left()]).toEqual(["249", "248"]);
    now += 60_000;
    expect(left()).toBe("249");
  });

  test("the 251st read at once is refused with 429, if quotas are enforced", () => {
    const quota = createQuota(() => 0);
    for (let i = 0; i < 250; i++) quota.take("GET", "s", caller, true);
    expect(() => quota.take("GET", "s", caller, true)).toThrow(ArmError);
    expect(quota.take("GET", "other", caller, true)).toHaveProperty(
      "x-ms-ratelimit-remaining-subscription-reads",
    );
    expect(() => quota.take("GET", "s", caller, false)).not.toThrow();
  });

  test("writes and all callers together have buckets of their own", () => {
    const quota = createQuota(() => 0);
    expect(quota.take("PATCH", "s", caller, true)).toEqual({
      "x-ms-ratelimit-remaining-subscription-writes": "199",
      "x-ms-ratelimit-remaining-subscription-global-writes": "2999",
    });
    expect(quota.take("PUT", "s", { ...caller, objectId: "p" }, true)).toEqual({
      "x-ms-ratelimit-remaining-subscription-writes": "199",
      "x-ms-ratelimit-remaining-subscription-global-writes": "2998",
    });
  });
});
