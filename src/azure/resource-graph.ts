// Asks Resource Graph: all pages of a query, and never a list that came out short.
import type { QueryRequest, ResourceGraphClient } from "@azure/arm-resourcegraph";
import { Failure } from "../model/failure.ts";
import type { Clock } from "../model/ports.ts";
import { patiently } from "./call.ts";

/** What a query is asked of. */
export interface GraphQuery {
  readonly text: string;
  readonly subscriptions?: readonly string[];
  readonly managementGroups?: readonly string[];
  /** Role assignments above the subscriptions count too; only the authorization table knows this. */
  readonly above?: true;
}

/** A row of an answer; what its columns hold is for the caller to find out. */
export type GraphRow = Readonly<Record<string, unknown>>;

/** Resource Graph, as one user of it sees it. */
export interface Graph {
  /** Every row of a query, in the order of the query; each id once. */
  rows(query: GraphQuery, signal: AbortSignal): Promise<GraphRow[]>;
}

/** The most rows that a page may have (azure-docs, governance/resource-graph/concepts/work-with-data). */
const pageSize = 1000;

/** The code of the failure of a list with fewer rows than it says it has. */
const listShort = "ListShort";

/** Resource Graph behind a client. */
export function graphOf(client: ResourceGraphClient, clock: Clock): Graph {
  const page = async (
    query: GraphQuery,
    skipToken: string | undefined,
    signal: AbortSignal,
  ): Promise<Page> => {
    const answer = await client.resources(requestFrom(query, skipToken), { abortSignal: signal });
    return pageFrom(answer);
  };
  const pages = async (query: GraphQuery, signal: AbortSignal): Promise<GraphRow[]> => {
    const byId = new Map<string, GraphRow>();
    for (let skipToken: string | undefined; ; ) {
      const got = await patiently(clock, signal, () => page(query, skipToken, signal));
      for (const row of got.rows) byId.set(String(row.id).toLowerCase(), row);
      skipToken = got.skipToken;
      if (skipToken === undefined) {
        refuseShort(byId.size, got.totalRecords);
        return [...byId.values()];
      }
    }
  };
  return {
    async rows(query, signal): Promise<GraphRow[]> {
      try {
        return await pages(query, signal);
      } catch (error) {
        // A list that changes while it is paged can lose rows; it is read once more rather than believed.
        if (error instanceof Failure && error.details.code === listShort) return await pages(query, signal);
        throw error;
      }
    },
  };
}

interface Page {
  readonly rows: readonly GraphRow[];
  readonly totalRecords: number;
  readonly skipToken?: string;
}

function requestFrom(query: GraphQuery, skipToken: string | undefined): QueryRequest {
  return {
    query: query.text,
    ...(query.subscriptions ? { subscriptions: [...query.subscriptions] } : {}),
    ...(query.managementGroups ? { managementGroups: [...query.managementGroups] } : {}),
    options: {
      top: pageSize,
      resultFormat: "objectArray",
      ...(skipToken === undefined ? {} : { skipToken }),
      authorizationScopeFilter: query.above ? "AtScopeAboveAndBelow" : "AtScopeAndBelow",
    },
  };
}

/** Paging goes by the skip token alone: `resultTruncated` says "false" while there is one (recorded, Apr 2021). */
function pageFrom(answer: { data?: unknown; totalRecords?: number; skipToken?: string }): Page {
  if (!Array.isArray(answer.data) || !answer.data.every(isRow)) {
    throw new Failure("terminal", "Resource Graph answered without rows.", { code: "UnexpectedAnswer" });
  }
  const { skipToken } = answer;
  return { rows: answer.data, totalRecords: answer.totalRecords ?? 0, ...(skipToken ? { skipToken } : {}) };
}

function isRow(value: unknown): value is GraphRow {
  return typeof value === "object" && value !== null && "id" in value && typeof value.id === "string";
}

function refuseShort(got: number, total: number): void {
  if (got >= total) return;
  const text = `Resource Graph gave ${got} rows of ${total}.`;
  throw new Failure("transient", text, { code: listShort });
}
