// Makes a database: its catalog and its functions, before anybody has signed in.
import { defaultSwitches } from "../../switches.ts";
import { fillCatalog } from "./catalog.ts";
import { collationNamed } from "./collation.ts";
import type { Context, Database } from "./database.ts";
import { registerFunctions } from "./functions.ts";
import { openSqlite } from "./sqlite.ts";

const nobody: Context = {
  principalId: 1,
  server: "",
  database: "",
  login: "sa",
  sessionId: 0,
  isReadOnly: false,
  isEntra: true,
  directory: undefined,
  switches: defaultSwitches(),
  openTransactions: 0,
  rowCount: 0,
};

/** A new database with nothing but what every database has. `now` in milliseconds since the epoch. */
export function createDatabase(collation: string, now: () => number): Database {
  const database: Database = {
    sqlite: openSqlite(),
    collation: collationNamed(collation),
    now: () => new Date(now()).toISOString(),
    context: nobody,
    transactionOf: undefined,
    waiters: new Set(),
  };
  registerFunctions(database);
  fillCatalog(database);
  return database;
}
