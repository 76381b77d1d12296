// What SERVERPROPERTY and DATABASEPROPERTYEX tell.
import type { SqlValue } from "../wire/sql-type.ts";
import type { Database } from "./database.ts";

/** A property of the server; NULL for one that is not known. Engine edition 5 is Azure SQL Database. */
export function serverProperty({ context }: Database, name: string): SqlValue {
  const properties: Readonly<Record<string, SqlValue>> = {
    engineedition: 5,
    edition: "SQL Azure",
    servername: context.server,
    productversion: "12.0.2000.8",
    productlevel: "RTM",
    isexternalauthenticationonly: null,
  };
  return properties[name.toLowerCase()] ?? null;
}

/** A property of the own database; NULL for one that is not known. */
export function databaseProperty({ context, collation }: Database, name: string): SqlValue {
  const properties: Readonly<Record<string, SqlValue>> = {
    updateability: context.isReadOnly ? "READ_ONLY" : "READ_WRITE",
    status: "ONLINE",
    useraccess: "MULTI_USER",
    collation: collation.name,
    edition: "GeneralPurpose",
  };
  return properties[name.toLowerCase()] ?? null;
}
