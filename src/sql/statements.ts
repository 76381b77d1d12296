// Which statements make a change in a database. Pure text; each entry of a list is one batch of its own.
// Sources: Microsoft's T-SQL reference (CREATE USER, ALTER ROLE, GRANT, REVOKE, ALTER AUTHORIZATION, DROP USER).
import { type DatabaseChange, type Securable, sidFrom } from "../model/database.ts";
import { Failure } from "../model/failure.ts";
import { identifier, literal } from "./quote.ts";

/** The name of the extended property that marks our users. */
export const markerProperty = "bindery";

type ChangeOf<K extends DatabaseChange["kind"]> = Extract<DatabaseChange, { kind: K }>;

/** The batches of a change, in order. Throws a `Failure` for what cannot be said in SQL. */
export function batchesFor(change: DatabaseChange): readonly string[] {
  switch (change.kind) {
    case "createUser":
      return change.from === "Sid" ? [createBySid(change)] : createByProvider(change);
    case "replaceUser":
      return [replaceUser(change)];
    case "dropUser":
      return [transaction([...handOver(change, "dbo"), `DROP USER IF EXISTS ${identifier(change.user)};`])];
    case "addToRole":
      return [`ALTER ROLE ${identifier(change.role)} ADD MEMBER ${identifier(change.user)};`];
    case "dropFromRole":
      return [`ALTER ROLE ${identifier(change.role)} DROP MEMBER ${identifier(change.user)};`];
    case "grantPermission":
      return [grant(change)];
    case "revokePermission":
      return [
        `REVOKE ${permissionText(change.permission)}${onText(change.securable)} FROM ${identifier(change.user)}${change.cascade ? " CASCADE" : ""};`,
      ];
  }
}

/** User and marker come together or not at all. */
function createBySid({ user, clientId, marker }: ChangeOf<"createUser">): string {
  return transaction([userBySid(user, clientId), mark(user, marker)]);
}

/** Whether this statement may stand in a transaction is not known, so it stands alone. */
function createByProvider({ user, principalId, marker }: ChangeOf<"createUser">): readonly string[] {
  return [
    `CREATE USER ${identifier(user)} FROM EXTERNAL PROVIDER WITH OBJECT_ID = ${literal(guid(principalId))};`,
    mark(user, marker),
  ];
}

function replaceUser(change: ChangeOf<"replaceUser">): string {
  const { stale, user, clientId, marker, roles, permissions } = change;
  return transaction([
    ...handOver(change, "dbo"),
    `DROP USER ${identifier(stale)};`,
    userBySid(user, clientId),
    mark(user, marker),
    ...handOver(change, user),
    ...roles.map((role) => `ALTER ROLE ${identifier(role)} ADD MEMBER ${identifier(user)};`),
    ...permissions.map((one) => grant({ ...one, user })),
  ]);
}

function handOver(
  { ownedSchemas, ownedRoles }: { ownedSchemas: readonly string[]; ownedRoles: readonly string[] },
  to: string,
): readonly string[] {
  return [
    ...ownedSchemas.map((s) => `ALTER AUTHORIZATION ON SCHEMA::${identifier(s)} TO ${identifier(to)};`),
    ...ownedRoles.map((r) => `ALTER AUTHORIZATION ON ROLE::${identifier(r)} TO ${identifier(to)};`),
  ];
}

/** No look-up in Entra: SQL believes the SID, so no right to read the directory is needed. */
function userBySid(user: string, clientId: string): string {
  return `CREATE USER ${identifier(user)} WITH SID = ${sidFrom(guid(clientId))}, TYPE = E;`;
}

function mark(user: string, marker: string): string {
  return `EXEC sys.sp_addextendedproperty @name = ${literal(markerProperty)}, @value = ${literal(marker)}, @level0type = N'USER', @level0name = ${literal(user)};`;
}

function grant({
  user,
  permission,
  securable,
}: Pick<ChangeOf<"grantPermission">, "user" | "permission" | "securable">): string {
  return `GRANT ${permissionText(permission)}${onText(securable)} TO ${identifier(user)};`;
}

function onText(securable: Securable): string {
  switch (securable.class) {
    case "database":
      return "";
    case "schema":
      return ` ON SCHEMA::${identifier(securable.schema)}`;
    case "object":
      return ` ON OBJECT::${identifier(securable.schema)}.${identifier(securable.object)}`;
    case "other":
      throw new Failure("terminal", `Permissions on ${securable.what} are not changed by Bindery.`, {
        code: "InvalidName",
      });
  }
}

/** Words of a closed form: permissions are no identifiers and cannot be quoted. */
function permissionText(permission: string): string {
  if (/^[A-Z]+(?: [A-Z]+){0,5}$/.test(permission)) return permission;
  throw new Failure("terminal", "A permission in SQL consists of words.", { code: "InvalidName" });
}

function guid(text: string): string {
  if (/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)) return text.toLowerCase();
  throw new Failure("terminal", "An id in SQL must be a GUID.", { code: "InvalidName" });
}

/** XACT_ABORT: the first error undoes all of it. */
function transaction(statements: readonly string[]): string {
  return ["SET XACT_ABORT ON;", "BEGIN TRANSACTION;", ...statements, "COMMIT TRANSACTION;"].join("\n");
}
