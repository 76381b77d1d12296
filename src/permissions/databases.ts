// Which rights Bindery needs in the databases that documents name; see docs/sql.md.
import type { Desired, DesiredDatabase } from "../desired/desired.ts";
import { type DatabaseRef, type DatabaseRights, databaseKey } from "../model/database.ts";
import type { DocumentRef } from "../model/document.ts";
import { byText } from "../model/order.ts";
import type { Purpose } from "./needs.ts";

/** What an administrator runs in one database. */
export interface DatabaseScript {
  readonly ref: DatabaseRef;
  /** The lines that need it. */
  readonly documents: readonly DocumentRef[];
  readonly statements: readonly string[];
}

/** Azure SQL's fixed database roles: only `db_owner` changes their members (Microsoft, ALTER ROLE: Permissions). */
const fixedRoles: ReadonlySet<string> = new Set([
  "db_accessadmin",
  "db_backupoperator",
  "db_datareader",
  "db_datawriter",
  "db_ddladmin",
  "db_denydatareader",
  "db_denydatawriter",
  "db_owner",
  "db_securityadmin",
]);

/** The statement that gives a right to Bindery's own user. */
export type StatementGiving = (right: keyof DatabaseRights) => string;

/** The statements for each database, sorted by name. */
export function databaseScriptsOf(
  desired: Desired,
  purpose: Purpose,
  giving: StatementGiving,
): readonly DatabaseScript[] {
  const wanted = desired.identities.flatMap(({ bindings }) => bindings.flatMap(({ databases }) => databases));
  return [...Map.groupBy(wanted, ({ ref }) => databaseKey(ref))]
    .toSorted(([a], [b]) => byText(a, b))
    .flatMap(([, group]) => {
      const [first] = group;
      if (!first) return [];
      const statements = rightsFor(group, purpose).map(giving);
      return [{ ref: first.ref, documents: group.map(({ document }) => document), statements }];
    });
}

function rightsFor(wanted: readonly DesiredDatabase[], purpose: Purpose): readonly (keyof DatabaseRights)[] {
  const roles = wanted.flatMap((one) => one.roles).map((role) => role.toLowerCase());
  if (purpose === "plan") return ["user", "seesAll"];
  if (roles.some((role) => fixedRoles.has(role))) return ["user", "isOwner"];
  if (wanted.some(({ permissions }) => permissions.length > 0)) return ["user", "controls"];
  return ["user", "seesAll", "altersUsers", ...(roles.length > 0 ? ["altersRoles" as const] : [])];
}
