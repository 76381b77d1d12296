// The built-in functions of T-SQL that queries may call; in SQLite they are named TSQL_…, so that none of its own leak in.

import type { SqlValue } from "../wire/sql-type.ts";
import { change, rowOf } from "./catalog.ts";
import { convert } from "./convert.ts";
import type { Database } from "./database.ts";
import { likeMatches } from "./like.ts";
import { objectById, objectNamed, principalById, principalNamed, schemaIdNamed } from "./lookups.ts";
import { hasPermissionByName } from "./permissions-by-name.ts";
import { databaseProperty, serverProperty } from "./properties.ts";
import { isMember } from "./rights.ts";
import { seesGrantee, seesMember, seesObject, seesPrincipal, seesProperty } from "./visibility.ts";

type BuiltIn = (...args: SqlValue[]) => SqlValue;

/** By the name in T-SQL, or for what rewriting puts in, by a name of our own. */
export type BuiltIns = Readonly<Record<string, BuiltIn>>;

const text = (value: SqlValue | undefined): string =>
  value === null || value === undefined ? "" : String(value);
const orNull = <T extends SqlValue>(value: T | undefined): T | null => value ?? null;

/** About users and roles. */
function principalFunctions(database: Database): BuiltIns {
  const self = () => database.context.principalId;
  const nameOf = (id: SqlValue) => orNull(principalById(database, Number(id))?.name);
  const idOf = (name: SqlValue | undefined) =>
    name === undefined ? self() : orNull(principalNamed(database, text(name))?.id);
  return {
    USER_NAME: (id) => nameOf(id === undefined ? self() : id),
    CURRENT_USER: () => nameOf(self()),
    USER_ID: idOf,
    DATABASE_PRINCIPAL_ID: idOf,
    SUSER_SNAME: () => database.context.login,
    ORIGINAL_LOGIN: () => database.context.login,
    IS_MEMBER: (role) => membership(database, text(role), self()),
    IS_ROLEMEMBER: (role, of) =>
      membership(database, text(role), of === undefined ? self() : principalNamed(database, text(of))?.id),
    HAS_PERMS_BY_NAME: (securable, kind, permission) =>
      hasPermissionByName(database, securable ?? null, kind ?? null, permission ?? null),
    SEES_PRINCIPAL: (id) => Number(seesPrincipal(database, Number(id))),
    SEES_MEMBER: (id) => Number(seesMember(database, Number(id))),
    SEES_GRANTEE: (id) => Number(seesGrantee(database, Number(id))),
    SEES_OBJECT: (id) => Number(seesObject(database, Number(id))),
    SEES_PROPERTY: (kind, id) => Number(seesProperty(database, Number(kind), Number(id))),
  };
}

/** 1, 0, or NULL for what is no role, no principal, or not to be seen. */
function membership(database: Database, role: string, id: number | undefined): SqlValue {
  const found = principalNamed(database, role);
  if (found?.isRole !== true || id === undefined || !seesMember(database, id)) return null;
  return Number(isMember(database, id, role));
}

/** About the database and what is in it. */
function databaseFunctions(database: Database): BuiltIns {
  const isOwn = (name: SqlValue | undefined) =>
    name === undefined ||
    database.collation.key(text(name)) === database.collation.key(database.context.database);
  return {
    DB_NAME: (id) => (id === undefined || id === 5 ? database.context.database : null),
    DB_ID: (name) => (isOwn(name) ? 5 : null),
    SCHEMA_NAME: (id) => (id === undefined ? "dbo" : orNull(nameOfSchema(database, id))),
    SCHEMA_ID: (name) => (name === undefined ? 1 : orNull(schemaIdNamed(database, text(name)))),
    OBJECT_NAME: (id) => orNull(objectById(database, Number(id))?.name),
    OBJECT_SCHEMA_NAME: (id) => orNull(objectById(database, Number(id))?.schema),
    OBJECT_ID: (name) => {
      const parts = text(name).replaceAll(/[[\]]/g, "").split(".");
      return orNull(objectNamed(database, parts.at(-2) ?? "dbo", parts.at(-1) ?? "")?.id);
    },
    SERVERPROPERTY: (name) => serverProperty(database, text(name)),
    DATABASEPROPERTYEX: (name, property) => (isOwn(name) ? databaseProperty(database, text(property)) : null),
  };
}

