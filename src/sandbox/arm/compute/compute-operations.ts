// Compute's long-running operations: how one starts, when it ends, and where it can be polled.
import { createHash, randomUUID } from "node:crypto";
import type { StandingMode } from "../../operation-modes.ts";
import type { ArmResource, Operation, OperationEffect, World } from "../../world.ts";
import { armErrors } from "../errors.ts";
import type { ArmRequest } from "../provider.ts";

/** Throws Compute's 409 if an operation on the resource has not ended (recorded May 2023). */
export function requireIdle(world: World, resourceId: string): void {
  if (isBusy(world, resourceId)) throw armErrors.concurrentRequest();
}

/** Throws Compute's refusal if the resource is being deleted; only the deletion itself may be sent again. */
export function requireNotDeleting(resource: ArmResource): void {
  if (isDeleting(resource)) throw armErrors.markedForDeletion(resource);
}

/** True while the resource is on its way out. */
export function isDeleting({ properties }: ArmResource): boolean {
  return String(properties?.provisioningState).toLowerCase() === "deleting";
}

/** True while an operation on the resource has an effect to come. */
export function isBusy(world: World, resourceId: string): boolean {
  const wanted = resourceId.toLowerCase();
  return world.operations
    .values()
    .some((o) => o.effect !== undefined && o.resourceId.toLowerCase() === wanted);
}

/** What Compute says of an operation that failed for reasons of its own. */
const internalError = {
  code: "InternalExecutionError",
  message: "An internal execution error occurred. Please retry later.",
};

/**
 * Starts an operation on a resource; its effect comes when it has ended. `before` is what the resource was: an
 * operation that succeeds before its effect can be seen leaves that in place meanwhile.
 */
export function startOperation(
  world: World,
  resource: ArmResource,
  effect: OperationEffect,
  before?: ArmResource,
): Operation {
  const startedAt = world.now();
  const rule = world.operationModes.strike(resource.id);
  const endsAt = startedAt + durationOf(rule, world.settings.operationInMs);
  const isHidden = rule?.mode === "succeededBeforeVisible";
  const operation: Operation = {
    id: randomUUID(),
    subscriptionId: resource.id.split("/")[2] ?? "",
    location: resource.location ?? "",
    resourceId: resource.id,
    startedAt,
    endsAt,
    effect: isHidden ? hidden(world, resource, effect, before) : effect,
    ...(isHidden && { visibleAt: endsAt + (rule.visibleAfterInMs ?? 2 * world.settings.operationInMs) }),
    ...(rule !== undefined && { mode: rule.mode, ...failureOf(rule) }),
  };
  world.operations.set(operation.id, operation);
  return operation;
}

function durationOf(rule: StandingMode | undefined, usualInMs: number): number {
  if (rule?.mode === "endless") return Number.POSITIVE_INFINITY;
  return rule?.durationInMs ?? (rule?.mode === "late" ? 10 * usualInMs : usualInMs);
}

function failureOf({ mode, error }: StandingMode): Pick<Operation, "error"> {
  return mode === "failed" || mode === "failedThoughApplied" ? { error: error ?? internalError } : {};
}

/** Puts back what was there; the new body comes with the effect. A resource that is being created is seen at once. */
function hidden(
  world: World,
  resource: ArmResource,
  effect: OperationEffect,
  before: ArmResource | undefined,
): OperationEffect {
  if (effect.kind !== "update" || before === undefined) return effect;
  world.resources.set(before.id, before);
  return { ...effect, pending: resource };
}

/** Ends the operations that would never end; their effect comes at once. */
export function endEndlessOperations(world: World): void {
  for (const operation of world.operations.values()) {
    if (operation.endsAt === Number.POSITIVE_INFINITY) {
      world.operations.set(operation.id, { ...operation, endsAt: world.now() });
    }
  }
}

/** How a write without an answer of its own is accepted: 202 only with a URL that tells of its end. */
export function acceptedStatus({ mode }: Operation): 200 | 202 {
  return mode === "withoutHeader" ? 200 : 202;
}

/** The headers of a write that takes its time: no Retry-After on updates, a Location only where asked for. */
export function operationHeaders(
  request: ArmRequest,
  world: World,
  { id, subscriptionId, location, mode }: Operation,
  { isMonitored = false }: { isMonitored?: boolean } = {},
): Record<string, string> {
  if (mode === "withoutHeader") return {};
  const base = `${request.origin}/subscriptions/${subscriptionId}/providers/Microsoft.Compute/locations/${location}/operations/${id}`;
  const signature = signatureOf(id);
  const urlWith = (extra: string) =>
    `${base}?p=${subscriptionId}&${extra}api-version=${request.apiVersion}&t=${signature.t}&c=${signature.c}&s=${signature.s}&h=${signature.h}`;
  return {
    "azure-asyncoperation": urlWith(""),
    "azure-asyncnotification": "Enabled",
    ...(isMonitored && { location: urlWith("monitor=true&") }),
    ...retryAfterOf(world),
  };
}

/** Retry-After where the switch wants it: recordings leave the header out, so nobody knows. */
export function retryAfterOf({ switches, settings }: World): Record<string, string> {
  if (switches.operationRetryAfter === "absent") return {};
  return { "retry-after": String(Math.max(1, Math.ceil(settings.operationInMs / 1000))) };
}

/** What stands for the signature of an operation's URL: whoever has it may poll, and it fits no other operation. */
export function signatureOf(operationId: string): Readonly<Record<"t" | "c" | "s" | "h", string>> {
  const part = (name: string) => createHash("sha512").update(`${name}/${operationId}`).digest("base64url");
  return { t: part("t").slice(0, 18), c: part("c").repeat(8), s: part("s").repeat(4), h: part("h") };
}
