// The read-only view of a resource's system-assigned identity: `{scope}/providers/Microsoft.ManagedIdentity/identities/default`.
import type { World } from "../../world.ts";
import { armErrors } from "../errors.ts";
import type { ArmRequest, ArmResponse, ResourceType } from "../provider.ts";
import { clientSecretUrl, identityVersions } from "./identity-body.ts";

const type = "Microsoft.ManagedIdentity/identities";

function get(request: ArmRequest, world: World): ArmResponse {
  const { scope, names, resourceGroup = "" } = request.path;
  const bearer = world.resources.get(scope);
  const principal = world.principals.get(bearer?.identity?.principalId ?? "");
  if (bearer === undefined || principal === undefined || names[0]?.toLowerCase() !== "default") {
    throw armErrors.resourceNotFound(type, names.join("/"), resourceGroup);
  }
  const { objectId: principalId, clientId } = principal;
  const id = `${bearer.id}/providers/${type}/default`;
  const { location } = bearer;
  const properties = { tenantId: world.tenantId, principalId, clientId };
  const url = clientSecretUrl({ id: bearer.id, name: "default", type, location: location ?? "", properties });
  return {
    status: 200,
    body: {
      id,
      name: "default",
      type,
      ...(location !== undefined && { location }),
      tags: bearer.tags ?? {},
      properties: { ...properties, clientSecretUrl: url },
    },
  };
}

/** `Microsoft.ManagedIdentity/identities`, of which each resource has at most one, named default. */
export const systemIdentities: ResourceType = { type, apiVersions: identityVersions, get };
