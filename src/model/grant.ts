// What Bindery knows about Azure roles: definitions, assignments, and the marker it leaves on its own.
import { idKey, isAtOrBelow, managementGroupOf, subscriptionOf } from "./arm-id.ts";

/** A role definition, built-in or custom. */
export interface RoleDefinition {
  /** The GUID that names the role in every scope. */
  readonly guid: string;
  readonly roleName: string;
  readonly isCustom: boolean;
  readonly assignableScopes: readonly string[];
  readonly permissions: readonly RolePermission[];
}

/**
 * True if a role that was listed for the subscription (or management group) of a scope can be assigned at the scope
 * itself: custom roles may be limited to some resource groups below.
 */
export function isAssignableAt(scope: string, { assignableScopes }: RoleDefinition): boolean {
  const root = roleScopeOf(scope);
  return assignableScopes.some((at) => isAtOrBelow(scope, at) || !isAtOrBelow(at, root));
}

/** What a role permits; actions may hold wildcards. */
export interface RolePermission {
  readonly actions: readonly string[];
  readonly notActions: readonly string[];
  readonly dataActions: readonly string[];
  readonly notDataActions: readonly string[];
}

/** What the caller may do at a scope; `gone` where nothing is there, otherwise why that is not known. */
export type ObservedPermissions = readonly RolePermission[] | "gone" | { readonly unreadable: string };

/** A role assignment as Azure has it. */
export interface RoleAssignment {
  readonly id: string;
  /** "/" or an ARM id. */
  readonly scope: string;
  readonly principalId: string;
  readonly roleGuid: string;
  readonly condition?: string;
  readonly description?: string;
  /** The instant (ISO 8601) at which Privileged Identity Management ends it; known from fresh reads only. */
  readonly until?: string;
}

/** The key of a role assignment's meaning: two assignments with the same key cannot exist in Azure. */
export function assignmentKey(scope: string, principalId: string, roleGuid: string): string {
  return [scope, principalId, roleGuid].map(idKey).join("|");
}

/** What a marker says: whose assignment it is and for which identity it was made. */
export interface AssignmentMarker {
  readonly owner: string;
  readonly identityId: string;
}

/** The description of a role assignment that Bindery makes. */
export function assignmentMarker(owner: string, identityId: string): string {
  return `bindery-owner=${owner} bindery-identity=${idKey(identityId)}`;
}

/** Reads the marker off a description; undefined if it is none of ours. */
export function parseAssignmentMarker(description: string | undefined): AssignmentMarker | undefined {
  const match = /^bindery-owner=(\S+) bindery-identity=(\S+)$/.exec(description ?? "");
  return match?.[1] && match[2] ? { owner: match[1], identityId: match[2] } : undefined;
}

/** The GUID at the end of a role definition id, or the text itself. */
export function roleGuidOf(roleDefinitionId: string): string {
  return idKey(roleDefinitionId).split("/").at(-1) ?? roleDefinitionId;
}

/** The key under which the role definitions for a scope are kept: its subscription, its management group, or "/". */
export function roleScopeOf(scope: string): string {
  const subscription = subscriptionOf(scope);
  if (subscription) return `/subscriptions/${subscription}`;
  return managementGroupOf(scope) === undefined ? "/" : idKey(scope);
}
