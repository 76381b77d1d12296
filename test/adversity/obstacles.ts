// What stands in the way of writes in adverse cases: locks, deny assignments, policies; and whether it explains a failure.
import type { Outcome } from "../../src/apply/outcome.ts";
import { locksOf, scopeOfLock } from "../../src/sandbox/arm/governance/lock-rules.ts";
import type { World } from "../../src/sandbox/world.ts";
import { type Obstacle, subscriptionId } from "./case.ts";

/** The ARM id of a resource group. */
export function group(name: string): string {
  return `/subscriptions/${subscriptionId}/resourceGroups/${name}`;
}

const machineType = "Microsoft.Compute/virtualMachines";
const identityType = "Microsoft.ManagedIdentity/userAssignedIdentities";

function placeOf(name: string): string {
  if (name.startsWith("rg")) return group(name);
  if (name.startsWith("id-")) return `${group("rg-identities")}/providers/${identityType}/${name}`;
  if (name === "kv") return `${group("rg")}/providers/Microsoft.KeyVault/vaults/kv`;
  const type = name === "vmss" ? "Microsoft.Compute/virtualMachineScaleSets" : machineType;
  return `${group("rg")}/providers/${type}/${name}`;
}

const denials = {
  machines: { scope: group("rg"), actions: [`${machineType}/write`] },
  machine: { scope: placeOf("vm-1"), actions: ["*"], notActions: ["*/read"] },
  roles: { scope: placeOf("kv"), actions: ["Microsoft.Authorization/*"], notActions: ["*/read"] },
  identities: {
    scope: group("rg-identities"),
    actions: [`${identityType}/write`, `${identityType}/delete`, "Microsoft.Resources/tags/write"],
  },
  assign: { scope: group("rg-identities"), actions: [`${identityType}/*/assign/action`] },
};

const identities = { types: [identityType] };
const policies = {
  requiresTeam: { effect: "Deny", when: { ...identities, tag: { name: "team", exists: false } } },
  noMachines: { effect: "Deny", when: { types: [machineType], tag: { name: "app", equals: "a" } } },
  changesTeam: {
    effect: "Modify",
    when: identities,
    tags: [{ operation: "addOrReplace", name: "team", value: "policy" }],
  },
  removesOwner: {
    effect: "Modify",
    when: identities,
    tags: [{ operation: "remove", name: "bindery-owner" }],
  },
};

/** The obstacles as keys of a seed; a lock needs what it locks. */
export function obstaclesIn(obstacles: readonly Obstacle[], isThere: (name: string) => boolean): object {
  const distinct = [...new Map(obstacles.map((one) => [keyOf(one), one])).values()];
  return {
    locks: distinct.flatMap((one) =>
      one.kind === "lock" && isThere(one.at) ? [{ scope: placeOf(one.at), level: one.level }] : [],
    ),
    denyAssignments: distinct.flatMap((one) =>
      one.kind === "denial" ? [{ name: one.what, ...denials[one.what] }] : [],
    ),
    policies: distinct.flatMap((one) =>
      one.kind === "policy"
        ? [{ name: one.what, scope: `/subscriptions/${subscriptionId}`, ...policies[one.what] }]
        : [],
    ),
  };
}

function keyOf(one: Obstacle): string {
  return one.kind === "lock" ? `lock ${one.at}` : `${one.kind} ${one.what}`;
}

/** Where something stands in the way, by the code that a write gets there. */
function standing(world: World): Readonly<Record<string, readonly string[]>> {
  const policed = world.policies.values().map((p) => p.scope);
  const denied = world.denyAssignments.values().map((d) => d.scope);
  return {
    ScopeLocked: locksOf(world).map(scopeOfLock),
    DenyAssignmentAuthorizationFailed: denied,
    LinkedAuthorizationFailed: denied,
    RequestDisallowedByPolicy: policed,
    OverriddenByPolicy: policed,
    FailedIdentityOperation: poisoned(world).map(({ id }) => id),
  };
}

/** Machines that Azure lets nobody change because of a deleted identity that is still attached (by a switch). */
function poisoned(world: World) {
  if (world.switches.danglingIdentity !== "poisons") return [];
  return world.resources
    .values()
    .filter(({ identity }) =>
      Object.keys(identity?.userAssignedIdentities ?? {}).some((id) => !world.resources.has(id)),
    );
}

/** True if anything stands in the way. */
export function isObstructed(world: World): boolean {
  return Object.values(standing(world)).some((scopes) => scopes.length > 0);
}

/** The outcomes that nothing in the way explains. */
export function unexplained(world: World, outcomes: readonly Outcome[]): readonly string[] {
  const scopes = standing(world);
  const failed = outcomes.filter((o) => o.state === "failed");
  const odd = failed.filter(({ change, code = "" }) => {
    const { subject, identityId } = change;
    const ids = [
      identityId,
      ...("targetId" in subject ? [subject.targetId] : []),
      ...("scope" in subject ? [subject.scope] : []),
    ];
    return !scopes[code]?.some((scope) => ids.some((id) => isNear(id, scope)));
  });
  const idle = failed.length === 0 ? outcomes.filter((o) => o.state === "skipped") : [];
  return [...odd, ...idle].map(
    ({ change, state, code, message }) => `${state} without cause: ${change.id} ${code}: ${message}`,
  );
}

/** A deletion is also refused for what lies below. */
function isNear(id: string, scope: string): boolean {
  const [one, other] = [`${id}/`.toLowerCase(), `${scope}/`.toLowerCase()];
  return one.startsWith(other) || other.startsWith(one);
}

/** An operator takes away what stands in the way; identities that are no more are detached where they poison. */
export function lift(world: World): void {
  for (const lock of locksOf(world)) world.resources.delete(lock.id);
  for (const { id } of world.denyAssignments.values()) world.denyAssignments.delete(id);
  for (const { id } of world.policies.values()) world.policies.delete(id);
  for (const resource of poisoned(world)) {
    const { userAssignedIdentities = {}, ...rest } = resource.identity ?? { type: "None" };
    const alive = Object.entries(userAssignedIdentities).filter(([id]) => world.resources.has(id));
    const left = alive.length > 0 ? { userAssignedIdentities: Object.fromEntries(alive) } : {};
    const kinds = rest.type.split(", ").filter((kind) => kind !== "UserAssigned" || alive.length > 0);
    const { identity: _, ...bare } = resource;
    const identity = kinds.length > 0 ? { identity: { ...rest, type: kinds.join(", "), ...left } } : {};
    world.resources.set(resource.id, { ...bare, ...identity });
  }
}
