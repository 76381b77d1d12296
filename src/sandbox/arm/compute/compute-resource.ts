// What machines and scale sets have in common: reading, conditional writes that take their time, deletion.
import type { ArmResource, World } from "../../world.ts";
import { objectBody } from "../body.ts";
import { armErrors } from "../errors.ts";
import { carryOutIdentity, withPrincipals } from "../identity/identity-attach.ts";
import { operationIdentifier } from "../identity/identity-body.ts";
import type { ArmRequest, ArmResponse, Handler } from "../provider.ts";
import {
  etagAfter,
  patchedResource,
  replacedResource,
  requireKnownMembers,
  requirePrecondition,
  shown,
} from "./compute-body.ts";
import {
  acceptedStatus,
  isDeleting,
  operationHeaders,
  requireIdle,
  requireNotDeleting,
  startOperation,
} from "./compute-operations.ts";
import { type ComputePolicy, computeHeaders } from "./compute-quota.ts";
import { stateOf, withIdentity } from "./compute-state.ts";
import { settleOperations } from "./settle-operations.ts";

/** In what machines and scale sets differ. */
export interface ComputeKind {
  readonly type: string;
  /** The property that Compute makes up when one is created. */
  readonly idProperty: "vmId" | "uniqueId";
  readonly policies: Readonly<Record<"get" | "update" | "put" | "delete", ComputePolicy>>;
  /** By how much an etag grows in a PATCH: scale sets count two where an identity is added (recorded Aug 2024). */
  readonly stepsOf: (attached: readonly string[]) => number;
}

/** The stored resource that the request names, after all operations that have ended; 404 if there is none. */
export function storedCompute(request: ArmRequest, world: World, type: string): ArmResource {
  settleOperations(world);
  const resource = world.resources.get(request.path.path);
  if (resource !== undefined) return resource;
  const { names, resourceGroup = "" } = request.path;
  throw armErrors.resourceNotFound(type, names.join("/"), resourceGroup);
}

/** The etag as header, where the resource has one. */
export function etagHeader({ etag }: ArmResource): Record<string, string> {
  return etag === undefined ? {} : { etag };
}

/** GET, PATCH, PUT and DELETE of a kind. */
export function computeHandlers(kind: ComputeKind): Record<"get" | "patch" | "put" | "delete", Handler> {
  return {
    get: (request, world) => {
      const resource = shown(world, storedCompute(request, world, kind.type));
      const headers = { ...computeHeaders(world, kind.policies.get, resource.id), ...etagHeader(resource) };
      return { status: 200, headers, body: resource };
    },
    patch: (request, world) => patch(request, world, kind),
    put: (request, world) => put(request, world, kind),
    delete: (request, world) => remove(request, world, kind),
  };
}

/** 200 at once with the state Updating; new identities have their ids when the operation has ended. */
function patch(request: ArmRequest, world: World, kind: ComputeKind): ArmResponse {
  const before = storedCompute(request, world, kind.type);
  const body = objectBody(request.body);
  requireKnownMembers(body);
  const quota = computeHeaders(world, kind.policies.update, before.id);
  requirePrecondition(request, world, before);
  requireNotDeleting(before);
  requireIdle(world, before.id);
  const patched = patchedResource(before, body);
  const change = carryOutIdentity(request, world, before, body.identity);
  const etag = etagAfter(before, kind.stepsOf(change.attached));
  const after = { ...stateOf(withIdentity(patched, change.block), "Updating"), etag };
  return begun(request, world, { before, after, attached: change.attached, quota, status: 200 });
}

/** 201 with the state Creating, or 200 with Updating; a PUT without an identity block keeps the one that is there. */
function put(request: ArmRequest, world: World, kind: ComputeKind): ArmResponse {
  settleOperations(world);
  const before = world.resources.get(request.path.path);
  const body = objectBody(request.body);
  requireKnownMembers(body);
  const quota = computeHeaders(world, kind.policies.put, request.path.path);
  requirePrecondition(request, world, before);
  if (before !== undefined) {
    requireNotDeleting(before);
    requireIdle(world, before.id);
  }
  const replaced = replacedResource(request, kind.type, body, before, kind.idProperty, world.now());
  const bearer = before === undefined ? replaced : { ...replaced, ...identityOf(before) };
  const change = carryOutIdentity(request, world, bearer, body.identity);
  const state = before === undefined ? "Creating" : "Updating";
  const after = { ...stateOf(withIdentity(replaced, change.block), state), etag: etagAfter(before) };
  const status = before === undefined ? 201 : 200;
  return begun(request, world, { before, after, attached: change.attached, quota, status });
}

function identityOf({ identity }: ArmResource): Pick<ArmResource, "identity"> {
  return identity === undefined ? {} : { identity };
}

interface Write {
  readonly before: ArmResource | undefined;
  readonly after: ArmResource;
  readonly attached: readonly string[];
  readonly quota: Record<string, string>;
  readonly status: 200 | 201;
}

/** Real creations ask for ten seconds' patience (recorded Dec 2024); that is kept to one, the shortest that can be said. */
function begun(
  request: ArmRequest,
  world: World,
  { before, after, attached, quota, status }: Write,
): ArmResponse {
  world.resources.set(after.id, after);
  const identityBefore = before?.identity;
  const effect = {
    kind: "update",
    ...(identityBefore !== undefined && { identityBefore }),
    attached,
    outdatesInstances: before !== undefined && modelOf(before) !== modelOf(after),
  } as const;
  const operation = startOperation(world, after, effect, before);
  const isFilled = world.switches.immediateIdentity === "filled";
  const identity = isFilled ? withPrincipals(world, { block: after.identity, attached }) : after.identity;
  const answered = shown(world, withIdentity(after, identity));
  const headers = {
    ...quota,
    ...operationIdentifier(request, world, after.location ?? ""),
    ...operationHeaders(request, world, operation),
    ...etagHeader(answered),
    ...(status === 201 && { "retry-after": "1" }),
  };
  return { status, headers, body: answered };
}

/** What instances of a scale set are made from: identities by key, and the profile. */
function modelOf({ identity, properties, sku }: ArmResource): string {
  const { type, userAssignedIdentities = {} } = identity ?? {};
  const ids = Object.keys(userAssignedIdentities)
    .map((id) => id.toLowerCase())
    .toSorted((a, b) => a.localeCompare(b));
  const size = typeof sku === "object" && sku !== null && "name" in sku ? sku.name : undefined;
  return JSON.stringify([type, ids, properties?.virtualMachineProfile, size]);
}

function remove(request: ArmRequest, world: World, kind: ComputeKind): ArmResponse {
  settleOperations(world);
  const before = world.resources.get(request.path.path);
  if (before === undefined) return { status: 204 };
  const quota = computeHeaders(world, kind.policies.delete, before.id);
  requirePrecondition(request, world, before);
  if (!isDeleting(before)) requireIdle(world, before.id);
  world.resources.set(before.id, stateOf(before, "Deleting"));
  const operation = startOperation(world, before, { kind: "delete" });
  const headers = {
    ...quota,
    ...operationHeaders(request, world, operation, { isMonitored: true }),
    "retry-after": "1",
  };
  return { status: acceptedStatus(operation), headers };
}
