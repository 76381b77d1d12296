// Which roles the documents want assigned at which scope, by their GUIDs.
import type { Desired } from "../desired/desired.ts";
import { idKey } from "../model/arm-id.ts";
import type { DocumentRef } from "../model/document.ts";
import { isAssignableAt, type RoleDefinition, roleScopeOf } from "../model/grant.ts";
import { byText } from "../model/order.ts";

/** The GUIDs by the `idKey` of the scope, sorted, and the names that no role has there. */
export interface RoleGuids {
  readonly at: ReadonlyMap<string, readonly string[]>;
  readonly unresolved: readonly {
    readonly name: string;
    readonly scope: string;
    readonly document: DocumentRef;
  }[];
}

/** The scopes (keys of `roleScopeOf`) whose role definitions tell the GUIDs of roles that documents call by name. */
export function scopesOfNamedRoles(desired: Desired): readonly string[] {
  const named = grantsOf(desired).filter(({ role }) => "name" in role);
  return [...new Set(named.map(({ scope }) => roleScopeOf(scope)))];
}

/** The GUIDs; `definitions` by the key of `roleScopeOf`. */
export function roleGuidsOf(
  desired: Desired,
  definitions: ReadonlyMap<string, readonly RoleDefinition[]>,
): RoleGuids {
  const at = new Map<string, Set<string>>();
  const unresolved = [];
  for (const { scope, role, document } of grantsOf(desired)) {
    const guid = "guid" in role ? role.guid : guidOf(role.name, scope, definitions);
    if (guid === undefined)
      unresolved.push({ name: "name" in role ? role.name : role.guid, scope, document });
    else at.set(idKey(scope), (at.get(idKey(scope)) ?? new Set()).add(idKey(guid)));
  }
  return { at: new Map([...at].map(([key, guids]) => [key, [...guids].toSorted(byText)])), unresolved };
}

function guidOf(
  name: string,
  scope: string,
  definitions: ReadonlyMap<string, readonly RoleDefinition[]>,
): string | undefined {
  const roles = definitions.get(roleScopeOf(scope)) ?? [];
  return roles.find((role) => idKey(role.roleName) === idKey(name) && isAssignableAt(scope, role))?.guid;
}

function grantsOf({ identities }: Desired) {
  const active = identities.flatMap(({ bindings }) => bindings.filter(({ suspended }) => !suspended));
  return active.flatMap(({ grants }) => grants);
}
