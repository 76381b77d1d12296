// How things of a database are found by name, id or SID.
import { type Catalog, type Row, rowOf } from "./catalog.ts";

/** A user or role. */
export interface DatabasePrincipal {
  readonly id: number;
  readonly name: string;
  readonly isRole: boolean;
  readonly isFixedRole: boolean;
  readonly isExternal: boolean;
  readonly defaultSchema: string | undefined;
  readonly owner: number | undefined;
}

/** A table or procedure. */
export interface DatabaseObject {
  readonly id: number;
  readonly name: string;
  readonly schemaId: number;
  readonly schema: string;
  /** Who owns it: itself stated, or the schema's owner. */
  readonly owner: number;
  readonly type: "table" | "procedure";
}

function principalFrom(row: Row | undefined): DatabasePrincipal | undefined {
  if (row === undefined) return undefined;
  return {
    id: Number(row.principal_id),
    name: String(row.name),
    isRole: row.type === "R",
    isFixedRole: row.is_fixed_role === 1,
    isExternal: row.type === "E" || row.type === "X",
    defaultSchema: typeof row.default_schema_name === "string" ? row.default_schema_name : undefined,
    owner: row.owning_principal_id === null ? undefined : Number(row.owning_principal_id),
  };
}

/** A principal by its name, compared by the collation. */
export function principalNamed(catalog: Catalog, name: string): DatabasePrincipal | undefined {
  const key = catalog.collation.key(name);
  return principalFrom(rowOf(catalog, "SELECT * FROM sys.principals_ WHERE name_key = ?", key));
}

/** A principal by its id. */
export function principalById(catalog: Catalog, id: number): DatabasePrincipal | undefined {
  return principalFrom(rowOf(catalog, "SELECT * FROM sys.principals_ WHERE principal_id = ?", id));
}

/** The external user or group of a SID; users that were made from a server login have two bytes more (…AADE). */
export function externalPrincipal(catalog: Catalog, sid: Uint8Array): DatabasePrincipal | undefined {
  const sql = "SELECT * FROM sys.principals_ WHERE type IN ('E', 'X') AND substr(sid, 1, 16) = ?";
  return principalFrom(rowOf(catalog, sql, sid));
}

/** The id of a schema by its name. */
export function schemaIdNamed(catalog: Catalog, name: string): number | undefined {
  const key = catalog.collation.key(name);
  const row = rowOf(catalog, "SELECT schema_id AS id FROM sys.schemas_ WHERE name_key = ?", key);
  return row === undefined ? undefined : Number(row.id);
}

const objects = `SELECT o.object_id, o.name, o.type, o.schema_id, s.name AS schema,
  coalesce(o.principal_id, s.principal_id) AS owner
  FROM sys.objects_ AS o JOIN sys.schemas_ AS s ON s.schema_id = o.schema_id`;

function objectFrom(row: Row | undefined): DatabaseObject | undefined {
  if (row === undefined) return undefined;
  return {
    id: Number(row.object_id),
    name: String(row.name),
    schemaId: Number(row.schema_id),
    schema: String(row.schema),
    owner: Number(row.owner),
    type: row.type === "P " ? "procedure" : "table",
  };
}

/** An object by its schema and name. */
export function objectNamed(catalog: Catalog, schema: string, name: string): DatabaseObject | undefined {
  const [schemaKey, key] = [catalog.collation.key(schema), catalog.collation.key(name)];
  return objectFrom(rowOf(catalog, `${objects} WHERE s.name_key = ? AND o.name_key = ?`, schemaKey, key));
}

/** An object by its id. */
export function objectById(catalog: Catalog, id: number): DatabaseObject | undefined {
  return objectFrom(rowOf(catalog, `${objects} WHERE o.object_id = ?`, id));
}

/** The owner of a schema by its id. */
export function schemaOwner(catalog: Catalog, id: number): number | undefined {
  const row = rowOf(catalog, "SELECT principal_id AS id FROM sys.schemas_ WHERE schema_id = ?", id);
  return row === undefined ? undefined : Number(row.id);
}