function nameOfSchema(database: Database, id: SqlValue): string | undefined {
  const row = rowOf(database, "SELECT name FROM sys.schemas_ WHERE schema_id = ?", Number(id));
  return row === undefined ? undefined : text(row.name);
}

/** About texts and values. */
function valueFunctions(database: Database): BuiltIns {
  const now = () => database.now();
  return {
    QUOTENAME: (name) =>
      name === null || text(name).length > 128 ? null : `[${text(name).replaceAll("]", "]]")}]`,
    LEN: (value) => (value === null ? null : text(value).trimEnd().length),
    DATALENGTH: (value) => {
      if (value === null || value === undefined) return null;
      return value instanceof Uint8Array ? value.length : text(value).length * 2;
    },
    LEFT: (value, length) => (value === null ? null : text(value).slice(0, Number(length))),
    RIGHT: (value, length) => {
      if (value === null) return null;
      return Number(length) === 0 ? "" : text(value).slice(-Number(length));
    },
    GETDATE: now,
    GETUTCDATE: now,
    SYSUTCDATETIME: now,
    NEWID: () => crypto.randomUUID().toUpperCase(),
    CONVERT: (value, type, style) => convert(value ?? null, text(type), Number(style ?? 0)),
    TRANCOUNT: () => database.context.openTransactions,
    ROWCOUNT: () => database.context.rowCount,
    SPID: () => database.context.sessionId,
    SERVERNAME: () => database.context.server,
  };
}

/** How a function of T-SQL is called in SQLite: one of ours, or one of its own that does the same. */
const namesInSqlite: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    "USER_NAME USER_ID DATABASE_PRINCIPAL_ID SUSER_SNAME ORIGINAL_LOGIN IS_MEMBER IS_ROLEMEMBER HAS_PERMS_BY_NAME DB_NAME DB_ID SCHEMA_NAME SCHEMA_ID OBJECT_NAME OBJECT_SCHEMA_NAME OBJECT_ID SERVERPROPERTY DATABASEPROPERTYEX QUOTENAME LEN DATALENGTH LEFT RIGHT GETDATE GETUTCDATE SYSUTCDATETIME NEWID"
      .split(" ")
      .map((name) => [name, `TSQL_${name}`]),
  ),
  ...Object.fromEntries(
    "COUNT MIN MAX SUM AVG STRING_AGG COALESCE NULLIF IIF UPPER LOWER LTRIM RTRIM TRIM SUBSTRING REPLACE CONCAT ABS ROW_NUMBER"
      .split(" ")
      .map((name) => [name, name]),
  ),
  ISNULL: "COALESCE",
};

/** The name in SQLite, or undefined for what is no function here. */
export function functionInSqlite(name: string): string | undefined {
  return namesInSqlite[name.toUpperCase()];
}

/** SQLite has no booleans. */
export function boundFrom(value: SqlValue): Exclude<SqlValue, boolean> {
  return typeof value === "boolean" ? Number(value) : value;
}

/** Gives a new database its functions. */
export function registerFunctions(database: Database): void {
  const builtIns = {
    ...principalFunctions(database),
    ...databaseFunctions(database),
    ...valueFunctions(database),
  };
  for (const [name, run] of Object.entries(builtIns)) {
    database.sqlite.function(`TSQL_${name}`, { varargs: true }, (...args) => boundFrom(run(...args)));
  }
  database.sqlite.function("like", { varargs: true }, (pattern, value, escapeSign) =>
    boundFrom(likeMatches(pattern ?? null, value ?? null, escapeSign ?? null, database.collation)),
  );
}

/** Tells the database which databases its server has; `sys.databases` shows them. */
export function showDatabases(
  database: Database,
  databases: readonly { name: string; collation: string; isReadOnly: boolean }[],
): void {
  change(database, "DELETE FROM sys.databases_");
  for (const [i, { name, collation, isReadOnly }] of databases.entries()) {
    const id = name.toLowerCase() === "master" ? 1 : i + 5;
    change(
      database,
      "INSERT INTO sys.databases_ VALUES (?, ?, 0, 'ONLINE', ?, ?)",
      name,
      id,
      Number(isReadOnly),
      collation,
    );
  }
}
