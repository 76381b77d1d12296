// How the locks, deny assignments, policies and scheduled role assignments of a seed come into the world.
import type { World } from "../world.ts";
import type { SeededCaller } from "./callers.ts";
import { placeDenyAssignment, placeLock, placePolicy, placeRoleSchedule } from "./governance.ts";
import type { Loading } from "./loading.ts";
import { principalIdOf } from "./roles.ts";

/** Puts them into the world; everything that they name must be there already. */
export function loadGovernance(loading: Loading, callers: readonly SeededCaller[]): void {
  const { world, seed, complain } = loading;
  seed.locks.forEach((lock, i) => {
    if (!isThere(world, lock.scope)) complain(["locks", i, "scope"], `there is no '${lock.scope}'`);
    placeLock(world, lock);
  });
  seed.denyAssignments.forEach((denial, i) => {
    const idsOf = (key: "principals" | "excludePrincipals") =>
      denial[key]
        .map((text, k) => principalIdOf(loading, text, callers, ["denyAssignments", i, key, k]))
        .filter((id) => id !== undefined);
    const [principals, excludePrincipals] = [idsOf("principals"), idsOf("excludePrincipals")];
    placeDenyAssignment(world, { ...denial, principals, excludePrincipals });
  });
  for (const policy of seed.policies) placePolicy(world, policy);
  seed.roleSchedules.forEach((schedule, i) => {
    if (placeRoleSchedule(world, schedule) !== undefined) return;
    complain(["roleSchedules", i, "roleAssignment"], "there is no such role assignment");
  });
}

function isThere(world: World, scope: string): boolean {
  const [, , subscriptionId = ""] = scope.split("/");
  if (/^\/subscriptions\/[^/]+$/i.test(scope)) return world.subscriptions.has(subscriptionId);
  return world.resourceGroups.has(scope) || world.resources.has(scope);
}
