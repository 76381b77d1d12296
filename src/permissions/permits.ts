// Whether what the caller holds permits what is needed, and what is missing where.
import { idKey, resourceGroupIdOf } from "../model/arm-id.ts";
import type { RolePermission } from "../model/grant.ts";
import { permitsAny } from "../plan/guards/privilege-actions.ts";

/** What the caller may do at scopes, by the `idKey` of the scope; a reason where that could not be read. */
export type Held = ReadonlyMap<string, readonly RolePermission[] | { readonly unreadable: string }>;

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
  const answers = [...new Set([firstScopeOf(scope), scope].map(idKey))].map((key) => held.get(key));
  const read = answers.filter((one) => Array.isArray(one));
  if (read.some((permissions) => permits(permissions, action))) return "permitted";
  // The answer at the scope itself counts: it says all that the one at its group says.
  return Array.isArray(held.get(idKey(scope))) ? "missing" : "unknown";
}
