// Compute's long-running operations: how one starts, what its end does to the world, and where it can be polled.
import { createHash, randomUUID } from "node:crypto";
import type { ArmResource, IdentityBlock, Operation, OperationEffect, World } from "../world.ts";
import { armErrors } from "./errors.ts";
import { dropSystemPrincipal, principalOf, withPrincipals } from "./identity-attach.ts";
import { storedSpelling } from "./identity-block.ts";
import type { ArmRequest } from "./provider.ts";
import { removeWithChildren } from "./removal.ts";

/** Throws Compute's 409 if an operation on the resource has not ended (recorded May 2023). */
export function requireIdle(world: World, resourceId: string): void {
  const wanted = resourceId.toLowerCase();
  const isBusy = world.operations
    .values()
    .some((o) => o.effect !== undefined && o.resourceId.toLowerCase() === wanted);
  if (isBusy) throw armErrors.concurrentRequest();
}

/** Starts an operation on a resource; its effect comes when it has ended. */
export function startOperation(world: World, resource: ArmResource, effect: OperationEffect): Operation {
  const startedAt = world.now();
  const operation: Operation = {
    id: randomUUID(),
    subscriptionId: resource.id.split("/")[2] ?? "",
    location: resource.location ?? "",
    resourceId: resource.id,
    startedAt,
    endsAt: startedAt + world.settings.operationInMs,
    effect,
  };
  world.operations.set(operation.id, operation);
  return operation;
}

/** The headers of a write that takes its time: no Retry-After on updates, a Location only where asked for. */
export function operationHeaders(
  request: ArmRequest,
  { id, subscriptionId, location }: Operation,
  { isMonitored = false }: { isMonitored?: boolean } = {},
): Record<string, string> {
  const base = `${request.origin}/subscriptions/${subscriptionId}/providers/Microsoft.Compute/locations/${location}/operations/${id}`;
  const signature = signatureOf(id);
  const urlWith = (extra: string) =>
    `${base}?p=${subscriptionId}&${extra}api-version=${request.apiVersion}&t=${signature.t}&c=${signature.c}&s=${signature.s}&h=${signature.h}`;
  return {
    "azure-asyncoperation": urlWith(""),
    "azure-asyncnotification": "Enabled",
    ...(isMonitored && { location: urlWith("monitor=true&") }),
  };
}

/** What stands for the signature of an operation's URL: whoever has it may poll, and it fits no other operation. */
export function signatureOf(operationId: string): Readonly<Record<"t" | "c" | "s" | "h", string>> {
  const part = (name: string) => createHash("sha512").update(`${name}/${operationId}`).digest("base64url");
  return { t: part("t").slice(0, 18), c: part("c").repeat(8), s: part("s").repeat(4), h: part("h") };
}

/** Lets every operation that has ended have its effect. Called before anybody looks at the world. */
export function settleOperations(world: World): void {
  const now = world.now();
  for (const operation of world.operations.values()) {
    if (operation.effect === undefined || operation.endsAt > now) continue;
    const { effect, ...ended } = operation;
    const error = settle(world, operation.resourceId, effect);
    world.operations.set(operation.id, { ...ended, ...(error !== undefined && { error }) });
  }
}

function settle(world: World, resourceId: string, effect: OperationEffect): Operation["error"] {
  const resource = world.resources.get(resourceId);
  if (resource === undefined) return undefined;
  switch (effect.kind) {
    case "delete":
      removeWithChildren(world, resource.id);
      return undefined;
    case "upgrade":
      upgradeInstances(world, resource, (instance) => effect.instanceIds.includes(instanceIdOf(instance)));
      return undefined;
    case "update":
      return settleUpdate(world, resource, effect);
  }
}

/** An identity that went away while it was being attached fails the operation; the old block comes back. */
function settleUpdate(
  world: World,
  resource: ArmResource,
  effect: OperationEffect & { kind: "update" },
): Operation["error"] {
  const missing = effect.attached.find((id) => principalOf(world, id) === undefined);
  if (missing !== undefined) {
    dropSystemPrincipal(world, resource.identity, effect.identityBefore);
    world.resources.set(resource.id, stateOf(withIdentity(resource, effect.identityBefore), "Failed"));
    const { code, message } = armErrors.identityMissing(resource.id, storedSpelling(missing));
    return { code, message };
  }
  const identity = withPrincipals(world, { block: resource.identity, attached: effect.attached });
  dropSystemPrincipal(world, effect.identityBefore, identity);
  const after = stateOf(withIdentity(resource, identity), "Succeeded");
  world.resources.set(resource.id, after);
  if (effect.outdatesInstances) outdateInstances(world, after);
  return undefined;
}

/** The resource with another identity block; undefined takes the member away. */
export function withIdentity(resource: ArmResource, identity: IdentityBlock | undefined): ArmResource {
  const entries = Object.entries(resource);
  const had = resource.identity !== undefined;
  if (identity === undefined) {
    return { ...resourceFrom(entries.filter(([key]) => key !== "identity")) };
  }
  return had ? { ...resource, identity } : resourceFrom(inserted(entries, identity));
}

/** Compute writes the identity before sku, properties and the rest. */
function inserted(entries: readonly [string, unknown][], identity: IdentityBlock): [string, unknown][] {
  const head = ["name", "id", "type", "location", "tags"];
  const at = entries.findLastIndex(([key]) => head.includes(key)) + 1;
  return [...entries.slice(0, at), ["identity", identity], ...entries.slice(at)];
}

function resourceFrom(entries: readonly (readonly [string, unknown])[]): ArmResource {
  return Object.fromEntries(entries) as unknown as ArmResource;
}

/** The resource in another provisioning state. */
export function stateOf(resource: ArmResource, provisioningState: string): ArmResource {
  return { ...resource, properties: { ...resource.properties, provisioningState } };
}

/** The instances of a uniform scale set. */
export function instancesOf(world: World, scaleSetId: string, asOf?: number): ArmResource[] {
  const prefix = `${scaleSetId}/virtualMachines/`.toLowerCase();
  return world.resources.values(asOf).filter((r) => r.id.toLowerCase().startsWith(prefix));
}

function instanceIdOf(instance: ArmResource): string {
  return instance.id.slice(instance.id.lastIndexOf("/") + 1);
}

/** After a change of the model: instances are left behind under a manual policy and follow under the others. */
function outdateInstances(world: World, scaleSet: ArmResource): void {
  const policy: unknown = scaleSet.properties?.upgradePolicy;
  const mode = typeof policy === "object" && policy !== null && "mode" in policy ? policy.mode : "Manual";
  if (mode !== "Manual") {
    upgradeInstances(world, scaleSet, () => true);
    return;
  }
  for (const instance of instancesOf(world, scaleSet.id)) {
    const properties = { ...instance.properties, latestModelApplied: false };
    world.resources.set(instance.id, { ...instance, properties });
  }
}

function upgradeInstances(
  world: World,
  scaleSet: ArmResource,
  isMeant: (instance: ArmResource) => boolean,
): void {
  for (const instance of instancesOf(world, scaleSet.id).filter(isMeant)) {
    const upgraded = withIdentity(instance, scaleSet.identity);
    const properties = { ...upgraded.properties, latestModelApplied: true };
    world.resources.set(instance.id, { ...upgraded, properties });
  }
}
