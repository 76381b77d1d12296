// How schemas are made and dropped, and how ownership changes hands.
import type { Definition } from "../language/statement.ts";
import { sqlErrors } from "../sql-error.ts";
import { change, dboId, rowOf } from "./catalog.ts";
import { addSchema, type Database } from "./database.ts";
import { securableOf } from "./define-permissions.ts";
import { principalNamed, schemaIdNamed } from "./lookups.ts";
import { may } from "./rights.ts";

type Of<K extends Definition["kind"]> = Extract<Definition, { readonly kind: K }>;

/** CREATE SCHEMA; the owner is who makes it, unless stated. */
export function createSchema(database: Database, { name, owner }: Of<"createSchema">): void {
  const { principalId } = database.context;
  if (!may(database, principalId, "CREATE SCHEMA")) throw sqlErrors.noPermission();
  const ownerId = owner === undefined ? principalId : principalNamed(database, owner)?.id;
  if (ownerId === undefined) throw sqlErrors.cannot("find", "user", owner ?? "");
  if (schemaIdNamed(database, name) !== undefined) throw sqlErrors.objectTaken(name);
  addSchema(database, name, ownerId);
}

/** DROP SCHEMA, once nothing is in it any more. */
export function dropSchema(database: Database, { name, ifExists }: Of<"drop">): void {
  const id = schemaIdNamed(database, name);
  if (id === undefined && ifExists) return;
  const isOwn = id !== undefined && id > 4;
  if (!isOwn || !may(database, database.context.principalId, "ALTER", { class: 3, id })) {
    throw sqlErrors.cannot("drop", "schema", name);
  }
  const object = rowOf(database, "SELECT name FROM sys.objects_ WHERE schema_id = ?", id);
  if (object !== undefined) throw sqlErrors.schemaInUse(name, String(object.name));
  change(database, "DELETE FROM sys.permissions_ WHERE class = 3 AND major_id = ?", id);
  change(database, "DELETE FROM sys.properties_ WHERE class = 3 AND major_id = ?", id);
  change(database, "DELETE FROM sys.schemas_ WHERE schema_id = ?", id);
}

/**
 * ALTER AUTHORIZATION. It takes TAKE OWNERSHIP of the thing and, unless one takes it oneself, IMPERSONATE on the new
 * owner. A SQL login cannot give anything to a user of Microsoft Entra (the page on Entra logins; the number of the
 * error is believed).
 */
export function authorize(database: Database, { on, owner }: Of<"authorize">): void {
  const thing = securableOf(database, on);
  const { principalId, isEntra } = database.context;
  const next = principalNamed(database, owner);
  const isOutOfReach = next?.isExternal === true && !isEntra;
  if (next === undefined || isOutOfReach) throw sqlErrors.cannot("find", "principal", owner);
  if (!may(database, principalId, "TAKE OWNERSHIP", thing)) {
    throw sqlErrors.cannot("find", on.class.toLowerCase(), on.name.at(-1) ?? "");
  }
  const mayPass =
    next.id === principalId || may(database, principalId, "IMPERSONATE", { class: 4, id: next.id });
  if (!mayPass) throw sqlErrors.cannot("find", "principal", owner);
  switch (thing.class) {
    case 1:
      change(database, "UPDATE sys.objects_ SET principal_id = ? WHERE object_id = ?", next.id, thing.id);
      return;
    case 3:
      change(database, "UPDATE sys.schemas_ SET principal_id = ? WHERE schema_id = ?", next.id, thing.id);
      return;
    case 4: {
      if (on.class === "USER" || thing.id === dboId)
        throw sqlErrors.notSupported("ALTER AUTHORIZATION ON USER");
      const sql = "UPDATE sys.principals_ SET owning_principal_id = ? WHERE principal_id = ?";
      change(database, sql, next.id, thing.id);
      return;
    }
    case 0:
      throw sqlErrors.notSupported("ALTER AUTHORIZATION ON DATABASE");
  }
}
