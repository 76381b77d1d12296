// What a seed may say of Azure SQL: servers with their databases, and what is in those.
import { z } from "zod";
import { defaultCollation, isCollationName } from "../sql/engine/collation.ts";

const Name = z.string().min(1).max(128);
const ServerName = z
  .string()
  .regex(
    /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/,
    "must be 1 to 63 lower-case letters, digits and dashes, with no dash at either end",
  );
const DatabaseName = z.string().regex(/^[^<>*%&:\\/?]{1,128}$/, "must be a name without < > * % & : \\ / ?");
const ObjectName = z.string().regex(/^[^.]+\.[^.]+$/, "must be schema.name");
const Value = z.union([z.string(), z.number(), z.boolean(), z.null()]);

const SqlUser = z
  .strictObject({
    name: Name,
    /** Whose user it is: a caller, an identity (name or id), or a client id. */
    principal: z.string().min(1).exactOptional(),
    /** A user with a password of its own. */
    password: z.string().min(1).exactOptional(),
    /** The SID as it stands, 0x…: what a deleted identity leaves, or a user made from a server login. */
    sid: z
      .string()
      .regex(/^0x([0-9a-f]{2}){1,85}$/i, "must be 0x and hexadecimal digits")
      .exactOptional(),
    roles: z.array(Name).default([]),
  })
  .refine(({ principal, password, sid }) => [principal, password, sid].filter(Boolean).length <= 1, {
    path: ["principal"],
    message: "only one of principal, password and sid can be",
  });

const SqlTable = z.strictObject({
  name: ObjectName,
  /** As in CREATE TABLE, "id int NOT NULL". */
  columns: z.array(z.string().min(1)).min(1),
  rows: z.array(z.array(Value)).default([]),
});

const SqlProcedure = z.strictObject({
  name: ObjectName,
  /** "@customer nvarchar(100)" */
  parameters: z.array(z.string().min(1)).default([]),
  /** What stands behind AS. */
  body: z.string().min(1),
});

const SqlDatabase = z.strictObject({
  name: DatabaseName,
  collation: z
    .string()
    .refine(isCollationName, "must be a collation, SQL_Latin1_General_CP1_CI_AS")
    .default(defaultCollation),
  status: z.enum(["Online", "Paused", "Offline"]).default("Online"),
  /** A geo-replica of another database of this seed, server/database: read-only, with its content. */
  replicaOf: z
    .string()
    .regex(/^[^/]+\/[^/]+$/, "must be server/database")
    .exactOptional(),
  /** Enabled: who asks for read-only intent gets a read-only session. */
  readScale: z.enum(["Enabled", "Disabled"]).default("Disabled"),
  schemas: z.array(Name).default([]),
  tables: z.array(SqlTable).default([]),
  procedures: z.array(SqlProcedure).default([]),
  roles: z.array(Name).default([]),
  users: z.array(SqlUser).default([]),
  /** T-SQL that runs at the end as dbo. */
  script: z.string().default(""),
});

const FailoverGroup = z.strictObject({
  name: ServerName,
  /** The name of the other server. */
  partner: ServerName,
  databases: z.array(DatabaseName).default([]),
});

/** A SQL server. */
export const SeedSqlServer = z.strictObject({
  subscriptionId: z.guid().exactOptional(),
  resourceGroup: z.string().min(1),
  name: ServerName,
  location: z.string().min(1).exactOptional(),
  tags: z.record(z.string(), z.string()).exactOptional(),
  systemAssigned: z.boolean().exactOptional(),
  /** Identities of the server, by name or id. */
  identities: z.array(z.string().min(1)).exactOptional(),
  /** Whether the server's own identity may look up principals: FROM EXTERNAL PROVIDER takes that. */
  directoryReaders: z.boolean().default(false),
  /** The Microsoft Entra administrator: a caller, an identity (name or id), or an object id. */
  entraAdmin: z.string().min(1).exactOptional(),
  /** Refuses SQL logins. */
  entraOnly: z.boolean().default(false),
  sqlAdmin: z.strictObject({ login: Name, password: z.string().min(1) }).exactOptional(),
  databases: z.array(SqlDatabase).default([]),
  failoverGroups: z.array(FailoverGroup).default([]),
});
/** A SQL server of a seed. */
export type SeedSqlServer = z.infer<typeof SeedSqlServer>;
/** A database of a seed. */
export type SeedSqlDatabase = z.infer<typeof SqlDatabase>;
