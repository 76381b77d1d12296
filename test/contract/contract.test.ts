// The checker of the contract catches what it is there for: planted deviations, in requests and in answers.
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import type { Exchange } from "../../src/sandbox/exchanges.ts";
import { loadContract, type Verdict } from "./check.ts";
import { roughShapeOf, shapeOfExchange } from "./shape.ts";

const documents = resolve(process.env.BINDERY_AZURE_DATA ?? "../shared", "azure-openapi");
const isThere = existsSync(documents);

const arm = "https://management.localhost/subscriptions/00000000-0000-4000-8000-000000000001";
const identity = `${arm}/resourceGroups/rg/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-1`;
const machine = `${arm}/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/vm-1`;
const guid = "11111111-0000-4000-8000-000000000001";
const body = {
  location: "westeurope",
  tags: {},
  id: new URL(identity).pathname,
  name: "id-1",
  type: "Microsoft.ManagedIdentity/userAssignedIdentities",
  properties: { isolationScope: "None", tenantId: guid, principalId: guid, clientId: guid },
};

function exchange(change: Partial<Exchange> = {}, answered: unknown = body, status = 201): Exchange {
  return {
    method: "PUT",
    url: `${identity}?api-version=2024-11-30`,
    userAgent: "bindery/1.0.0 azsdk-js-arm-msi/2.2.0",
    requestBody: JSON.stringify({ location: "westeurope", tags: {} }),
    answer: { status, headers: {}, body: JSON.stringify(answered) },
    ...change,
  };
}

let check: (exchange: Exchange) => Verdict;
beforeAll(async () => {
  if (isThere) check = await loadContract(documents);
});

const codesOf = ({ deviations }: Verdict) => deviations.map((d) => `${d.where} ${d.code} ${d.path}`);

describe.skipIf(!isThere)("one exchange", () => {
  test("that is as documented passes, with nothing to excuse", () => {
    expect(check(exchange())).toEqual({ deviations: [], listed: [] });
  });

  test.each<[string, Exchange, string]>([
    [
      "an answer with a member that nobody documents",
      exchange({}, { ...body, properties: { ...body.properties, objectId: guid } }),
      "response UNKNOWN_PROPERTY /properties/objectId",
    ],
    [
      "an answer without a member that is required",
      exchange({}, { tags: {} }, 200),
      "response MISSING_REQUIRED /location",
    ],
    [
      "an answer with text that is no GUID",
      exchange({}, { ...body, properties: { ...body.properties, principalId: "p" } }),
      "response FORMAT /properties/principalId",
    ],
    ["an undocumented status", exchange({}, body, 202), "response UNDECLARED_STATUS 202"],
    [
      "an error without its envelope",
      exchange({}, { code: "Conflict", message: "m" }, 409),
      "response UNKNOWN_PROPERTY /code",
    ],
    [
      "a request of Bindery with a wrong kind of value",
      exchange({ requestBody: '{"location":"westeurope","tags":{"a":1}}' }),
      "request TYPE /tags/a",
    ],
    [
      "a request of Bindery with an undocumented parameter",
      exchange({ url: `${identity}?api-version=2024-11-30&force=true` }),
      "query UNKNOWN_QUERY force",
    ],
    [
      "a machine's type of identity that does not exist, refused or not",
      exchange(
        {
          method: "PATCH",
          url: `${machine}?api-version=2024-07-01`,
          requestBody: '{"properties":{"priority":"Never"},"identity":{"type":5}}',
        },
        { error: { code: "BadRequest", message: "m" } },
        400,
      ),
      "request TYPE /identity/type",
    ],
    [
      "a path that nobody documents",
      exchange({ url: `${arm}/providers/Microsoft.Moon/rovers?api-version=2024-01-01` }),
      "request NO_OPERATION /",
    ],
  ])("%s is caught", (_, planted, expected) => {
    expect(codesOf(check(planted))).toContain(expected);
  });

  test("a fault's victim is judged by its request alone", () => {
    const { answer: _, ...unanswered } = exchange({ requestBody: '{"location":5}' });
    expect(codesOf(check(unanswered))).toEqual(["request TYPE /location"]);
  });

  test("a wrong request by hand that was refused is no deviation; one that was taken is", () => {
    const wrong = { userAgent: "node", requestBody: '{"location":5}' };
    const refusal = { error: { code: "BadRequest", message: "m" } };
    expect(codesOf(check(exchange(wrong, refusal, 400)))).toEqual([]);
    expect(codesOf(check(exchange(wrong)))).toEqual(["request TYPE /location"]);
  });

  test("a stranger's path may be refused by ARM's envelope and by nothing else", () => {
    const stranger = {
      userAgent: "node",
      url: `${arm}/providers/Microsoft.Moon/rovers?api-version=2024-01-01`,
    };
    const refusal = { error: { code: "InvalidResourceType", message: "m" } };
    expect(codesOf(check(exchange(stranger, refusal, 404)))).toEqual([]);
    expect(codesOf(check(exchange(stranger, { message: "m" }, 404)))).toEqual(["request NO_OPERATION /"]);
  });

  test("a listed deviation is excused by its entry", () => {
    const list = exchange(
      {
        method: "GET",
        url: "https://management.localhost/subscriptions?api-version=2022-12-01",
        requestBody: "",
      },
      { value: [] },
      200,
    );
    const { deviations, listed } = check(list);
    expect(deviations).toEqual([]);
    expect(listed).toMatchObject([{ path: /^\/nextLink$/ }]);
  });
});

describe("shapes", () => {
  const shape = (change: Partial<Exchange>, answered?: unknown) =>
    shapeOfExchange(exchange(change, answered));

  test("names, numbers, GUIDs and the number of items do not count", () => {
    const other = `${identity.replace("id-1", "id-2").replace("/rg/", "/other/")}?api-version=2024-11-30`;
    expect(shape({ url: other })).toBe(shape({}));
    expect(shape({}, { value: [body, body] })).toBe(shape({}, { value: [body] }));
  });

  test.each<[string, string, string]>([
    ["a member", shape({}, { ...body, extra: 1 }), "another member"],
    ["a kind", shape({}, { ...body, name: 5 }), "another kind of value"],
    ["a word", shape({}, { ...body, properties: { isolationScope: "Regional" } }), "another word"],
    ["a method", shape({ method: "PATCH" }), "another method"],
    ["a version", shape({ url: `${identity}?api-version=2023-01-31` }), "another version"],
  ])("%s counts", (_, other) => {
    expect(other).not.toBe(shape({}));
  });

  test("what is alike roughly has one shape, and versions and statuses are not alike", () => {
    const [first, second] = [exchange(), exchange({}, { ...body, name: "id-2" })];
    expect(roughShapeOf(first)).toBe(roughShapeOf(second));
    expect(shapeOfExchange(first)).toBe(shapeOfExchange(second));
    const url = `${identity}?api-version=2023-01-31`;
    for (const other of [exchange({ url }), exchange({}, body, 200)])
      expect(roughShapeOf(other)).not.toBe(roughShapeOf(first));
  });
});
