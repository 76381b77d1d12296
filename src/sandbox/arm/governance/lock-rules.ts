// Which locks stand in the way of a write: ReadOnly against everything but reads, CanNotDelete against deletions.
import type { ArmResource, World } from "../../world.ts";
import { canonicalScope, coverageOf } from "../authorization/coverage.ts";
import { armErrors } from "../errors.ts";

/** The type of locks. */
export const lockType = "Microsoft.Authorization/locks";

/** A write as locks see it. */
export interface LockableWrite {
  readonly method: "GET" | "PUT" | "PATCH" | "POST" | "DELETE";
  /** The full type that is written, "" for ARM's own routes. */
  readonly type: string;
  /** The id that is written: the resource for an action on it, the extension's own id for an extension. */
  readonly id: string;
}

/**
 * Throws Azure's 409 if a lock binds the write. Locks are inherited by everything below them, extension resources such
 * as role assignments and tags included; a POST is a write; a deletion also fails when a lock lies below. Locks
 * themselves can always be taken off. (Microsoft's "Lock your resources to protect your infrastructure".)
 */
export function refuseLocked(world: World, write: LockableWrite): void {
  if (write.method === "GET" || write.type.toLowerCase() === lockType.toLowerCase()) return;
  const isDeletion = write.method === "DELETE";
  const isBelow = coverageOf(world, write.id);
  const scopes = locksOf(world)
    .filter((lock) => isDeletion || isReadOnly(lock))
    .map(scopeOfLock)
    .filter((scope) => coverageOf(world, scope)(write.id) || (isDeletion && isBelow(scope)));
  if (scopes.length === 0) return;
  throw armErrors.scopeLocked(write.id, isDeletion ? "delete" : "write", [...new Set(scopes)]);
}

/** All locks as of an instant. */
export function locksOf(world: World, asOf?: number): ArmResource[] {
  return world.resources.values(asOf).filter((r) => r.type.toLowerCase() === lockType.toLowerCase());
}

/** What a lock protects, in the spelling of its id. */
export function scopeOfLock({ id }: ArmResource): string {
  return id.slice(0, id.toLowerCase().lastIndexOf("/providers/"));
}

/** True if the lock binds what happens at the scope. */
export function isBoundBy(world: World, lock: ArmResource, scope: string): boolean {
  return coverageOf(world, canonicalScope(scopeOfLock(lock)))(scope);
}

function isReadOnly({ properties }: ArmResource): boolean {
  return String(properties?.level).toLowerCase() === "readonly";
}
