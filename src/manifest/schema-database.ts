// Decides what a grant in a SQL database may say.
import { z } from "zod";
import { always, formatted, mistake, text } from "./fields.ts";

/** The permissions that a document may grant; what gives power over access itself is held like a privileged role. */
const permissionNames = [
  "ALTER",
  "CONTROL",
  "CREATE PROCEDURE",
  "CREATE SCHEMA",
  "CREATE TABLE",
  "CREATE VIEW",
  "DELETE",
  "EXECUTE",
  "INSERT",
  "REFERENCES",
  "SELECT",
  "SHOWPLAN",
  "UPDATE",
  "VIEW ANY COLUMN ENCRYPTION KEY DEFINITION",
  "VIEW ANY COLUMN MASTER KEY DEFINITION",
  "VIEW CHANGE TRACKING",
  "VIEW DATABASE STATE",
  "VIEW DEFINITION",
] as const;

const Permission = z
  .strictObject({
    grant: z
      .array(
        z.enum(permissionNames).meta({ description: "A permission, in capitals as SQL Server writes it." }),
      )
      .min(1)
      .max(permissionNames.length)
      .meta({ description: "The permissions.", examples: [["EXECUTE"]] }),
    securable: formatted("securable", {
      description: "What they are granted on: database, schema::NAME or object::SCHEMA.NAME.",
      example: "schema::sales",
    }),
  })
  .meta({ description: "Permissions on one thing." });

/** A user of an identity in a SQL database, with its roles and permissions. */
export const SqlDatabase = z
  .strictObject({
    server: formatted("sqlServer", {
      description: "The server's full name, or the listener of a failover group.",
      example: "sql-orders.database.windows.net",
    }),
    database: formatted("databaseName", { description: "The database's name.", example: "orders" }),
    userName: text(
      { description: "The name of its user there. Default: the identity's name.", example: "id-orders" },
      128,
    ).exactOptional(),
    userFrom: z.enum(["Sid", "ExternalProvider"]).default("Sid").meta({
      description:
        "How the user is made. Sid: from the identity's client id, without asking Entra. ExternalProvider: Entra is asked, for which the server needs an identity that may read the directory.",
    }),
    roles: z
      .array(text({ description: "A role of the database, fixed or custom.", example: "db_datareader" }, 128))
      .max(100)
      .default([])
      .meta({ description: "The roles that it is a member of." }),
    permissions: z.array(Permission).max(100).default([]).meta({ description: "What else it may do." }),
    replaceUserWithSid: formatted("sid", {
      description: "The SID of a user of this name that may be replaced: one left by a deleted identity.",
      example: "0x443322116655887799AABBCCDDEEFF00",
    }).exactOptional(),
  })
  .superRefine((grant, ctx) => {
    const isEmpty = (list: unknown) => Array.isArray(list) && list.length === 0;
    if (typeof grant === "object" && grant !== null && isEmpty(grant.roles) && isEmpty(grant.permissions)) {
      mistake(ctx, "this grants nothing", {
        cure: "list roles or permissions, for example roles: [db_datareader]",
      });
    }
  }, always)
  .meta({ description: "A user in a SQL database." });
export type SqlDatabase = z.output<typeof SqlDatabase>;
