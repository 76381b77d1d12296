// What a write does to the body of a machine or scale set: merge or replace, what stays, etags and preconditions.
import { randomUUID } from "node:crypto";
import type { ArmResource, World } from "../../world.ts";
import { isRecord } from "../body.ts";
import { armErrors } from "../errors.ts";
import type { ArmRequest } from "../provider.ts";
import { isRegion, normalizeLocation, regionNames } from "../regions.ts";
import { checkTags, parseTags } from "../tag-map.ts";
import { computeTime } from "./compute-versions.ts";

/** The members that ARM knows of any resource; others it cannot deserialise. */
const knownMembers = new Set([
  ...["id", "name", "type", "location", "tags", "plan", "properties", "kind", "managedBy", "sku"],
  ...["identity", "zones", "extendedLocation", "etag", "systemData", "placement", "scale"],
]);

/** Properties that only Compute itself writes. */
const readOnlyProperties = new Set(["provisioningState", "vmId", "uniqueId", "timeCreated", "instanceView"]);

/** The members that a write sets as they are sent. */
const plainMembers = ["plan", "sku", "zones", "extendedLocation", "placement"];

/** Throws ARM's refusal of a top-level member that no resource has. */
export function requireKnownMembers(body: Readonly<Record<string, unknown>>): void {
  const unknown = Object.keys(body).find((key) => !knownMembers.has(key));
  if (unknown !== undefined) throw armErrors.unknownMember(unknown);
}

/** The resource as reads show it: without its etag where the switch says that Compute has none. */
export function shown(world: World, resource: ArmResource): ArmResource {
  if (world.switches.computeEtag === "present") return resource;
  const { etag: _, ...rest } = resource;
  return rest as unknown as ArmResource;
}

/** Throws 412 if If-Match or If-None-Match speak against the write, where Compute looks at them. */
export function requirePrecondition(
  { headers }: ArmRequest,
  { switches }: World,
  before: ArmResource | undefined,
): void {
  if (switches.ifMatch === "ignored" || switches.computeEtag === "absent") return;
  const [wanted, unwanted] = [headers.get("if-match"), headers.get("if-none-match")];
  if (wanted !== null && !matches(wanted, before)) throw armErrors.etagMismatch(wanted, before?.etag);
  if (unwanted !== null && matches(unwanted, before)) throw armErrors.etagMatch(unwanted, before?.etag);
}

function matches(header: string, resource: ArmResource | undefined): boolean {
  if (resource === undefined) return false;
  const bare = (etag: string) => etag.trim().replace(/^W\//, "").replaceAll('"', "");
  const wanted = header.split(",").map(bare);
  return wanted.includes("*") || (resource.etag !== undefined && wanted.includes(bare(resource.etag)));
}

/** The etag after a write that counts as so many; a resource without one, from older bodies, gets its first. */
export function etagAfter(before: ArmResource | undefined, steps = 1): string {
  const number = Number(before?.etag?.replaceAll('"', "") ?? 0);
  return Number.isSafeInteger(number) ? `"${number + steps}"` : `"${randomUUID()}"`;
}

/** The resource as a PATCH leaves it, identity and state aside: properties merged, tags replaced whole. */
export function patchedResource(before: ArmResource, body: Readonly<Record<string, unknown>>): ArmResource {
  const { location } = body;
  if (
    typeof location === "string" &&
    normalizeLocation(location) !== normalizeLocation(before.location ?? "")
  ) {
    throw armErrors.propertyChangeNotAllowed("location");
  }
  const tags = body.tags === undefined || body.tags === null ? before.tags : parseTags(body.tags);
  checkTags(tags ?? {});
  return {
    ...before,
    ...(tags !== undefined && { tags }),
    ...plainMembersOf(body),
    properties: merged(before.properties ?? {}, writable(body.properties)),
  };
}

/** The resource as a PUT leaves it, identity and state aside: what is not sent goes, but for what Compute itself writes. */
export function replacedResource(
  request: ArmRequest,
  type: string,
  body: Readonly<Record<string, unknown>>,
  before: ArmResource | undefined,
  idProperty: "vmId" | "uniqueId",
  now: number,
): ArmResource {
  const location = locationOf(request, type, body.location, before);
  const tags = body.tags === undefined || body.tags === null ? undefined : parseTags(body.tags);
  checkTags(tags ?? {});
  const made = { [idProperty]: randomUUID(), timeCreated: computeTime(now) };
  const kept = Object.entries(before?.properties ?? {}).filter(([key]) => readOnlyProperties.has(key));
  return {
    name: before?.name ?? request.path.names.at(-1) ?? "",
    id: before?.id ?? canonicalId(request, type),
    type,
    location,
    ...(tags !== undefined && { tags }),
    ...plainMembersOf(body),
    properties: {
      ...writable(body.properties),
      ...(before === undefined ? made : Object.fromEntries(kept)),
    },
    ...(before?.managedBy !== undefined && { managedBy: before.managedBy }),
  };
}

function canonicalId({ path }: ArmRequest, type: string): string {
  return `/subscriptions/${path.subscriptionId}/resourceGroups/${path.resourceGroup}/providers/${type}/${path.names.at(-1)}`;
}

function locationOf(
  request: ArmRequest,
  type: string,
  sent: unknown,
  before: ArmResource | undefined,
): string {
  if (typeof sent !== "string" || sent === "") throw armErrors.locationRequired();
  const location = normalizeLocation(sent);
  if (!isRegion(location) || location === "global") {
    throw armErrors.locationNotAvailable(type, sent, regionNames);
  }
  const old = before?.location;
  if (old !== undefined && normalizeLocation(old) !== location) {
    const { names, resourceGroup = "" } = request.path;
    throw armErrors.invalidResourceLocation(names.join("/"), old, resourceGroup, location);
  }
  return old ?? location;
}

function plainMembersOf(body: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const sent = plainMembers.filter((key) => body[key] !== undefined && body[key] !== null);
  return Object.fromEntries(sent.map((key) => [key, body[key]]));
}

function writable(properties: unknown): Record<string, unknown> {
  if (properties === undefined || properties === null) return {};
  if (!isRecord(properties)) {
    throw armErrors.invalidRequestContent("Expected a JSON object. Path 'properties'");
  }
  return Object.fromEntries(Object.entries(properties).filter(([key]) => !readOnlyProperties.has(key)));
}

/** Objects are merged member by member, everything else is replaced, null takes away. */
function merged(
  before: Readonly<Record<string, unknown>>,
  sent: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const result = new Map(Object.entries(before));
  for (const [key, value] of Object.entries(sent)) {
    const old = result.get(key);
    if (value === null) result.delete(key);
    else result.set(key, isRecord(value) ? merged(isRecord(old) ? old : {}, value) : value);
  }
  return Object.fromEntries(result);
}
