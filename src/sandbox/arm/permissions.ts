// Answers for what else authorization knows of a scope: the caller's permissions, deny assignments, PIM and locks.
import type { ArmResource, World } from "../world.ts";
import { canonicalScope, coverageOf } from "./coverage.ts";
import { armErrors } from "./errors.ts";
import { pageOf, parameterOf } from "./paging.ts";
import type { ArmRequest, ArmResponse, ResourceType } from "./provider.ts";
import { effectivePermissions, rightsOf } from "./rights.ts";
import { requireScope } from "./scope-existence.ts";

const lockType = "Microsoft.Authorization/locks";

/** What the caller may do at a scope: a list only. Everybody may ask it about themselves. */
export const permissions: ResourceType = {
  type: "Microsoft.Authorization/permissions",
  apiVersions: ["2015-07-01", "2018-07-01", "2022-04-01"],
  collection(request, world) {
    requireScope(world, request.path.scope);
    const scope = request.path.scope === "" ? "/" : request.path.scope;
    return pageOf(request, world, () => effectivePermissions(world, request.caller.objectId, scope), 0);
  },
};

/** Deny assignments: nothing here makes any, so the list is empty. */
export const denyAssignments: ResourceType = {
  type: "Microsoft.Authorization/denyAssignments",
  apiVersions: ["2018-07-01-preview", "2022-04-01"],
  collection: emptyList("Microsoft.Authorization/denyAssignments/read"),
};

/** Time-bound assignments that PIM made: there is no PIM here, so the list is empty. */
export const roleAssignmentScheduleInstances: ResourceType = {
  type: "Microsoft.Authorization/roleAssignmentScheduleInstances",
  apiVersions: ["2020-10-01-preview", "2020-10-01"],
  collection: emptyList("Microsoft.Authorization/roleAssignmentScheduleInstances/read"),
};

/** Locks, read only: they are put into the world from outside of ARM. */
export const locks: ResourceType = {
  type: lockType,
  apiVersions: ["2015-01-01", "2016-09-01", "2017-04-01", "2020-05-01"],
  get: getLock,
  collection: listLocks,
};

function emptyList(action: string): (request: ArmRequest, world: World) => ArmResponse {
  return (request, world) => {
    requireListing(request, world, action);
    return { status: 200, body: { value: [] } };
  };
}

function getLock({ path }: ArmRequest, world: World): ArmResponse {
  requireScope(world, path.scope);
  const lock = world.resources.get(path.path);
  if (lock === undefined) throw armErrors.lockNotFound(path.names[0] ?? "");
  return { status: 200, body: lock };
}

/** The locks at and below a scope; with `atScope()` only those of the scope itself and above, which bind it too. */
function listLocks(request: ArmRequest, world: World): ArmResponse {
  requireListing(request, world, `${lockType}/read`);
  const filter = parameterOf(request.url, "$filter")?.trim();
  if (filter !== undefined && !/^atScope\(\)$/i.test(filter)) throw armErrors.unsupportedFilter(filter);
  const { scope } = request.path;
  const isShown =
    filter === undefined
      ? coverageOf(world, scope)
      : (lockScope: string) => coverageOf(world, lockScope)(scope);
  const itemsAt = (asOf: number) => locksAt(world, asOf).filter((l) => isShown(scopeOfLock(l)));
  return pageOf(request, world, itemsAt);
}

function locksAt(world: World, asOf: number): ArmResource[] {
  return world.resources.values(asOf).filter((r) => r.type.toLowerCase() === lockType.toLowerCase());
}

function scopeOfLock({ id }: ArmResource): string {
  return canonicalScope(id.slice(0, id.toLowerCase().lastIndexOf("/providers/")));
}

function requireListing(request: ArmRequest, world: World, action: string): void {
  const { scope } = request.path;
  requireScope(world, scope);
  if (rightsOf(world, request.caller.objectId).may(action, scope === "" ? "/" : scope)) return;
  throw armErrors.authorizationFailed(request.caller, action, scope === "" ? "/" : scope);
}
