// Decides how short a resource can be called without being mistaken for another one in the same output.
import {
  idKey,
  managementGroupOf,
  nameOf,
  parseArmId,
  resourceGroupIdOf,
  subscriptionOf,
} from "../../model/arm-id.ts";

/** What a change does, at a glance. */
export type Sign = "+" | "-" | "~";

/** Short names for ids and scopes; not yet safe to print. */
export type Names = (id: string) => string;

/** Short names for these ids: the resource's own name, with group and subscription added only where it is ambiguous. */
export function namesFor(ids: readonly string[]): Names {
  const distinct = new Map(ids.map((id) => [idKey(id), id]));
  const meanings = new Map<string, Set<string>>();
  for (const [key, id] of distinct) {
    for (const name of candidatesFor(id)) {
      const folded = name.toLowerCase();
      meanings.set(folded, (meanings.get(folded) ?? new Set()).add(key));
    }
  }
  return (id) => {
    const isMine = (name: string): boolean => {
      const meant = meanings.get(name.toLowerCase());
      return meant === undefined || (meant.size === 1 && meant.has(idKey(id)));
    };
    return candidatesFor(id).find(isMine) ?? id;
  };
}

/** "rg-identities, subscription 1f2e3d4c": where a resource lies, for the heading of an identity. */
export function placeOf(id: string, names: Names): string {
  const group = resourceGroupIdOf(id);
  const subscription = subscriptionOf(id);
  if (!group || !subscription) return id;
  return `${nameOf(group)}, ${names(`/subscriptions/${subscription}`)}`;
}

/** What an id may be called, shortest first; the id itself is always the last resort. */
function candidatesFor(id: string): readonly string[] {
  const subscription = subscriptionOf(id);
  const short = subscription?.slice(0, 8) ?? "";
  const resource = parseArmId(id);
  if (resource) {
    const { name, resourceGroup } = resource;
    return [name, `${resourceGroup}/${name}`, `${short}/${resourceGroup}/${name}`, id];
  }
  const group = resourceGroupIdOf(id);
  if (group && idKey(group) === idKey(id)) {
    return [`resource group ${nameOf(group)}`, `resource group ${short}/${nameOf(group)}`, id];
  }
  if (idKey(id) === `/subscriptions/${subscription}`) {
    return [`subscription ${short}`, `subscription ${subscription}`];
  }
  const managementGroup = managementGroupOf(id);
  return managementGroup === undefined ? [id] : [`management group ${managementGroup}`, id];
}
