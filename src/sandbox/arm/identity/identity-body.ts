// How the managed identity provider writes an identity: ids with a small `resourcegroups`, fields by api-version.
import { randomUUID } from "node:crypto";
import type { ArmResource, World } from "../../world.ts";
import type { ArmRequest } from "../provider.ts";

/** Versions of Microsoft.ManagedIdentity, old and new. */
export const identityVersions: readonly string[] = [
  "2015-08-31-preview",
  "2018-11-30",
  "2021-09-30-preview",
  "2022-01-31-preview",
  "2023-01-31",
  "2023-07-31-preview",
  "2024-11-30",
  "2025-01-31-preview",
  "2025-05-31-preview",
];

/** The type, as the provider spells it whatever was asked. */
export const identityType = "Microsoft.ManagedIdentity/userAssignedIdentities";

/** The id as the provider spells it: small `resourcegroups`, canonical provider and type, names as sent. */
export function identityIdOf(request: ArmRequest): string {
  const { subscriptionId = "", resourceGroup = "", names } = request.path;
  return `/subscriptions/${subscriptionId}/resourcegroups/${resourceGroup}/providers/${identityType}/${names[0] ?? ""}`;
}

/** An identity in the shape of an api-version; what nobody here knows comes back unchanged. */
export function identityBody(identity: ArmResource, apiVersion: string): Record<string, unknown> {
  const { id, name, type, location, tags = {}, properties = {}, ...others } = identity;
  const { isolationScope = "None", tenantId, principalId, clientId, ...otherProperties } = properties;
  const shown = {
    ...(apiVersion >= "2024-11-30" && { isolationScope }),
    tenantId,
    principalId,
    clientId,
    ...(apiVersion < "2018-11-30" && { clientSecretUrl: clientSecretUrl(identity) }),
    ...otherProperties,
  };
  return apiVersion < "2023-01-31"
    ? { id, name, type, location, tags, properties: shown, ...others }
    : { location, tags, id, name, type, properties: shown, ...others };
}

/** What the first version told besides (its published example). */
export function clientSecretUrl({ id, location, properties = {} }: ArmResource): string {
  const { tenantId, principalId, clientId } = properties;
  return `https://control-${location}.identity.azure.net${id}/credentials?tid=${tenantId}&oid=${principalId}&aid=${clientId}`;
}

/** The header that tells which tenant, caller and region a write was for; the last GUID is a new one each time. */
export function operationIdentifier(
  request: ArmRequest,
  world: World,
  region: string,
): Record<string, string> {
  const { objectId } = request.caller;
  return {
    "x-ms-operation-identifier": `tenantId=${world.tenantId},objectId=${objectId}/${region}/${randomUUID()}`,
  };
}
