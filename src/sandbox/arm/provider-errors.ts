// The errors of the providers behind ARM (identity, compute, authorization, management groups) and of all throttles.
import { ArmError } from "./provider.ts";

/** A GUID as the authorization provider prints it in some of its texts: without dashes. */
function bare(guid: string): string {
  return guid.replaceAll("-", "").toLowerCase();
}

function throttled(code: string, message: string, retryAfterInSeconds: number): ArmError {
  return new ArmError(429, code, message, { headers: { "retry-after": String(retryAfterInSeconds) } });
}

const concurrent =
  "The request failed due to conflict with a concurrent request. To resolve it, please refer to https://aka.ms/activitylog to get more details on the conflicting requests.";

/** Builders like those of the front door; texts are recorded or quoted unless the line says "our wording". */
export const providerErrors = {
  notFound: (resource: string) => new ArmError(404, "NotFound", `Resource '${resource}' was not found.`),
  managementGroupNotFound: (name: string) =>
    new ArmError(404, "NotFound", `'/providers/Microsoft.Management/managementGroups/${name}' not found`),
  badRequest: (message: string) => new ArmError(400, "BadRequest", message),
  invalidParameter: (target: string, message: string) =>
    new ArmError(400, "InvalidParameter", message, {
      body: { error: { code: "InvalidParameter", message, target } },
    }),

  // --- Compute -----------------------------------------------------------------------------------------------
  concurrentRequest: () => new ArmError(409, "Conflict", concurrent),
  operationNotAllowed: (message: string) => new ArmError(409, "OperationNotAllowed", message),
  operationGone: (id: string) => new ArmError(410, "Gone", `The operation '${id}' is no longer available.`), // our wording
  operationNotFound: (id: string) =>
    new ArmError(404, "NotFound", `The entity was not found in this Azure location. Operation '${id}'.`), // our wording

  // --- identities and federated credentials ------------------------------------------------------------------
  duplicateIdentityIds: (ids: readonly string[]) =>
    new ArmError(
      400,
      "DuplicateIdentityIds",
      `The request content has the following duplicate identity ids '${ids.join(",")}'.`,
    ),
  invalidIdentityValues: () =>
    new ArmError(
      400,
      "InvalidIdentityValues",
      "Invalid value for the identities. The 'UserAssignedIdentities' property keys should only be empty json objects, null or the resource exisiting property.",
    ),
  nullIdentityOutsidePatch: () =>
    new ArmError(
      400,
      "InvalidIdentityValues",
      "The 'UserAssignedIdentities' property keys should only be empty null during PATCH requests.",
    ),
  missingIdentityIds: () =>
    new ArmError(
      400,
      "MissingIdentityIds",
      "The identity ids must not be null or empty for 'UserAssigned' identity type.",
    ),
  concurrentCredentialWrites: (identityId: string) =>
    new ArmError(
      409,
      "ConcurrentFederatedIdentityCredentialsWritesForSingleManagedIdentity",
      `Too many Federated Identity Credentials are written concurrently for the managed identity '${identityId}'. Concurrent Federated Identity Credentials writes under the same managed identity are not supported.`,
    ),
  credentialAudience: () =>
    new ArmError(400, "BadRequest", "Federated Identity Credential must have exactly one audience."),
  credentialEmpty: () =>
    new ArmError(400, "BadRequest", "Federated Identity Credential from HTTP body has empty properties"),
  credentialName: (name: string) =>
    new ArmError(400, "BadRequest", `Federated Identity Credential name '${name}' is invalid.`), // our wording
  credentialExists: () =>
    new ArmError(
      400,
      "BadRequest",
      "Issuer and subject combination already exists for this Managed Identity.",
    ),
  credentialLimit: (limit: number) =>
    new ArmError(400, "BadRequest", `Too many Federated Identity Credentials; the limit is '${limit}'.`), // our wording

  // --- authorization -----------------------------------------------------------------------------------------
  roleAssignmentNotFound: (name: string) =>
    new ArmError(404, "RoleAssignmentNotFound", `The role assignment '${name}' is not found.`),
  roleAssignmentUpdateNotPermitted: () =>
    new ArmError(
      400,
      "RoleAssignmentUpdateNotPermitted",
      "Tenant ID, application ID, principal ID, and scope are not allowed to be updated.",
    ),
  roleAssignmentLimitExceeded: (status: 400 | 409) =>
    new ArmError(
      status,
      "RoleAssignmentLimitExceeded",
      "The role assignment limit for the subscription was exceeded. No more role assignments can be created.",
    ),
  invalidRoleAssignmentId: (name: string) =>
    new ArmError(
      400,
      "InvalidRoleAssignmentId",
      `The role assignment ID '${name}' is not valid. The role assignment ID must be a GUID.`,
    ),
  invalidPrincipalId: (id: string) =>
    new ArmError(
      400,
      "InvalidPrincipalId",
      `The Principal ID '${id}' is not valid. Principal ID must be a GUID.`,
    ),
  invalidRoleDefinitionId: (id: string) =>
    new ArmError(
      400,
      "InvalidRoleDefinitionId",
      `The role definition ID '${id}' is not valid. The role definition ID must be a GUID.`,
    ),
  principalNotFound: (principalId: string, tenantId: string) =>
    new ArmError(
      400,
      "PrincipalNotFound",
      `Principal ${bare(principalId)} does not exist in the directory ${tenantId}. Check that you have the correct principal ID. If you are creating this principal and then immediately assigning a role, this error might be related to a replication delay. In this case, set the role assignment principalType property to a value, such as ServicePrincipal, User, or Group.  See https://aka.ms/docs-principaltype`,
    ),
  /** GET answers 404 and prints the GUID as sent; an assignment that names such a role answers 400 without dashes. */
  roleDefinitionDoesNotExist: (status: 400 | 404, guid: string) =>
    new ArmError(
      status,
      "RoleDefinitionDoesNotExist",
      `The specified role definition with ID '${status === 404 ? guid : bare(guid)}' does not exist.`,
    ),
  roleDefinitionHasAssignments: () =>
    new ArmError(
      400,
      "RoleDefinitionHasAssignments",
      "There are existing role assignments referencing role (code: RoleDefinitionHasAssignments)",
    ),
  roleDefinitionWithSameNameExists: (name: string) =>
    new ArmError(
      409,
      "RoleDefinitionWithSameNameExists",
      `A custom role with the same name already exists in this directory. Use a different name. Name: '${name}'.`,
    ),

  // --- throttles ---------------------------------------------------------------------------------------------
  subscriptionThrottled: (
    kind: "read" | "write" | "delete",
    subscriptionId: string,
    objectId: string,
    seconds: number,
  ) =>
    throttled(
      "SubscriptionRequestsThrottled",
      `Number of '${kind}' requests for subscription '${subscriptionId}' actor '${objectId}' exceeded. Please try again after '${seconds}' seconds.`,
      seconds,
    ),
  /** The front door's storage (quoted in public repositories). */
  storageThrottled: (subscriptionId: string, operation: string, seconds: number) =>
    throttled(
      "SubscriptionRequestsThrottled",
      `Number of requests for subscription '${subscriptionId}' and operation '${operation}' exceeded the backend storage limit. Please try again after '${seconds}' seconds.`,
      seconds,
    ),
  /** A provider's own limit (Azure/alzlib#168). */
  resourceRequestsThrottled: (namespace: string, seconds: number) =>
    throttled(
      "ResourceRequestsThrottled",
      `Number of requests for ${namespace} exceeded the limit of '120' for time interval '00:01:00'. Please try again after '${seconds}' seconds.`,
      seconds,
    ),
  /** Another operation of the provider is in the way (pulumi-azure-native#3720 quotes the seconds). */
  retryableError: (seconds: number) =>
    throttled(
      "RetryableError",
      `A retryable error occurred. The call can be retried in ${seconds} seconds.`,
      seconds,
    ),
  /** The identity layer was throttled behind another provider: no Retry-After, seconds in the nested body. */
  identityOperationThrottled: (resourceId: string, who: string, seconds: number) => {
    const inner = `Request is temporarily throttled because ${who} has issued too many requests. Retry after ${seconds} seconds.`;
    const nested = JSON.stringify({ error: { code: "429", message: inner } });
    return new ArmError(
      429,
      "FailedIdentityOperation",
      `Identity operation for resource '${resourceId}' failed with error 'Failed to perform resource identity operation. Status: '429'. Response: '${nested}'.'.`,
    );
  },
  /** The identity provider's 429: its code is the number. `who` is "subscription S" or "resource ID". */
  identityThrottled: (who: string, seconds: number) =>
    throttled(
      "429",
      `Request is temporarily throttled because ${who} has issued too many requests. Retry after ${seconds} seconds.`,
      seconds,
    ),
  /** Compute's 429 has no `error` envelope (Azure's own documented sample). */
  computeThrottled: (policy: string, seconds: number) => {
    const message =
      "The server rejected the request because too many requests have been received for this subscription.";
    return new ArmError(429, "OperationNotAllowed", message, {
      headers: { "retry-after": String(seconds) },
      body: {
        code: "OperationNotAllowed",
        message,
        details: [
          { code: "TooManyRequests", target: policy, message: JSON.stringify({ operationGroup: policy }) },
        ],
      },
    });
  },
} as const;
