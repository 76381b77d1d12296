// The texts of all queries to Resource Graph: hardly more than where, project and order, so that pages are cheap and stable.
import { isGuid } from "../model/arm-id.ts";

/** A text as KQL string literal. */
export function kqlText(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}

function kqlList(texts: readonly string[]): string {
  return `(${texts.map(kqlText).join(", ")})`;
}

/** Every user-assigned identity. */
export const identitiesQuery = `resources
| where type =~ 'microsoft.managedidentity/userassignedidentities'
| project id, location, tags, principalId = properties.principalId, clientId = properties.clientId
| order by id asc`;

/** Every machine and scale set, and everything else that has an identity block. */
export const targetsQuery = `resources
| where isnotempty(identity) or type in~ ('microsoft.compute/virtualmachines', 'microsoft.compute/virtualmachinescalesets')
| project id, type, location, tags, identity, managedBy, scaleSetId = properties.virtualMachineScaleSet.id, orchestrationMode = properties.orchestrationMode, upgradeMode = properties.upgradePolicy.mode, provisioningState = properties.provisioningState
| order by id asc`;

/** The subscriptions that can be seen, and the groups in them that somebody manages. */
export const containersQuery = `resourcecontainers
| where type =~ 'microsoft.resources/subscriptions' or (type =~ 'microsoft.resources/subscriptions/resourcegroups' and isnotempty(managedBy))
| project id, type, managedBy
| order by id asc`;

/** The subscriptions below management groups. */
export const subscriptionsQuery = `resourcecontainers
| where type =~ 'microsoft.resources/subscriptions'
| project id, subscriptionId, tenantId, ancestors = properties.managementGroupAncestorsChain
| order by id asc`;

/** The role assignments of principals; and those with the owner's marker, if an owner is given. */
export function assignmentsQuery(principalIds: readonly string[], owner: string | undefined): string {
  const foreign = principalIds.find((id) => !isGuid(id));
  if (foreign !== undefined) throw new TypeError(`A principal id must be a GUID: ${foreign}`);
  const conditions = [
    ...(principalIds.length > 0 ? [`tostring(properties.principalId) in~ ${kqlList(principalIds)}`] : []),
    ...(owner === undefined
      ? []
      : [`tostring(properties.description) startswith ${kqlText(`bindery-owner=${owner} `)}`]),
  ];
  return `authorizationresources
| where type =~ 'microsoft.authorization/roleassignments'
| where ${conditions.join(" or ")}
| project id, scope = properties.scope, principalId = properties.principalId, roleDefinitionId = properties.roleDefinitionId, condition = properties.condition, description = properties.description
| order by id asc`;
}

/** How many role assignments each subscription has, those of everybody and everything in it. */
export const assignmentCountsQuery = `authorizationresources
| where type =~ 'microsoft.authorization/roleassignments'
| summarize assignments = count() by subscriptionId
| project id = strcat('/subscriptions/', subscriptionId), assignments
| order by id asc`;

/** Which of these ids exist, in one of the tables. */
export function idsQuery(table: "resources" | "resourcecontainers", ids: readonly string[]): string {
  return `${table}
| where id in~ ${kqlList(ids)}
| project id
| order by id asc`;
}

/** Every resource in whose properties an id stands, or one that begins with it; `contains` ignores case. */
export function referencesQuery(id: string): string {
  return `resources
| where tostring(properties) contains ${kqlText(id)}
| project id, properties
| order by id asc`;
}
