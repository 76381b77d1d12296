// What a database knows of itself: the catalog's tables on SQLite, and the views that show each user its part of them.
import { randomBytes } from "node:crypto";
import type { SqlValue } from "../wire/sql-type.ts";
import type { Collation } from "./collation.ts";
import { fixedRolePermissions } from "./permission-names.ts";
import type { Bound, Sqlite } from "./sqlite.ts";

/** The tables of a database, with how its names compare. */
export interface Catalog {
  readonly sqlite: Sqlite;
  readonly collation: Collation;
  /** The instant for create_date and modify_date, ISO. */
  readonly now: () => string;
}

/** A row of the catalog. */
export type Row = Readonly<Record<string, SqlValue>>;

/** Statements of our own are the same again and again; those of users are not kept. */
const statements = new WeakMap<Sqlite, Map<string, ReturnType<Sqlite["prepare"]>>>();

function prepared({ sqlite }: Catalog, sql: string): ReturnType<Sqlite["prepare"]> {
  const kept = statements.get(sqlite) ?? new Map<string, ReturnType<Sqlite["prepare"]>>();
  statements.set(sqlite, kept);
  const statement = kept.get(sql) ?? sqlite.prepare(sql);
  kept.set(sql, statement);
  return statement;
}

/** The first row of a query of our own, or undefined. */
export function rowOf(catalog: Catalog, sql: string, ...values: readonly Bound[]): Row | undefined {
  return prepared(catalog, sql).get(...values);
}

/** All rows of a query of our own. */
export function rowsOf(catalog: Catalog, sql: string, ...values: readonly Bound[]): readonly Row[] {
  return prepared(catalog, sql).all(...values);
}

/** Runs a change of our own; answers how many rows it changed. */
export function change(catalog: Catalog, sql: string, ...values: readonly Bound[]): number {
  return Number(prepared(catalog, sql).run(...values).changes);
}

/** The names of the fixed roles, in the order of their ids from 16384 on. */
export const fixedRoles: readonly string[] = Object.keys(fixedRolePermissions);
/** Ids from here on are fixed roles. */
export const firstFixedRoleId = 16_384;
/** The ids of public, dbo, guest, INFORMATION_SCHEMA and sys are below this. */
export const firstUserId = 5;
/** The ids of public and dbo. */
export const [publicId, dboId] = [0, 1];

/** Names end in an underscore where only the views may be read. Columns are those of the catalog views' pages. */
function tablesFor(collate: string): string {
  const name = `sysname COLLATE ${collate}`;
  return `
CREATE TABLE sys.principals_(name ${name} NOT NULL, principal_id int PRIMARY KEY, type char(1) NOT NULL, type_desc nvarchar(60), default_schema_name ${name}, create_date datetime, modify_date datetime, owning_principal_id int, sid varbinary(85) UNIQUE, is_fixed_role bit NOT NULL, authentication_type int NOT NULL, authentication_type_desc nvarchar(60), default_language_name sysname, default_language_lcid int, allow_encrypted_value_modifications bit NOT NULL DEFAULT 0, name_key TEXT NOT NULL UNIQUE, password_ TEXT);
CREATE TABLE sys.members_(role_principal_id int NOT NULL, member_principal_id int NOT NULL, PRIMARY KEY(role_principal_id, member_principal_id));
CREATE TABLE sys.permissions_(class tinyint NOT NULL, class_desc nvarchar(60), major_id int NOT NULL, minor_id int NOT NULL, grantee_principal_id int NOT NULL, grantor_principal_id int NOT NULL, type char(4) NOT NULL, permission_name nvarchar(128), state char(1) NOT NULL, state_desc nvarchar(60), PRIMARY KEY(class, major_id, minor_id, grantee_principal_id, grantor_principal_id, permission_name));
CREATE TABLE sys.schemas_(name ${name} NOT NULL, schema_id int PRIMARY KEY, principal_id int NOT NULL, name_key TEXT NOT NULL UNIQUE);
CREATE TABLE sys.objects_(name ${name} NOT NULL, object_id int PRIMARY KEY, principal_id int, schema_id int NOT NULL, parent_object_id int NOT NULL DEFAULT 0, type char(2) NOT NULL, type_desc nvarchar(60), create_date datetime, modify_date datetime, is_ms_shipped bit NOT NULL DEFAULT 0, name_key TEXT NOT NULL, body_ TEXT, parameters_ TEXT, UNIQUE(schema_id, name_key));
CREATE TABLE sys.properties_(class tinyint NOT NULL, class_desc nvarchar(60), major_id int NOT NULL, minor_id int NOT NULL, name ${name} NOT NULL, value sql_variant, name_key TEXT NOT NULL, UNIQUE(class, major_id, minor_id, name_key));
CREATE TABLE sys.databases_(name ${name} NOT NULL, database_id int PRIMARY KEY, state tinyint, state_desc nvarchar(60), is_read_only bit, collation_name sysname);
CREATE VIEW sys.database_principals AS SELECT name, principal_id, type, type_desc, default_schema_name, create_date, modify_date, owning_principal_id, sid, is_fixed_role, authentication_type, authentication_type_desc, default_language_name, default_language_lcid, allow_encrypted_value_modifications FROM sys.principals_ WHERE TSQL_SEES_PRINCIPAL(principal_id);
CREATE VIEW sys.database_role_members AS SELECT role_principal_id, member_principal_id FROM sys.members_ WHERE TSQL_SEES_MEMBER(member_principal_id);
CREATE VIEW sys.database_permissions AS SELECT class, class_desc, major_id, minor_id, grantee_principal_id, grantor_principal_id, type, permission_name, state, state_desc FROM sys.permissions_ WHERE TSQL_SEES_GRANTEE(grantee_principal_id);
CREATE VIEW sys.schemas AS SELECT name, schema_id, principal_id FROM sys.schemas_;
CREATE VIEW sys.objects AS SELECT name, object_id, principal_id, schema_id, parent_object_id, type, type_desc, create_date, modify_date, is_ms_shipped FROM sys.objects_ WHERE TSQL_SEES_OBJECT(object_id);
CREATE VIEW sys.all_objects AS SELECT * FROM sys.objects;
CREATE VIEW sys.tables AS SELECT * FROM sys.objects WHERE type = 'U ';
CREATE VIEW sys.procedures AS SELECT * FROM sys.objects WHERE type = 'P ';
CREATE VIEW sys.extended_properties AS SELECT class, class_desc, major_id, minor_id, name, value FROM sys.properties_ WHERE TSQL_SEES_PROPERTY(class, major_id);
CREATE VIEW sys.databases AS SELECT name, database_id, state, state_desc, is_read_only, collation_name FROM sys.databases_;
`;
}

