// Answers queries to Azure Resource Graph.
import type { KqlEngine, KqlResult } from "./kql/engine.ts";
import { KqlError } from "./kql/errors.ts";
import type { Column, KqlTables, Row } from "./kql/schema.ts";
import { type Page, pageOf } from "./paging.ts";
import { type QueryQuota, quotaHeaders, unusedQuota } from "./quota.ts";
import { GraphRefusal, internalError, rateLimited, refusalBody } from "./refusal.ts";
import { type GraphRequest, parseGraphRequest } from "./request.ts";
import type { GraphView } from "./view.ts";
import { type MayRead, visibleEntries } from "./visibility.ts";

/** A request as it came in; `now` in milliseconds since the epoch. */
export interface GraphInput {
  readonly body: unknown;
  readonly apiVersion: string;
  readonly caller: { readonly objectId: string };
  readonly now: number;
}

/** What Resource Graph stands on. */
export interface Graph {
  /** The world as it was at an instant. */
  readonly viewAt: (instant: number) => GraphView;
  readonly mayRead: MayRead;
  /** How far behind the truth it is, in milliseconds. */
  readonly lagInMs: number;
  /** Whether the quota is enforced. */
  readonly throttled: boolean;
  /** The code of a 429; default RateLimiting. */
  readonly throttleCode?: string;
  /** Whether `resultTruncated` is "true" while there is a token; default false. */
  readonly isTruncatedWhilePaging?: boolean;
  /** Whether pages hold fewer rows than were asked for; default false. */
  readonly hasUnevenPages?: boolean;
  /** Whether the last of several pages fails with 500; default false. */
  readonly lastPageFails?: boolean;
  readonly engine: KqlEngine;
  readonly quota: QueryQuota;
}

/** Status, headers and JSON body of an answer. */
export interface GraphAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** The answer to `POST /providers/Microsoft.ResourceGraph/resources`; refusals are answers too. */
export function answerResourceGraph(input: GraphInput, graph: Graph): GraphAnswer {
  const quota = graph.throttled ? graph.quota.count(input.caller.objectId, input.now) : unusedQuota;
  const headers = quotaHeaders(quota);
  try {
    if (quota.isExceeded) throw rateLimited(graph.throttleCode);
    return { status: 200, headers, body: resultBody(input, graph) };
  } catch (error) {
    const refusal = refusalOf(error);
    return { status: refusal.status, headers, body: refusalBody(refusal, input.now) };
  }
}

function refusalOf(error: unknown): GraphRefusal {
  if (error instanceof GraphRefusal) return error;
  if (error instanceof KqlError) return new GraphRefusal(400, "BadRequest", error.details);
  throw error;
}

function resultBody({ body, apiVersion, now }: GraphInput, graph: Graph): unknown {
  const request = parseGraphRequest(body, apiVersion);
  const entries = visibleEntries(request, graph.viewAt(now - graph.lagInMs), graph.mayRead);
  const rowsOf = (table: Parameters<typeof entries>[0]) => () => entries(table).map(({ row }) => row);
  const tables: KqlTables = {
    resources: rowsOf("resources"),
    resourcecontainers: rowsOf("resourcecontainers"),
    authorizationresources: rowsOf("authorizationresources"),
  };
  const result = graph.engine.evaluate(request.query, tables);
  const page = pageOf(result, request, graph.hasUnevenPages);
  const isLast = page.skipToken === undefined && request.skipToken !== undefined;
  if (graph.lastPageFails === true && isLast) throw internalError();
  const isTruncated = graph.isTruncatedWhilePaging === true && page.skipToken !== undefined;
  return bodyFrom(request, result, { ...page, isTruncated: page.isTruncated || isTruncated });
}

/** `resultTruncated` is a string, and "false" while a token is there (recorded by azure-cli-extensions, Apr 2021). */
function bodyFrom(request: GraphRequest, result: KqlResult, page: Page): unknown {
  return {
    totalRecords: result.rows.length,
    count: page.rows.length,
    data: request.format === "table" ? tableFrom(result.columns, page.rows) : page.rows,
    facets: [],
    resultTruncated: page.isTruncated ? "true" : "false",
    ...(page.skipToken === undefined ? {} : { $skipToken: page.skipToken }),
  };
}

/** The names that the table format has for Kusto's types. */
const tableTypes: Readonly<Record<Column["type"], string>> = {
  string: "string",
  dynamic: "object",
  long: "integer",
  int: "integer",
  real: "number",
  bool: "boolean",
};

function tableFrom(columns: readonly Column[], rows: readonly Row[]): unknown {
  return {
    columns: columns.map(({ name, type }) => ({ name, type: tableTypes[type] })),
    rows: rows.map((row) => columns.map(({ name }) => row[name] ?? null)),
  };
}
