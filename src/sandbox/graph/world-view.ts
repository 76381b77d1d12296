// What of the world stands in Resource Graph's tables, and how it is spelled there.
import type { ManagementGroup, World } from "../world.ts";
import { authorizationEntries } from "./authorization-entries.ts";
import { containerEntries } from "./container-entries.ts";
import { createManagementTree } from "./management-tree.ts";
import { resourceEntries } from "./resource-entries.ts";
import type { Entry, GraphView, TableName } from "./view.ts";

/** The world as Resource Graph knows it at an instant, in milliseconds since the epoch. */
export function viewOf(world: World, instant: number): GraphView {
  const subscriptions = world.subscriptions.values(instant);
  const groups: readonly ManagementGroup[] = world.managementGroups.values(instant);
  const tree = createManagementTree(world.tenantId, groups, subscriptions);
  const made = new Map<TableName, readonly Entry[]>();
  const make: Readonly<Record<TableName, () => readonly Entry[]>> = {
    resources: () => resourceEntries(world, instant),
    resourcecontainers: () => containerEntries(world, instant, tree),
    authorizationresources: () => authorizationEntries(world, instant),
  };
  return {
    entries: (table) => {
      const entries = made.get(table) ?? make[table]();
      made.set(table, entries);
      return entries;
    },
    subscriptions: subscriptions.map((s) => s.subscriptionId.toLowerCase()),
    managementGroups: tree.names,
    below: tree.below,
    above: tree.above,
  };
}
