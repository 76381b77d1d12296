// What Azure refuses in a role assignment's write or delete, beyond what the body alone shows.
import type { RoleAssignment, World } from "../../world.ts";
import { armErrors } from "../errors.ts";
import type { ArmRequest } from "../provider.ts";
import { canonicalScope, coverageOf, isManagementGroupScope, subscriptionIdOf } from "./coverage.ts";
import { type RequestAttributes, rightsOf, roleGuidOf } from "./rights.ts";
import type { AssignmentWish } from "./role-assignment-body.ts";

/** The type's full name. */
export const roleAssignmentType = "Microsoft.Authorization/roleAssignments";

/** How many assignments may exist within one subscription, and directly at one management group. */
export interface AssignmentLimits {
  readonly perSubscription: number;
  readonly perManagementGroup: number;
}

/** Only description and condition may change, and a name is taken in the whole tenant, wherever it was used. */
export function refuseForbiddenUpdate(
  world: World,
  existing: RoleAssignment | undefined,
  name: string,
  wish: AssignmentWish,
): void {
  const wanted = name.toLowerCase();
  const isTaken =
    existing === undefined && world.roleAssignments.values().some((a) => a.name.toLowerCase() === wanted);
  const isOther =
    existing !== undefined &&
    (existing.principalId.toLowerCase() !== wish.principalId ||
      roleGuidOf(existing.roleDefinitionId) !== wish.roleGuid);
  if (isTaken || isOther) throw armErrors.roleAssignmentUpdateNotPermitted();
}

/** Refuses a role that does not exist, or whose assignable scopes do not reach the scope (the latter unrecorded). */
export function requireRole(world: World, roleGuid: string, scope: string): void {
  const role = world.roleDefinitions.get(roleGuid);
  const isAssignable = role?.assignableScopes.some((s) => coverageOf(world, s)(scope));
  const status = world.switches.missingRoleStatus === "404" ? 404 : 400;
  if (isAssignable !== true) throw armErrors.roleDefinitionDoesNotExist(status, roleGuid);
}

/**
 * The type that was sent, or that of the principal in the directory. With a type Azure takes principals that it
 * cannot see yet; a type that contradicts a principal it does see is refused.
 */
export function principalTypeOf(world: World, { principalId, principalType }: AssignmentWish): string {
  const principal = world.principals.get(principalId);
  const seenFrom = (principal?.createdAt ?? Number.NEGATIVE_INFINITY) + world.settings.principalLagInMs;
  if (principal === undefined || world.now() < seenFrom) {
    const isLookedUp = principalType === undefined || world.switches.principalTypeLookup === "always";
    if (isLookedUp) throw armErrors.principalNotFound(principalId, world.tenantId);
    return principalType;
  }
  if (principalType !== undefined && principalType !== "ServicePrincipal") {
    throw armErrors.unmatchedPrincipalType(principalId, "ServicePrincipal", principalType);
  }
  return "ServicePrincipal";
}

/** The front door has let the caller in without looking at conditions; this looks at them. */
export function refuseUnfulfilledCondition(
  request: ArmRequest,
  world: World,
  verb: "write" | "delete",
  attributes: RequestAttributes,
): void {
  const action = `${roleAssignmentType}/${verb}`;
  const { may } = rightsOf(world, request.caller.objectId);
  if (may(action, request.path.path, attributes)) return;
  const refusal = may(action, request.path.path)
    ? armErrors.conditionNotFulfilled
    : armErrors.authorizationFailed;
  throw refusal(request.caller, action, request.path.path);
}

/** What a condition sees of an assignment that exists, as `@Resource`. */
export function storedAttributes(assignment: RoleAssignment): Record<string, string> {
  return attributesOf(
    roleGuidOf(assignment.roleDefinitionId),
    assignment.principalId,
    assignment.principalType,
  );
}

/** What a condition sees of an assignment: the three attributes that Azure documents for delegation. */
export function attributesOf(
  roleGuid: string,
  principalId: string,
  principalType: string,
): Record<string, string> {
  return {
    [`${roleAssignmentType}:RoleDefinitionId`]: roleGuid,
    [`${roleAssignmentType}:PrincipalId`]: principalId,
    [`${roleAssignmentType}:PrincipalType`]: principalType,
  };
}

/** Refuses a twin under another name, and what the limits do not allow. */
export function refuseCreation(
  world: World,
  scope: string,
  wish: AssignmentWish,
  limits: AssignmentLimits,
): void {
  const all = world.roleAssignments.values();
  const twin = all.find(
    (a) =>
      canonicalScope(a.scope) === canonicalScope(scope) &&
      a.principalId.toLowerCase() === wish.principalId &&
      roleGuidOf(a.roleDefinitionId) === wish.roleGuid,
  );
  const { switches } = world;
  if (twin !== undefined) {
    throw armErrors.roleAssignmentExists(switches.roleAssignmentExists === "withId" ? twin.name : undefined);
  }
  const counted =
    switches.orphanedAssignments === "count" ? all : all.filter((a) => world.principals.has(a.principalId));
  if (isFull(counted, scope, limits)) {
    throw armErrors.roleAssignmentLimitExceeded(switches.assignmentLimitStatus === "409" ? 409 : 400);
  }
}

function isFull(all: readonly RoleAssignment[], scope: string, limits: AssignmentLimits): boolean {
  const subscriptionId = subscriptionIdOf(scope);
  if (subscriptionId !== undefined) {
    return all.filter((a) => subscriptionIdOf(a.scope) === subscriptionId).length >= limits.perSubscription;
  }
  if (!isManagementGroupScope(scope)) return false;
  const group = canonicalScope(scope);
  return all.filter((a) => canonicalScope(a.scope) === group).length >= limits.perManagementGroup;
}
