// Tables and procedures: how a seed makes them, and how a procedure is found with its parameters.
import { parseBatchText } from "../language/parse.ts";
import type { Statement } from "../language/statement.ts";
import { SqlError, sqlErrors } from "../sql-error.ts";
import { declarableTypes, type SqlValue } from "../wire/sql-type.ts";
import { type Catalog, change, rowOf, rowsOf } from "./catalog.ts";
import { addSchema, type Database, sqliteName } from "./database.ts";
import { boundFrom } from "./functions.ts";
import { type DatabaseObject, objectNamed, schemaIdNamed } from "./lookups.ts";

/** A table with its rows; columns are `name type`, as in CREATE TABLE. */
export interface NewTable {
  readonly schema: string;
  readonly name: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly SqlValue[])[];
}

/** A procedure; parameters are `@name type`, the body is a batch. */
export interface NewProcedure {
  readonly schema: string;
  readonly name: string;
  readonly parameters: readonly string[];
  readonly body: string;
}

/** SQLite takes so many databases on one connection, of which `sys` is one. */
const mostSchemasWithTables = 8;

/** Makes a table. A schema with tables is a database of its own to SQLite, so `sales.orders` is a real name. */
export function addTable(database: Database, { schema, name, columns, rows }: NewTable): void {
  const schemaId = schemaFor(database, schema);
  addObject(database, { name, schemaId, type: "U ", description: "USER_TABLE" });
  attach(database, schema);
  const table = `${sqliteName(schema)}.${sqliteName(name)}`;
  const definitions = columns.map((column) => columnDefinition(column, database.collation.sqlite));
  database.sqlite.exec(`CREATE TABLE ${table} (${definitions.join(", ")})`);
  const values = columns.map(() => "?").join(", ");
  for (const row of rows) {
    if (row.length !== columns.length) {
      throw new SqlError(213, "Column name or number of supplied values does not match table definition.");
    }
    change(database, `INSERT INTO ${table} VALUES (${values})`, ...row.map(boundFrom));
  }
}

function columnDefinition(column: string, collation: string): string {
  const match =
    /^\s*(?:\[([^\]]+)\]|(\w+))\s+((\w+)\s*(?:\(\s*(?:\d+|max)\s*\))?)\s*(NOT NULL|NULL)?\s*$/i.exec(column);
  const [, quoted, bare, declaration = "", type = "", nullable = "NULL"] = match ?? [];
  const name = quoted ?? bare;
  if (name === undefined || !declarableTypes.includes(type.toLowerCase()))
    throw sqlErrors.unknownType(column);
  const collate = /char|sysname/i.test(type) ? ` COLLATE ${collation}` : "";
  return `${sqliteName(name)} ${declaration}${collate} ${nullable}`;
}

function attach(database: Database, schema: string): void {
  const attached = rowsOf(database, "PRAGMA database_list").map((row) => String(row.name).toLowerCase());
  if (attached.includes(schema.toLowerCase())) return;
  if (attached.length > mostSchemasWithTables) throw sqlErrors.notSupported("tables in so many schemas");
  database.sqlite.exec(`ATTACH ':memory:' AS ${sqliteName(schema)}`);
}

function schemaFor(database: Database, name: string): number {
  return schemaIdNamed(database, name) ?? addSchema(database, name, 1);
}

/** Makes a procedure. Its body is parsed at once, so that a mistake is found at the start. */
export function addProcedure(database: Database, { schema, name, parameters, body }: NewProcedure): void {
  const wrong = parameters.find((parameter) => !/^@\w+(\s|$)/.test(parameter));
  if (wrong !== undefined) throw sqlErrors.syntax(wrong);
  parseBatchText(body);
  const schemaId = schemaFor(database, schema);
  const id = addObject(database, { name, schemaId, type: "P ", description: "SQL_STORED_PROCEDURE" });
  const names = parameters.map((parameter) => parameter.split(/\s/)[0]?.toLowerCase() ?? "");
  const sql = "UPDATE sys.objects_ SET body_ = ?, parameters_ = ? WHERE object_id = ?";
  change(database, sql, body, JSON.stringify(names), id);
}

interface NewObject {
  readonly name: string;
  readonly schemaId: number;
  readonly type: "U " | "P ";
  readonly description: string;
}

function addObject(catalog: Catalog, { name, schemaId, type, description }: NewObject): number {
  const last = rowOf(catalog, "SELECT max(object_id) AS id FROM sys.objects_");
  const id = Number(last?.id ?? 1000) + 1;
  const [key, now] = [catalog.collation.key(name), catalog.now()];
  const taken = rowOf(
    catalog,
    "SELECT 1 FROM sys.objects_ WHERE schema_id = ? AND name_key = ?",
    schemaId,
    key,
  );
  if (taken !== undefined) throw sqlErrors.objectTaken(name);
  change(
    catalog,
    "INSERT INTO sys.objects_(name, object_id, schema_id, type, type_desc, create_date, modify_date, name_key) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    name,
    id,
    schemaId,
    type,
    description,
    now,
    now,
    key,
  );
  return id;
}

/** A procedure ready to run. */
export interface Procedure {
  readonly object: DatabaseObject;
  readonly parameters: readonly string[];
  readonly body: readonly Statement[];
}

/** A procedure by its schema and name; undefined for what is not there or no procedure. */
export function procedureNamed(catalog: Catalog, schema: string, name: string): Procedure | undefined {
  const object = objectNamed(catalog, schema, name);
  if (object?.type !== "procedure") return undefined;
  const row = rowOf(catalog, "SELECT body_, parameters_ FROM sys.objects_ WHERE object_id = ?", object.id);
  const parameters: unknown = JSON.parse(String(row?.parameters_));
  return {
    object,
    parameters: Array.isArray(parameters) ? parameters.map(String) : [],
    body: parseBatchText(String(row?.body_)),
  };
}
