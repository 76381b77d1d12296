// Management groups: read, listed, and walked up and down.
import type { ManagementGroup, World } from "../world.ts";
import { managementGroupVersions } from "./api-versions.ts";
import { rightsOf } from "./authorization/rights.ts";
import { armErrors } from "./errors.ts";
import { pageOf, parameterOf } from "./paging.ts";
import type { ArmRequest, ArmResponse, ResourceType } from "./provider.ts";

const type = "Microsoft.Management/managementGroups";

/** The ARM id of a management group. */
export function managementGroupId(name: string): string {
  return `/providers/${type}/${name}`;
}

/** The tenant's root group, which is always there and has the tenant's id as its name. */
function rootGroup(world: World): ManagementGroup {
  const grouped = new Set(
    world.managementGroups.values().flatMap((g) => g.subscriptions.map((s) => s.toLowerCase())),
  );
  const rest = world.subscriptions.values().map((s) => s.subscriptionId);
  return {
    name: world.tenantId,
    displayName: "Tenant Root Group",
    subscriptions: rest.filter((s) => !grouped.has(s.toLowerCase())),
  };
}

function groupNamed(world: World, name: string): ManagementGroup | undefined {
  if (name.toLowerCase() === world.tenantId.toLowerCase()) return rootGroup(world);
  return world.managementGroups.get(name);
}

function isRoot(world: World, group: ManagementGroup): boolean {
  return group.name === world.tenantId;
}

/** The groups above a group, nearest first, the root last. */
export function ancestorsOf(world: World, group: ManagementGroup): ManagementGroup[] {
  const chain: ManagementGroup[] = [];
  let current = group;
  while (!isRoot(world, current) && chain.length < 16) {
    const parent = groupNamed(world, current.parent ?? world.tenantId) ?? rootGroup(world);
    chain.push(parent);
    current = parent;
  }
  return chain;
}

/** The groups directly below a group. */
function childGroups(world: World, group: ManagementGroup): ManagementGroup[] {
  return world.managementGroups
    .values()
    .filter((g) => (g.parent ?? world.tenantId).toLowerCase() === group.name.toLowerCase());
}

function childrenOf(world: World, group: ManagementGroup, recurse: boolean, depth = 0): unknown[] {
  const groups = childGroups(world, group).map((g) => ({
    ...reference(g),
    type,
    ...(recurse && depth < 6 && { children: childrenOf(world, g, recurse, depth + 1) }),
  }));
  const subscriptions = group.subscriptions.map((id) => ({
    id: `/subscriptions/${id}`,
    type: "/subscriptions",
    name: id,
    displayName: world.subscriptions.get(id)?.displayName ?? id,
  }));
  return [...groups, ...subscriptions];
}

function reference(group: ManagementGroup): { id: string; name: string; displayName: string } {
  return { id: managementGroupId(group.name), name: group.name, displayName: group.displayName };
}

function get(request: ArmRequest, world: World): ArmResponse {
  const name = request.path.names[0] ?? "";
  const group = groupNamed(world, name);
  if (group === undefined) throw armErrors.managementGroupNotFound(name);
  const chain = ancestorsOf(world, group);
  const expand = (parameterOf(request.url, "$expand") ?? "").toLowerCase().split(",");
  const recurse = parameterOf(request.url, "$recurse")?.toLowerCase() === "true";
  const [parent] = chain;
  const links = chain.toReversed().map((g) => ({ name: g.name, displayName: g.displayName }));
  return {
    status: 200,
    body: {
      id: managementGroupId(group.name),
      type,
      name: group.name,
      properties: {
        tenantId: world.tenantId,
        displayName: group.displayName,
        details: {
          version: 1,
          updatedTime: new Date(world.now()).toISOString(),
          ...(parent !== undefined && { parent: reference(parent) }),
          ...(expand.includes("path") && { path: links }),
          ...(expand.includes("ancestors") && { managementGroupAncestorsChain: links.toReversed() }),
        },
        ...(expand.includes("children") && { children: childrenOf(world, group, recurse) }),
      },
    },
  };
}

/** Every group that the caller may read, wherever it stands. */
function list(request: ArmRequest, world: World): ArmResponse {
  const rights = rightsOf(world, request.caller.objectId);
  return pageOf(
    request,
    world,
    () =>
      [rootGroup(world), ...world.managementGroups.values()]
        .filter((g) => rights.may(`${type}/read`, managementGroupId(g.name)))
        .map((g) => ({
          id: managementGroupId(g.name),
          type,
          name: g.name,
          properties: { tenantId: world.tenantId, displayName: g.displayName },
        })),
    0,
  );
}

function descendants(request: ArmRequest, world: World): ArmResponse {
  const name = request.path.names[0] ?? "";
  const group = groupNamed(world, name);
  if (group === undefined) throw armErrors.managementGroupNotFound(name);
  return pageOf(request, world, () => descendantsOf(world, group), 0);
}

function descendantsOf(world: World, group: ManagementGroup, depth = 0): unknown[] {
  const parent = { id: managementGroupId(group.name) };
  const subscriptions = group.subscriptions.map((id) => ({
    id: `/subscriptions/${id}`,
    type: `${type}/subscriptions`,
    name: id,
    properties: { displayName: world.subscriptions.get(id)?.displayName ?? id, parent },
  }));
  const groups = childGroups(world, group).flatMap((g) => [
    { id: managementGroupId(g.name), type, name: g.name, properties: { displayName: g.displayName, parent } },
    ...(depth < 16 ? descendantsOf(world, g, depth + 1) : []),
  ]);
  return [...groups, ...subscriptions];
}

/** Management groups; changing them is not in this version. */
export const managementGroups: ResourceType = {
  type,
  apiVersions: managementGroupVersions,
  get,
  collection: list,
};

/** All groups and subscriptions below a group. */
export const managementGroupDescendants: ResourceType = {
  type: `${type}/descendants`,
  apiVersions: managementGroupVersions,
  collection: descendants,
};
