// Which deny assignments there are, Azure's own on managed resource groups among them, and which of them hits a call.
import { type DenyAssignment, everyone } from "../../governance.ts";
import { guidFrom } from "../../seed/guid-from.ts";
import type { ArmResource, World } from "../../world.ts";
import { matchesAction } from "../authorization/action-pattern.ts";
import { canonicalScope, coverageOf } from "../authorization/coverage.ts";
import { isRecord } from "../body.ts";

/** All deny assignments: those that were put into the world and those that managed resource groups imply. */
export function denyAssignmentsOf(world: World): DenyAssignment[] {
  const managed = world.resourceGroups.values().map((group) => managedDenial(world, group));
  return [...world.denyAssignments.values(), ...managed.filter((d) => d !== undefined)];
}

/** The deny assignment that keeps a principal from an action at a scope, or undefined. Made once, asked often. */
export function denialsFor(
  world: World,
  principalId: string,
): (action: string, scope: string) => DenyAssignment | undefined {
  const denials = denyAssignmentsOf(world)
    .filter((d) => concerns(d, principalId.toLowerCase()))
    .map((denial) => ({ denial, covers: coverageFor(world, denial) }));
  return (action, scope) =>
    denials.find(({ denial, covers }) => forbids(denial, action) && covers(scope))?.denial;
}

function concerns({ principals, excludePrincipals }: DenyAssignment, principalId: string): boolean {
  const isNamed = (ids: readonly string[]) => ids.some((id) => id.toLowerCase() === principalId);
  return (principals.includes(everyone) || isNamed(principals)) && !isNamed(excludePrincipals);
}

function forbids({ actions, notActions }: DenyAssignment, action: string): boolean {
  return actions.some((p) => matchesAction(p, action)) && !notActions.some((p) => matchesAction(p, action));
}

function coverageFor(
  world: World,
  { scope, doNotApplyToChildScopes }: DenyAssignment,
): (scope: string) => boolean {
  if (!doNotApplyToChildScopes) return coverageOf(world, scope);
  return (other) => canonicalScope(other) === canonicalScope(scope);
}

/**
 * What Azure puts on a group that a service manages: AKS only where the cluster's node resource group is locked down
 * ("Deploy and manage node resource group lockdown"), managed applications always ("Managed applications and locks").
 */
function managedDenial(world: World, group: ArmResource): DenyAssignment | undefined {
  const { managedBy } = group;
  if (managedBy === undefined) return undefined;
  if (/\/providers\/microsoft\.containerservice\/managedclusters\/[^/]+$/i.test(managedBy)) {
    const cluster = world.resources.get(managedBy);
    return cluster !== undefined && isLockedDown(cluster) ? clusterDenial(group, cluster) : undefined;
  }
  if (!/\/providers\/microsoft\.solutions\/applications\/[^/]+$/i.test(managedBy)) return undefined;
  return systemDenial(group, `System deny assignment created by managed application ${managedBy}`, []);
}

function isLockedDown({ properties }: ArmResource): boolean {
  const profile = properties?.nodeResourceGroupProfile;
  return isRecord(profile) && String(profile.restrictionLevel).toLowerCase() === "readonly";
}

/** The name is quoted in a public walk-through of the lockdown; the cluster itself is excluded. */
function clusterDenial(group: ArmResource, cluster: ArmResource): DenyAssignment {
  const guids = `${guidFrom(`${cluster.id}/lockdown`)}/${guidFrom(`${group.id}/lockdown`)}`;
  const name = `kubernetes.azure.com/${guids}: node resource group deny assignment created by Azure Kubernetes Services for nrg-lockdown, see: https://aka.ms/aks/nrg_lockdown`;
  const own = cluster.identity?.principalId;
  return systemDenial(group, name, own === undefined ? [] : [own]);
}

function systemDenial(
  { id: scope }: ArmResource,
  displayName: string,
  excludePrincipals: readonly string[],
): DenyAssignment {
  const name = guidFrom(`${scope}/deny`);
  return {
    id: `${scope}/providers/Microsoft.Authorization/denyAssignments/${name}`,
    name,
    displayName,
    description: "",
    scope,
    actions: ["*"],
    notActions: ["*/read"],
    doNotApplyToChildScopes: false,
    principals: [everyone],
    excludePrincipals,
    isSystemProtected: true,
  };
}
