// How role definitions and assignments of a seed come into the world.
import { azureTime } from "../arm/azure-time.ts";
import { isGuid } from "../arm/guid.ts";
import type { RoleAssignment, RoleDefinition, World } from "../world.ts";
import type { SeededCaller } from "./callers.ts";
import { guidFrom } from "./guid-from.ts";
import { identityIdOf, type Loading } from "./loading.ts";

/** Puts the custom roles of a seed into the world. */
export function loadRoleDefinitions({ world, seed, complain }: Loading): void {
  const at = azureTime(world.now());
  seed.roleDefinitions.forEach((role, i) => {
    const name = (role.name ?? guidFrom(`${world.tenantId}/roles/${role.roleName}`)).toLowerCase();
    if (world.roleDefinitions.has(name))
      complain(["roleDefinitions", i, "name"], `'${name}' is the GUID of another role`);
    if (roleNamed(world, role.roleName) !== undefined) {
      complain(["roleDefinitions", i, "roleName"], `'${role.roleName}' is the name of another role`);
    }
    world.roleDefinitions.set(name, { ...role, name, type: "CustomRole", createdOn: at, updatedOn: at });
  });
}

/** The role with this name or GUID, or undefined. */
export function roleNamed(world: World, text: string): RoleDefinition | undefined {
  if (isGuid(text)) return world.roleDefinitions.get(text);
  const wanted = text.toLowerCase();
  return world.roleDefinitions.values().find((r) => r.roleName.toLowerCase() === wanted);
}

/** What an assignment is made from. */
export interface AssignmentParts {
  readonly scope: string;
  readonly role: RoleDefinition;
  readonly principalId: string;
  readonly name?: string | undefined;
  readonly principalType?: string | undefined;
  readonly condition?: string | undefined;
  readonly conditionVersion?: string | undefined;
  readonly description?: string | undefined;
  readonly createdOn?: string | undefined;
}

/** Puts an assignment into the world from outside of ARM, without any of its checks. */
export function placeAssignment(world: World, parts: AssignmentParts): RoleAssignment {
  const {
    scope,
    role,
    principalId,
    principalType = "ServicePrincipal",
    condition = null,
    description = null,
  } = parts;
  const name = parts.name ?? guidFrom(`${scope}/${role.name}/${principalId}`);
  const root = scope === "/" ? "" : scope;
  const subscription = /^\/subscriptions\/[^/]+/i.exec(scope)?.[0] ?? "";
  const at = parts.createdOn ?? azureTime(world.now());
  const assignment: RoleAssignment = {
    id: `${root}/providers/Microsoft.Authorization/roleAssignments/${name}`,
    name,
    scope,
    roleDefinitionId: `${subscription}/providers/Microsoft.Authorization/roleDefinitions/${role.name}`,
    principalId,
    principalType,
    condition,
    conditionVersion: parts.conditionVersion ?? (condition === null ? null : "2.0"),
    description,
    delegatedManagedIdentityResourceId: null,
    createdOn: at,
    updatedOn: at,
    createdBy: null,
    updatedBy: null,
  };
  world.roleAssignments.set(assignment.id, assignment);
  return assignment;
}

/** Puts the assignments of a seed, and the rights of its callers, into the world. */
export function loadAssignments(loading: Loading, callers: readonly SeededCaller[]): void {
  const { world, seed, complain } = loading;
  seed.roleAssignments.forEach((assignment, i) => {
    const path = ["roleAssignments", i];
    const role = roleNamed(world, assignment.role);
    if (role === undefined) complain([...path, "role"], `there is no role '${assignment.role}'`);
    const principalId = principalIdOf(loading, assignment.principal, callers, [...path, "principal"]);
    if (role === undefined || principalId === undefined) return;
    placeAssignment(world, { ...assignment, role, principalId });
  });
  for (const { name, objectId, roles, isStated } of callers) {
    roles.forEach(({ role: text, scope }, i) => {
      const role = roleNamed(world, text);
      if (role === undefined && isStated)
        complain(["callers", name, "roles", i, "role"], `there is no role '${text}'`);
      if (role !== undefined) placeAssignment(world, { scope, role, principalId: objectId });
    });
  }
}

/** A principal by its id, or by the caller or identity that it is. A principal that does not exist is allowed: it is dead. */
export function principalIdOf(
  loading: Loading,
  text: string,
  callers: readonly SeededCaller[],
  path: readonly PropertyKey[],
): string | undefined {
  if (isGuid(text)) return text;
  const caller = callers.find((c) => c.name === text);
  if (caller !== undefined) return caller.objectId;
  const identityId = identityIdOf(loading, text, path);
  const principalId =
    identityId === undefined ? undefined : loading.world.resources.get(identityId)?.properties?.principalId;
  if (typeof principalId === "string") return principalId;
  if (identityId !== undefined) loading.complain(path, `there is no identity '${identityId}'`);
  return undefined;
}
