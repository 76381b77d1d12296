// How a raw ARM body comes into the world from outside of ARM: as it is, with the principals that it implies.
import { parseArmPath } from "../arm/path.ts";
import type { ArmResource, IdentityBlock, World } from "../world.ts";

const identityType = "microsoft.managedidentity/userassignedidentities";

/** Makes up the ids that a body leaves out; `purpose` tells them apart. */
export type MakeId = (id: string, purpose: string) => string;

/**
 * Puts a body into the world. Name and type are taken from the id where the body has none; an identity without
 * principal gets one, in the directory too; a system-assigned identity likewise; keys of userAssignedIdentities
 * without ids are filled from the identities that exist. Everything else stays as it is.
 */
export function placeResource(
  world: World,
  body: Readonly<Record<string, unknown>> & { id: string },
  makeId: MakeId,
): ArmResource {
  const path = parseArmPath(body.id);
  if (path.type === undefined && path.resourceGroup !== undefined) return placeGroup(world, body);
  const named = { name: path.names.at(-1) ?? "", type: path.type ?? "", ...body } as ArmResource;
  const resource = withIdentity(world, withPrincipal(named, world, makeId), makeId);
  world.resources.set(resource.id, resource);
  return resource;
}

function placeGroup(world: World, body: Readonly<Record<string, unknown>> & { id: string }): ArmResource {
  const group = {
    name: parseArmPath(body.id).resourceGroup ?? "",
    type: "Microsoft.Resources/resourceGroups",
    properties: { provisioningState: "Succeeded" },
    ...body,
  } as ArmResource;
  world.resourceGroups.set(group.id, group);
  return group;
}

/** A user-assigned identity is also a service principal. */
function withPrincipal(resource: ArmResource, world: World, makeId: MakeId): ArmResource {
  if (resource.type.toLowerCase() !== identityType) return resource;
  const { principalId = makeId(resource.id, "principal"), clientId = makeId(resource.id, "client") } =
    (resource.properties ?? {}) as { principalId?: string; clientId?: string };
  world.principals.set(principalId, {
    objectId: principalId,
    clientId,
    displayName: resource.name,
    kind: "ManagedIdentity",
    resourceId: resource.id,
    createdAt: world.now(),
  });
  const { properties } = resource;
  return {
    ...resource,
    properties: { ...properties, tenantId: properties?.tenantId ?? world.tenantId, principalId, clientId },
  };
}

function withIdentity(world: World, resource: ArmResource, makeId: MakeId): ArmResource {
  const { identity } = resource;
  if (identity === undefined) return resource;
  const isSystem = /systemassigned/i.test(identity.type);
  const principalId = identity.principalId ?? makeId(resource.id, "system");
  if (isSystem) {
    world.principals.set(principalId, {
      objectId: principalId,
      clientId: makeId(resource.id, "system-client"),
      displayName: resource.name,
      kind: "ManagedIdentity",
      resourceId: resource.id,
      createdAt: world.now(),
    });
  }
  const system = isSystem ? { principalId, tenantId: identity.tenantId ?? world.tenantId } : {};
  return { ...resource, identity: { ...withFilledIds(world, identity), ...system } };
}

function withFilledIds(world: World, identity: IdentityBlock): IdentityBlock {
  if (identity.userAssignedIdentities === undefined) return identity;
  const entries = Object.entries(identity.userAssignedIdentities).map(([id, value]) => [
    id,
    value.principalId === undefined ? (idsOf(world, id) ?? value) : value,
  ]);
  return { ...identity, userAssignedIdentities: Object.fromEntries(entries) };
}

/** Principal and client id of an identity, as attachments show them; undefined if there is none. */
function idsOf(world: World, identityId: string): { principalId: string; clientId: string } | undefined {
  const properties = world.resources.get(identityId)?.properties;
  const [principalId, clientId] = [properties?.principalId, properties?.clientId];
  if (typeof principalId !== "string" || typeof clientId !== "string") return undefined;
  return { principalId, clientId };
}

/** Attaches identities to a resource that is in the world already. */
export function attach(
  world: World,
  resource: ArmResource,
  identityIds: readonly string[],
  makeId: MakeId,
): void {
  const before = resource.identity;
  const hadSystem = before !== undefined && /systemassigned/i.test(before.type);
  const added = Object.fromEntries(identityIds.map((id) => [id, {}]));
  const userAssignedIdentities = { ...before?.userAssignedIdentities, ...added };
  const type = hadSystem ? "SystemAssigned, UserAssigned" : "UserAssigned";
  placeResource(world, { ...resource, identity: { ...before, type, userAssignedIdentities } }, makeId);
}
