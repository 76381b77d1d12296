// What the SQL side keeps beside the resources of ARM: the content of databases, and what ARM never shows.
import type { Database } from "./engine/database.ts";

/** A SQL login of a server. */
export interface SqlAdmin {
  readonly login: string;
  readonly password: string;
}

/** Which databases exist and who administers a server is ARM's to say; this is the rest. */
export interface SqlState {
  /** The content of databases that somebody has signed in to, by databaseId: it survives moves and goes with them. */
  readonly databases: Map<string, Database>;
  /** How a seed's databases are filled when somebody signs in first, by databaseId. */
  readonly recipes: Map<string, () => Database>;
  /** When paused databases that somebody woke are back, by ARM id; milliseconds of the sandbox's clock. */
  readonly resuming: Map<string, number>;
  /** The administrator with a password, by the server's name in lower case. */
  readonly admins: Map<string, SqlAdmin>;
  /** The servers whose own identity may read the directory, by name in lower case. */
  readonly directoryReaders: Set<string>;
}

/** Nothing yet. */
export function emptySqlState(): SqlState {
  return {
    databases: new Map(),
    recipes: new Map(),
    resuming: new Map(),
    admins: new Map(),
    directoryReaders: new Set(),
  };
}
