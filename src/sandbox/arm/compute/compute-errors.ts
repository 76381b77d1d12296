// Errors of Compute beyond the common ones, and of the identity contract that it shares with all types.
import { ArmError } from "../provider.ts";

function withTarget(status: number, code: string, message: string, target: string): ArmError {
  return new ArmError(status, code, message, { body: { error: { code, message, target } } });
}

/** Builders like those of the front door; texts are quoted in public threads unless the line says "our wording". */
export const computeErrors = {
  /** Quoted from a scale set's PUT of Dec 2025 (cloud-provider-azure#9728); etags are printed with their quotes. */
  etagMismatch: (sent: string, etag: string | undefined) =>
    new ArmError(
      412,
      "PreconditionFailed",
      `Etag provided in if-match header ${sent} does not match etag ${etag ?? ""} of resource.`,
    ),
  etagMatch: (sent: string, etag: string | undefined) =>
    new ArmError(
      412,
      "PreconditionFailed",
      `Etag provided in if-none-match header ${sent} matches etag ${etag ?? ""} of resource.`, // our wording
    ),
  /** Quoted of machines in many public threads, with the names of other operations; scale sets: our wording. */
  markedForDeletion: ({ name, type }: { name: string; type: string }) => {
    const [kind, operation] = /scalesets$/i.test(type)
      ? ["VM Scale Set", "Update VM Scale Set"]
      : ["VM", "Update VM"];
    return new ArmError(
      409,
      "OperationNotAllowed",
      `Operation '${operation}' is not allowed on ${kind} '${name}' since the ${kind} is marked for deletion. You can only retry the Delete operation (or wait for an ongoing one to complete).`,
    );
  },
  propertyChangeNotAllowed: (property: string) =>
    withTarget(409, "PropertyChangeNotAllowed", `Changing property '${property}' is not allowed.`, property),
  instanceNotActive: (instanceId: string) =>
    withTarget(
      400,
      "InvalidParameter",
      `The provided instanceId ${instanceId} is not an active Virtual Machine Scale Set VM instanceId.`,
      "instanceIds",
    ),
  /** Quoted in 2016 of a VM's PUT (azure-rest-api-specs#286), there with line and position. */
  unknownMember: (name: string) =>
    new ArmError(
      400,
      "InvalidRequestContent",
      `The request content was invalid and could not be deserialized: 'Could not find member '${name}' on object of type 'ResourceDefinition'. Path '${name}'.'.`,
      { headers: { "x-ms-failure-cause": "gateway" } },
    ),
  /** Compute's old text (aad-pod-identity#214); nothing newer was found. */
  identitiesWithoutType: (type: string) =>
    withTarget(
      400,
      "InvalidParameter",
      `ResourceIdentity identityIds should not be provided if the type is "${type}".`,
      "resourceIdentity.identityIds",
    ),
  /** The path is empty in all quoted answers (azure-cli#25401). */
  linkedInvalidPropertyId: (id: string) =>
    new ArmError(
      400,
      "LinkedInvalidPropertyId",
      `Property id '${id}' at path '' is invalid. Expect fully qualified resource Id that start with '/subscriptions/{subscriptionId}' or '/providers/{resourceProviderNamespace}/'.`,
      { headers: { "x-ms-failure-cause": "gateway" } },
    ),
} as const;
