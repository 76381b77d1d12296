// Resources as ARM itself sees them: the lists over all types, and the types that have no provider of their own here.
import { randomUUID } from "node:crypto";
import type { ArmResource, World } from "../world.ts";
import { resourcesVersions } from "./api-versions.ts";
import { isRecord, objectBody } from "./body.ts";
import { armErrors } from "./errors.ts";
import { changedIdentity } from "./generic-identity.ts";
import { type Comparison, fulfils, parseFilter } from "./odata-filter.ts";
import type { OwnRoute } from "./own-route.ts";
import { pageOf, parameterOf } from "./paging.ts";
import { parseArmPath } from "./path.ts";
import type { ArmRequest, ArmResponse, ResourceType } from "./provider.ts";
import { isRegion, normalizeLocation, regionNames } from "./regions.ts";
import { removeWithChildren } from "./removal.ts";
import { checkTags, parseTags } from "./tag-map.ts";

/** Children that real lists leave out: they have no location and are no resources of their own to ARM. */
const unlistedTypes = new Set([
  "microsoft.managedidentity/userassignedidentities/federatedidentitycredentials",
  "microsoft.compute/virtualmachinescalesets/virtualmachines",
  "microsoft.authorization/locks",
  "microsoft.sql/servers/failovergroups",
  "microsoft.sql/servers/databases/replicationlinks",
]);

const filterFields = new Set(["resourcetype", "name", "location", "resourcegroup", "tagname", "tagvalue"]);

function listResources(request: ArmRequest, world: World): ArmResponse {
  const prefix = `${request.path.path.slice(0, request.path.path.lastIndexOf("/"))}/`.toLowerCase();
  const filter = parameterOf(request.url, "$filter") ?? "";
  const comparisons = parseFilter(filter);
  if (comparisons?.every((c) => filterFields.has(c.field)) !== true) throw armErrors.invalidFilter(filter);
  const isByTag = comparisons.some((c) => c.field.startsWith("tag"));
  const expand = (parameterOf(request.url, "$expand") ?? "").toLowerCase().split(",");
  return pageOf(request, world, (asOf) =>
    world.resources
      .values(asOf)
      .filter((r) => r.id.toLowerCase().startsWith(prefix) && isListed(r))
      .filter((r) => isWanted(r, comparisons))
      .map((r) => (isByTag ? bareItem(r) : listItem(r, expand))),
  );
}

/** A SQL administrator has its parent's type, so its id must tell. */
function isListed({ id, type }: ArmResource): boolean {
  return !unlistedTypes.has(type.toLowerCase()) && !id.endsWith("/administrators/ActiveDirectory");
}

function isWanted(resource: ArmResource, comparisons: readonly Comparison[]): boolean {
  const name = comparisons.find((c) => c.field === "tagname");
  const value = comparisons.find((c) => c.field === "tagvalue");
  if (name !== undefined || value !== undefined) {
    const isTagged = Object.entries(resource.tags ?? {}).some(
      ([key, text]) =>
        (name === undefined || fulfils(key, name)) && (value === undefined || text === value.value),
    );
    if (!isTagged) return false;
  }
  return comparisons
    .filter((c) => !c.field.startsWith("tag"))
    .every((c) => fulfils(fieldOf(resource, c.field), c));
}

function fieldOf(resource: ArmResource, field: string): string | undefined {
  switch (field) {
    case "resourcetype":
      return resource.type;
    case "name":
      return resource.name;
    case "location":
      return resource.location;
    default:
      return parseArmPath(resource.id).resourceGroup;
  }
}

/** A list filtered by tag returns ids with fewer fields, tags not among them (recorded May 2022). */
function bareItem({ id, name, type, location }: ArmResource): Partial<ArmResource> {
  return { id, name, type, ...(location !== undefined && { location }) };
}

const listedFields = [
  "sku",
  "kind",
  "managedBy",
  "plan",
  "zones",
  "location",
  "identity",
  "extendedLocation",
];

/** What the list tells of a resource: its envelope without properties; identity and tags are in it. */
function listItem(resource: ArmResource, expand: readonly string[]): Partial<ArmResource> {
  const fields = listedFields.filter((f) => resource[f] !== undefined).map((f) => [f, resource[f]]);
  const state = resource.properties?.provisioningState;
  const created = createdTimeOf(resource);
  return {
    id: resource.id,
    name: nameInList(resource),
    type: resource.type,
    ...Object.fromEntries(fields),
    ...(expand.includes("createdtime") && created !== undefined && { createdTime: created }),
    ...(expand.includes("changedtime") && created !== undefined && { changedTime: created }),
    ...(expand.includes("provisioningstate") && state !== undefined && { provisioningState: state }),
    ...(resource.tags !== undefined && { tags: resource.tags }),
    ...(resource.systemData !== undefined && { systemData: resource.systemData }),
  };
}

/** Children are listed as parent/child, whatever their own body says (recorded 2019 to 2026). */
function nameInList(resource: ArmResource): string {
  const { names } = parseArmPath(resource.id);
  return names.length > 1 ? names.join("/") : resource.name;
}

