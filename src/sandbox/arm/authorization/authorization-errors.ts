// Errors of the authorization provider beyond the common ones: conditions, filters, principal types, custom roles.
import { ArmError } from "../provider.ts";

/** A GUID as the authorization provider prints it in some of its texts: without dashes. */
function bare(guid: string): string {
  return guid.replaceAll("-", "").toLowerCase();
}

/** Builders like those of the front door; texts are quoted in public threads unless the line says "our wording". */
export const authorizationErrors = {
  /** Who has the action, but only under a condition that this request does not meet (quoted in public threads). */
  conditionNotFulfilled: (caller: { clientId: string; objectId: string }, action: string, scope: string) =>
    new ArmError(
      403,
      "AuthorizationFailed",
      `The client '${caller.clientId}' with object id '${caller.objectId}' has an authorization with ABAC condition that is not fulfilled to perform action '${action}' over scope '${scope}' or the scope is invalid. If access was recently granted, please refresh your credentials.`,
      { headers: { "x-ms-failure-cause": "gateway" } },
    ),
  /** The newer answer names the assignment that is there (azure-cli#31995: older regions end after "exists."). */
  roleAssignmentExists: (name: string | undefined) =>
    new ArmError(
      409,
      "RoleAssignmentExists",
      name === undefined
        ? "The role assignment already exists."
        : `The role assignment already exists. The ID of the existing role assignment is ${bare(name)}.`,
    ),
  /** The text is documented (conditions-troubleshoot); the code is quoted in two public repositories only. */
  invalidRoleAssignmentCondition: () =>
    new ArmError(400, "InvalidRoleAssignmentCondition", "The given role assignment condition is invalid."),
  /** Azure's own spelling of "PrinciaplType". */
  unmatchedPrincipalType: (principalId: string, actual: string, sent: string) =>
    new ArmError(
      400,
      "UnmatchedPrincipalType",
      `The PrincipalId '${bare(principalId)}' has type '${actual}' , which is different from specified PrinciaplType '${sent}'.`,
    ),
  /** "atScope() and principalId eq …" gets it too (azure-powershell#20433). */
  unsupportedAssignmentFilter: (filter: string) =>
    new ArmError(
      400,
      "UnsupportedQuery",
      `The filter '${filter}' is not supported. Supported filters are either 'atScope()' or 'principalId eq '{value}' or assignedTo('{value}')'.`,
    ),
  unsupportedFilter: (filter: string) =>
    new ArmError(400, "UnsupportedQuery", `The filter '${filter}' is not supported.`), // our wording
  badRequestFormat: () => new ArmError(400, "BadRequestFormat", "The request was incorrectly formatted."),
  descriptionTooLong: (limitInBytes: number) =>
    new ArmError(
      400,
      "RoleAssignmentDescriptionTooLong", // our code and wording
      `The description of the role assignment exceeds the limit of ${limitInBytes} bytes.`,
    ),
  conditionTooLong: (limitInBytes: number) =>
    new ArmError(
      400,
      "RoleAssignmentConditionTooLong", // our code and wording
      `The condition of the role assignment exceeds the limit of ${limitInBytes} bytes.`,
    ),
  builtInRoleNotModifiable: (name: string) =>
    new ArmError(
      400,
      "RoleDefinitionUpdateNotPermitted", // our code and wording
      `The built-in role definition '${name}' is not allowed to be changed or deleted.`,
    ),
  invalidAssignableScopes: (scope: string) =>
    new ArmError(
      400,
      "InvalidAssignableScopes", // our code and wording
      `The assignable scope '${scope}' is not valid for a custom role, or the scope of the request is not among the assignable scopes.`,
    ),
  invalidAction: (action: string) =>
    new ArmError(
      400,
      "InvalidActionOrNotAction",
      `'${action}' does not match any of the actions supported by the providers.`,
    ),
  lockNotFound: (name: string) => new ArmError(404, "LockNotFound", `The lock '${name}' could not be found.`), // our wording
} as const;
