// The errors of ARM's own front door: status, code and text as real Azure words them, in one table.
import { ArmError } from "./provider.ts";

/** Marks an answer of ARM's own front door, as opposed to one of the provider behind it. */
const gateway = { headers: { "x-ms-failure-cause": "gateway" } };

/** The type without its namespace, "virtualMachines" of "Microsoft.Compute/virtualMachines". */
function withoutNamespace(type: string): string {
  return type.slice(type.indexOf("/") + 1);
}

function namespaceOf(type: string): string {
  return type.split("/")[0] ?? type;
}

/**
 * Builders of Azure's errors: throw what they return. Texts are those of recordings (azure-cli, azure-service-operator)
 * or of bodies quoted in public threads, unless the line says "our wording".
 */
export const gatewayErrors = {
  // --- who calls ---------------------------------------------------------------------------------------------
  authorizationFailed: (caller: { clientId: string; objectId: string }, action: string, scope: string) =>
    new ArmError(
      403,
      "AuthorizationFailed",
      `The client '${caller.clientId}' with object id '${caller.objectId}' does not have authorization to perform action '${action}' over scope '${scope}' or the scope is invalid. If access was recently granted, please refresh your credentials.`,
      gateway,
    ),
  linkedAuthorizationFailed: (
    caller: { clientId: string; objectId: string },
    has: { action: string; scope: string },
    lacks: { action: string; scopes: readonly string[] },
  ) =>
    new ArmError(
      403,
      "LinkedAuthorizationFailed",
      `The client '${caller.clientId}' with object id '${caller.objectId}' has permission to perform action '${has.action}' on scope '${has.scope}'; however, it does not have permission to perform action '${lacks.action}' on the linked scope(s) '${lacks.scopes.join(",")}' or the linked scope(s) are invalid.`,
      gateway,
    ),

  // --- what is addressed -------------------------------------------------------------------------------------
  missingApiVersion: () =>
    new ArmError(
      400,
      "MissingApiVersionParameter",
      "The api-version query parameter (?api-version=) is required for all requests.",
      gateway,
    ),
  invalidApiVersion: (version: string, supported: readonly string[]) =>
    new ArmError(
      400,
      "InvalidApiVersionParameter",
      `The api-version '${version}' is invalid. The supported versions are '${supported.join(",")}'.`,
      gateway,
    ),
  noRegisteredProvider: (
    type: string,
    location: string,
    version: string,
    supported: readonly string[],
    locations: readonly string[],
  ) =>
    new ArmError(
      400,
      "NoRegisteredProviderFound",
      `No registered resource provider found for location '${location}' and API version '${version}' for type '${withoutNamespace(type)}'. The supported api-versions are '${supported.join(", ")}'. The supported locations are '${locations.join(", ")}'.`,
      gateway,
    ),
  invalidResourceType: (type: string, version: string, supported: readonly string[]) =>
    new ArmError(
      404,
      "InvalidResourceType",
      `The resource type '${withoutNamespace(type)}' could not be found in the namespace '${namespaceOf(type)}' for api version '${version}'. The supported api-versions are '${supported.join(",")}'.`,
      gateway,
    ),
  unknownResourceType: (type: string, version: string) =>
    new ArmError(
      404,
      "InvalidResourceType",
      `The resource type could not be found in the namespace '${namespaceOf(type)}' for api version '${version}'.`,
      gateway,
    ),
  invalidResourceNamespace: (namespace: string) =>
    new ArmError(
      404,
      "InvalidResourceNamespace",
      `The resource namespace '${namespace}' is invalid.`,
      gateway,
    ),
  missingSubscription: () =>
    new ArmError(
      404,
      "MissingSubscription",
      "The request did not have a subscription or a valid tenant level resource provider.",
      gateway,
    ),
  invalidSubscriptionId: (id: string) =>
    new ArmError(
      400,
      "InvalidSubscriptionId",
      `The provided subscription identifier '${id}' is malformed or invalid.`,
      gateway,
    ),
  subscriptionNotFound: (id: string) =>
    new ArmError(404, "SubscriptionNotFound", `The subscription '${id}' could not be found.`, gateway),
  resourceGroupNotFound: (name: string) =>
    new ArmError(404, "ResourceGroupNotFound", `Resource group '${name}' could not be found.`, gateway),
  resourceNotFound: (type: string, name: string, resourceGroup: string) =>
    new ArmError(
      404,
      "ResourceNotFound",
      `The Resource '${type}/${name}' under resource group '${resourceGroup}' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix`,
      gateway,
    ),
  parentResourceNotFound: (parent: string) =>
    new ArmError(
      404,
      "ParentResourceNotFound",
      `Can not perform requested operation on nested resource. Parent resource '${parent}' not found.`,
      gateway,
    ),
  parentOfNestedNotFound: (method: string, type: string, parentId: string) =>
    new ArmError(
      404,
      "ParentResourceNotFound",
      `Failed to perform '${method.toLowerCase()}' on resource(s) of type '${withoutNamespace(type)}', because the parent resource '${parentId}' could not be found.`,
      gateway,
    ),
  internalServerError: () =>
    new ArmError(
      500,
      "InternalServerError",
      "Encountered internal server error. Diagnostic information: timestamp '', subscription id '', tracking id '', request correlation id ''.",
      gateway,
    ),
  methodNotAllowed: (method: string) =>
    new ArmError(
      405,
      "MethodNotAllowed",
      `The requested resource does not support http method '${method}'.`,
      gateway,
    ),

  // --- what is sent ------------------------------------------------------------------------------------------
  invalidRequestContent: (detail: string) =>
    new ArmError(
      400,
      "InvalidRequestContent",
      `The request content was invalid and could not be deserialized: '${detail}'.`,
      gateway,
    ),
  requestTooLarge: (limitInBytes: number) =>
    new ArmError(
      413,
      "RequestContentTooLarge",
      `The request content size exceeds the maximum size of '${limitInBytes}' bytes.`, // our wording
      gateway,
    ),
  unsupportedMediaType: (sent: string) =>
    new ArmError(
      415,
      "UnsupportedMediaType",
      `The content media type '${sent}' is not supported. Only 'application/json' is supported.`,
      gateway,
    ),
  invalidFilter: (filter: string) =>
    new ArmError(
      400,
      "InvalidFilterInQueryString",
      `Invalid $filter '${filter}' specified in the query string.`,
      gateway,
    ),
  invalidSkipToken: (token: string) =>
    new ArmError(400, "InvalidSkipTokenParameter", `The skip token '${token}' is invalid.`, gateway), // our wording
  locationRequired: () =>
    new ArmError(400, "LocationRequired", "The location property is required for this definition.", gateway),
  locationNotAvailable: (type: string, location: string, available: readonly string[]) =>
    new ArmError(
      400,
      "LocationNotAvailableForResourceType",
      `The provided location '${location}' is not available for resource type '${type}'. List of available regions for the resource type is '${available.join(",")}'.`,
      gateway,
    ),
  groupLocationNotAvailable: (location: string, available: readonly string[]) =>
    new ArmError(
      400,
      "LocationNotAvailableForResourceGroup",
      `The provided location '${location}' is not available for resource group. List of available regions is '${available.join(",")}'.`,
      gateway,
    ),
  invalidResourceLocation: (name: string, location: string, group: string, wanted: string) =>
    new ArmError(
      409,
      "InvalidResourceLocation",
      `The resource '${name}' already exists in location '${location}' in resource group '${group}'. A resource with the same name cannot be created in location '${wanted}'. Please select a new resource name.`,
      gateway,
    ),
  invalidGroupLocation: (name: string, location: string, wanted: string) =>
    new ArmError(
      409,
      "InvalidResourceGroupLocation",
      `Invalid resource group location '${wanted}'. The Resource group already exists in location '${location}'. Resource group '${name}' cannot be moved.`, // last sentence: our wording
      gateway,
    ),
  invalidResourceName: (name: string) =>
    new ArmError(400, "InvalidResourceName", `Resource name ${name} is invalid.`, gateway),
  scopeLocked: (scope: string, operation: "delete" | "write", locks: readonly string[]) =>
    new ArmError(
      409,
      "ScopeLocked",
      `The scope '${scope}' cannot perform ${operation} operation because following scope(s) are locked: '${locks.join(",")}'. Please remove the lock and try again.`,
      gateway,
    ),

  // --- tags --------------------------------------------------------------------------------------------------
  tooManyTags: (count: number) =>
    new ArmError(
      400,
      "TooManyTags",
      `Too many tags are specified. Tags count requested is '${count}', but the maximum allowed is '50'.`,
      gateway,
    ),
  invalidTagName: (key: string) =>
    new ArmError(
      400,
      "InvalidTagNameCharacters",
      `The tag names '${key}' have reserved characters '<,>,%,&,\\,?,/' or control characters.`,
      gateway,
    ),
  tagNameTooLong: (key: string, limit: number) =>
    new ArmError(
      400,
      "TagNameTooLong",
      `Tag name too large. Following tag name '${key}' exceeded the maximum length. Maximum allowed length for tag name - '${limit}' characters.`,
      gateway,
    ),
  tagValueTooLong: (value: string, limit: number) =>
    new ArmError(
      400,
      "InvalidTagValueLength",
      `Tag value too large. Following tag value '${value}' exceeded the maximum length. Maximum allowed length for tag value - '${limit}' characters.`,
      gateway,
    ),
} as const;
