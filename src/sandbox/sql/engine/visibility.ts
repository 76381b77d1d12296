// Which rows of the catalog a user is shown (the permissions sections of the catalog views' pages).
import { type Catalog, firstFixedRoleId, firstUserId } from "./catalog.ts";
import type { Context, Database } from "./database.ts";
import { principalById } from "./lookups.ts";
import { securableClasses } from "./permission-names.ts";
import { identitiesOf, may, mayAnything } from "./rights.ts";

/** Who looks: what it is a member of and may do in the whole database stays the same while one statement reads. */
interface Viewer {
  readonly id: number;
  readonly identities: ReadonlySet<number>;
  /** Whether it has a permission on the database. */
  readonly may: (permission: string) => boolean;
}

/** Every statement has a context of its own. */
const viewers = new WeakMap<Context, Viewer>();

/** Whose statement runs now. */
function viewerIn(database: Database): Viewer {
  const { context } = database;
  const viewer = viewers.get(context) ?? viewerFor(database, context.principalId);
  viewers.set(context, viewer);
  return viewer;
}

function viewerFor(catalog: Catalog, id: number): Viewer {
  const known = new Map<string, boolean>();
  return {
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
export function seesPrincipal(database: Database, id: number): boolean {
  const isBuiltIn = id < firstUserId || id >= firstFixedRoleId;
  if (isBuiltIn || seesGrantee(database, id)) return true;
  return mayAnything(database, viewerIn(database).id, { class: securableClasses.principal, id });
}

/** Everybody sees its own memberships; those of others take VIEW DEFINITION. */
export function seesMember(database: Database, member: number): boolean {
  const viewer = viewerIn(database);
  return viewer.identities.has(member) || viewer.may("VIEW DEFINITION");
}

/** Everybody sees its own permissions and those of its roles; those of others take what seeing a principal takes. */
export function seesGrantee(database: Database, grantee: number): boolean {
  if (seesMember(database, grantee)) return true;
  const isRole = principalById(database, grantee)?.isRole === true;
  return viewerIn(database).may(isRole ? "ALTER ANY ROLE" : "ALTER ANY USER");
}

/** An object takes any permission on it. */
export function seesObject(database: Database, id: number): boolean {
  return mayAnything(database, viewerIn(database).id, { class: securableClasses.object, id });
}

/** An extended property is seen with what it belongs to. */
export function seesProperty(database: Database, securableClass: number, id: number): boolean {
  if (securableClass === securableClasses.principal) return seesPrincipal(database, id);
  return securableClass !== securableClasses.object || seesObject(database, id);
}
