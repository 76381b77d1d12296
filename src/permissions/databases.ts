// Which statements give Bindery its rights in the databases that documents name; see docs/sql.md.
import type { Desired, DesiredDatabase } from "../desired/desired.ts";
import { type DatabaseRef, databaseKey } from "../model/database.ts";
import type { DocumentRef } from "../model/document.ts";
import { byText } from "../model/order.ts";
import type { Purpose } from "./needs.ts";

/** What an administrator runs in one database. */
export interface DatabaseRights {
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

/** The statements for each database, sorted by name. `user` is what Bindery's own principal is called in Entra. */
export function databaseRightsOf(
  desired: Desired,
  user: string,
  purpose: Purpose,
): readonly DatabaseRights[] {
  const wanted = desired.identities.flatMap(({ bindings }) => bindings.flatMap(({ databases }) => databases));
  return [...Map.groupBy(wanted, ({ ref }) => databaseKey(ref))]
    .toSorted(([a], [b]) => byText(a, b))
    .flatMap(([, group]) => {
      const [first] = group;
      if (!first) return [];
      const statements = statementsFor(group, `[${user.replaceAll("]", "]]")}]`, purpose);
      return [{ ref: first.ref, documents: group.map(({ document }) => document), statements }];
    });
}

function statementsFor(wanted: readonly DesiredDatabase[], me: string, purpose: Purpose): readonly string[] {
  const create = `CREATE USER ${me} FROM EXTERNAL PROVIDER;`;
  const roles = wanted.flatMap((one) => one.roles).map((role) => role.toLowerCase());
  const see = `GRANT VIEW DEFINITION TO ${me};`;
  if (purpose === "plan") return [create, see];
  if (roles.some((role) => fixedRoles.has(role))) return [create, `ALTER ROLE [db_owner] ADD MEMBER ${me};`];
  if (wanted.some(({ permissions }) => permissions.length > 0)) return [create, `GRANT CONTROL TO ${me};`];
  const forRoles = roles.length > 0 ? [`GRANT ALTER ANY ROLE TO ${me};`] : [];
  return [create, see, `GRANT ALTER ANY USER TO ${me};`, ...forRoles];
}
