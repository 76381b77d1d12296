// The rows of the table `authorizationresources`: role assignments and role definitions.
import type { RoleAssignment, RoleDefinition, World } from "../world.ts";
import { entriesOnce, entryFrom, subscriptionOf } from "./entry.ts";
import type { Entry, Place } from "./view.ts";

/** Assignments and definitions at an instant. */
export function authorizationEntries(world: World, instant: number): Entry[] {
  const definitions = world.roleDefinitions.values(instant);
  const builtIn = new Set(
    definitions.filter((d) => d.type === "BuiltInRole").map((d) => d.name.toLowerCase()),
  );
  return [
    ...world.roleAssignments.values(instant).map((a) => assignmentEntry(a, world.tenantId, builtIn)),
    ...definitions.map((d) => knownDefinitionEntry(d, world.tenantId)),
  ];
}

function assignmentEntry(assignment: RoleAssignment, tenantId: string, builtIn: ReadonlySet<string>): Entry {
  const { id, name, scope } = assignment;
  const guid = assignment.roleDefinitionId.split("/").at(-1) ?? "";
  const row = {
    id,
    name,
    type: "microsoft.authorization/roleassignments",
    tenantId,
    subscriptionId: subscriptionOf(scope),
    properties: {
      scope,
      roleDefinitionId: builtIn.has(guid.toLowerCase()) ? tenantRoleId(guid) : assignment.roleDefinitionId,
      principalId: assignment.principalId,
      principalType: assignment.principalType,
      condition: assignment.condition,
      conditionVersion: assignment.conditionVersion,
      description: assignment.description,
      createdOn: assignment.createdOn,
      createdBy: assignment.createdBy,
      updatedOn: assignment.updatedOn,
      updatedBy: assignment.updatedBy,
    },
  };
  return entryFrom(row, placeOf(scope));
}

const knownDefinitionEntry = entriesOnce(definitionEntry);

function definitionEntry(definition: RoleDefinition, tenantId: string): Entry {
  const { name, type, permissions, assignableScopes } = definition;
  const home = assignableScopes.find((scope) => subscriptionOf(scope) !== "");
  const subscriptionId = home === undefined ? "" : subscriptionOf(home);
  const isEverywhere = type === "BuiltInRole" || home === undefined;
  const row = {
    id: isEverywhere ? tenantRoleId(name) : `/subscriptions/${subscriptionId}${tenantRoleId(name)}`,
    name,
    type: "microsoft.authorization/roledefinitions",
    tenantId,
    subscriptionId: isEverywhere ? "" : subscriptionId,
    properties: {
      roleName: definition.roleName,
      type,
      description: definition.description,
      assignableScopes,
      permissions,
      createdOn: definition.createdOn,
      updatedOn: definition.updatedOn,
    },
  };
  return entryFrom(
    row,
    isEverywhere ? { kind: "everywhere" } : { kind: "subscription", subscriptionId, isExact: true },
  );
}

/**
 * Resource Graph names built-in roles without a subscription and with a capital R, ARM with the subscription of
 * the assignment's scope (from memory of its answers; clients compare by GUID, whatever the rest).
 */
function tenantRoleId(guid: string): string {
  return `/providers/Microsoft.Authorization/RoleDefinitions/${guid}`;
}

function placeOf(scope: string): Place {
  const subscriptionId = subscriptionOf(scope);
  if (subscriptionId !== "") {
    const isExact = /^\/subscriptions\/[^/]+\/?$/i.test(scope);
    return { kind: "subscription", subscriptionId, isExact };
  }
  const name = /^\/providers\/Microsoft\.Management\/managementGroups\/([^/]+)/i.exec(scope)?.[1];
  return name === undefined ? { kind: "tenant" } : { kind: "managementGroup", name: name.toLowerCase() };
}
