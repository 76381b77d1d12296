// Decides whether the scope of an extension resource exists, and which refusal it gets when not.
import type { World } from "../../world.ts";
import { armErrors } from "../errors.ts";
import { parseArmPath } from "../path.ts";

/**
 * Refuses a scope that does not exist. Only what ARM itself tracks is checked: management group, subscription,
 * resource group and the top-level resource; whether a child exists only its provider knows.
 */
export function requireScope(world: World, scope: string): void {
  if (scope === "" || scope === "/") return;
  const { subscriptionId, resourceGroup, type, names } = parseArmPath(scope);
  if (type?.toLowerCase() === "microsoft.management/managementgroups") {
    requireManagementGroup(world, names[0] ?? "");
    return;
  }
  if (subscriptionId === undefined) throw armErrors.missingSubscription();
  if (!world.subscriptions.has(subscriptionId)) throw armErrors.subscriptionNotFound(subscriptionId);
  if (resourceGroup === undefined) return;
  const groupId = `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}`;
  if (!world.resourceGroups.has(groupId)) throw armErrors.resourceGroupNotFound(resourceGroup);
  requireTopLevelResource(world, scope, resourceGroup);
}

function requireManagementGroup(world: World, name: string): void {
  const isRoot = name.toLowerCase() === world.tenantId.toLowerCase();
  if (!isRoot && !world.managementGroups.has(name)) throw armErrors.managementGroupNotFound(name);
}

function requireTopLevelResource(world: World, scope: string, resourceGroup: string): void {
  const [id, namespace = "", type = "", name = ""] =
    /^\/subscriptions\/[^/]+\/resourcegroups\/[^/]+\/providers\/([^/]+)\/([^/]+)\/([^/]+)/i.exec(scope) ?? [];
  if (id === undefined) return;
  if (!world.resources.has(id)) {
    throw armErrors.resourceNotFound(`${namespace}/${type}`, name, resourceGroup);
  }
}
