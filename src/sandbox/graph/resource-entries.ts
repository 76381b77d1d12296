// The rows of the table `resources`: what stands in it and what does not.
import type { ArmResource, World } from "../world.ts";
import { entriesOnce, entryFrom, resourceGroupOf, subscriptionOf } from "./entry.ts";
import type { Entry } from "./view.ts";

/** Children that the table does not hold although they are resources in ARM. */
const absentTypes = new Set([
  "microsoft.managedidentity/userassignedidentities/federatedidentitycredentials",
  "microsoft.compute/virtualmachinescalesets/virtualmachines",
  "microsoft.authorization/locks",
]);

/** The resources at an instant; machines of flexible scale sets are among them, instances of uniform ones are not. */
export function resourceEntries(world: World, instant: number): Entry[] {
  return world.resources
    .values(instant)
    .filter(isListed)
    .map((resource) => knownEntryOf(resource, world.tenantId));
}

/** Children without a location (subnets, role assignments of databases) are properties of their parents. */
function isListed({ id, type, location }: ArmResource): boolean {
  // By the id: a SQL administrator has its parent's type.
  const isChild = (id.split("/providers/").at(-1) ?? "").split("/").length > 3;
  return !absentTypes.has(type.toLowerCase()) && (!isChild || location !== undefined);
}

const knownEntryOf = entriesOnce(entryOf);

function entryOf(resource: ArmResource, tenantId: string): Entry {
  const subscriptionId = subscriptionOf(resource.id);
  const row = {
    id: graphIdOf(resource),
    name: resource.name,
    type: resource.type.toLowerCase(),
    tenantId,
    kind: resource.kind,
    location: resource.location,
    resourceGroup: resourceGroupOf(resource.id),
    subscriptionId,
    managedBy: resource.managedBy,
    sku: resource.sku,
    plan: resource.plan,
    properties: resource.properties,
    tags: resource.tags,
    identity: resource.identity,
    zones: resource.zones,
    extendedLocation: resource.extendedLocation,
  };
  return entryFrom(row, { kind: "subscription", subscriptionId, isExact: false });
}

/**
 * Compute's resources have the name of their group in lower case where Compute's own lists have it in capitals
 * (recorded by cloud-custodian, Oct 2019); all others have it as it is.
 */
function graphIdOf({ id, type }: ArmResource): string {
  if (!type.toLowerCase().startsWith("microsoft.compute/")) return id;
  return id.replace(
    /^(\/subscriptions\/[^/]+\/resourceGroups\/)([^/]+)/i,
    (_, head: string, group: string) => head + group.toLowerCase(),
  );
}
