// Which scopes lie at or below which: the tree of tenant, management groups, subscriptions, groups and resources.
import type { World } from "../../world.ts";

const managementGroupPrefix = "/providers/microsoft.management/managementgroups/";

/** Answers whether a scope lies at or below the scope that the check was made for. */
export type Coverage = (scope: string) => boolean;

/**
 * The check for what lies at or below `upper`: "/" covers everything, a management group its descendants and
 * their subscriptions, everything else the ids that continue it. Made once, it answers for many scopes cheaply.
 */
export function coverageOf(world: World, upper: string): Coverage {
  const top = canonicalScope(upper);
  if (top === "/") return () => true;
  if (top.startsWith(managementGroupPrefix)) return managementGroupCoverage(world, top);
  return (scope) => {
    const id = canonicalScope(scope);
    return id === top || id.startsWith(`${top}/`);
  };
}

/** A scope for comparison: lower-case, one leading slash, no trailing one; the tenant is "/". */
export function canonicalScope(scope: string): string {
  if (cleanScope.test(scope)) return scope.toLowerCase();
  return `/${scope.toLowerCase().split("/").filter(Boolean).join("/")}`;
}

const cleanScope = /^(\/[^/]+)+$/;

/** True if the scope is a management group itself. */
export function isManagementGroupScope(scope: string): boolean {
  return canonicalScope(scope).startsWith(managementGroupPrefix);
}

/** The subscription id that a scope lies in, in lower case, or undefined above subscriptions. */
export function subscriptionIdOf(scope: string): string | undefined {
  const [, head, id] = canonicalScope(scope).split("/", 3);
  return head === "subscriptions" ? id : undefined;
}

function managementGroupCoverage(world: World, top: string): Coverage {
  const name = top.slice(managementGroupPrefix.length);
  const isRoot = name === world.tenantId.toLowerCase();
  const groups = isRoot ? undefined : descendantsOf(world, name);
  const subscriptions = new Set(
    world.managementGroups
      .values()
      .filter((g) => groups?.has(g.name.toLowerCase()))
      .flatMap((g) => g.subscriptions.map((s) => s.toLowerCase())),
  );
  return (scope) => {
    const id = canonicalScope(scope);
    if (id.startsWith(managementGroupPrefix)) {
      return isRoot || groups?.has(id.slice(managementGroupPrefix.length).split("/")[0] ?? "") === true;
    }
    const subscriptionId = subscriptionIdOf(id);
    return subscriptionId !== undefined && (isRoot || subscriptions.has(subscriptionId));
  };
}

/** The group itself and all groups below it; a cycle in the seed ends the walk instead of hanging it. */
function descendantsOf(world: World, name: string): Set<string> {
  const found = new Set([name]);
  for (const current of found) {
    for (const group of world.managementGroups.values()) {
      if (group.parent?.toLowerCase() === current) found.add(group.name.toLowerCase());
    }
  }
  return found;
}
