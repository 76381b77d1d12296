// Answers for role definitions: built-in ones are read, custom ones are created, changed and deleted.
import type { RoleDefinition, World } from "../../world.ts";
import { azureTime } from "../azure-time.ts";
import { armErrors } from "../errors.ts";
import { isGuid } from "../guid.ts";
import { pageOf, parameterOf } from "../paging.ts";
import type { ArmRequest, ArmResponse, ResourceType } from "../provider.ts";
import { coverageOf } from "./coverage.ts";
import { rightsOf, roleGuidOf } from "./rights.ts";
import { type CustomRoleWish, customRoleWishFrom } from "./role-definition-body.ts";
import { parseRoleFilter, roleMatcherFor } from "./role-definition-filter.ts";
import { requireScope } from "./scope-existence.ts";

const typeName = "Microsoft.Authorization/roleDefinitions";

/** Role definitions as a resource type. Everybody may read them at the tenant, elsewhere it takes the read action. */
export const roleDefinitions: ResourceType = {
  type: typeName,
  apiVersions: ["2018-01-01-preview", "2022-04-01", "2022-05-01-preview"],
  get,
  put,
  delete: remove,
  collection: list,
};

function get(request: ArmRequest, world: World): ArmResponse {
  const { name, scope } = addressed(request, world);
  const role = world.roleDefinitions.get(name);
  if (role === undefined) throw armErrors.roleDefinitionDoesNotExist(404, name);
  return { status: 200, body: bodyOf(role, scope) };
}

function list(request: ArmRequest, world: World): ArmResponse {
  const scope = scopeOf(request);
  requireScope(world, scope);
  const action = `${typeName}/read`;
  if (scope !== "/" && !rightsOf(world, request.caller.objectId).may(action, scope)) {
    throw armErrors.authorizationFailed(request.caller, action, scope);
  }
  const matches = roleMatcherFor(world, scope, parseRoleFilter(parameterOf(request.url, "$filter")));
  const itemsAt = (asOf: number) =>
    world.roleDefinitions
      .values(asOf)
      .filter(matches)
      .map((r) => bodyOf(r, scope));
  return pageOf(request, world, itemsAt, 0);
}

function put(request: ArmRequest, world: World): ArmResponse {
  const { name, scope } = addressed(request, world);
  const existing = world.roleDefinitions.get(name);
  if (existing?.type === "BuiltInRole") throw armErrors.builtInRoleNotModifiable(name);
  const wish = customRoleWishFrom(request.body);
  refuseAssignableScopes(request, world, wish.assignableScopes, scope);
  refuseTakenName(world, name, wish.roleName);
  const role = roleFrom(request, world, name, wish, existing);
  world.roleDefinitions.set(name, role);
  return { status: 201, body: bodyOf(role, scope) };
}

function remove(request: ArmRequest, world: World): ArmResponse {
  const { name, scope } = addressed(request, world);
  const existing = world.roleDefinitions.get(name);
  if (existing === undefined) return { status: 204 };
  if (existing.type === "BuiltInRole") throw armErrors.builtInRoleNotModifiable(name);
  requireEverywhere(request, world, "delete", existing.assignableScopes);
  if (world.roleAssignments.values().some((a) => roleGuidOf(a.roleDefinitionId) === name)) {
    throw armErrors.roleDefinitionHasAssignments();
  }
  world.roleDefinitions.delete(name);
  return { status: 200, body: bodyOf(existing, scope) };
}

function addressed(request: ArmRequest, world: World): { name: string; scope: string } {
  const scope = scopeOf(request);
  const name = request.path.names[0] ?? "";
  requireScope(world, scope);
  if (!isGuid(name)) throw armErrors.invalidRoleDefinitionId(name);
  return { name: name.toLowerCase(), scope };
}

function scopeOf({ path }: ArmRequest): string {
  return path.scope === "" ? "/" : path.scope;
}

const assignablePattern =
  /^\/(subscriptions\/[^/]+(\/resourceGroups\/[^/]+)?|providers\/Microsoft\.Management\/managementGroups\/[^/]+)$/i;

/**
 * A custom role names at least one assignable scope, never "/" or a resource, and at most one management group (documented); they
 * must exist, and one must reach the scope of the request (unrecorded).
 */
function refuseAssignableScopes(
  request: ArmRequest,
  world: World,
  assignable: readonly string[],
  scope: string,
): void {
  const groups = assignable.filter((s) => /^\/providers\/Microsoft\.Management\/managementGroups\//i.test(s));
  const bad = assignable.find((s) => !assignablePattern.test(s)) ?? groups[1];
  if (bad !== undefined) throw armErrors.invalidAssignableScopes(bad);
  for (const one of assignable) requireScope(world, one);
  if (!assignable.some((s) => coverageOf(world, s)(scope))) throw armErrors.invalidAssignableScopes(scope);
  requireEverywhere(request, world, "write", assignable);
}

/** Who changes or deletes a custom role needs the right at all of its assignable scopes (documented). */
function requireEverywhere(
  request: ArmRequest,
  world: World,
  verb: "write" | "delete",
  scopes: readonly string[],
): void {
  const action = `${typeName}/${verb}`;
  const { may } = rightsOf(world, request.caller.objectId);
  const lacking = scopes.find((s) => !may(action, s));
  if (lacking !== undefined) throw armErrors.authorizationFailed(request.caller, action, lacking);
}

function refuseTakenName(world: World, name: string, roleName: string): void {
  const twin = world.roleDefinitions
    .values()
    .find((r) => r.roleName.toLowerCase() === roleName.toLowerCase() && r.name.toLowerCase() !== name);
  if (twin !== undefined) throw armErrors.roleDefinitionWithSameNameExists(roleName);
}

function roleFrom(
  { caller }: ArmRequest,
  world: World,
  name: string,
  wish: CustomRoleWish,
  existing: RoleDefinition | undefined,
): RoleDefinition {
  const now = azureTime(world.now());
  return {
    ...wish,
    name,
    type: "CustomRole",
    createdOn: existing?.createdOn ?? now,
    updatedOn: now,
    createdBy: existing?.createdBy ?? caller.objectId,
    updatedBy: caller.objectId,
  };
}

/** The id is rooted in the subscription even when a resource group was asked, and in the tenant above (recorded). */
function bodyOf(role: RoleDefinition, askedScope: string): Record<string, unknown> {
  const subscription = /^\/subscriptions\/[^/]+/i.exec(askedScope)?.[0] ?? "";
  return {
    properties: {
      roleName: role.roleName,
      type: role.type,
      description: role.description,
      assignableScopes: role.assignableScopes,
      permissions: role.permissions,
      createdOn: role.createdOn,
      updatedOn: role.updatedOn,
      createdBy: role.createdBy ?? null,
      updatedBy: role.updatedBy ?? null,
    },
    id: `${subscription}/providers/${typeName}/${role.name}`,
    type: typeName,
    name: role.name,
  };
}
