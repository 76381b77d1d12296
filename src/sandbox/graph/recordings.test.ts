// Resource Graph answers recorded requests as real Azure did.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { World } from "../world.ts";
import { type Answer, ask, put, worldWith } from "./graph-world.ts";

interface Exchange {
  readonly from: string;
  readonly method: string;
  readonly requestBody: {
    subscriptions?: string[];
    managementGroups?: string[];
    query: string;
    options: object;
  };
  readonly status: number;
  readonly responseHeaders: Record<string, string>;
  readonly responseBody: Answer["body"];
}

const data = process.env.BINDERY_AZURE_DATA ?? join(import.meta.dirname, "../../../../shared");
const file = join(data, "azure-recordings/resource-graph.json");
const isThere = existsSync(file);
if (!isThere) process.stderr.write(`skipped: no recordings of Resource Graph at ${file}\n`);
const exchanges: readonly Exchange[] = isThere ? JSON.parse(readFileSync(file, "utf8")).exchanges : [];

function recorded(from: string): Exchange {
  const found = exchanges.find((exchange) => exchange.from === from);
  if (found === undefined) throw new Error(`no exchange ${from} in ${file}`);
  return found;
}

/** The recorded subscription ids are masked in rows: all rows are in the subscription of zeros. */
const masked = "00000000-0000-0000-0000-000000000000";
const clock = { now: Date.UTC(2021, 3, 28, 17, 36, 59, 402) };

function putRow(world: World, row: Record<string, unknown>): void {
  const id = String(row.id);
  const type = /\/providers\/([^/]+\/[^/]+)/.exec(id)?.[1] ?? "";
  world.resources.set(id, { ...row, id, type, name: id.split("/").at(-1) ?? "", location: "westeurope" });
}

function askRecorded(world: World, { requestBody }: Exchange, options: object = requestBody.options): Answer {
  const scope = requestBody.managementGroups === undefined ? { subscriptions: [masked] } : {};
  return ask({ world, body: { ...requestBody, ...scope, options }, apiVersion: "2021-03-01" });
}

function expectHeaders(answer: Answer, { responseHeaders }: Exchange): void {
  const names = Object.keys(responseHeaders).filter((name) => name.startsWith("x-ms-"));
  expect(new Set(Object.keys(answer.headers))).toEqual(new Set(names));
  expect(answer.headers["x-ms-user-quota-resets-after"]).toBe(
    responseHeaders["x-ms-user-quota-resets-after"],
  );
}

describe.skipIf(!isThere)("recorded by azure-cli-extensions, Apr 2021", () => {
  test("rows as objects", () => {
    const exchange = recorded("test_query.yaml#0");
    const world = worldWith(clock, [masked]);
    for (const row of exchange.responseBody.data) putRow(world, row);
    const answer = askRecorded(world, exchange);
    expect(answer.body).toEqual(exchange.responseBody);
    expectHeaders(answer, exchange);
  });

  test("a page with a token, and the page that the token brings", () => {
    const [firstPage, next] = [recorded("test_paged_query.yaml#0"), recorded("test_skip_token_query.yaml#0")];
    const world = worldWith(clock, [masked]);
    const fill = (from: number, to: number) => {
      for (let n = from; n < to; n += 1) {
        put(world, { subscription: masked, type: "Microsoft.Network/networkInterfaces", name: `nic-${n}` });
      }
    };
    fill(0, 2);
    for (const row of firstPage.responseBody.data) putRow(world, row);
    for (const row of next.responseBody.data) putRow(world, row);
    fill(2, 2989);
    const answer = askRecorded(world, firstPage);
    const { $skipToken } = answer.body;
    expect($skipToken).toEqual(expect.any(String));
    expect(answer.body).toEqual({ ...firstPage.responseBody, $skipToken });
    const second = askRecorded(world, next, { ...next.requestBody.options, $skipToken });
    expect(second.body).toEqual({ ...next.responseBody, totalRecords: 2995, $skipToken: expect.any(String) });
  });

  test("by management group", () => {
    const exchange = recorded("test_management_groups_query.yaml#0");
    const world = worldWith({ now: clock.now }, [masked]);
    const [root, ...others] = exchange.requestBody.managementGroups ?? [];
    for (const name of [...others, "PolicyUIMG"]) {
      const parent = name === "PolicyUIMG" ? (others[0] ?? "") : (root ?? "");
      world.managementGroups.set(name, { name, displayName: name, parent, subscriptions: [] });
    }
    const answer = askRecorded(world, exchange);
    expect(answer.body).toEqual(exchange.responseBody);
  });

  test("a query that is none", () => {
    const exchange = recorded("test_query_error.yaml#0");
    const answer = askRecorded(worldWith(clock, [masked]), exchange);
    expect(answer.status).toBe(exchange.status);
    const { message, ...error } = answer.body.error;
    const { message: recordedMessage, ...recordedError } = exchange.responseBody.error;
    expect(error).toEqual(recordedError);
    const shape =
      /^Please provide below info when asking for support: timestamp = [\d-]{10}T[\d:]{8}\.\d{7}Z, correlationId = [\da-f-]{36}\.$/;
    expect(message).toMatch(shape);
    expect(recordedMessage).toMatch(shape);
  });
});

describe.skipIf(!isThere)("recorded by cloud-custodian, Oct 2019", () => {
  test("a machine as a table, its group spelled unlike in Compute's own list", () => {
    const source = "ResourceGraphSource.test_resource_graph_and_arm_sources_vm_are_equivalent.json";
    const compute = recorded(`${source}#0`).responseBody as unknown as { value: { id: string }[] };
    const { columns, rows } = recorded(`${source}#1`).responseBody.data as unknown as {
      columns: { name: string }[];
      rows: unknown[][];
    };
    const row = Object.fromEntries(columns.map(({ name }, at) => [name, rows[0]?.[at]]));
    const subscription = String(row.subscriptionId);
    const world = { ...worldWith(clock, [subscription]), tenantId: String(row.tenantId) };
    putRow(world, { ...row, id: compute.value[0]?.id });
    world.resources.set(String(compute.value[0]?.id), {
      id: String(compute.value[0]?.id),
      name: String(row.name),
      type: "Microsoft.Compute/virtualMachines",
      location: String(row.location),
      tags: row.tags as Record<string, string>,
      properties: row.properties as Record<string, unknown>,
    });
    const query = `resources | project ${columns.map(({ name }) => name).join(", ")}`;
    const body = { query, subscriptions: [subscription] };
    const answer = ask({ world, body, apiVersion: "2019-04-01" });
    expect(answer.body.data).toEqual({ columns, rows: [rows[0]] });
  });
});
