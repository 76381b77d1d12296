// What polling a long-running operation of Compute answers.
import type { Operation, World } from "../../world.ts";
import { rightsOf } from "../authorization/rights.ts";
import { armErrors } from "../errors.ts";
import { parameterOf } from "../paging.ts";
import type { ArmRequest, ArmResponse, ResourceType } from "../provider.ts";
import { retryAfterOf, signatureOf } from "./compute-operations.ts";
import { computeHeaders } from "./compute-quota.ts";
import { computeTime, computeVersions } from "./compute-versions.ts";
import { settleOperations } from "./settle-operations.ts";

const readAction = "Microsoft.Compute/locations/operations/read";

function get(request: ArmRequest, world: World): ArmResponse {
  settleOperations(world);
  const [location = "", id = ""] = request.path.names;
  const operation = world.operations.get(id);
  if (operation === undefined || !isAt(operation, request, location)) throw armErrors.operationNotFound(id);
  requireReader(request, world, operation.id);
  if (operation.mode === "urlGone404") throw armErrors.operationNotFound(id);
  if (operation.mode === "urlGone410") throw armErrors.operationGone(id);
  const headers = { ...computeHeaders(world, "pollOperation", request.path.path), ...retryAfterOf(world) };
  return parameterOf(request.url, "monitor") === "true"
    ? monitored(request, operation, headers, world.now())
    : { status: 200, headers, body: bodyOf(operation, world.now()) };
}

function isAt(operation: Operation, { path }: ArmRequest, location: string): boolean {
  return (
    operation.subscriptionId.toLowerCase() === path.subscriptionId?.toLowerCase() &&
    operation.location.toLowerCase() === location.toLowerCase()
  );
}

/** The signed URL is enough, even for who has no rights on the subscription; without it the right is needed. */
function requireReader(request: ArmRequest, world: World, operationId: string): void {
  if (parameterOf(request.url, "s") === signatureOf(operationId).s) return;
  const scope = request.path.path;
  if (rightsOf(world, request.caller.objectId).may(readAction, scope)) return;
  throw armErrors.authorizationFailed(request.caller, readAction, scope);
}

/** All effects of what has ended are there before anybody asks, but for those that are to be seen later. */
function hasEnded(operation: Operation, now: number): boolean {
  return operation.endsAt <= now;
}

/** Documented for operations that somebody else's operation pushed aside. */
const cancelled = {
  code: "OperationPreempted",
  message: "The operation execution has been preempted by a more recent operation.",
};

function bodyOf(operation: Operation, now: number): Record<string, unknown> {
  const { id: name, error } = operation;
  const startTime = computeTime(operation.startedAt);
  if (!hasEnded(operation, now)) return { startTime, status: "InProgress", name };
  const endTime = computeTime(operation.endsAt);
  if (operation.mode === "cancelled")
    return { startTime, endTime, status: "Canceled", error: cancelled, name };
  if (error === undefined) return { startTime, endTime, status: "Succeeded", name };
  return { startTime, endTime, status: "Failed", error, name };
}

/** The Location form: 202 while it runs, an empty 200 in the end (recorded Aug 2024), the error if it failed. */
function monitored(
  request: ArmRequest,
  operation: Operation,
  headers: Record<string, string>,
  now: number,
): ArmResponse {
  if (!hasEnded(operation, now)) {
    return { status: 202, headers: { ...headers, location: request.url.href } };
  }
  const error = operation.mode === "cancelled" ? cancelled : operation.error;
  return error === undefined ? { status: 200, headers } : { status: 409, headers, body: { error } };
}

/** `/subscriptions/{s}/providers/Microsoft.Compute/locations/{l}/operations/{id}`. */
export const computeOperations: ResourceType = {
  type: "Microsoft.Compute/locations/operations",
  apiVersions: computeVersions,
  get,
};
