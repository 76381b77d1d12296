// The condition that lets Bindery assign and take away just these roles, and only to and from service principals.

const type = "Microsoft.Authorization/roleAssignments";

/**
 * A condition (version 2.0) for an assignment of a role with `roleAssignments/write` and `/delete`, in the form of
 * Azure's own template "Constrain roles and principal types" (azure-docs, role-based-access-control/
 * delegate-role-assignments-examples). Other actions of the role are not touched by it.
 */
export function delegationCondition(roleGuids: readonly string[]): string {
  const roles = roleGuids.join(", ");
  return [clause("write", "@Request", roles), clause("delete", "@Resource", roles)].join(" AND ");
}

function clause(verb: "write" | "delete", source: "@Request" | "@Resource", roles: string): string {
  const isOne = `${source}[${type}:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {${roles}}`;
  const isService = `${source}[${type}:PrincipalType] ForAnyOfAnyValues:StringEqualsIgnoreCase {'ServicePrincipal'}`;
  return `((!(ActionMatches{'${type}/${verb}'})) OR (${isOne} AND ${isService}))`;
}
