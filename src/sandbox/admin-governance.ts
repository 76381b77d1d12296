// How the admin endpoint changes what restricts callers: deny assignments, policies, schedules; and how it moves resources.
import { z } from "zod";
import { AdminRefusal, parsed } from "./admin-refusal.ts";
import { moveResource } from "./move.ts";
import {
  placeDenyAssignment,
  placeLock,
  placePolicy,
  placeRoleSchedule,
  SeedDenyAssignment,
  SeedLock,
  SeedPolicy,
  SeedRoleSchedule,
} from "./seed/governance.ts";
import type { Store } from "./store.ts";
import type { World } from "./world.ts";

interface Call {
  readonly url: URL;
  readonly body: unknown;
  readonly ports: { readonly world: World };
}

/** Bodies are those of the seed, with object ids for principals. Locks are taken off with `DELETE resources?id=`. */
export const adminGovernance = {
  "POST locks": ({ body, ports: { world } }: Call) => placeLock(world, parsed(SeedLock, body)),
  "GET deny-assignments": ({ ports: { world } }: Call) => world.denyAssignments.values(),
  "POST deny-assignments": ({ body, ports: { world } }: Call) =>
    placeDenyAssignment(world, parsed(SeedDenyAssignment, body)),
  "DELETE deny-assignments": ({ url, ports: { world } }: Call) => remove(world.denyAssignments, url),
  "GET policies": ({ ports: { world } }: Call) => world.policies.values(),
  "POST policies": ({ body, ports: { world } }: Call) => placePolicy(world, parsed(SeedPolicy, body)),
  "DELETE policies": ({ url, ports: { world } }: Call) => remove(world.policies, url),
  "GET role-schedules": ({ ports: { world } }: Call) => world.roleSchedules.values(),
  "POST role-schedules": (call: Call) => postSchedule(call),
  "DELETE role-schedules": ({ url, ports: { world } }: Call) => remove(world.roleSchedules, url),
  "POST move": ({ body, ports: { world } }: Call) => {
    const { id, resourceGroup } = parsed(Move, body);
    return moveResource(world, id, resourceGroup);
  },
} as const;

/** The ids of a resource and of the group that it goes to. */
const Move = z.strictObject({
  id: z.string().startsWith("/subscriptions/"),
  resourceGroup: z.string().startsWith("/subscriptions/"),
});

function postSchedule({ body, ports: { world } }: Call): unknown {
  const schedule = placeRoleSchedule(world, parsed(SeedRoleSchedule, body));
  if (schedule === undefined) throw new AdminRefusal(404, "There is no such role assignment.");
  return schedule;
}

function remove<T>(store: Store<T>, url: URL): void {
  const id = url.searchParams.get("id") ?? "";
  if (!store.delete(id)) throw new AdminRefusal(404, `There is no '${id}'.`);
}
