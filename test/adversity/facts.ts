// What Bindery must never change, as a set of sentences about the world; only somebody else may make them untrue.
import type { ArmResource, RoleAssignment, World } from "../../src/sandbox/world.ts";
import { groupScope, identityNames } from "./case.ts";
import { identityId, scopeId } from "./ids.ts";

const ours = new Set(identityNames.map((name) => identityId(name).toLowerCase()));
const above = scopeId(groupScope);
const identityType = "microsoft.managedidentity/userassignedidentities";

/** Keeps account of what others own while they, and Bindery, are at work. */
export interface Facts {
  /** Runs a deed of somebody else: what it makes true or untrue is right from then on. */
  whileOthersAct(deed: () => void): void;
  /** Notes the principals that identities of documents have at this moment. */
  learn(): void;
  /** What is no longer as others left it. */
  violated(): readonly string[];
}

/** Begins to keep account. */
export function factsOf(world: World): Facts {
  const principals = new Set<string>();
  let right = current(world, principals);
  return {
    whileOthersAct(deed) {
      learn(world, principals);
      const seen = lookedAt(world, principals);
      deed();
      learn(world, principals);
      // Nearly always nobody has done anything.
      if (isSame(seen, lookedAt(world, principals))) return;
      const before = factsIn(seen);
      const after = factsIn(lookedAt(world, principals));
      right = right.difference(before.difference(after)).union(after.difference(before));
    },
    learn: () => learn(world, principals),
    violated() {
      const now = current(world, principals);
      return [
        ...[...right.difference(now)].map((fact) => `gone: ${fact}`),
        ...[...now.difference(right)].map((fact) => `came: ${fact}`),
      ];
    },
  };
}

function learn(world: World, ownPrincipals: Set<string>): void {
  for (const { objectId, resourceId } of world.principals.values()) {
    if (resourceId !== undefined && ours.has(resourceId.toLowerCase())) ownPrincipals.add(objectId);
  }
}

function current(world: World, ownPrincipals: Set<string>): Set<string> {
  learn(world, ownPrincipals);
  return factsIn(lookedAt(world, ownPrincipals));
}

/** All that facts are about; what a world holds is never changed in place, so the same things have the same facts. */
interface LookedAt {
  readonly resources: readonly ArmResource[];
  readonly assignments: readonly RoleAssignment[];
}

function lookedAt(world: World, ownPrincipals: ReadonlySet<string>): LookedAt {
  const isOfOthers = ({ principalId, scope }: RoleAssignment): boolean =>
    !ownPrincipals.has(principalId) || scope === above;
  return {
    resources: world.resources.values(),
    assignments: world.roleAssignments.values().filter(isOfOthers),
  };
}

function isSame(a: LookedAt, b: LookedAt): boolean {
  const [left, right] = [a, b].map(({ resources, assignments }) => [...resources, ...assignments]);
  return left?.length === right?.length && left?.every((one, at) => one === right?.[at]) === true;
}

function factsIn({ resources, assignments }: LookedAt): Set<string> {
  return new Set([
    ...resources.flatMap((resource) => factsAbout(resource)),
    ...assignments.map((a) => `assignment ${a.id} ${a.principalId} ${a.description} ${a.condition}`),
  ]);
}

/** Machines, scale sets, other identities: that they exist, their tags, and all identities that are not in documents. */
function factsAbout(resource: ArmResource): readonly string[] {
  const { id, type, tags, identity, properties } = resource;
  const key = id.toLowerCase();
  // What instances are attached to follows their scale set by Azure's own doing.
  if (isInstance(resource)) return [`${key} exists, tagged ${JSON.stringify(tags ?? {})}`];
  if (ours.has(key) || [...ours].some((one) => key.startsWith(`${one}/`))) return [];
  const attached = Object.keys(identity?.userAssignedIdentities ?? {}).map((one) => one.toLowerCase());
  const principal = type.toLowerCase() === identityType ? ` ${properties?.principalId}` : "";
  return [
    `${key} exists${principal}, tagged ${JSON.stringify(tags ?? {})}`,
    ...(/SystemAssigned/.test(identity?.type ?? "")
      ? [`${key} has a system identity ${identity?.principalId}`]
      : []),
    ...attached.filter((one) => !ours.has(one)).map((one) => `${key} has ${one}`),
  ];
}

/** True for an instance of a scale set, uniform or flexible. */
export function isInstance({ id, properties }: ArmResource): boolean {
  return /\/virtualmachinescalesets\/[^/]+\//i.test(id) || properties?.virtualMachineScaleSet !== undefined;
}

/** True for the machine that belongs to somebody's managed service, wherever it has been moved. */
export function isManaged(id: string): boolean {
  return /\/virtualMachines\/vm-managed$/i.test(id);
}
