// User-assigned identities: created with a new principal each time, never moved, gone without their references.
import { randomUUID } from "node:crypto";
import type { ArmResource, World } from "../../world.ts";
import { isRecord, objectBody } from "../body.ts";
import { armErrors } from "../errors.ts";
import { pageOf } from "../paging.ts";
import type { ArmRequest, ArmResponse, ResourceType } from "../provider.ts";
import { isRegion, normalizeLocation, regionNames } from "../regions.ts";
import { removeWithChildren } from "../removal.ts";
import { checkTags, mergeTags, parseTags } from "../tag-map.ts";
import {
  identityBody,
  identityIdOf,
  identityType,
  identityVersions,
  operationIdentifier,
} from "./identity-body.ts";
import { takeIdentityQuota } from "./identity-quota.ts";

function put(request: ArmRequest, world: World): ArmResponse {
  const body = objectBody(request.body);
  const before = world.resources.get(request.path.path);
  const location = locationFrom(request, body.location, before);
  const tags = parseTags(body.tags);
  checkTags(tags);
  const scope = isolationScopeFrom(body.properties);
  if (world.switches.identityNames === "checked") requireName(request.path.names[0] ?? "");
  takeIdentityQuota(world, "write", identityIdOf(request));
  const base = before ?? newIdentity(request, world, location);
  const identity = { ...base, tags, properties: { ...base.properties, ...scope } };
  world.resources.set(identity.id, identity);
  return {
    status: before === undefined ? 201 : 200,
    headers: {
      ...(before === undefined && { location: identity.id }),
      ...operationIdentifier(request, world, location),
    },
    body: identityBody(identity, request.apiVersion),
  };
}

function locationFrom(request: ArmRequest, sent: unknown, before: ArmResource | undefined): string {
  if (typeof sent !== "string" || sent === "") throw armErrors.locationRequired();
  const location = normalizeLocation(sent);
  if (!isRegion(location) || location === "global") {
    throw armErrors.locationNotAvailable(identityType, sent, regionNames);
  }
  const old = before?.location;
  if (old !== undefined && normalizeLocation(old) !== location) {
    const { names, resourceGroup = "" } = request.path;
    throw armErrors.invalidResourceLocation(names[0] ?? "", old, resourceGroup, location);
  }
  return old ?? location;
}

/** The name rule of Microsoft's page on resource names: 3 to 128 characters, the first a letter or a digit. */
function requireName(name: string): void {
  if (!/^[a-z0-9][-\w]{2,127}$/i.test(name)) throw armErrors.invalidResourceName(name);
}

function isolationScopeFrom(properties: unknown): { isolationScope?: string } {
  const sent = isRecord(properties) ? properties.isolationScope : undefined;
  if (sent === undefined || sent === null) return {};
  const known = ["None", "Regional"].find((s) => s.toLowerCase() === String(sent).toLowerCase());
  if (known === undefined) throw armErrors.badRequest(`The isolation scope '${String(sent)}' is invalid.`);
  return { isolationScope: known };
}

function newIdentity(request: ArmRequest, world: World, location: string): ArmResource {
  const id = identityIdOf(request);
  const name = request.path.names[0] ?? "";
  const [principalId, clientId] = [randomUUID(), randomUUID()];
  world.principals.set(principalId, {
    objectId: principalId,
    clientId,
    displayName: name,
    kind: "ManagedIdentity",
    resourceId: id,
    createdAt: world.now(),
  });
  const properties = { tenantId: world.tenantId, principalId, clientId };
  return { location, tags: {}, id, name, type: identityType, properties };
}

function stored(request: ArmRequest, world: World): ArmResource {
  const identity = world.resources.get(request.path.path);
  if (identity !== undefined) return identity;
  const { names, resourceGroup = "" } = request.path;
  throw armErrors.resourceNotFound(identityType, names.join("/"), resourceGroup);
}

/** 404 after 201: a replica that does not know the identity yet, for as long as the setting says. */
function requireVisible(request: ArmRequest, world: World, { properties }: ArmResource): void {
  const { identityLagInMs = 0 } = world.settings;
  const createdAt = world.principals.get(String(properties?.principalId))?.createdAt;
  if (createdAt === undefined || world.now() >= createdAt + identityLagInMs) return;
  const { names, resourceGroup = "" } = request.path;
  throw armErrors.resourceNotFound(identityType, names.join("/"), resourceGroup);
}

function get(request: ArmRequest, world: World): ArmResponse {
  const identity = stored(request, world);
  requireVisible(request, world, identity);
  takeIdentityQuota(world, "read", identity.id);
  return { status: 200, body: identityBody(identity, request.apiVersion) };
}

type Tags = Readonly<Record<string, string>>;

/** ARM's convention is that tags replace; nobody has recorded it of this provider. */
function tagsAfter({ switches }: World, before: Tags, sent: Tags): Tags {
  return switches.identityPatchTags === "replace" ? sent : mergeTags(before, sent);
}

/** Tags that are sent replace the whole map (by default); a location must be the one it has. */
function patch(request: ArmRequest, world: World): ArmResponse {
  const before = stored(request, world);
  const body = objectBody(request.body);
  if (body.location !== undefined && body.location !== null) locationFrom(request, body.location, before);
  const sent = body.tags === undefined || body.tags === null ? undefined : parseTags(body.tags);
  const tags = sent === undefined ? (before.tags ?? {}) : tagsAfter(world, before.tags ?? {}, sent);
  checkTags(tags);
  const scope = isolationScopeFrom(body.properties);
  takeIdentityQuota(world, "write", before.id);
  const identity = { ...before, tags, properties: { ...before.properties, ...scope } };
  world.resources.set(identity.id, identity);
  return {
    status: 200,
    headers: operationIdentifier(request, world, identity.location ?? ""),
    body: identityBody(identity, request.apiVersion),
  };
}

/** The principal goes with it; attachments and role assignments that name it stay (Microsoft's documentation). */
function remove(request: ArmRequest, world: World): ArmResponse {
  const identity = world.resources.get(request.path.path);
  if (identity === undefined) return { status: 204 };
  takeIdentityQuota(world, "delete", identity.id);
  removeWithChildren(world, identity.id);
  return { status: 200 };
}

function collection(request: ArmRequest, world: World): ArmResponse {
  takeIdentityQuota(world, "list", request.path.scope);
  const prefix = `${request.path.scope}/`.toLowerCase();
  return pageOf(request, world, (asOf) =>
    world.resources
      .values(asOf)
      .filter((r) => r.type.toLowerCase() === identityType.toLowerCase())
      .filter((r) => r.id.toLowerCase().startsWith(prefix))
      .map((r) => identityBody(r, request.apiVersion)),
  );
}

/** `Microsoft.ManagedIdentity/userAssignedIdentities`. */
export const userAssignedIdentities: ResourceType = {
  type: identityType,
  apiVersions: identityVersions,
  get,
  put,
  patch,
  delete: remove,
  collection,
};
