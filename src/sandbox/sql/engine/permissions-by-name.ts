// What HAS_PERMS_BY_NAME answers: 1, 0, or NULL for what is misspelt or not to be seen.
import type { SqlValue } from "../wire/sql-type.ts";
import type { Database } from "./database.ts";
import { objectNamed, principalNamed, schemaIdNamed } from "./lookups.ts";
import { permissionType, type SecurableClass } from "./permission-names.ts";
import { may, mayAnything, type SecurableId, theDatabase } from "./rights.ts";
import { seesPrincipal } from "./visibility.ts";

const classes: Readonly<Record<string, SecurableClass>> = {
  DATABASE: 0,
  OBJECT: 1,
  SCHEMA: 3,
  USER: 4,
  ROLE: 4,
};

/** About a securable of the own database by its name; the server's own permissions nobody has here. */
export function hasPermissionByName(
  database: Database,
  securable: SqlValue,
  kind: SqlValue,
  permission: SqlValue,
): SqlValue {
  if (permission === null) return null;
  const name = String(permission).toUpperCase();
  if (kind === null) return securable === null ? 0 : null;
  const securableClass = classes[String(kind).toUpperCase()];
  if (securableClass === undefined) return null;
  if (name !== "ANY" && permissionType(name, securableClass) === undefined) return null;
  const on = securableNamed(database, securableClass, securable);
  if (on === undefined) return null;
  const { principalId } = database.context;
  return Number(
    name === "ANY" ? mayAnything(database, principalId, on) : may(database, principalId, name, on),
  );
}

function securableNamed(
  database: Database,
  securableClass: SecurableClass,
  securable: SqlValue,
): SecurableId | undefined {
  const parts = partsOf(securable === null ? "" : String(securable));
  const last = parts.at(-1) ?? "";
  const { key } = database.collation;
  switch (securableClass) {
    case 0:
      return securable === null || key(last) === key(database.context.database) ? theDatabase : undefined;
    case 1:
      return found(1, objectNamed(database, parts.at(-2) ?? "dbo", last)?.id);
    case 3:
      return found(3, schemaIdNamed(database, last));
    case 4: {
      const id = principalNamed(database, last)?.id;
      if (id === undefined || !seesPrincipal(database, id)) return undefined;
      return { class: 4, id };
    }
  }
}

function found(securableClass: SecurableClass, id: number | undefined): SecurableId | undefined {
  return id === undefined ? undefined : { class: securableClass, id };
}

/** `a.b`, `[a].[b]` and mixtures, unescaped. */
function partsOf(name: string): readonly string[] {
  const parts = name.match(/\[(?:[^\]]|\]\])*\]|[^.[\]]+/g) ?? [];
  return parts.map((p) => (p.startsWith("[") ? p.slice(1, -1).replaceAll("]]", "]") : p));
}
