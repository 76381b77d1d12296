// Which rows of the catalog a user is shown (the permissions sections of the catalog views' pages).
import { type Catalog, firstFixedRoleId, firstUserId } from "./catalog.ts";
import { principalById } from "./lookups.ts";
import { securableClasses } from "./permission-names.ts";
import { identitiesOf, may, mayAnything } from "./rights.ts";

/** Who looks, while one statement reads: what it is a member of and may do in the whole database stays the same then. */
export interface Viewer {
  readonly catalog: Catalog;
  readonly id: number;
  readonly identities: ReadonlySet<number>;
  /** Whether it has a permission on the database. */
  readonly may: (permission: string) => boolean;
}

/** A user as it is now. */
export function viewerFor(catalog: Catalog, id: number): Viewer {
  const known = new Map<string, boolean>();
  return {
    catalog,
    id,
    identities: identitiesOf(catalog, id),
    may: (permission) => {
      const answer = known.get(permission) ?? may(catalog, id, permission);
      known.set(permission, answer);
      return answer;
    },
  };
}

/**
 * Everybody sees itself, the system's users, the fixed roles and its own roles. Other users take ALTER ANY USER, other
 * roles ALTER ANY ROLE, both VIEW DEFINITION, or any permission on the very user or role.
 */
export function seesPrincipal(viewer: Viewer, id: number): boolean {
  const isBuiltIn = id < firstUserId || id >= firstFixedRoleId;
  if (isBuiltIn || seesGrantee(viewer, id)) return true;
  return mayAnything(viewer.catalog, viewer.id, { class: securableClasses.principal, id });
}

/** Everybody sees its own memberships; those of others take VIEW DEFINITION. */
export function seesMember(viewer: Viewer, member: number): boolean {
  return viewer.identities.has(member) || viewer.may("VIEW DEFINITION");
}

/** Everybody sees its own permissions and those of its roles; those of others take what seeing a principal takes. */
export function seesGrantee(viewer: Viewer, grantee: number): boolean {
  if (viewer.identities.has(grantee) || viewer.may("VIEW DEFINITION")) return true;
  const isRole = principalById(viewer.catalog, grantee)?.isRole === true;
  return viewer.may(isRole ? "ALTER ANY ROLE" : "ALTER ANY USER");
}

/** An object takes any permission on it. */
export function seesObject({ catalog, id: viewer }: Viewer, id: number): boolean {
  return mayAnything(catalog, viewer, { class: securableClasses.object, id });
}

/** An extended property is seen with what it belongs to. */
export function seesProperty(viewer: Viewer, securableClass: number, id: number): boolean {
  if (securableClass === securableClasses.principal) return seesPrincipal(viewer, id);
  return securableClass !== securableClasses.object || seesObject(viewer, id);
}
