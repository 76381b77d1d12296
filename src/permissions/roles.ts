// Which custom roles hold the rights that are needed, and at which scopes they are assigned under which condition.
import { idKey, managementGroupOf, resourceGroupIdOf } from "../model/arm-id.ts";
import { byText } from "../model/order.ts";
import { delegationCondition } from "./condition.ts";
import type { Need } from "./needs.ts";
import { isDelegated, workNamed } from "./work.ts";

/** A custom role, in the form that `az role definition create` takes. */
export interface RoleJson {
  readonly Name: string;
  readonly IsCustom: true;
  readonly Description: string;
  readonly Actions: readonly string[];
  readonly NotActions: readonly never[];
  readonly DataActions: readonly never[];
  readonly NotDataActions: readonly never[];
  readonly AssignableScopes: readonly string[];
}

/** A role with the places where Bindery's principal gets it. */
export interface NeededRole {
  readonly definition: RoleJson;
  readonly assignments: readonly NeededAssignment[];
}

/** One assignment of a role. */
export interface NeededAssignment {
  readonly scope: string;
  /** Version 2.0; undefined where nothing is to be confined. */
  readonly condition?: string;
}

/** At one scope, what one role has to permit there. */
interface Share {
  readonly scope: string;
  readonly needs: readonly Need[];
  readonly words: readonly string[];
}

/**
 * One role for each set of actions that some scope needs, named after owner and actions, so that the same documents
 * give the same roles. Rights to assign roles stand in roles of their own, whose assignments have a condition.
 *
 * @param roleGuidsAt the roles that may be assigned at a scope (by `idKey`)
 */
export function rolesFor(
  needs: readonly Need[],
  owner: string,
  roleGuidsAt: ReadonlyMap<string, readonly string[]>,
): readonly NeededRole[] {
  const shares = [...Map.groupBy(needs, shareKey).values()].map(shareFrom);
  const bySet = Map.groupBy(shares, ({ words, needs: all }) =>
    [...words, ...all.map(({ action }) => idKey(action))].join(" "),
  );
  return [...bySet.values()].flatMap((group) => roleParts(group, owner, roleGuidsAt));
}

function shareKey({ scope, work }: Need): string {
  return `${isDelegated(work) ? "delegated" : workNamed(work).phase} ${idKey(scope)}`;
}

function shareFrom(needs: readonly Need[]): Share {
  const words = [...new Set(needs.map(({ work }) => workNamed(work).word))].toSorted(byText);
  return { scope: needs[0]?.scope ?? "", needs, words };
}

/** A custom role can be assigned in one management group only (azure-docs, custom-roles: AssignableScopes). */
function roleParts(
  shares: readonly Share[],
  owner: string,
  roleGuidsAt: ReadonlyMap<string, readonly string[]>,
): readonly NeededRole[] {
  const parts = Map.groupBy(shares, ({ scope }) => managementGroupOf(scope) ?? "");
  return [...parts].map(([group, part]) => {
    const place = parts.size > 1 && group !== "" ? ` in ${group}` : "";
    return roleFrom(part, `Bindery ${owner} (${(part[0]?.words ?? []).join(", ")})${place}`, roleGuidsAt);
  });
}

function roleFrom(
  shares: readonly Share[],
  name: string,
  roleGuidsAt: ReadonlyMap<string, readonly string[]>,
): NeededRole {
  const needs = shares[0]?.needs ?? [];
  const whats = [...new Set(needs.map(({ work }) => workNamed(work).what))];
  return {
    definition: {
      Name: name,
      IsCustom: true,
      Description: `What Bindery needs to ${whats.join("; ")}.`.slice(0, longestDescription),
      Actions: needs.map(({ action }) => action),
      NotActions: [],
      DataActions: [],
      NotDataActions: [],
      AssignableScopes: distinct(shares.map(({ scope }) => assignableScopeOf(scope))),
    },
    assignments: shares.map((share) => assignmentOf(share, roleGuidsAt)),
  };
}

/** Azure's limit (azure-docs, custom-roles: Description). */
const longestDescription = 2_048;

function assignmentOf(
  { scope, needs }: Share,
  roleGuidsAt: ReadonlyMap<string, readonly string[]>,
): NeededAssignment {
  if (!needs.some(({ work }) => isDelegated(work))) return { scope };
  const guids = roleGuidsAt.get(idKey(scope));
  return guids ? { scope, condition: delegationCondition(guids) } : { scope };
}

/** A resource cannot be an assignable scope; its group is one (azure-docs, custom-roles: AssignableScopes). */
function assignableScopeOf(scope: string): string {
  return resourceGroupIdOf(scope) ?? scope;
}

function distinct(ids: readonly string[]): readonly string[] {
  return [...new Map(ids.map((id) => [idKey(id), id])).values()];
}
