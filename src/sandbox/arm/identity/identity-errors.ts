// The errors of ARM's identity layer, which every resource type with an identity block shares; texts as recorded.
import { ArmError } from "../provider.ts";

/** The identity layer is part of ARM's front door: it refuses before a provider is asked. */
const gateway = { headers: { "x-ms-failure-cause": "gateway" } };

function failedIdentityOperation(resourceId: string, inner: string): ArmError {
  const nested = JSON.stringify({ error: { code: "BadRequest", message: inner } });
  return new ArmError(
    400,
    "FailedIdentityOperation",
    `Identity operation for resource '${resourceId}' failed with error 'Failed to perform resource identity operation. Status: 'BadRequest'. Response: '${nested}'.'.`,
    gateway,
  );
}

/** Builders of the errors of identity blocks: throw what they return. */
export const identityErrors = {
  identityMissing: (resourceId: string, identityId: string) =>
    failedIdentityOperation(resourceId, `Resource '${identityId}' was not found.`),
  lastIdentityRemoved: (resourceId: string, resourceIdAsStored: string, type = "UserAssigned") =>
    failedIdentityOperation(
      resourceId,
      `Removal of all user-assigned identities assigned to resource '${resourceIdAsStored}' with type '${type}' is invalid.`,
    ),
  tooManyIdentities: (resourceId: string, count: number, limit = 150) =>
    failedIdentityOperation(
      resourceId,
      `User Assigned Identities Number '${count}' Assign exceed limit '${limit}' in one request.`,
    ),
  identityWithoutType: () =>
    new ArmError(
      400,
      "InvalidRequestContent",
      "The request content was invalid and could not be deserialized: 'Required property 'type' not found in JSON. Path 'identity'.'.",
      gateway,
    ),
} as const;
