// What a principal may do: its own permissions and those of its roles, from the thing up to the database; DENY wins.
import { type Catalog, dboId, firstFixedRoleId, fixedRoles, publicId, rowsOf } from "./catalog.ts";
import { objectById, principalById, principalNamed, schemaOwner } from "./lookups.ts";
import {
  coveringNames,
  fixedRolePermissions,
  nameAbove,
  permissionsOf,
  type SecurableClass,
  securableClasses,
} from "./permission-names.ts";

/** A thing that permissions are about; the database has the id 0. */
export interface SecurableId {
  readonly class: SecurableClass;
  readonly id: number;
}

/** The database itself. */
export const theDatabase: SecurableId = { class: securableClasses.database, id: 0 };

/** A principal with all roles that it is a member of, directly or not, and public. */
export function identitiesOf(catalog: Catalog, principalId: number): ReadonlySet<number> {
  const rows = rowsOf(
    catalog,
    `WITH RECURSIVE r(id) AS (SELECT ? UNION SELECT m.role_principal_id FROM sys.members_ AS m JOIN r ON m.member_principal_id = r.id)
     SELECT id FROM r`,
    principalId,
  );
  return new Set([publicId, ...rows.map((row) => Number(row.id))]);
}

/** Whether a principal is a member of a role, directly or not; dbo is one of db_owner. */
export function isMember(catalog: Catalog, principalId: number, role: string): boolean {
  const found = principalNamed(catalog, role);
  if (found === undefined) return false;
  if (principalId === dboId && found.id === firstFixedRoleId) return true;
  return identitiesOf(catalog, principalId).has(found.id);
}

/** Whether a principal may do something with a thing. dbo may do everything, and owners with what they own. */
export function may(
  catalog: Catalog,
  principalId: number,
  permission: string,
  on: SecurableId = theDatabase,
): boolean {
  if (principalId === dboId) return true;
  const identities = identitiesOf(catalog, principalId);
  if (isOwned(catalog, on, identities)) return true;
  const states = levelsOf(catalog, permission, on).flatMap((level) => statesAt(catalog, identities, level));
  return !states.includes("D") && states.length > 0;
}

/** Whether a principal has any permission at all on a thing. */
export function mayAnything(catalog: Catalog, principalId: number, on: SecurableId): boolean {
  return permissionsOf(on.class).some((name) => may(catalog, principalId, name, on));
}

/** Who may change and see nearly everything: db_owner, and dbo. */
export function isOwnerOfDatabase(catalog: Catalog, principalId: number): boolean {
  return principalId === dboId || isMember(catalog, principalId, "db_owner");
}

function isOwned(catalog: Catalog, on: SecurableId, identities: ReadonlySet<number>): boolean {
  const owner = ownerOf(catalog, on);
  return owner !== undefined && owner !== dboId && identities.has(owner);
}

function ownerOf(catalog: Catalog, on: SecurableId): number | undefined {
  switch (on.class) {
    case 0:
      return dboId;
    case 1:
      return objectById(catalog, on.id)?.owner;
    case 3:
      return schemaOwner(catalog, on.id);
    case 4:
      return principalById(catalog, on.id)?.owner;
  }
}

/** The permissions that suffice on one thing. */
interface Level {
  readonly on: SecurableId;
  readonly names: readonly string[];
}

/** The thing itself, the schema that it is in, the database. */
function levelsOf(catalog: Catalog, permission: string, on: SecurableId): readonly Level[] {
  const own = { on, names: coveringNames(permission, on.class) };
  if (on.class === securableClasses.database) return [own];
  const isRole = on.class === securableClasses.principal && principalById(catalog, on.id)?.isRole === true;
  const above = nameAbove(permission, on.class, isRole);
  return [own, ...levelsOf(catalog, above, thingAbove(catalog, on))];
}

function thingAbove(catalog: Catalog, on: SecurableId): SecurableId {
  if (on.class !== securableClasses.object) return theDatabase;
  return { class: securableClasses.schema, id: objectById(catalog, on.id)?.schemaId ?? 0 };
}

function statesAt(
  catalog: Catalog,
  identities: ReadonlySet<number>,
  { on, names }: Level,
): readonly string[] {
  const rows = rowsOf(
    catalog,
    "SELECT grantee_principal_id AS grantee, permission_name AS name, state FROM sys.permissions_ WHERE class = ? AND major_id = ?",
    on.class,
    on.id,
  );
  const stated = rows
    .filter((row) => identities.has(Number(row.grantee)) && names.includes(String(row.name)))
    .map((row) => String(row.state));
  return on.class === securableClasses.database ? [...stated, ...impliedStates(identities, names)] : stated;
}

function impliedStates(identities: ReadonlySet<number>, names: readonly string[]): readonly string[] {
  const roles = fixedRoles.filter((_, i) => identities.has(firstFixedRoleId + i));
  return roles.flatMap((role) => {
    const { grants = [], denies = [] } = fixedRolePermissions[role] ?? {};
    return [
      ...grants.filter((name) => names.includes(name)).map(() => "G"),
      ...denies.filter((name) => names.includes(name)).map(() => "D"),
    ];
  });
}
