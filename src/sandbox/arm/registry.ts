// The table of everything that ARM answers: its own routes, the resource types, and the types that are only kept.
import type { World } from "../world.ts";
import { activityLog } from "./activity/activity-log.ts";
import { permissions } from "./authorization/permissions.ts";
import { roleAssignments } from "./authorization/role-assignments.ts";
import { roleDefinitions } from "./authorization/role-definitions.ts";
import { roleAssignmentScheduleInstances } from "./authorization/role-schedules.ts";
import { computeOperations } from "./compute/operations.ts";
import { scaleSetInstances, scaleSets } from "./compute/scale-sets.ts";
import { virtualMachines } from "./compute/virtual-machines.ts";
import { genericHandlers, genericResourceRoutes } from "./generic-resources.ts";
import { genericTypeNamed, genericTypes } from "./generic-types.ts";
import { denyAssignments } from "./governance/deny-assignments.ts";
import { locks } from "./governance/locks.ts";
import { federatedCredentials } from "./identity/federated-credentials.ts";
import { userAssignedIdentities } from "./identity/identities.ts";
import { systemIdentities } from "./identity/system-identities.ts";
import { managementGroupDescendants, managementGroups } from "./management-groups.ts";
import { namespaceOf, providerRoutes, type TypeRow } from "./namespaces.ts";
import type { OwnRoute } from "./own-route.ts";
import type { ResourceType } from "./provider.ts";
import { resourceGroupRoutes } from "./resource-groups.ts";
import { sqlResources } from "./sql/sql-resources.ts";
import { subscriptionRoutes } from "./subscriptions.ts";
import { tags } from "./tags.ts";

/** A resource type with how it is treated at the front door. */
export interface TypeEntry {
  readonly type: ResourceType;
  /** True if any well-formed api-version is taken: types that only the seed knows. */
  readonly anyVersion?: boolean;
  /** "provider": lists check rights themselves; otherwise the front door filters what a list returns. */
  readonly listRights?: "provider";
  /** "provider": reads of one check rights themselves. */
  readonly getRights?: "provider";
  /** True for types that also exist outside of subscriptions. */
  readonly inTenant?: boolean;
}

/** The resource types with a provider of their own. A new one is one row. */
const entries: readonly TypeEntry[] = [
  { type: tags, inTenant: false },
  { type: managementGroups, listRights: "provider", inTenant: true },
  { type: managementGroupDescendants, inTenant: true },
  { type: roleDefinitions, listRights: "provider", inTenant: true },
  { type: roleAssignments, listRights: "provider", inTenant: true },
  { type: permissions, listRights: "provider", inTenant: true },
  { type: denyAssignments, listRights: "provider", inTenant: true },
  { type: roleAssignmentScheduleInstances, listRights: "provider", inTenant: true },
  { type: userAssignedIdentities },
  { type: federatedCredentials },
  { type: systemIdentities },
  { type: virtualMachines },
  { type: scaleSets },
  { type: scaleSetInstances },
  { type: computeOperations, getRights: "provider" },
  { type: locks, listRights: "provider", inTenant: true },
  { type: activityLog, listRights: "provider" },
  ...sqlResources.map((type) => ({ type })),
];

/** Everything that ARM answers, looked up by path. */
export interface Registry {
  readonly routes: readonly OwnRoute[];
  /** The entry of a type in any case, or undefined. */
  entryOf(type: string, world: World): TypeEntry | undefined;
  /** True if anything is known of the namespace. */
  hasNamespace(namespace: string, world: World): boolean;
}

/** The registry; `more` are types that need what only a running sandbox has, for example Resource Graph. */
export function createRegistry(more: readonly TypeEntry[] = []): Registry {
  const byType = new Map([...entries, ...more].map((e) => [e.type.type.toLowerCase(), e]));
  const typesOf = (world: World): readonly TypeRow[] => [
    ...[...byType.values()].map((e) => e.type),
    ...genericTypes.filter((t) => !byType.has(t.type.toLowerCase())),
    ...seededTypes(world).filter(
      (t) => !byType.has(t.type.toLowerCase()) && genericTypeNamed(t.type) === undefined,
    ),
  ];
  return {
    routes: [
      ...subscriptionRoutes,
      ...providerRoutes(typesOf),
      ...resourceGroupRoutes,
      ...genericResourceRoutes,
    ],
    entryOf: (type, world) => byType.get(type.toLowerCase()) ?? genericEntry(type, world),
    hasNamespace: (namespace, world) =>
      typesOf(world).some((t) => namespaceOf(t.type).toLowerCase() === namespace.toLowerCase()),
  };
}

function genericEntry(type: string, world: World): TypeEntry | undefined {
  const known =
    genericTypeNamed(type) ?? seededTypes(world).find((t) => t.type.toLowerCase() === type.toLowerCase());
  if (known === undefined) return undefined;
  const { apiVersions } = known;
  return {
    type: { ...genericHandlers, type: known.type, apiVersions: apiVersions === "any" ? [] : apiVersions },
    anyVersion: apiVersions === "any" || apiVersions.length === 0,
  };
}

/** Types that exist only because the seed (or the admin endpoint) put a resource of them into the world. */
function seededTypes(world: World): readonly TypeRow[] {
  const types = new Map(world.resources.values().map((r) => [r.type.toLowerCase(), r.type]));
  return [...types.values()].map((type) => ({ type, apiVersions: [] }));
}
