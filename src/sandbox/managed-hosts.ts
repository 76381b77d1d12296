// Which identities a machine of the world can get tokens for: what the managed identity endpoints ask.
import type { HostIdentities } from "./entra/host-identities.ts";
import type { Principal, World } from "./world.ts";

/**
 * The identities attached to the resource whose ARM id is the host; undefined if there is no such resource.
 * `identityHeader` is the secret that App Service like hosts ask for.
 */
export function hostIdentitiesOf(
  world: World,
  host: string,
  identityHeader: string,
): HostIdentities | undefined {
  const resource = world.resources.get(`/${host.split("/").filter(Boolean).join("/")}`);
  if (resource === undefined) return undefined;
  const { principalId, userAssignedIdentities = {} } = resource.identity ?? {};
  const system = principalId === undefined ? undefined : world.principals.get(principalId);
  const userAssigned = Object.keys(userAssignedIdentities)
    .map((id) => principalOf(world, id))
    .filter((p) => p !== undefined);
  return { ...(system !== undefined && { system }), userAssigned, identityHeader };
}

function principalOf(world: World, identityId: string): Principal | undefined {
  const principalId = world.resources.get(identityId)?.properties?.principalId;
  return typeof principalId === "string" ? world.principals.get(principalId) : undefined;
}
