// Whether what the caller holds permits what is needed, and what is missing where.
import { idKey, resourceGroupIdOf } from "../model/arm-id.ts";
import type { ObservedPermissions, RolePermission } from "../model/grant.ts";
import { permitsAny } from "../plan/guards/privilege-actions.ts";

/** What the caller may do at scopes, by the `idKey` of the scope. */
export type Held = ReadonlyMap<string, ObservedPermissions>;

/** An action at a scope. */
export interface Wanted {
  readonly scope: string;
  readonly action: string;
}

/** What the answers come to. */
export interface Verdict<T> {
  readonly missing: readonly T[];
  /** What nobody can tell, because the permissions there could not be read. */
  readonly unknown: readonly T[];
}

/** True if permissions permit an action; every read is permitted only by every read, and by everything. */
function permits(permissions: readonly RolePermission[], action: string): boolean {
  if (!action.startsWith("*/")) return permitsAny({ permissions }, action);
  return permissions.some(
    ({ actions, notActions }) =>
      actions.some((one) => one === "*" || idKey(one) === idKey(action)) &&
      !notActions.some((one) => /^\*$|\/read$|\*$/i.test(one)),
  );
}

/**
 * The scope at which a question is asked first: rights at a group hold for all of it, and one answer serves all of
 * its resources.
 */
export function firstScopeOf(scope: string): string {
  return resourceGroupIdOf(scope) ?? scope;
}

/** What of this is missing, and what is unknown; a scope is judged by itself and by its group. */
export function verdictOn<T extends Wanted>(wanted: readonly T[], held: Held): Verdict<T> {
  const states = wanted.map((want) => ({ want, state: stateOf(want, held) }));
  const those = (state: string) => states.filter((one) => one.state === state).map(({ want }) => want);
  return { missing: those("missing"), unknown: those("unknown") };
}

function stateOf({ scope, action }: Wanted, held: Held): "permitted" | "missing" | "unknown" {
  const [own, above] = [held.get(idKey(scope)), held.get(idKey(firstScopeOf(scope)))];
  if ([own, above].some((one) => Array.isArray(one) && permits(one, action))) return "permitted";
  // The answer at the scope itself says all that the one above says; what is yet to come will have that one's.
  const decisive = own === "gone" ? above : own;
  return Array.isArray(decisive) ? "missing" : "unknown";
}
