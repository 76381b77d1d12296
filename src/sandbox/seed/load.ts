// How a seed becomes a world: what is created in which order, and which references in it lead nowhere.
import { normalizeLocation } from "../arm/regions.ts";
import { builtInRoles } from "../roles/built-in.ts";
import type { World } from "../world.ts";
import { loadCallers, type SeededCaller } from "./callers.ts";
import { instanceBodies, scaleSetBody, virtualMachineBody } from "./compute-bodies.ts";
import { guidFrom } from "./guid-from.ts";
import { loadGovernance } from "./load-governance.ts";
import { loadSqlServers } from "./load-sql.ts";
import { identityIdOf, idOf, type Loading, locationOf, requireGroup, subscriptionOf } from "./loading.ts";
import { attach, type MakeId, placeResource } from "./place.ts";
import type { ReadSeed, SeedMistake } from "./read.ts";
import { SeedError } from "./read.ts";
import { loadAssignments, loadRoleDefinitions } from "./roles.ts";
import type { SeedScaleSet, SeedVirtualMachine } from "./schema.ts";

const makeId: MakeId = (id, purpose) => guidFrom(`${id}/${purpose}`);

/** Fills an empty world; throws SeedError with every mistake. Answers the callers with their secrets. */
export function loadSeed(
  world: World,
  { seed, mistakeAt }: ReadSeed,
  filename: string,
): readonly SeededCaller[] {
  const mistakes: SeedMistake[] = [];
  const complain = (path: readonly PropertyKey[], message: string) => mistakes.push(mistakeAt(path, message));
  const loading = { world, seed, createdAt: new Date(world.now()).toISOString(), complain };
  loadContainers(loading);
  loadIdentities(loading);
  loadMachines(loading);
  loadScaleSets(loading);
  seed.resources.forEach((body, i) => {
    requireGroup(loading, body.id, ["resources", i]);
    placeResource(world, body, makeId);
  });
  loadAttachments(loading);
  loadFederatedCredentials(loading);
  for (const role of builtInRoles()) world.roleDefinitions.set(role.name, role);
  loadRoleDefinitions(loading);
  const callers = loadCallers(loading);
  loadSqlServers(loading, callers);
  loadAssignments(loading, callers);
  loadGovernance(loading, callers);
  if (mistakes.length > 0) throw new SeedError(filename, mistakes);
  return callers;
}

function loadContainers({ world, seed, complain }: Loading): void {
  for (const { subscriptionId, displayName, state, tags } of seed.subscriptions) {
    world.subscriptions.set(subscriptionId, {
      subscriptionId,
      displayName: displayName ?? subscriptionId,
      tenantId: world.tenantId,
      state,
      ...(tags !== undefined && { tags }),
    });
  }
  for (const { name, displayName, parent, subscriptions } of seed.managementGroups) {
    world.managementGroups.set(name, {
      name,
      displayName: displayName ?? name,
      subscriptions,
      ...(parent !== undefined && { parent }),
    });
  }
  seed.managementGroups.forEach(({ parent, subscriptions }, i) => {
    if (parent !== undefined && !world.managementGroups.has(parent)) {
      complain(["managementGroups", i, "parent"], `there is no management group '${parent}'`);
    }
    subscriptions.forEach((s, k) => {
      if (!world.subscriptions.has(s))
        complain(["managementGroups", i, "subscriptions", k], "is no subscription of this seed");
    });
  });
  seed.resourceGroups.forEach(({ name, location, tags, managedBy, subscriptionId }, i) => {
    const id = `/subscriptions/${subscriptionOf(seed, subscriptionId)}/resourceGroups/${name}`;
    if (world.resourceGroups.has(id)) complain(["resourceGroups", i, "name"], "is there twice");
    requireSubscription(world, id, complain, ["resourceGroups", i]);
    placeResource(
      world,
      {
        id,
        name,
        location: normalizeLocation(location),
        ...(tags !== undefined && { tags }),
        ...(managedBy !== undefined && { managedBy }),
      },
      makeId,
    );
  });
}

function requireSubscription(
  world: World,
  id: string,
  complain: Loading["complain"],
  path: PropertyKey[],
): void {
  const subscriptionId = id.split("/")[2] ?? "";
  if (!world.subscriptions.has(subscriptionId))
    complain(path, `there is no subscription '${subscriptionId}'`);
}

