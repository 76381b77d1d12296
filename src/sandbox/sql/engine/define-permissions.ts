// What GRANT, DENY and REVOKE do to the catalog, and who may say them.
import type { PermissionStatement, Securable } from "../language/statement.ts";
import { sqlErrors } from "../sql-error.ts";
import { type Catalog, change, dboId, firstUserId, rowsOf } from "./catalog.ts";
import type { Database } from "./database.ts";
import { type DatabasePrincipal, objectNamed, principalNamed, schemaIdNamed } from "./lookups.ts";
import { classDescriptions, coveringNames, permissionType } from "./permission-names.ts";
import { identitiesOf, isMember, may, type SecurableId, theDatabase } from "./rights.ts";

/** A permission on a thing for somebody, from somebody. */
export interface Grant {
  readonly permission: string;
  readonly on: SecurableId;
  readonly grantee: number;
  readonly grantor: number;
}

type State = "G" | "W" | "D";
const stateDescriptions = { G: "GRANT", W: "GRANT_WITH_GRANT_OPTION", D: "DENY" };

/** Writes a permission in place of what the same grantor has said before; nothing is checked. */
export function grantTo(catalog: Catalog, grant: Grant, state: State = "G"): void {
  const { permission, on, grantee, grantor } = grant;
  remove(catalog, grant);
  change(
    catalog,
    "INSERT INTO sys.permissions_ VALUES (?, ?, ?, 0, ?, ?, ?, ?, ?, ?)",
    on.class,
    classDescriptions[on.class],
    on.id,
    grantee,
    grantor,
    permissionType(permission, on.class) ?? "",
    permission,
    state,
    stateDescriptions[state],
  );
}

function remove(catalog: Catalog, { permission, on, grantee, grantor }: Grant): void {
  change(
    catalog,
    "DELETE FROM sys.permissions_ WHERE class = ? AND major_id = ? AND grantee_principal_id = ? AND grantor_principal_id = ? AND permission_name = ?",
    on.class,
    on.id,
    grantee,
    grantor,
    permission,
  );
}

/** GRANT, DENY or REVOKE. */
export function setPermissions(database: Database, statement: PermissionStatement): void {
  const on = securableOf(database, statement.on);
  for (const permission of statement.permissions) {
    if (permissionType(permission, on.class) === undefined) throw sqlErrors.syntax(`${permission}...`);
  }
  for (const name of statement.principals) {
    const grantee = granteeOf(database, name);
    for (const permission of statement.permissions) {
      const grantor = grantorOf(database, permission, on);
      apply(database, statement, { permission, on, grantee: grantee.id, grantor });
    }
  }
}

/** The thing that is meant; 15151 where it is not there. */
export function securableOf(database: Database, { class: kind, name }: Securable): SecurableId {
  const last = name.at(-1) ?? "";
  const missing = (what: string) => sqlErrors.cannot("find", what, last);
  switch (kind) {
    case "DATABASE": {
      const { key } = database.collation;
      if (name.length > 0 && key(last) !== key(database.context.database)) throw missing("database");
      return theDatabase;
    }
    case "SCHEMA": {
      const id = schemaIdNamed(database, last);
      if (id === undefined) throw missing("schema");
      return { class: 3, id };
    }
    case "OBJECT": {
      const object = objectNamed(database, name.at(-2) ?? "dbo", last);
      if (object === undefined) throw missing("object");
      return { class: 1, id: object.id };
    }
    case "USER":
    case "ROLE": {
      const principal = principalNamed(database, last);
      if (principal === undefined || principal.isRole !== (kind === "ROLE"))
        throw missing(kind.toLowerCase());
      return { class: 4, id: principal.id };
    }
  }
}

function granteeOf(database: Database, name: string): DatabasePrincipal {
  const grantee = principalNamed(database, name);
  if (grantee === undefined) throw sqlErrors.cannot("find", "user", name);
  const isSpecial = grantee.id > 0 && grantee.id < firstUserId && grantee.id !== 2;
  if (isSpecial || grantee.id === database.context.principalId) throw sqlErrors.grantToSelf();
  if (grantee.isFixedRole) throw sqlErrors.grantToFixedRole();
  return grantee;
}

/**
 * Who is written down as grantor: dbo for those who may grant everything or have CONTROL, oneself for those who have
 * the permission with its grant option. Anybody else is refused with 4613.
 */
function grantorOf(database: Database, permission: string, on: SecurableId): number {
  const { principalId } = database.context;
  const isPowerful =
    isMember(database, principalId, "db_securityadmin") || may(database, principalId, "CONTROL", on);
  if (isPowerful) return dboId;
  const identities = identitiesOf(database, principalId);
  const grantable = rowsOf(
    database,
    "SELECT grantee_principal_id AS id, permission_name AS name FROM sys.permissions_ WHERE class = ? AND major_id = ? AND state = 'W'",
    on.class,
    on.id,
  ).find(
    (row) => identities.has(Number(row.id)) && coveringNames(permission, on.class).includes(String(row.name)),
  );
  if (grantable === undefined) throw sqlErrors.cannotGrant();
  return Number(grantable.id);
}

function apply(
  database: Database,
  { verb, isGrantable, isCascade }: PermissionStatement,
  grant: Grant,
): void {
  const isNowGrantable = stateOf(database, grant) === "W";
  if (verb === "GRANT") {
    grantTo(database, grant, isGrantable || isNowGrantable ? "W" : "G");
    return;
  }
  if (isNowGrantable && !isCascade) throw sqlErrors.needsCascade();
  if (isCascade) withdrawPassedOn(database, grant);
  if (verb === "DENY") grantTo(database, grant, "D");
  else remove(database, grant);
}

function stateOf(catalog: Catalog, { permission, on, grantee, grantor }: Grant): string | undefined {
  const rows = rowsOf(
    catalog,
    "SELECT state FROM sys.permissions_ WHERE class = ? AND major_id = ? AND grantee_principal_id = ? AND grantor_principal_id = ? AND permission_name = ?",
    on.class,
    on.id,
    grantee,
    grantor,
    permission,
  );
  return rows[0] === undefined ? undefined : String(rows[0].state);
}

/** What somebody passed on goes with its own permission. */
function withdrawPassedOn(catalog: Catalog, { permission, on, grantee }: Grant): void {
  const rows = rowsOf(
    catalog,
    "SELECT grantee_principal_id AS id FROM sys.permissions_ WHERE class = ? AND major_id = ? AND grantor_principal_id = ? AND permission_name = ?",
    on.class,
    on.id,
    grantee,
    permission,
  );
  for (const row of rows) {
    const passedOn = { permission, on, grantee: Number(row.id), grantor: grantee };
    remove(catalog, passedOn);
    withdrawPassedOn(catalog, passedOn);
  }
}