function createdTimeOf(resource: ArmResource): string | undefined {
  const systemData = resource.systemData;
  const sources = [isRecord(systemData) ? systemData.createdAt : undefined, resource.properties?.timeCreated];
  return sources.find((s) => typeof s === "string");
}

function stored(request: ArmRequest, world: World): ArmResource {
  const resource = world.resources.get(request.path.path);
  if (resource !== undefined) return resource;
  const { type = "", names, resourceGroup = "" } = request.path;
  throw armErrors.resourceNotFound(type, names.join("/"), resourceGroup);
}

function get(request: ArmRequest, world: World): ArmResponse {
  return { status: 200, body: stored(request, world) };
}

/** By the type in the id: a body may name its parent's instead (recorded of SQL administrators, Nov 2023). */
function collection(request: ArmRequest, world: World): ArmResponse {
  const prefix = `${request.path.scope}/`.toLowerCase();
  const within = request.path.path.slice(0, request.path.path.lastIndexOf("/")).toLowerCase();
  const type = request.path.type?.toLowerCase();
  return pageOf(request, world, (asOf) =>
    world.resources
      .values(asOf)
      .filter((r) => r.id.toLowerCase().startsWith(prefix) && parseArmPath(r.id).type?.toLowerCase() === type)
      .filter((r) => request.path.names.length === 0 || r.id.toLowerCase().startsWith(`${within}/`)),
  );
}

function put(request: ArmRequest, world: World): ArmResponse {
  const body = objectBody(request.body);
  const before = world.resources.get(request.path.path);
  const location = locationFor(request, body.location, before);
  const tags = parseTags(body.tags);
  checkTags(tags);
  const identity = changedIdentity(request, world, body.identity, before);
  const resource: ArmResource = {
    ...withoutKeys(body, ["identity", "etag"]),
    id: before?.id ?? request.path.path,
    name: before?.name ?? request.path.names.at(-1) ?? "",
    type: before?.type ?? request.path.type ?? "",
    ...(location !== undefined && { location }),
    tags,
    ...(identity !== undefined && { identity }),
    properties: { ...(isRecord(body.properties) && body.properties), provisioningState: "Succeeded" },
    ...etagAfter(before),
  };
  world.resources.set(resource.id, resource);
  return { status: before === undefined ? 201 : 200, body: resource };
}

function locationFor(
  request: ArmRequest,
  sent: unknown,
  before: ArmResource | undefined,
): string | undefined {
  const isChild = request.path.names.length > 1;
  if (typeof sent !== "string" || sent === "") {
    if (isChild) return before?.location;
    throw armErrors.locationRequired();
  }
  const location = normalizeLocation(sent);
  const { type = "", names, resourceGroup = "" } = request.path;
  if (!isRegion(location)) throw armErrors.locationNotAvailable(type, sent, regionNames);
  if (before?.location !== undefined && normalizeLocation(before.location) !== location) {
    throw armErrors.invalidResourceLocation(names.join("/"), before.location, resourceGroup, location);
  }
  return before?.location ?? location;
}

function patch(request: ArmRequest, world: World): ArmResponse {
  const before = stored(request, world);
  const body = objectBody(request.body);
  const identity = changedIdentity(request, world, body.identity, before);
  const tags = body.tags === undefined ? before.tags : parseTags(body.tags);
  checkTags(tags ?? {});
  const properties = isRecord(body.properties)
    ? { ...before.properties, ...body.properties }
    : before.properties;
  const resource: ArmResource = {
    ...withoutKeys(before, ["identity"]),
    ...withoutKeys(body, ["id", "name", "type", "location", "identity", "tags", "properties", "etag"]),
    ...(tags !== undefined && { tags }),
    ...(properties !== undefined && { properties }),
    ...(identity !== undefined && { identity }),
    ...etagAfter(before),
    id: before.id,
    name: before.name,
    type: before.type,
  };
  world.resources.set(resource.id, resource);
  return { status: 200, body: resource };
}

/** A resource with an etag gets a new one with each write; one without stays without. */
function etagAfter(before: ArmResource | undefined): { etag?: string } {
  return before?.etag === undefined ? {} : { etag: `"${randomUUID()}"` };
}

function remove(request: ArmRequest, world: World): ArmResponse {
  if (!world.resources.has(request.path.path)) return { status: 204 };
  removeWithChildren(world, request.path.path);
  return { status: 200 };
}

function withoutKeys(
  body: Readonly<Record<string, unknown>>,
  keys: readonly string[],
): Record<string, unknown> {
  return Object.fromEntries(Object.entries(body).filter(([key]) => !keys.includes(key)));
}

/** What may be done with any type that is only kept as raw bodies. */
export const genericHandlers: Omit<ResourceType, "type" | "apiVersions"> = {
  get,
  put,
  patch,
  delete: remove,
  collection,
};

/** ARM's lists over all types. */
export const genericResourceRoutes: readonly OwnRoute[] = [
  "/subscriptions/{}/resources",
  "/subscriptions/{}/resourcegroups/{}/resources",
].map((template) => ({
  template,
  apiVersions: resourcesVersions,
  type: "Microsoft.Resources/subscriptions/resources",
  isList: true,
  get: listResources,
}));
