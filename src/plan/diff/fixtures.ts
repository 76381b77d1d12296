// One database beside the identity of the plan's fixtures, and what a row of a table changes about the two.
import type { DesiredBinding, DesiredDatabase, DesiredIdentity } from "../../desired/desired.ts";
import { type DatabaseContents, type DatabaseUser, sidFrom } from "../../model/database.ts";
import { assignmentMarker } from "../../model/grant.ts";
import type { Identity } from "../../model/identity.ts";
import type { ObservedDatabase } from "../../observed/observed.ts";
import {
  binding,
  desired,
  document,
  identityId,
  live,
  observed,
  policy,
  principal,
  wanted,
} from "../fixtures.ts";
import type { Plan } from "../plan.ts";
import { planFor } from "../plan-for.ts";

export const ref = { server: "sql-orders.database.windows.net", database: "orders" };
export const key = `${ref.server}/${ref.database}`;
export const resource = { id: "/subscriptions/s/…/databases/orders", ref, status: "Online" };
export const ours = assignmentMarker("prod", identityId);
export const sid = sidFrom(principal.clientId);
export const deadClientId = "dddddddd-0000-4000-8000-000000000001";
export const deadSid = sidFrom(deadClientId);

export const rights = {
  user: "bindery",
  seesAll: true,
  isOwner: true,
  altersUsers: true,
  altersRoles: true,
  controls: true,
};

export const onSales = { class: "schema", schema: "sales" } as const;
export const execute = { permission: "EXECUTE", securable: onSales } as const;

export function user(change: Partial<DatabaseUser> = {}): DatabaseUser {
  return {
    name: "id-orders",
    sid,
    type: "E",
    marker: ours,
    roles: [],
    permissions: [],
    ownedSchemas: [],
    ownedRoles: [],
    ownedObjects: [],
    granteesOf: [],
    ...change,
  };
}

export function database(
  users: readonly DatabaseUser[],
  change: Partial<DatabaseContents> = {},
): ObservedDatabase {
  const roles = ["db_owner", "db_datareader", "db_datawriter"].map((name) => ({ name, isFixed: true }));
  const contents = { rights, isReadOnly: false, users, schemas: ["dbo", "sales"], ...change };
  return {
    kind: "read",
    resource,
    contents: { roles: [...roles, { name: "clerks", isFixed: false }], ...contents },
  };
}

export function grant(change: Partial<DesiredDatabase> = {}): DesiredDatabase {
  return {
    ref,
    userName: "id-orders",
    userFrom: "Sid",
    roles: ["db_datareader"],
    permissions: [],
    document: document(),
    ...change,
  };
}

/** The bindings of a document that wants the role of a reader, or what the change says instead. */
export function reads(change: Partial<DesiredDatabase> = {}): readonly DesiredBinding[] {
  return [binding([], [], false, [grant(change)])];
}

/** The identity, with the database remembered. */
export function tagged(tags: Record<string, string> = { "bindery-sql-1": key }): Identity {
  return live({ tags: { ...live().tags, ...tags } });
}

/** What is wanted, what is there (`undefined`: nobody has looked), and the identities that live. */
export interface DatabaseCase {
  readonly want?: Partial<DesiredIdentity>;
  readonly see?: readonly Identity[];
  readonly there: ObservedDatabase | undefined;
}

/** The plan for one database. */
export function planWith({ want = {}, see = [tagged()], there }: DatabaseCase): Plan {
  const databases = new Map(there ? [[key, there] as const] : []);
  return planFor(desired(wanted(want)), observed({ identities: see }, { databases }), policy);
}