/** A principal as it is written into the catalog. */
export interface NewPrincipal {
  readonly id: number;
  readonly name: string;
  readonly type: "S" | "E" | "X" | "R";
  readonly sid: Uint8Array | null;
  readonly authentication: keyof typeof authentications;
  readonly defaultSchema?: string | null;
  readonly owner?: number | null;
  readonly password?: string | null;
}

const typeDescriptions = { S: "SQL_USER", E: "EXTERNAL_USER", X: "EXTERNAL_GROUPS", R: "DATABASE_ROLE" };
const authentications = { NONE: 0, INSTANCE: 1, DATABASE: 2, EXTERNAL: 4 };

/** Writes a principal; nothing is checked. */
export function insertPrincipal(catalog: Catalog, p: NewPrincipal): void {
  const now = catalog.now();
  change(
    catalog,
    `INSERT INTO sys.principals_(name, principal_id, type, type_desc, default_schema_name, create_date, modify_date,
       owning_principal_id, sid, is_fixed_role, authentication_type, authentication_type_desc, name_key, password_)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    p.name,
    p.id,
    p.type,
    typeDescriptions[p.type],
    p.defaultSchema ?? null,
    now,
    now,
    p.owner ?? null,
    p.sid,
    p.id >= firstFixedRoleId ? 1 : 0,
    authentications[p.authentication],
    p.authentication,
    catalog.collation.key(p.name),
    p.password ?? null,
  );
}

/** Writes a schema; nothing is checked. */
export function insertSchema(catalog: Catalog, name: string, owner: number, id: number): void {
  const key = catalog.collation.key(name);
  change(catalog, "INSERT INTO sys.schemas_ VALUES (?, ?, ?, ?)", name, id, owner, key);
}

/** Makes the tables with what every database has. The functions that the views call must be there already. */
export function fillCatalog(catalog: Catalog): void {
  catalog.sqlite.exec(tablesFor(catalog.collation.sqlite));
  const users: readonly NewPrincipal[] = [
    {
      id: dboId,
      name: "dbo",
      type: "S",
      sid: Buffer.from([1]),
      authentication: "INSTANCE",
      defaultSchema: "dbo",
    },
    {
      id: 2,
      name: "guest",
      type: "S",
      sid: Buffer.from([0]),
      authentication: "NONE",
      defaultSchema: "guest",
    },
    { id: 3, name: "INFORMATION_SCHEMA", type: "S", sid: null, authentication: "NONE" },
    { id: 4, name: "sys", type: "S", sid: null, authentication: "NONE" },
  ];
  for (const user of users) insertPrincipal(catalog, user);
  [...fixedRoles, "public"].forEach((name, i) => {
    const id = name === "public" ? publicId : firstFixedRoleId + i;
    const sid = randomBytes(28);
    insertPrincipal(catalog, { id, name, type: "R", sid, authentication: "NONE", owner: dboId });
  });
  for (const [i, name] of ["dbo", "guest", "INFORMATION_SCHEMA", "sys"].entries()) {
    insertSchema(catalog, name, i + 1, i + 1);
  }
}
