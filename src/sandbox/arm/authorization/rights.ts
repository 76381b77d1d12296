// Decides who may do what where: role assignments at or above a scope, wildcards, notActions and conditions.
import type { DenyAssignment } from "../../governance.ts";
import type { Permission, RoleAssignment, RoleDefinition, World } from "../../world.ts";
import { denialsFor } from "../governance/denials.ts";
import { parseArmPath } from "../path.ts";
import { type Condition, type ConditionInput, isFulfilled, parseCondition } from "./abac.ts";
import { matchesAction } from "./action-pattern.ts";
import { type Coverage, coverageOf } from "./coverage.ts";

/** What one principal may do, computed once and asked often. */
export interface Rights {
  /**
   * True if the action is allowed at the scope. Without `attributes` the conditions on role assignment writes and
   * deletes are taken as fulfilled: the front door looks first, who knows the assignment asks again with them.
   */
  readonly may: (action: string, scope: string, attributes?: RequestAttributes) => boolean;
  /** True if the thing with this ARM id (a resource, resource group or subscription) may be read. */
  readonly mayRead: (resourceId: string) => boolean;
  /** The deny assignment that alone keeps the principal from an action that its roles allow, or undefined. */
  readonly denialOf: (action: string, scope: string) => DenyAssignment | undefined;
}

/** What conditions may look at: attribute names, for example "Microsoft.Authorization/roleAssignments:PrincipalId". */
export interface RequestAttributes {
  readonly request?: Readonly<Record<string, string>>;
  readonly resource?: Readonly<Record<string, string>>;
}

interface Grant {
  readonly covers: Coverage;
  readonly permission: Permission;
  /** All must be fulfilled; undefined stands for one that cannot be read, which is never fulfilled. */
  readonly conditions: readonly (Condition | undefined)[];
}

/** The rights of a principal as of now: nothing where it has no assignment, and nothing that is denied. */
export function rightsOf(world: World, principalId: string): Rights {
  const grants = assignmentsOf(world, principalId).flatMap((a) => grantsFrom(world, a));
  const byAction = new Map<string, readonly Grant[]>();
  const allowing = (action: string) => {
    const known = byAction.get(action);
    if (known !== undefined) return known;
    const found = grants.filter((g) => permits(g.permission, action));
    byAction.set(action, found);
    return found;
  };
  const denied = denialsFor(world, principalId);
  const isAllowed = (action: string, scope: string, attributes?: RequestAttributes) =>
    allowing(action).some(
      (g) => g.covers(scope) && areFulfilled(g.conditions, action, attributes, world.now()),
    );
  const may: Rights["may"] = (action, scope, attributes) =>
    isAllowed(action, scope, attributes) && denied(action, scope) === undefined;
  return {
    may,
    mayRead: (id) => may(readActionOf(id), id),
    denialOf: (action, scope) => (isAllowed(action, scope) ? denied(action, scope) : undefined),
  };
}

/** True if the principal may perform the action at the scope; see `Rights.may` for conditions. */
export function mayPerform(
  world: World,
  principalId: string,
  action: string,
  scope: string,
  attributes?: RequestAttributes,
): boolean {
  return rightsOf(world, principalId).may(action, scope, attributes);
}

/** True if the principal may read the resource, resource group or subscription with this id. */
export function mayRead(world: World, principalId: string, resourceId: string): boolean {
  return rightsOf(world, principalId).mayRead(resourceId);
}

/** The permissions that the principal's assignments at or above the scope give it, one entry for each of a role. */
export function effectivePermissions(world: World, principalId: string, scope: string): Permission[] {
  return assignmentsOf(world, principalId)
    .filter((a) => coverageOf(world, a.scope)(scope))
    .flatMap((a) => roleOf(world, a)?.permissions ?? []);
}

/** The action that reading the thing with this id takes; kept, because every row of every list is asked for it. */
export function readActionOf(id: string): string {
  const known = readActions.get(id);
  if (known !== undefined) return known;
  if (readActions.size >= mostKept) readActions.clear();
  const action = readActionFrom(id);
  readActions.set(id, action);
  return action;
}

const readActions = new Map<string, string>();
const mostKept = 10_000;

function readActionFrom(id: string): string {
  const { type, resourceGroup, subscriptionId } = parseArmPath(id);
  if (type !== undefined) return `${type}/read`;
  if (resourceGroup !== undefined) return "Microsoft.Resources/subscriptions/resourceGroups/read";
  if (subscriptionId !== undefined) return "Microsoft.Resources/subscriptions/read";
  return "Microsoft.Resources/tenants/read";
}

/** The GUID of a role definition id, in lower case. */
export function roleGuidOf(roleDefinitionId: string): string {
  return roleDefinitionId.slice(roleDefinitionId.lastIndexOf("/") + 1).toLowerCase();
}

function assignmentsOf(world: World, principalId: string): RoleAssignment[] {
  const wanted = principalId.toLowerCase();
  return world.roleAssignments.values().filter((a) => a.principalId.toLowerCase() === wanted);
}

function roleOf(world: World, assignment: RoleAssignment): RoleDefinition | undefined {
  return world.roleDefinitions.get(roleGuidOf(assignment.roleDefinitionId));
}

function grantsFrom(world: World, assignment: RoleAssignment): Grant[] {
  const covers = coverageOf(world, assignment.scope);
  return (roleOf(world, assignment)?.permissions ?? []).map((permission) => ({
    covers,
    permission,
    conditions: [assignment.condition, permission.condition]
      .filter((text) => text !== undefined && text !== null)
      .map(conditionOf),
  }));
}

function conditionOf(text: string): Condition | undefined {
  const parsed = parseCondition(text);
  return parsed.kind === "condition" ? parsed.condition : undefined;
}

function permits(permission: Permission, action: string): boolean {
  return (
    permission.actions.some((p) => matchesAction(p, action)) &&
    !permission.notActions.some((p) => matchesAction(p, action))
  );
}

const conditionalActions = /^microsoft\.authorization\/roleassignments\/(write|delete)$/i;

function areFulfilled(
  conditions: Grant["conditions"],
  action: string,
  attributes: RequestAttributes | undefined,
  now: number,
): boolean {
  if (conditions.length === 0) return true;
  if (attributes === undefined && conditionalActions.test(action)) return true;
  const input: ConditionInput = {
    action,
    request: attributes?.request ?? {},
    resource: attributes?.resource ?? {},
    environment: { UtcNow: new Date(now).toISOString() },
  };
  return conditions.every((c) => c !== undefined && isFulfilled(c, input));
}
