import { createRequire } from "node:module";
import { describe, expect, test } from "vitest";
import {
  assignmentCountsQuery,
  assignmentsQuery,
  containersQuery,
  identitiesQuery,
  idsQuery,
  kqlText,
  referencesQuery,
  subscriptionsQuery,
  targetsQuery,
} from "./queries.ts";

// Microsoft's own parser is the witness that Resource Graph would understand us; it lives in globals of its own.
const require = createRequire(import.meta.url);
require("@kusto/language-service-next/bridge.min.js");
require("@kusto/language-service-next/Kusto.Language.Bridge.min.js");

interface Kusto {
  readonly Language: {
    readonly KustoCode: {
      Parse(text: string): {
        GetSyntaxDiagnostics(): { Count: number; getItem(i: number): { Message: string } };
      };
    };
  };
}

function objectionsTo(query: string): string[] {
  const { Kusto } = globalThis as unknown as { Kusto: Kusto };
  const found = Kusto.Language.KustoCode.Parse(query).GetSyntaxDiagnostics();
  return Array.from({ length: found.Count }, (_, i) => found.getItem(i).Message);
}

const principal = "11111111-1111-1111-1111-111111111111";

describe("Microsoft's parser", () => {
  test.each([
    identitiesQuery,
    targetsQuery,
    containersQuery,
    subscriptionsQuery,
    assignmentCountsQuery,
    assignmentsQuery([principal, principal], "prod"),
    assignmentsQuery([], "prod"),
    assignmentsQuery([principal], undefined),
    idsQuery("resources", ["/subscriptions/s/resourceGroups/it's"]),
    idsQuery("resourcecontainers", ["a\\", "b"]),
    referencesQuery("/subscriptions/s/resourceGroups/it's"),
  ])("accepts %s", (query) => {
    expect(objectionsTo(query)).toEqual([]);
  });

  test("objects to what is wrong", () => {
    expect(objectionsTo("resources | wher x")).not.toEqual([]);
    expect(objectionsTo("resources | where id == 'it's'")).not.toEqual([]);
  });
});

test("every query is ordered and shows the id, or it would not be paged reliably", () => {
  for (const query of [
    assignmentCountsQuery,
    identitiesQuery,
    targetsQuery,
    containersQuery,
    subscriptionsQuery,
    assignmentsQuery([principal], "o"),
    idsQuery("resources", ["x"]),
  ]) {
    expect(query).toMatch(/\| project id\b[\s\S]*\| order by id asc$/);
  }
});

test("texts cannot leave their literal", () => {
  expect(kqlText("a'b\\c")).toBe("'a\\'b\\\\c'");
  expect(() => assignmentsQuery(["' or true"], "o")).toThrow(/must be a GUID/);
});
