// How users and roles are made, changed and dropped, and who may do that.
import { randomBytes } from "node:crypto";
import type { CreateUser, Definition } from "../language/statement.ts";
import { sqlErrors } from "../sql-error.ts";
import {
  change,
  dboId,
  firstFixedRoleId,
  firstUserId,
  insertPrincipal,
  type NewPrincipal,
  publicId,
  rowOf,
} from "./catalog.ts";
import type { Database } from "./database.ts";
import { grantTo } from "./define-permissions.ts";
import { foundInEntra } from "./external-provider.ts";
import { type DatabasePrincipal, principalNamed } from "./lookups.ts";
import { identitiesOf, isOwnerOfDatabase, may } from "./rights.ts";

type Of<K extends Definition["kind"]> = Extract<Definition, { readonly kind: K }>;

/** CREATE USER. It takes ALTER ANY USER; the user gets CONNECT. */
export function createUser(database: Database, { name, source, defaultSchema }: CreateUser): void {
  if (!may(database, database.context.principalId, "ALTER ANY USER")) throw sqlErrors.noPermission();
  const schema = defaultSchema ?? "dbo";
  const authentication = database.context.switches.externalAuthentication;
  switch (source.from) {
    case "sid": {
      const sid = Buffer.from(source.sid, "hex");
      if (sid.length !== 16) throw sqlErrors.sidShape();
      addUser(database, name, { type: source.type, sid, authentication, defaultSchema: schema });
      return;
    }
    case "external": {
      const found = foundInEntra(database, name, source.objectId);
      addUser(database, name, { ...found, authentication, defaultSchema: schema });
      return;
    }
    case "password": {
      const { password } = source;
      addUser(database, name, { ...sqlUser(), authentication: "DATABASE", defaultSchema: schema, password });
      return;
    }
    case "nothing":
      addUser(database, name, { ...sqlUser(), authentication: "NONE", defaultSchema: schema });
      return;
  }
}

function sqlUser(): Pick<NewPrincipal, "type" | "sid"> {
  return { type: "S", sid: randomBytes(28) };
}

function addUser(database: Database, name: string, user: Omit<NewPrincipal, "id" | "name">): void {
  const id = addPrincipal(database, name, user);
  grantTo(database, { permission: "CONNECT", on: { class: 0, id: 0 }, grantee: id, grantor: dboId });
}

function addPrincipal(
  database: Database,
  name: string,
  principal: Omit<NewPrincipal, "id" | "name">,
): number {
  if (principalNamed(database, name) !== undefined) throw sqlErrors.nameTaken(name);
  const sameSid = rowOf(database, "SELECT 1 FROM sys.principals_ WHERE sid = ?", principal.sid);
  if (sameSid !== undefined) throw sqlErrors.sidTaken();
  const last = "SELECT max(principal_id) AS id FROM sys.principals_ WHERE principal_id < ?";
  const id = Number(rowOf(database, last, firstFixedRoleId)?.id ?? firstUserId - 1) + 1;
  insertPrincipal(database, { ...principal, id, name });
  return id;
}

/** CREATE ROLE takes CREATE ROLE; the owner is who makes it, unless stated. */
export function createRole(database: Database, { name, owner }: Of<"createRole">): void {
  const { principalId } = database.context;
  if (!may(database, principalId, "CREATE ROLE")) throw sqlErrors.noPermission();
  const ownerId = owner === undefined ? principalId : principalNamed(database, owner)?.id;
  if (ownerId === undefined) throw sqlErrors.cannot("find", "principal", owner ?? "");
  addPrincipal(database, name, { type: "R", sid: randomBytes(28), authentication: "NONE", owner: ownerId });
}

/** ALTER USER: another name or default schema. */
export function alterUser(database: Database, { name, newName, defaultSchema }: Of<"alterUser">): void {
  const user = principalNamed(database, name);
  const { principalId } = database.context;
  if (user === undefined || user.isRole || !may(database, principalId, "ALTER ANY USER")) {
    throw sqlErrors.cannot("alter", "user", name);
  }
  const taken = newName === undefined ? undefined : principalNamed(database, newName);
  if (newName !== undefined && taken !== undefined && taken.id !== user.id)
    throw sqlErrors.nameTaken(newName);
  const current = newName ?? user.name;
  change(
    database,
    "UPDATE sys.principals_ SET name = ?, name_key = ?, default_schema_name = coalesce(?, default_schema_name), modify_date = ? WHERE principal_id = ?",
    current,
    database.collation.key(current),
    defaultSchema ?? null,
    database.now(),
    user.id,
  );
}

