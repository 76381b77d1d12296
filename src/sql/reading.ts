// What is asked of a database in one round trip, and what the answers say. These are all statements that a plan may send.
import type {
  DatabaseContents,
  DatabasePermission,
  DatabaseRights,
  DatabaseRole,
  DatabaseUser,
  Securable,
} from "../model/database.ts";
import { markerProperty } from "./statements.ts";

/** A row by column name, as the driver gives it. */
export type Row = Readonly<Record<string, unknown>>;

/**
 * One batch of SELECTs. Who may not see others' users sees too few, without an error (Microsoft, "Metadata visibility
 * configuration"), so the first answer says what the login may see. HAS_PERMS_BY_NAME takes a name as SQL writes it: for
 * a bare one with brackets or periods in it the answer is NULL.
 */
export const readingBatch = [
  `SELECT USER_NAME() AS [user], DATABASEPROPERTYEX(DB_NAME(), N'Updateability') AS [updateability],
 IS_ROLEMEMBER(N'db_owner') AS [isOwner],
 HAS_PERMS_BY_NAME(QUOTENAME(DB_NAME()), N'DATABASE', N'VIEW DEFINITION') AS [seesAll],
 HAS_PERMS_BY_NAME(QUOTENAME(DB_NAME()), N'DATABASE', N'ALTER ANY USER') AS [altersUsers],
 HAS_PERMS_BY_NAME(QUOTENAME(DB_NAME()), N'DATABASE', N'ALTER ANY ROLE') AS [altersRoles],
 HAS_PERMS_BY_NAME(QUOTENAME(DB_NAME()), N'DATABASE', N'CONTROL') AS [controls];`,
  "SELECT principal_id, name, type, sid, owning_principal_id, is_fixed_role FROM sys.database_principals;",
  "SELECT role_principal_id, member_principal_id FROM sys.database_role_members;",
  "SELECT class, class_desc, major_id, minor_id, grantee_principal_id, grantor_principal_id, permission_name, state FROM sys.database_permissions;",
  "SELECT schema_id, name, principal_id FROM sys.schemas;",
  `SELECT o.object_id, o.schema_id, o.name, o.principal_id FROM sys.objects AS o
 WHERE o.principal_id IS NOT NULL OR o.object_id IN (SELECT p.major_id FROM sys.database_permissions AS p WHERE p.class = 1);`,
  `SELECT major_id, CONVERT(nvarchar(4000), value) AS value FROM sys.extended_properties WHERE class = 4 AND name = N'${markerProperty}';`,
].join("\n");

/** The database as the answers to `readingBatch` show it, one list of rows per SELECT. */
export function contentsFrom(results: readonly (readonly Row[])[]): DatabaseContents {
  const [
    [first = {}] = [],
    principals = [],
    members = [],
    permissions = [],
    schemas = [],
    objects = [],
    marks = [],
  ] = results;
  const catalog: Catalog = { principals, members, permissions, schemas, objects, marks };
  const roles = principals.filter((p) => isRole(p));
  return {
    rights: rightsFrom(first),
    isReadOnly: text(first.updateability).toUpperCase() === "READ_ONLY",
    users: principals.filter((p) => !isRole(p)).map((p) => userFrom(p, catalog)),
    roles: roles.map((r) => roleFrom(r, catalog)),
    schemas: schemas.map((s) => text(s.name)),
  };
}

interface Catalog {
  readonly principals: readonly Row[];
  readonly members: readonly Row[];
  readonly permissions: readonly Row[];
  readonly schemas: readonly Row[];
  readonly objects: readonly Row[];
  readonly marks: readonly Row[];
}

function rightsFrom(row: Row): DatabaseRights {
  const may = (value: unknown) => Number(value) === 1;
  return {
    user: text(row.user),
    isOwner: may(row.isOwner),
    seesAll: may(row.seesAll),
    altersUsers: may(row.altersUsers),
    altersRoles: may(row.altersRoles),
    controls: may(row.controls),
  };
}

