// Which rows of a result one answer holds, and the token that asks for the next ones.
import { createHash } from "node:crypto";
import type { KqlResult } from "./kql/engine.ts";
import type { Row } from "./kql/schema.ts";
import { badRequest } from "./refusal.ts";
import type { GraphRequest } from "./request.ts";

/** How many rows an answer has unless the request says otherwise. */
const defaultTop = 100;

/** The rows of one answer; `isTruncated`: rows are missing that no token will bring. */
export interface Page {
  readonly rows: readonly Row[];
  readonly skipToken: string | undefined;
  readonly isTruncated: boolean;
}

/** What a token says: which query it belongs to, where the next page starts, how long it is. */
interface Continuation {
  readonly query: string;
  readonly skip: number;
  readonly top: number;
}

/**
 * The page that the request asks for; `$top` and `$skip` go before what the token says. Rows can only be paged if
 * `id` is among the columns, and not at all if the query limits itself, in which case `$skip` has no effect
 * either (Resource Graph's documentation on working with large data sets). Throws a GraphRefusal.
 */
export function pageOf(result: KqlResult, request: GraphRequest, isUneven = false): Page {
  const query = fingerprintOf(request);
  const token = request.skipToken === undefined ? undefined : continuationFrom(request.skipToken, query);
  const top = request.top ?? token?.top ?? defaultTop;
  const skip = result.limitsItself ? 0 : (request.skip ?? token?.skip ?? 0);
  const canPage = !result.limitsItself && result.columns.some((c) => c.name === "id");
  const size = isUneven && canPage ? Math.min(top, Math.max(1, skip * 3)) : top;
  const rows = result.rows.slice(skip, skip + size);
  const hasMore = skip + rows.length < result.rows.length;
  const next = { query, skip: skip + rows.length, top };
  return {
    rows,
    skipToken: hasMore && canPage ? tokenFrom(next) : undefined,
    isTruncated: hasMore && !canPage,
  };
}

/** The same for the same query over the same scope. */
function fingerprintOf({ query, subscriptions, managementGroups }: GraphRequest): string {
  const scope = [subscriptions, managementGroups].map((names) => names.map((n) => n.toLowerCase()).sort());
  return createHash("sha256")
    .update(JSON.stringify([query, scope]))
    .digest("base64url")
    .slice(0, 16);
}

function tokenFrom(continuation: Continuation): string {
  return Buffer.from(JSON.stringify(continuation)).toString("base64");
}

function continuationFrom(token: string, query: string): Continuation {
  const continuation = decoded(token);
  if (continuation?.query === query) return continuation;
  throw badRequest("InvalidSkipToken", "The skip token is invalid, or belongs to another query or scope.");
}

function decoded(token: string): Continuation | undefined {
  try {
    return JSON.parse(Buffer.from(token, "base64").toString("utf8")) as Continuation;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
