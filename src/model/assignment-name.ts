// How Bindery names the role assignments that it makes: so that a repetition is harmless, and its own can be told.
import { v5 as uuidFrom } from "uuid";
import { assignmentKey, type RoleAssignment } from "./grant.ts";

/** The namespace of our names; it must never change, or every assignment would be made a second time. */
const namespace = "6f0f2b52-8d5c-4a52-9f0e-3f7b7c1c5f7a";

/** The name of the assignment of a role to a principal at a scope: the same for the same meaning. */
export function assignmentNameFor(scope: string, principalId: string, roleGuid: string): string {
  return uuidFrom(assignmentKey(scope, principalId, roleGuid), namespace);
}

/**
 * True if an assignment carries the name that Bindery would have given it. A description can be copied to the
 * assignment of somebody else by whoever copies assignments; the name goes with principal, role and scope.
 */
export function hasOwnName({ id, scope, principalId, roleGuid }: RoleAssignment): boolean {
  return id.toLowerCase().endsWith(`/${assignmentNameFor(scope, principalId, roleGuid)}`);
}
