// What sp_addextendedproperty and its siblings do, for the database, its schemas, its users and its objects.
import { sqlErrors } from "../sql-error.ts";
import type { SqlValue } from "../wire/sql-type.ts";
import { change, rowOf } from "./catalog.ts";
import type { Database } from "./database.ts";
import { boundFrom } from "./functions.ts";
import { objectNamed, principalNamed, schemaIdNamed } from "./lookups.ts";
import { classDescriptions } from "./permission-names.ts";
import { isOwnerOfDatabase, may, type SecurableId, theDatabase } from "./rights.ts";

/** The arguments of a procedure, by name with the sign, in lower case. */
export type Arguments = ReadonlyMap<string, SqlValue>;

const levels = ["@level0type", "@level0name", "@level1type", "@level1name", "@level2type", "@level2name"];

/** The parameters in their order. */
export const propertyParameters = {
  sp_addextendedproperty: ["@name", "@value", ...levels],
  sp_updateextendedproperty: ["@name", "@value", ...levels],
  sp_dropextendedproperty: ["@name", ...levels],
} as const;

/** The name of one of them. */
export type PropertyProcedure = keyof typeof propertyParameters;

/** Runs one of them. */
export function changeProperty(database: Database, procedure: PropertyProcedure, args: Arguments): void {
  const { isReadOnly, database: name } = database.context;
  if (isReadOnly) throw sqlErrors.readOnly(name);
  const property = args.get("@name");
  if (typeof property !== "string" || property === "" || property.length > 128) {
    throw sqlErrors.invalidOption(procedure);
  }
  const on = ownerOf(database, procedure, args);
  if (!mayChange(database, on.id)) throw sqlErrors.propertyObject(on.label);
  const value = args.get("@value") ?? null;
  if (procedure === "sp_addextendedproperty") add(database, on, property, value);
  else if (procedure === "sp_updateextendedproperty") update(database, on, property, value);
  else drop(database, on, property);
}

/** What a property belongs to, as errors call it. */
interface PropertyOwner {
  readonly id: SecurableId;
  readonly label: string;
}

function ownerOf(database: Database, procedure: string, args: Arguments): PropertyOwner {
  const at = (name: string): string | undefined => {
    const value = args.get(name) ?? null;
    return value === null ? undefined : String(value);
  };
  if (at("@level2type") !== undefined) throw sqlErrors.invalidOption(procedure);
  const [type, name] = [at("@level0type")?.toUpperCase(), at("@level0name")];
  if (type === undefined) return { id: theDatabase, label: "object specified" };
  const inner = at("@level1name");
  const label = [name, inner].filter((part) => part !== undefined).join(".");
  const id = type === "SCHEMA" ? inSchema(database, name, inner) : principal(database, type, name, inner);
  if (id === undefined) throw sqlErrors.propertyObject(label);
  return { id, label };
}

/** USER means users and roles alike, as the procedure's own page has it. */
function principal(
  database: Database,
  type: string,
  name: string | undefined,
  inner: string | undefined,
): SecurableId | undefined {
  if (type !== "USER" || name === undefined || inner !== undefined) return undefined;
  const id = principalNamed(database, name)?.id;
  return id === undefined ? undefined : { class: 4, id };
}

function inSchema(
  database: Database,
  schema: string | undefined,
  object: string | undefined,
): SecurableId | undefined {
  if (schema === undefined) return undefined;
  if (object !== undefined) {
    const found = objectNamed(database, schema, object);
    return found === undefined ? undefined : { class: 1, id: found.id };
  }
  const id = schemaIdNamed(database, schema);
  return id === undefined ? undefined : { class: 3, id };
}

/** It takes ALTER on the thing; on the database itself db_owner. */
function mayChange(database: Database, on: SecurableId): boolean {
  const { principalId } = database.context;
  return on.class === 0 ? isOwnerOfDatabase(database, principalId) : may(database, principalId, "ALTER", on);
}

const isThis = "class = ? AND major_id = ? AND minor_id = 0 AND name_key = ?";

function add(database: Database, { id: on, label }: PropertyOwner, name: string, value: SqlValue): void {
  const key = database.collation.key(name);
  const before = rowOf(database, `SELECT 1 FROM sys.properties_ WHERE ${isThis}`, on.class, on.id, key);
  if (before !== undefined) throw sqlErrors.propertyExists(name, label);
  change(
    database,
    "INSERT INTO sys.properties_ VALUES (?, ?, ?, 0, ?, ?, ?)",
    on.class,
    classDescriptions[on.class],
    on.id,
    name,
    boundFrom(value),
    key,
  );
}

function update(database: Database, { id: on, label }: PropertyOwner, name: string, value: SqlValue): void {
  const sql = `UPDATE sys.properties_ SET value = ? WHERE ${isThis}`;
  const key = database.collation.key(name);
  const changed = change(database, sql, boundFrom(value), on.class, on.id, key);
  if (changed === 0) throw sqlErrors.propertyMissing(name, label);
}

function drop(database: Database, { id: on, label }: PropertyOwner, name: string): void {
  const key = database.collation.key(name);
  const changed = change(database, `DELETE FROM sys.properties_ WHERE ${isThis}`, on.class, on.id, key);
  if (changed === 0) throw sqlErrors.propertyMissing(name, label);
}
