// Asks the activity log who wrote to a resource: to name somebody in a message, and for nothing else.
import type { PipelineResponse } from "@azure/core-rest-pipeline";
import type { ActivityLog, LoggedWrite } from "../model/activity-log.ts";
import { idKey, subscriptionOf } from "../model/arm-id.ts";
import { Failure } from "../model/failure.ts";
import type { Self } from "../model/ports.ts";
import { ask } from "./call.ts";
import type { Line } from "./pipeline.ts";

/** A log is asked about one resource at a time; whoever has written to it more often than this fills is in the first ones. */
const mostPages = 5;
/** "The start time cannot be more than 90 days in the past" (recorded by azure-cli, Jun 2019). */
const longestLookBackInMs = 89 * 24 * 60 * 60_000;
const members = "caller,claims,eventTimestamp,operationId,operationName,resourceId,status";
const objectIdClaim = "http://schemas.microsoft.com/identity/claims/objectidentifier";

/** What it takes to ask. */
export interface ActivityLogParts {
  readonly line: Pick<Line, "get">;
  readonly self: (signal: AbortSignal) => Promise<Self>;
  readonly now: () => number;
}

/** The activity log of whatever subscription a resource is in (REST reference, Activity Logs - List, 2015-04-01). */
export function activityLogOn(parts: ActivityLogParts): ActivityLog {
  return {
    async whoChanged(resourceId, sinceInMs, signal): Promise<readonly LoggedWrite[] | undefined> {
      const subscriptionId = subscriptionOf(resourceId);
      if (subscriptionId === undefined) return;
      try {
        const { principalId } = await parts.self(signal);
        const since = Math.max(sinceInMs, parts.now() - longestLookBackInMs);
        const events = await eventsFrom(urlFor(subscriptionId, resourceId, since), parts, signal);
        return writesIn(events, resourceId, principalId);
      } catch (error) {
        // Nobody needs the log: who may not read it, or does not get through, learns no names.
        if (error instanceof Failure) return;
        throw error;
      }
    },
  };
}

function urlFor(subscriptionId: string, resourceId: string, sinceInMs: number): string {
  const since = new Date(sinceInMs).toISOString();
  const resource = resourceId.replaceAll("'", "''");
  const query = new URLSearchParams({
    "api-version": "2015-04-01",
    $filter: `eventTimestamp ge '${since}' and resourceUri eq '${resource}'`,
    $select: members,
  });
  const path = `/subscriptions/${subscriptionId}/providers/Microsoft.Insights/eventtypes/management/values`;
  return `${path}?${query.toString().replaceAll("+", "%20")}`;
}

async function eventsFrom(
  first: string,
  { line }: ActivityLogParts,
  signal: AbortSignal,
): Promise<readonly Event[]> {
  const events: Event[] = [];
  let url: string | undefined = first;
  for (let page = 0; page < mostPages && url !== undefined; page += 1) {
    const next: string = url;
    const body = bodyOf(await ask(() => line.get(next, signal)));
    events.push(...(Array.isArray(body.value) ? body.value : []).flatMap(eventFrom));
    url = typeof body.nextLink === "string" && body.nextLink !== "" ? body.nextLink : undefined;
  }
  return events;
}

function bodyOf({ bodyAsText }: PipelineResponse): Readonly<Record<string, unknown>> {
  try {
    const body: unknown = JSON.parse(bodyAsText ?? "");
    if (isRecord(body)) return body;
  } catch {
    // Text that is no JSON is as unreadable as JSON of another shape: see below.
  }
  throw new Failure("transient", "The activity log gave an answer that cannot be read.", {
    code: "UnreadableAnswer",
  });
}

interface Event extends LoggedWrite {
  readonly principalId: string;
  readonly operationId: string;
  readonly resourceId: string;
  readonly status: string;
}

/** Nothing for what is no event as the REST reference describes them. */
function eventFrom(raw: unknown): readonly Event[] {
  if (!isRecord(raw)) return [];
  const { caller, claims, eventTimestamp, operationId, operationName, resourceId, status } = raw;
  const atInMs = typeof eventTimestamp === "string" ? Date.parse(eventTimestamp) : Number.NaN;
  if (typeof caller !== "string" || caller === "" || typeof resourceId !== "string") return [];
  if (Number.isNaN(atInMs)) return [];
  return [
    {
      caller,
      atInMs,
      resourceId,
      operation: textIn(operationName),
      status: textIn(status).toLowerCase(),
      operationId: typeof operationId === "string" ? operationId : "",
      principalId: isRecord(claims) ? String(claims[objectIdClaim] ?? "") : "",
    },
  ];
}

function textIn(localizable: unknown): string {
  return isRecord(localizable) && typeof localizable.value === "string" ? localizable.value : "";
}

/** What others have done to this very resource and what has not failed; each operation once, the latest first. */
function writesIn(events: readonly Event[], resourceId: string, self: string): readonly LoggedWrite[] {
  const failed = new Set(events.filter((e) => e.status === "failed").map((e) => e.operationId));
  const byOperation = new Map(
    events
      .filter(
        (e) => idKey(e.resourceId) === idKey(resourceId) && /\/(write|delete|action)$/i.test(e.operation),
      )
      .filter((e) => isCarriedOut(e.status) && !failed.has(e.operationId))
      .filter((e) => idKey(e.principalId) !== idKey(self) && idKey(e.caller) !== idKey(self))
      .toSorted((a, b) => a.atInMs - b.atInMs)
      .map((e) => [e.operationId || `${e.atInMs} ${e.operation}`, e] as const),
  );
  return [...byOperation.values()]
    .map(({ caller, operation, atInMs }) => ({ caller, operation, atInMs }))
    .toReversed();
}

/** "Started" says of nothing that it has happened. */
function isCarriedOut(status: string): boolean {
  return status === "succeeded" || status === "accepted";
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
