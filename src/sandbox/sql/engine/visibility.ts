// Which rows of the catalog a user is shown (the permissions sections of the catalog views' pages).
import { type Catalog, firstFixedRoleId, firstUserId } from "./catalog.ts";
import { principalById } from "./lookups.ts";
import { securableClasses } from "./permission-names.ts";
import { identitiesOf, may, mayAnything } from "./rights.ts";

/**
 * Everybody sees itself, the system's users, the fixed roles and its own roles. Other users take ALTER ANY USER, other
 * roles ALTER ANY ROLE, both VIEW DEFINITION, or any permission on the very user or role.
 */
export function seesPrincipal(catalog: Catalog, viewer: number, id: number): boolean {
  const isBuiltIn = id < firstUserId || id >= firstFixedRoleId;
  if (isBuiltIn || seesGrantee(catalog, viewer, id)) return true;
  return mayAnything(catalog, viewer, { class: securableClasses.principal, id });
}

/** Everybody sees its own memberships; those of others take VIEW DEFINITION. */
export function seesMember(catalog: Catalog, viewer: number, member: number): boolean {
  return identitiesOf(catalog, viewer).has(member) || may(catalog, viewer, "VIEW DEFINITION");
}

/** Everybody sees its own permissions and those of its roles; those of others take what seeing a principal takes. */
export function seesGrantee(catalog: Catalog, viewer: number, grantee: number): boolean {
  if (identitiesOf(catalog, viewer).has(grantee) || may(catalog, viewer, "VIEW DEFINITION")) return true;
  const isRole = principalById(catalog, grantee)?.isRole === true;
  return may(catalog, viewer, isRole ? "ALTER ANY ROLE" : "ALTER ANY USER");
}

/** An object takes any permission on it. */
export function seesObject(catalog: Catalog, viewer: number, id: number): boolean {
  return mayAnything(catalog, viewer, { class: securableClasses.object, id });
}

/** An extended property is seen with what it belongs to. */
export function seesProperty(catalog: Catalog, viewer: number, securableClass: number, id: number): boolean {
  if (securableClass === securableClasses.principal) return seesPrincipal(catalog, viewer, id);
  return securableClass !== securableClasses.object || seesObject(catalog, viewer, id);
}