function loadIdentities(loading: Loading): void {
  const { seed, world } = loading;
  seed.identities.forEach((identity, i) => {
    const id = idOf(seed, identity, "Microsoft.ManagedIdentity/userAssignedIdentities");
    requireGroup(loading, id, ["identities", i]);
    const { name, tags = {}, principalId, clientId } = identity;
    const body = {
      location: locationOf(loading, identity),
      tags,
      id: id.replace("/resourceGroups/", "/resourcegroups/"),
      name,
      type: "Microsoft.ManagedIdentity/userAssignedIdentities",
      properties: {
        isolationScope: "None",
        tenantId: world.tenantId,
        ...(principalId !== undefined && { principalId }),
        ...(clientId !== undefined && { clientId }),
      },
    };
    placeResource(world, body, makeId);
  });
}

/** The identity block of a shorthand, or nothing. */
function identityOf(
  loading: Loading,
  machine: SeedVirtualMachine | SeedScaleSet,
  path: PropertyKey[],
): Record<string, unknown> {
  const ids = (machine.identities ?? [])
    .map((text, k) => identityIdOf(loading, text, [...path, "identities", k]))
    .filter((id) => id !== undefined);
  const types = [
    machine.systemAssigned === true && "SystemAssigned",
    ids.length > 0 && "UserAssigned",
  ].filter(Boolean);
  if (types.length === 0) return {};
  return {
    identity: {
      type: types.join(", "),
      ...(ids.length > 0 && { userAssignedIdentities: Object.fromEntries(ids.map((id) => [id, {}])) }),
    },
  };
}

function loadMachines(loading: Loading): void {
  const { seed, world, createdAt } = loading;
  seed.virtualMachines.forEach((machine, i) => {
    const path = ["virtualMachines", i];
    const id = idOf(seed, machine, "Microsoft.Compute/virtualMachines");
    requireGroup(loading, id, path);
    const { name, tags = {}, size = "Standard_B2ms", managedBy, power } = machine;
    if (power !== undefined) world.powerStates.set(id, power);
    const body = virtualMachineBody({
      id,
      name,
      tags,
      size,
      createdAt,
      location: locationOf(loading, machine),
    });
    const more = { ...(managedBy !== undefined && { managedBy }), ...identityOf(loading, machine, path) };
    placeResource(world, { ...body, ...more }, makeId);
  });
}

function loadScaleSets(loading: Loading): void {
  const { seed, world, createdAt } = loading;
  seed.virtualMachineScaleSets.forEach((set, i) => {
    const path = ["virtualMachineScaleSets", i];
    const id = idOf(seed, set, "Microsoft.Compute/virtualMachineScaleSets");
    requireGroup(loading, id, path);
    const {
      name,
      tags = {},
      size = "Standard_D2s_v5",
      mode,
      instances,
      upgradePolicy = "Manual",
      managedBy,
    } = set;
    const parts = {
      id,
      name,
      tags,
      size,
      createdAt,
      mode,
      instances,
      upgradePolicy,
      location: locationOf(loading, set),
    };
    const identity = identityOf(loading, set, path);
    const more = managedBy === undefined ? {} : { managedBy };
    placeResource(world, { ...scaleSetBody(parts), ...more, ...identity }, makeId);
    for (const body of instanceBodies(parts)) placeResource(world, { ...body, ...identity }, makeId);
  });
}

function loadAttachments(loading: Loading): void {
  loading.seed.attachments.forEach(({ target, identities }, i) => {
    const resource = loading.world.resources.get(target);
    if (resource === undefined) {
      loading.complain(["attachments", i, "target"], `there is no resource '${target}'`);
      return;
    }
    const ids = identities
      .map((text, k) => identityIdOf(loading, text, ["attachments", i, "identities", k]))
      .filter((id) => id !== undefined);
    attach(loading.world, resource, ids, makeId);
  });
}

function loadFederatedCredentials(loading: Loading): void {
  const type = "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials";
  loading.seed.federatedCredentials.forEach(({ identity, name, issuer, subject, audiences }, i) => {
    const owner = identityIdOf(loading, identity, ["federatedCredentials", i, "identity"]);
    if (owner === undefined) return;
    const stored = loading.world.resources.get(owner);
    if (stored === undefined) {
      loading.complain(["federatedCredentials", i, "identity"], `there is no identity '${owner}'`);
      return;
    }
    const id = `${stored.id}/federatedIdentityCredentials/${name}`;
    placeResource(loading.world, { id, name, type, properties: { issuer, subject, audiences } }, makeId);
  });
}
