// Which management group lies in which, up to the tenant's root group.
import type { ManagementGroup, Subscription } from "../world.ts";
import type { GraphView, Subtree } from "./view.ts";

/** A management group as chains of ancestors name it. */
export interface Ancestor {
  readonly name: string;
  readonly displayName: string;
}

/** The tree of management groups; every subscription hangs somewhere in it. */
export interface ManagementTree {
  /** Names in lower case. */
  readonly names: readonly string[];
  readonly below: (managementGroup: string) => Subtree | undefined;
  readonly above: GraphView["above"];
  /** The groups themselves, the root included. */
  readonly groups: readonly ManagementGroup[];
  /** The groups above, nearest first, as they are spelled. */
  readonly chainOf: (of: Parameters<GraphView["above"]>[0]) => readonly Ancestor[];
}

/** The tree over the given groups; the root group, named like the tenant, exists even if nobody made it. */
export function createManagementTree(
  tenantId: string,
  made: readonly ManagementGroup[],
  subscriptions: readonly Subscription[],
): ManagementTree {
  const hasRoot = made.some((group) => isSame(group.name, tenantId));
  const root: ManagementGroup = { name: tenantId, displayName: "Tenant Root Group", subscriptions: [] };
  const groups = hasRoot ? made : [root, ...made];
  const byName = new Map(groups.map((group) => [group.name.toLowerCase(), group]));
  const parentOf = (group: ManagementGroup) =>
    isSame(group.name, tenantId) ? undefined : byName.get((group.parent ?? tenantId).toLowerCase());
  const homeOf = (subscriptionId: string) =>
    groups.find((g) => g.subscriptions.some((s) => isSame(s, subscriptionId))) ??
    byName.get(tenantId.toLowerCase());

  const withAncestors = (group: ManagementGroup | undefined): ManagementGroup[] =>
    group === undefined ? [] : [group, ...withAncestors(parentOf(group))];
  const chainOf: ManagementTree["chainOf"] = (of) => {
    if ("subscriptionId" in of) return withAncestors(homeOf(of.subscriptionId)).map(ancestorFrom);
    const group = byName.get(of.managementGroup.toLowerCase());
    return withAncestors(group).slice(1).map(ancestorFrom);
  };
  const below = (managementGroup: string) => {
    const top = byName.get(managementGroup.toLowerCase());
    if (top === undefined) return undefined;
    const inside = groups.filter((group) => withAncestors(group).includes(top));
    return {
      managementGroups: inside.map((group) => group.name.toLowerCase()),
      subscriptions: subscriptions
        .map((s) => s.subscriptionId.toLowerCase())
        .filter((id) => withAncestors(homeOf(id)).includes(top)),
    };
  };
  return {
    names: [...byName.keys()],
    below,
    above: (of) => chainOf(of).map(({ name }) => name.toLowerCase()),
    groups,
    chainOf,
  };
}

function ancestorFrom({ name, displayName }: ManagementGroup): Ancestor {
  return { name, displayName };
}

function isSame(left: string, right: string): boolean {
  return left.toLowerCase() === right.toLowerCase();
}