/** ALTER ROLE. Members of fixed roles take db_owner, those of others ALTER on the role (the page on ALTER ROLE). */
export function alterRole(database: Database, { role, verb, member }: Of<"alterRole">): void {
  const found = principalNamed(database, role);
  if (found?.isRole !== true || !mayAlterRole(database, found)) throw sqlErrors.cannot("alter", "role", role);
  if (found.id === publicId) throw sqlErrors.publicRole();
  const principal = principalNamed(database, member);
  if (principal === undefined || principal.id === publicId) {
    throw sqlErrors.cannot(verb.toLowerCase(), "principal", member);
  }
  if (principal.id < firstUserId || principal.isFixedRole) throw sqlErrors.specialMember(member);
  if (database.context.switches.repeatedMembership === "refused")
    refuseRepeated(database, found, principal, verb);
  if (verb === "DROP") {
    const sql = "DELETE FROM sys.members_ WHERE role_principal_id = ? AND member_principal_id = ?";
    change(database, sql, found.id, principal.id);
    return;
  }
  if (identitiesOf(database, found.id).has(principal.id)) throw sqlErrors.circularRole();
  change(database, "INSERT OR IGNORE INTO sys.members_ VALUES (?, ?)", found.id, principal.id);
}

/** Neither is known to be refused; the numbers are those that come nearest. */
function refuseRepeated(
  database: Database,
  role: DatabasePrincipal,
  { id, name }: DatabasePrincipal,
  verb: "ADD" | "DROP",
): void {
  const sql = "SELECT 1 FROM sys.members_ WHERE role_principal_id = ? AND member_principal_id = ?";
  const isMember = rowOf(database, sql, role.id, id) !== undefined;
  if (verb === "ADD" && isMember) throw sqlErrors.nameTaken(name);
  if (verb === "DROP" && !isMember) throw sqlErrors.cannot("drop", "principal", name);
}

function mayAlterRole(database: Database, role: DatabasePrincipal): boolean {
  const { principalId } = database.context;
  if (role.isFixedRole) return isOwnerOfDatabase(database, principalId);
  return may(database, principalId, "ALTER", { class: 4, id: role.id });
}

/** DROP USER and DROP ROLE: refused as long as it owns, has granted, or has members. */
export function dropPrincipal(database: Database, { what, name, ifExists }: Of<"drop">): void {
  const found = principalNamed(database, name);
  const kind = what.toLowerCase();
  const isMeant = found !== undefined && found.isRole === (what === "ROLE");
  if (!isMeant && ifExists) return;
  const { principalId } = database.context;
  if (!isMeant || !may(database, principalId, "ALTER", { class: 4, id: found.id })) {
    throw sqlErrors.cannot("drop", kind, name);
  }
  if (found.id < firstUserId || found.isFixedRole) throw sqlErrors.special(kind, name);
  refuseIfNeeded(database, found);
  for (const sql of removals) change(database, sql, found.id);
}

const removals = [
  "DELETE FROM sys.members_ WHERE member_principal_id = ?",
  "DELETE FROM sys.permissions_ WHERE grantee_principal_id = ?",
  "DELETE FROM sys.permissions_ WHERE class = 4 AND major_id = ?",
  "DELETE FROM sys.properties_ WHERE class = 4 AND major_id = ?",
  "DELETE FROM sys.principals_ WHERE principal_id = ?",
] as const;

function refuseIfNeeded(database: Database, { id }: DatabasePrincipal): void {
  const isThere = (sql: string) => rowOf(database, sql, id) !== undefined;
  if (isThere("SELECT 1 FROM sys.schemas_ WHERE principal_id = ?")) throw sqlErrors.ownsSchema();
  if (isThere("SELECT 1 FROM sys.principals_ WHERE owning_principal_id = ?")) throw sqlErrors.ownsRole();
  if (isThere("SELECT 1 FROM sys.objects_ WHERE principal_id = ?")) throw sqlErrors.ownsObjects();
  if (isThere("SELECT 1 FROM sys.permissions_ WHERE grantor_principal_id = ?")) throw sqlErrors.hasGranted();
  if (isThere("SELECT 1 FROM sys.members_ WHERE role_principal_id = ?")) throw sqlErrors.hasMembers();
}