/** Everybody is a member of public (principal 0), and it may see thousands of system views: that is nobody's gain. */
function roleFrom(row: Row, catalog: Catalog): DatabaseRole {
  const roles = rolesOf(row, catalog);
  const permissions = row.principal_id === 0 ? [] : permissionsOf(row, catalog);
  return {
    name: text(row.name),
    isFixed: Number(row.is_fixed_role) === 1,
    ...(roles.length > 0 && { roles }),
    ...(permissions.length > 0 && { permissions }),
  };
}

function rolesOf({ principal_id: id }: Row, catalog: Catalog): readonly string[] {
  return catalog.members
    .filter((m) => m.member_principal_id === id)
    .map((m) => nameOf(m.role_principal_id, catalog));
}

function permissionsOf({ principal_id: id }: Row, catalog: Catalog): readonly DatabasePermission[] {
  return catalog.permissions
    .filter((p) => p.grantee_principal_id === id)
    .map((p) => permissionFrom(p, catalog));
}

function nameOf(principalId: unknown, { principals }: Catalog): string {
  return text(principals.find((p) => p.principal_id === principalId)?.name);
}

function userFrom(row: Row, catalog: Catalog): DatabaseUser {
  const id = row.principal_id;
  const mark = catalog.marks.find((m) => m.major_id === id);
  const grantees = catalog.permissions.filter((p) => p.grantor_principal_id === id);
  return {
    name: text(row.name),
    sid: hex(row.sid),
    type: text(row.type).trim(),
    ...(mark && { marker: text(mark.value) }),
    roles: rolesOf(row, catalog),
    permissions: permissionsOf(row, catalog),
    ownedSchemas: catalog.schemas.filter((s) => s.principal_id === id).map((s) => text(s.name)),
    ownedRoles: catalog.principals
      .filter((p) => isRole(p) && p.owning_principal_id === id)
      .map((p) => text(p.name)),
    ownedObjects: catalog.objects.filter((o) => o.principal_id === id).map((o) => objectName(o, catalog)),
    granteesOf: [...new Set(grantees.map((p) => nameOf(p.grantee_principal_id, catalog)))],
  };
}

const states: Readonly<Record<string, DatabasePermission["state"]>> = {
  G: "GRANT",
  W: "GRANT_WITH_GRANT_OPTION",
  D: "DENY",
};

function permissionFrom(row: Row, catalog: Catalog): DatabasePermission {
  return {
    permission: text(row.permission_name).trim().toUpperCase(),
    securable: securableFrom(row, catalog),
    state: states[text(row.state).trim()] ?? "DENY",
  };
}

/** Classes of sys.database_permissions: 0 the database, 1 an object (or, with a minor id, its column), 3 a schema. */
function securableFrom(row: Row, catalog: Catalog): Securable {
  const schemaName = (id: unknown) => text(catalog.schemas.find((s) => s.schema_id === id)?.name);
  const object = catalog.objects.find((o) => o.object_id === row.major_id);
  if (Number(row.class) === 0) return { class: "database" };
  if (Number(row.class) === 3) return { class: "schema", schema: schemaName(row.major_id) };
  if (Number(row.class) === 1 && Number(row.minor_id) === 0 && object) {
    return { class: "object", schema: schemaName(object.schema_id), object: text(object.name) };
  }
  const what = object ? ` ${objectName(object, catalog)}` : "";
  return { class: "other", what: `${text(row.class_desc).toLowerCase()}${what}` };
}

function objectName(row: Row, { schemas }: Catalog): string {
  return `${text(schemas.find((s) => s.schema_id === row.schema_id)?.name)}.${text(row.name)}`;
}

function isRole({ type }: Row): boolean {
  return text(type).trim() === "R" || text(type).trim() === "A";
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function hex(value: unknown): string {
  return value instanceof Uint8Array ? `0x${Buffer.from(value).toString("hex").toUpperCase()}` : "";
}
