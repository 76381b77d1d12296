// The world written back as a seed: what GET /_admin/world answers.
import type { RoleAssignment, World } from "../world.ts";

/** A seed that loads into the same world: shorthand is gone, every resource is a raw body. */
export function dumpWorld(world: World): Record<string, unknown> {
  const applications = world.principals.values().filter((p) => p.kind === "Application");
  return {
    subscriptions: world.subscriptions.values().map(({ tenantId: _, ...rest }) => rest),
    managementGroups: world.managementGroups.values(),
    resourceGroups: world.resourceGroups.values().map((g) => ({
      subscriptionId: g.id.split("/")[2],
      name: g.name,
      location: g.location,
      ...(g.tags !== undefined && { tags: g.tags }),
      ...(g.managedBy !== undefined && { managedBy: g.managedBy }),
    })),
    resources: world.resources.values(),
    roleDefinitions: world.roleDefinitions
      .values()
      .filter((r) => r.type === "CustomRole")
      .map(({ name, roleName, description, assignableScopes, permissions }) => ({
        name,
        roleName,
        description,
        assignableScopes,
        permissions,
      })),
    roleAssignments: world.roleAssignments.values().map(assignmentOf),
    denyAssignments: world.denyAssignments
      .values()
      .map(({ id: _, name: __, displayName, isSystemProtected: ___, ...rest }) => ({
        ...rest,
        name: displayName,
      })),
    policies: world.policies.values().map(({ id: _, ...rest }) => rest),
    roleSchedules: world.roleSchedules.values().map(({ roleAssignmentId, assignmentType, endsAt }) => ({
      roleAssignment: roleAssignmentId,
      assignmentType,
      endsInMs: Math.max(1, endsAt - world.now()),
    })),
    callers: Object.fromEntries(
      applications.map((p) => [
        p.displayName,
        {
          objectId: p.objectId,
          clientId: p.clientId,
          ...(p.secret !== undefined && { clientSecret: p.secret }),
          ...(p.federated !== undefined && { federated: p.federated }),
          roles: [],
        },
      ]),
    ),
    settings: world.settings,
  };
}

function assignmentOf(assignment: RoleAssignment): Record<string, unknown> {
  const { name, scope, roleDefinitionId, principalId, principalType, condition, conditionVersion } =
    assignment;
  return {
    name,
    scope,
    role: roleDefinitionId.slice(roleDefinitionId.lastIndexOf("/") + 1),
    principal: principalId,
    principalType,
    ...(condition !== null && { condition }),
    ...(conditionVersion !== null && { conditionVersion }),
    ...(assignment.description !== null && { description: assignment.description }),
    createdOn: assignment.createdOn,
  };
}
