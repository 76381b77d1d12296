// Answers what was written in a subscription, by whom: the activity log, some time after the fact.
import type { Activity, Writer } from "../../activities.ts";
import type { World } from "../../world.ts";
import { type Rights, rightsOf } from "../authorization/rights.ts";
import { refusalOf } from "../governance/deny-assignments.ts";
import { pageOf, parameterOf } from "../paging.ts";
import { ArmError, type ArmRequest, type ArmResponse, type ResourceType } from "../provider.ts";
import { parseActivityFilter, refusal } from "./activity-filter.ts";

const type = "Microsoft.Insights/eventtypes/values";
const right = `${type}/read`;
const defaultLagInMs = 3_000;

/** The events of a subscription: a list only, at `eventtypes/management/values`. */
export const activityLog: ResourceType = {
  type,
  apiVersions: ["2014-04-01", "2015-04-01"],
  collection: list,
};

function list(request: ArmRequest, world: World): ArmResponse {
  const { path, url, caller } = request;
  if (path.names.join() !== "management" || path.resourceGroup !== undefined)
    throw noSuchEventType(path.names);
  const isReadable = readableBy(rightsOf(world, caller.objectId), request, world);
  const filter = parseActivityFilter(parameterOf(url, "$filter"), world);
  const select = selectionOf(parameterOf(url, "$select"));
  const subscription = `/subscriptions/${path.subscriptionId}/`.toLowerCase();
  const isAsked = (a: Activity): boolean =>
    a.resourceId.toLowerCase().startsWith(subscription) &&
    a.atInMs >= filter.fromInMs &&
    a.atInMs <= filter.toInMs &&
    filter.matches(a) &&
    isReadable(a);
  const itemsAt = (asOf: number) =>
    world.activities
      .all()
      .filter((a) => a.atInMs <= asOf && isAsked(a))
      .toReversed()
      .map((a) => select(bodyOf(a, world)));
  return pageOf(request, world, itemsAt, world.settings.activityLagInMs ?? defaultLagInMs);
}

/** All events with the right on the subscription; without it none, or those of the resources where it is held. */
function readableBy(rights: Rights, { caller, path }: ArmRequest, world: World): (a: Activity) => boolean {
  const subscription = `/subscriptions/${path.subscriptionId}`;
  if (rights.may(right, subscription)) return () => true;
  if (world.switches.activityLogRights === "refused") throw refusalOf(rights, caller, right, subscription);
  return ({ resourceId }) => rights.may(right, resourceId);
}

function noSuchEventType(names: readonly string[]): ArmError {
  return new ArmError(404, "NotFound", `The event type '${names.join("/")}' was not found.`);
}

/** Members as the REST reference names them (Activity Logs - List, EventData). */
function bodyOf(activity: Activity, world: World): Readonly<Record<string, unknown>> {
  const { resourceId, action, status, eventDataId, operationId, correlationId, writer } = activity;
  const time = new Date(activity.atInMs).toISOString();
  const [, , subscriptionId, , resourceGroupName = ""] = resourceId.split("/");
  const [provider = ""] = action.split("/");
  return {
    authorization: { action, scope: resourceId },
    caller: callerOf(writer, world),
    channels: "Operation",
    claims: claimsOf(writer, world.tenantId),
    correlationId,
    description: "",
    eventDataId,
    eventName: localized(status === "Started" ? "BeginRequest" : "EndRequest"),
    category: localized("Administrative"),
    eventTimestamp: time,
    id: `${resourceId}/events/${eventDataId}/ticks/${BigInt(activity.atInMs) * 10_000n + 621_355_968_000_000_000n}`,
    level: status === "Failed" ? "Error" : "Informational",
    operationId,
    operationName: localized(action),
    resourceGroupName,
    resourceProviderName: localized(provider),
    resourceType: localized(action.split("/").slice(0, -1).join("/")),
    resourceId,
    status: localized(status),
    subStatus: localized(""),
    submissionTimestamp: time,
    subscriptionId,
    tenantId: world.tenantId,
  };
}

function localized(value: string): { value: string; localizedValue: string } {
  return { value, localizedValue: value };
}

/** "the UPN claim or SPN claim based on availability" (REST reference); what an application is called is a switch. */
function callerOf({ userName, objectId, clientId }: Writer, { switches }: World): string {
  return userName ?? (switches.activityCaller === "objectId" ? objectId : clientId);
}

function claimsOf({ userName, objectId, clientId }: Writer, tenantId: string): Record<string, string> {
  return {
    aud: "https://management.azure.com/",
    appid: clientId,
    "http://schemas.microsoft.com/identity/claims/objectidentifier": objectId,
    "http://schemas.microsoft.com/identity/claims/tenantid": tenantId,
    ...(userName !== undefined && { "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn": userName }),
  };
}

type Body = Readonly<Record<string, unknown>>;

/** $select names members by their names; what is no member is refused. */
function selectionOf(text: string | undefined): (body: Body) => Body {
  if (text === undefined) return (body) => body;
  const names = text.split(",").map((name) => name.trim());
  const unknown = names.find((name) => !selectable.has(name.toLowerCase()));
  if (unknown !== undefined) throw refusal(`$select: '${unknown}' is no property of an event.`);
  const wanted = new Set(names.map((name) => name.toLowerCase()));
  return (body) => Object.fromEntries(Object.entries(body).filter(([key]) => wanted.has(key.toLowerCase())));
}

/** "Possible values are": REST reference, Activity Logs - List. */
const selectable: ReadonlySet<string> = new Set(
  [
    "authorization caller channels claims correlationId description eventDataId eventName eventTimestamp httpRequest",
    "level operationId operationName properties resourceGroupName resourceProviderName resourceId status",
    "submissionTimestamp subStatus subscriptionId",
  ]
    .join(" ")
    .toLowerCase()
    .split(" "),
);
