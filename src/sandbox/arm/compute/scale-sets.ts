// Scale sets, uniform and flexible: like machines, with instances that get the latest model when they are upgraded.
import type { ArmResource, World } from "../../world.ts";
import { isRecord, objectBody } from "../body.ts";
import { armErrors } from "../errors.ts";
import { operationIdentifier } from "../identity/identity-body.ts";
import { pageOf } from "../paging.ts";
import type { ArmRequest, ArmResponse, ResourceType } from "../provider.ts";
import { etagAfter, requirePrecondition, shown } from "./compute-body.ts";
import { computeList } from "./compute-list.ts";
import { acceptedStatus, operationHeaders, requireIdle, startOperation } from "./compute-operations.ts";
import { computeHeaders } from "./compute-quota.ts";
import { type ComputeKind, computeHandlers, etagHeader, storedCompute } from "./compute-resource.ts";
import { computeVersions } from "./compute-versions.ts";
import { instanceIdOf, instancesOf, isMemberOf } from "./scale-set-instances.ts";

const kind: ComputeKind = {
  type: "Microsoft.Compute/virtualMachineScaleSets",
  idProperty: "uniqueId",
  policies: {
    get: "getScaleSet",
    update: "updateScaleSet",
    put: "putScaleSet",
    delete: "deleteScaleSet",
  },
  stepsOf: (attached) => (attached.length > 0 ? 2 : 1),
};

const instanceType = `${kind.type}/virtualMachines`;

function isFlexible({ properties }: ArmResource): boolean {
  return String(properties?.orchestrationMode).toLowerCase() === "flexible";
}

/** Brings instances to the latest model: 202 with both URLs (recorded Aug 2024). */
function manualUpgrade(request: ArmRequest, world: World): ArmResponse {
  const parent = parentOf(request);
  const scaleSet = storedCompute(parent, world, kind.type);
  const ids = instanceIdsFrom(objectBody(request.body), world, scaleSet);
  const quota = computeHeaders(world, "upgradeInstances", scaleSet.id);
  requirePrecondition(request, world, scaleSet);
  requireIdle(world, scaleSet.id);
  const after = { ...scaleSet, etag: etagAfter(scaleSet) };
  world.resources.set(after.id, after);
  const operation = startOperation(world, after, { kind: "upgrade", instanceIds: ids });
  const headers = {
    ...quota,
    ...operationIdentifier(request, world, after.location ?? ""),
    ...operationHeaders(request, world, operation, { isMonitored: true }),
  };
  return { status: acceptedStatus(operation), headers };
}

/** The request as if it were for the resource before the last segment. */
function parentOf(request: ArmRequest): ArmRequest {
  const { path } = request.path;
  return { ...request, path: { ...request.path, path: path.slice(0, path.lastIndexOf("/")) } };
}

function instanceIdsFrom(
  { instanceIds }: Readonly<Record<string, unknown>>,
  world: World,
  scaleSet: ArmResource,
): string[] {
  if (isFlexible(scaleSet)) {
    throw armErrors.operationNotAllowed(
      "The operation is not supported for Virtual Machine Scale Sets with orchestration mode 'Flexible'.",
    );
  }
  const sent: readonly unknown[] = Array.isArray(instanceIds) ? instanceIds : [];
  if (sent.length === 0) {
    throw armErrors.invalidParameter("instanceIds", "Required parameter 'instanceIds' is missing (null).");
  }
  const known = instancesOf(world, scaleSet.id).map(instanceIdOf);
  if (sent.includes("*")) return known;
  const unknown = sent.find((id) => !known.includes(String(id)));
  if (unknown !== undefined) throw armErrors.instanceNotActive(String(unknown));
  return sent.map(String);
}

function listInstances(request: ArmRequest, world: World): ArmResponse {
  const scaleSet = storedCompute(parentOf(request), world, kind.type);
  const headers = computeHeaders(world, "getInstances", scaleSet.id);
  const page = pageOf(request, world, (asOf) =>
    (isFlexible(scaleSet)
      ? world.resources.values(asOf).filter((r) => isMemberOf(r, scaleSet.id))
      : instancesOf(world, scaleSet.id, asOf)
    ).map((r) => shown(world, r)),
  );
  return { ...page, headers };
}

function getInstance(request: ArmRequest, world: World): ArmResponse {
  const instance = shown(world, storedCompute(request, world, instanceType));
  const headers = { ...computeHeaders(world, "getInstances", instance.id), ...etagHeader(instance) };
  return { status: 200, headers, body: instance };
}

/** A new uniform set has no instances here, whatever its capacity; only the seed makes them. */
function put(request: ArmRequest, world: World): ArmResponse | Promise<ArmResponse> {
  const { properties } = objectBody(request.body);
  const mode = isRecord(properties) ? properties.orchestrationMode : undefined;
  const before = world.resources.get(request.path.path);
  const isSwitched =
    before !== undefined &&
    mode !== undefined &&
    String(mode).toLowerCase() !== String(before.properties?.orchestrationMode).toLowerCase();
  if (isSwitched) throw armErrors.propertyChangeNotAllowed("orchestrationMode");
  return handlers.put(request, world);
}

const handlers = computeHandlers(kind);

/** azurerm#25058 tells of a refusal whose text is cut off; the code and the words are ours. */
function patch(request: ArmRequest, world: World): ArmResponse | Promise<ArmResponse> {
  const before = world.resources.get(request.path.path);
  const isRefused =
    before !== undefined && isFlexible(before) && world.switches.flexibleSetSwap === "refused";
  if (isRefused && isSwap(request.body)) {
    throw armErrors.operationNotAllowed(
      "Identities cannot be added and removed in one request on Virtual Machine Scale Sets with orchestration mode 'Flexible'.",
    );
  }
  return handlers.patch(request, world);
}

function isSwap(body: unknown): boolean {
  const identity = isRecord(body) ? body.identity : undefined;
  const map = isRecord(identity) ? identity.userAssignedIdentities : undefined;
  const values = isRecord(map) ? Object.values(map) : [];
  return values.includes(null) && values.some((value) => value !== null);
}

/** `Microsoft.Compute/virtualMachineScaleSets`. */
export const scaleSets: ResourceType = {
  ...handlers,
  put,
  patch,
  type: kind.type,
  apiVersions: computeVersions,
  collection: (request, world) => computeList(request, world, { type: kind.type, policy: "listScaleSets" }),
  post: { manualupgrade: manualUpgrade },
};

/** The instances of a uniform set; of a flexible one, the list shows its machines. */
export const scaleSetInstances: ResourceType = {
  type: instanceType,
  apiVersions: computeVersions,
  get: getInstance,
  collection: listInstances,
};
