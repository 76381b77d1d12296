// What the tests of the engine share: a database with a table and a procedure, and sessions on it.
import { defaultSwitches } from "../../switches.ts";
import type { SqlValue } from "../wire/sql-type.ts";
import type { Session, StatementHooks } from "./batch.ts";
import { createDatabase } from "./create-database.ts";
import type { Context, Database } from "./database.ts";
import { principalNamed } from "./lookups.ts";
import { addProcedure, addTable } from "./objects.ts";
import { createSession } from "./session.ts";

const orders = [
  [1, "Contoso"],
  [2, "Fabrikam"],
];

/** A database `orders` with the table sales.orders and the procedure sales.order_count. */
export function ordersDatabase(collation = "SQL_Latin1_General_CP1_CI_AS"): Database {
  const database = createDatabase(collation, () => Date.parse("2026-01-12T04:07:13Z"));
  const columns = ["id int NOT NULL", "customer nvarchar(100)"];
  addTable(database, { schema: "sales", name: "orders", columns, rows: orders });
  const body = "SELECT COUNT(*) AS n FROM sales.orders WHERE customer = @customer";
  addProcedure(database, {
    schema: "sales",
    name: "order_count",
    parameters: ["@customer nvarchar(100)"],
    body,
  });
  return database;
}

const noHooks: StatementHooks = { before: () => Promise.resolve(), after: () => Promise.resolve() };

/** A session of a user, dbo by default. */
export function sessionOf(
  database: Database,
  user = "dbo",
  changed: Partial<Context> = {},
  hooks: StatementHooks = noHooks,
): Session {
  const principalId = principalNamed(database, user)?.id;
  if (principalId === undefined) throw new Error(`There is no user ${user}.`);
  const context: Context = {
    principalId,
    server: "sql-test",
    database: "orders",
    login: user,
    sessionId: 51,
    isReadOnly: false,
    isEntra: true,
    directory: undefined,
    switches: defaultSwitches(),
    openTransactions: 0,
    rowCount: 0,
    ...changed,
  };
  return createSession(database, context, hooks);
}

/** Binaries as 0x…, so that they compare. */
function shownValue(value: SqlValue): SqlValue {
  return value instanceof Uint8Array ? `0x${Buffer.from(value).toString("hex").toUpperCase()}` : value;
}

/** What a batch gives: rows of all its queries, counts of its changes, and "!number" for each error at the end. */
export async function given(
  session: Session,
  sql: string,
  parameters: Readonly<Record<string, SqlValue>> = {},
): Promise<readonly unknown[]> {
  const { results, errors } = await session.run(sql, new Map(Object.entries(parameters)));
  const shown = results.flatMap((r): unknown[] => {
    if (r.kind === "rows") return [r.rows.map((row) => row.map(shownValue))];
    return r.kind === "count" ? [r.count] : [];
  });
  return [...shown, ...errors.map((e) => `!${e.number}`)];
}

/** Runs a batch that must not fail. */
export async function done(session: Session, sql: string): Promise<void> {
  const { errors } = await session.run(sql, new Map());
  if (errors[0] !== undefined) throw errors[0];
}
