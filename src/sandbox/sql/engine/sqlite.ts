// The one place that opens SQLite: in memory, with nothing of it reachable but what the engine lets through.
// biome-ignore lint/correctness/noUnresolvedImports: Node 24 has it; biome's list of Node's modules is older
import { constants, DatabaseSync, type SQLInputValue } from "node:sqlite";

/** A connection. */
export type Sqlite = DatabaseSync;

/** What can be bound to a statement of our own. */
export type Bound = SQLInputValue;

/** Opens an empty database; `sys.x` is a name in two parts in it. */
export function openSqlite(): Sqlite {
  const sqlite = new DatabaseSync(":memory:");
  sqlite.exec("ATTACH ':memory:' AS sys");
  return sqlite;
}

/** What a statement is about to do, as SQLite tells while it compiles one. */
export interface Access {
  readonly kind: "read" | "insert" | "update" | "delete" | "harmless" | "other";
  readonly schema: string;
  readonly table: string;
  /** The view that reads, if it is one. */
  readonly view: string | undefined;
}

const kinds = new Map<number, Access["kind"]>([
  [constants.SQLITE_READ, "read"],
  [constants.SQLITE_INSERT, "insert"],
  [constants.SQLITE_UPDATE, "update"],
  [constants.SQLITE_DELETE, "delete"],
  [constants.SQLITE_SELECT, "harmless"],
  [constants.SQLITE_FUNCTION, "harmless"],
]);

/**
 * Compiles a statement and answers what it is going to do, each access once. What is neither reading, nor changing
 * rows, nor calling functions is refused by SQLite itself, so the list holds it when compiling fails.
 */
export function compileWatched<T>(sqlite: Sqlite, accesses: Access[], compile: () => T): T {
  const seen = new Set<string>();
  sqlite.setAuthorizer((code, table, _column, schema, view) => {
    const kind = kinds.get(code) ?? "other";
    const key = [kind, schema, table, view].join("/");
    if (!seen.has(key))
      accesses.push({ kind, schema: schema ?? "", table: table ?? "", view: view ?? undefined });
    seen.add(key);
    return kind === "other" ? constants.SQLITE_DENY : constants.SQLITE_OK;
  });
  try {
    return compile();
  } finally {
    sqlite.setAuthorizer(null);
  }
}
