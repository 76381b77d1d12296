// A database: its catalog and its data on one SQLite connection, and whose statement is running on it.
import type { Switches } from "../../switches.ts";
import { type Catalog, insertSchema, rowOf } from "./catalog.ts";

/** A principal of Microsoft Entra, as FROM EXTERNAL PROVIDER finds it. */
export interface ExternalPrincipal {
  readonly objectId: string;
  readonly clientId: string;
}

/** Microsoft Entra, asked by the server's own identity. */
export interface Directory {
  byDisplayName(name: string): readonly ExternalPrincipal[];
  byObjectId(objectId: string): ExternalPrincipal | undefined;
}

/** Under whose eyes statements run. */
export interface Context {
  /** The user, or dbo for administrators. */
  readonly principalId: number;
  /** The server and database as this session calls them: a replica has the content of its primary. */
  readonly server: string;
  readonly database: string;
  /** What SUSER_SNAME tells. */
  readonly login: string;
  readonly sessionId: number;
  readonly isReadOnly: boolean;
  /** False for SQL logins, which may not ask Microsoft Entra for anybody. */
  readonly isEntra: boolean;
  /** Undefined if the server's identity may not read the directory. */
  readonly directory: Directory | undefined;
  /** How the facts stand that no source settles. */
  readonly switches: Switches;
  /** The owner of the procedure that is running: what belongs to the same owner is not checked. */
  readonly chainOwner?: number;
  readonly openTransactions: number;
  readonly rowCount: number;
}

/** A database with its content. */
export interface Database extends Catalog {
  /** The context of the statement that runs now. */
  context: Context;
  /** Who has a transaction open; others wait. */
  transactionOf: object | undefined;
  /** Called once when that transaction has ended. */
  readonly waiters: Set<() => void>;
}

/** Makes a schema and answers its id. */
export function addSchema(catalog: Catalog, name: string, owner: number): number {
  const last = rowOf(catalog, "SELECT max(schema_id) AS id FROM sys.schemas_ WHERE schema_id < 16384");
  const id = Number(last?.id ?? 4) + 1;
  insertSchema(catalog, name, owner, id);
  return id;
}

/** How SQLite writes a name. */
export function sqliteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A waiter for the end of the transaction that somebody else has open; false if that took too long. */
export async function untilFree(database: Database, session: object, withinInMs: number): Promise<boolean> {
  const end = Date.now() + withinInMs;
  while (database.transactionOf !== undefined && database.transactionOf !== session) {
    const left = end - Date.now();
    if (left <= 0) return false;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(done, left);
      function done() {
        clearTimeout(timer);
        database.waiters.delete(done);
        resolve();
      }
      database.waiters.add(done);
    });
  }
  return true;
}

/** Lets those go on who wait for a transaction. */
export function endTransaction(database: Database): void {
  database.transactionOf = undefined;
  for (const wake of [...database.waiters]) wake();
}
