// Answers for role assignments: create, update, read, list and delete, at every scope.
import type { RoleAssignment, World } from "../../world.ts";
import { azureTime } from "../azure-time.ts";
import { armErrors } from "../errors.ts";
import { refusalOf } from "../governance/deny-assignments.ts";
import { isGuid } from "../guid.ts";
import { pageOf, parameterOf } from "../paging.ts";
import type { ArmRequest, ArmResponse, ResourceType } from "../provider.ts";
import { rightsOf, roleGuidOf } from "./rights.ts";
import { type AssignmentWish, assignmentWishFrom } from "./role-assignment-body.ts";
import { matcherFor, parseAssignmentFilter } from "./role-assignment-filter.ts";
import {
  type AssignmentLimits,
  attributesOf,
  principalTypeOf,
  refuseCreation,
  refuseForbiddenUpdate,
  refuseUnfulfilledCondition,
  requireRole,
  roleAssignmentType,
  storedAttributes,
} from "./role-assignment-rules.ts";
import { releaseSchedule } from "./role-schedules.ts";
import { requireScope } from "./scope-existence.ts";

/** Azure's own limits (Azure RBAC limits): 4,000 in a subscription, which cannot be raised, 500 at a group. */
export const azureAssignmentLimits: AssignmentLimits = { perSubscription: 4000, perManagementGroup: 500 };

/** Role assignments as a resource type. There is no PATCH: Azure answers it with 405. */
export function roleAssignmentsWithin(limits: AssignmentLimits): ResourceType {
  return {
    type: roleAssignmentType,
    apiVersions: ["2015-07-01", "2020-04-01-preview", "2020-08-01-preview", "2022-04-01"],
    get,
    put: (request, world) => put(request, world, limits),
    delete: remove,
    collection: list,
  };
}

/** Role assignments with Azure's limits. */
export const roleAssignments: ResourceType = roleAssignmentsWithin(azureAssignmentLimits);

function get(request: ArmRequest, world: World): ArmResponse {
  const { id, name, scope } = addressed(request, world);
  const now = world.roleAssignments.get(id);
  const past = world.roleAssignments.get(id, world.now() - world.settings.roleLagInMs);
  const found = world.switches.newRoleAssignment === "lags" ? past : now;
  if (found === undefined) throw notFound(world, name);
  return { status: 200, body: bodyOf(world, found, scope) };
}

function list(request: ArmRequest, world: World): ArmResponse {
  const scope = scopeOf(request);
  requireScope(world, scope);
  const action = `${roleAssignmentType}/read`;
  const rights = rightsOf(world, request.caller.objectId);
  if (!rights.may(action, scope)) throw refusalOf(rights, request.caller, action, scope);
  const matches = matcherFor(world, scope, parseAssignmentFilter(parameterOf(request.url, "$filter")));
  const itemsAt = (asOf: number) =>
    world.roleAssignments
      .values(asOf)
      .filter(matches)
      .map((a) => bodyOf(world, a, scope));
  return pageOf(request, world, itemsAt, world.settings.roleLagInMs);
}

function put(request: ArmRequest, world: World, limits: AssignmentLimits): ArmResponse {
  const { id, name, scope } = addressed(request, world);
  const wish = assignmentWishFrom(request.body);
  const existing = world.roleAssignments.get(id);
  refuseForbiddenUpdate(world, existing, name, wish);
  requireRole(world, wish.roleGuid, scope);
  const principalType = principalTypeOf(world, wish);
  refuseUnfulfilledCondition(request, world, "write", {
    request: attributesOf(wish.roleGuid, wish.principalId, principalType),
    ...(existing && { resource: storedAttributes(existing) }),
  });
  if (existing === undefined) refuseCreation(world, scope, wish, limits);
  const assignment = assignmentFrom(request, world, { id, name, scope, wish, principalType, existing });
  world.roleAssignments.set(id, assignment);
  return { status: 201, body: bodyOf(world, { ...assignment, createdBy: null }, scope) };
}

function remove(request: ArmRequest, world: World): ArmResponse {
  const { id, scope } = addressed(request, world);
  const existing = world.roleAssignments.get(id);
  if (existing === undefined) return { status: 204 };
  refuseUnfulfilledCondition(request, world, "delete", { resource: storedAttributes(existing) });
  releaseSchedule(world, existing);
  world.roleAssignments.delete(id);
  return { status: 200, body: bodyOf(world, existing, scope) };
}

interface Address {
  readonly id: string;
  readonly name: string;
  readonly scope: string;
}

function addressed(request: ArmRequest, world: World): Address {
  const scope = scopeOf(request);
  const name = request.path.names[0] ?? "";
  requireScope(world, scope);
  if (!isGuid(name)) throw armErrors.invalidRoleAssignmentId(name);
  return { id: `${scope === "/" ? "" : scope}/providers/${roleAssignmentType}/${name}`, name, scope };
}

function scopeOf({ path }: ArmRequest): string {
  return path.scope === "" ? "/" : path.scope;
}

function assignmentFrom(
  request: ArmRequest,
  world: World,
  parts: Address & { wish: AssignmentWish; principalType: string; existing: RoleAssignment | undefined },
): RoleAssignment {
  const { id, name, scope, wish, principalType, existing } = parts;
  const { roleGuid, ...texts } = wish;
  const now = azureTime(world.now());
  return {
    ...texts,
    id: existing?.id ?? id,
    name: existing?.name ?? name,
    scope: existing?.scope ?? scope,
    roleDefinitionId: roleDefinitionIdFor(roleGuid, scope),
    principalType: existing?.principalType ?? principalType,
    createdOn: existing?.createdOn ?? now,
    updatedOn: now,
    createdBy: existing?.createdBy ?? request.caller.objectId,
    updatedBy: request.caller.objectId,
  };
}

/** Role ids are rooted in the subscription of the scope that was asked for, for inherited assignments too (recorded). */
function roleDefinitionIdFor(roleGuid: string, scope: string): string {
  const subscription = /^\/subscriptions\/[^/]+/i.exec(scope)?.[0] ?? "";
  return `${subscription}/providers/Microsoft.Authorization/roleDefinitions/${roleGuid}`;
}

function notFound({ switches }: World, name: string): Error {
  return switches.missingRoleAssignment === "NotFound"
    ? armErrors.notFound(name)
    : armErrors.roleAssignmentNotFound(name);
}

/** What is stored, unless the switch says that a deleted principal's type is not known any more. */
function principalTypeShown({ switches, principals }: World, assignment: RoleAssignment): string {
  const isOrphan = !principals.has(assignment.principalId);
  return isOrphan && switches.orphanedPrincipalType === "Unknown" ? "Unknown" : assignment.principalType;
}

function bodyOf(world: World, assignment: RoleAssignment, askedScope: string): Record<string, unknown> {
  const { id, name, ...rest } = assignment;
  return {
    properties: {
      roleDefinitionId: roleDefinitionIdFor(roleGuidOf(rest.roleDefinitionId), askedScope),
      principalId: rest.principalId,
      principalType: principalTypeShown(world, assignment),
      scope: rest.scope,
      condition: rest.condition,
      conditionVersion: rest.conditionVersion,
      createdOn: rest.createdOn,
      updatedOn: rest.updatedOn,
      createdBy: rest.createdBy,
      updatedBy: rest.updatedBy,
      delegatedManagedIdentityResourceId: rest.delegatedManagedIdentityResourceId,
      description: rest.description,
    },
    id,
    type: roleAssignmentType,
    name,
  };
}
