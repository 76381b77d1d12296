// The rows of the table `resourcecontainers`: subscriptions, resource groups and management groups.
import type { ArmResource, ManagementGroup, Subscription, World } from "../world.ts";
import { entryFrom, resourceGroupOf, subscriptionOf } from "./entry.ts";
import type { ManagementTree } from "./management-tree.ts";
import type { Entry } from "./view.ts";

/** The containers at an instant. */
export function containerEntries(world: World, instant: number, tree: ManagementTree): Entry[] {
  const { tenantId } = world;
  return [
    ...tree.groups.map((group) => managementGroupEntry(group, tenantId, tree)),
    ...world.subscriptions.values(instant).map((s) => subscriptionEntry(s, tree)),
    ...world.resourceGroups.values(instant).map((group) => resourceGroupEntry(group, tenantId)),
  ];
}

function managementGroupEntry(group: ManagementGroup, tenantId: string, tree: ManagementTree): Entry {
  const chain = tree.chainOf({ managementGroup: group.name });
  const row = {
    id: `/providers/Microsoft.Management/managementGroups/${group.name}`,
    name: group.name,
    type: "microsoft.management/managementgroups",
    tenantId,
    properties: {
      tenantId,
      displayName: group.displayName,
      details: { managementGroupAncestorsChain: chain, managementGroupAncestors: chain.map((a) => a.name) },
    },
  };
  return entryFrom(row, { kind: "managementGroup", name: group.name.toLowerCase() });
}

function subscriptionEntry(subscription: Subscription, tree: ManagementTree): Entry {
  const { subscriptionId, displayName, tenantId, state, tags } = subscription;
  const row = {
    id: `/subscriptions/${subscriptionId}`,
    name: displayName,
    type: "microsoft.resources/subscriptions",
    tenantId,
    subscriptionId,
    tags,
    properties: { state, managementGroupAncestorsChain: tree.chainOf({ subscriptionId }) },
  };
  return entryFrom(row, {
    kind: "subscription",
    subscriptionId: subscriptionId.toLowerCase(),
    isExact: true,
  });
}

function resourceGroupEntry(group: ArmResource, tenantId: string): Entry {
  const subscriptionId = subscriptionOf(group.id);
  const row = {
    id: group.id,
    name: group.name,
    type: "microsoft.resources/subscriptions/resourcegroups",
    tenantId,
    location: group.location,
    resourceGroup: resourceGroupOf(group.id),
    subscriptionId,
    managedBy: group.managedBy,
    tags: group.tags,
    properties: group.properties,
  };
  return entryFrom(row, { kind: "subscription", subscriptionId, isExact: false });
}
