// What the running of statements shares: the session that runs them, the batch that they are in, and whose turn it is.
import type { Statement } from "../language/statement.ts";
import type { SqlError } from "../sql-error.ts";
import type { SqlValue } from "../wire/sql-type.ts";
import type { Result, Session, StatementHooks } from "./batch.ts";
import type { Database } from "./database.ts";

/** What statements run on. */
export interface Run {
  readonly database: Database;
  readonly session: Session;
  readonly hooks: StatementHooks;
  /** Whether any error ends the batch and undoes its transaction: SET XACT_ABORT ON. */
  readonly isAborting: () => boolean;
  readonly abortOnError: (on: boolean) => void;
  readonly countRows: (count: number) => void;
  /** Waits until no other session has a transaction open; throws if this session may not go on. */
  readonly turn: () => Promise<void>;
  /** Runs the statements of a procedure or of a dynamic text. */
  readonly statements: (statements: readonly Statement[], scope: Scope) => Promise<void>;
}

/** What the statements of one batch, or of one procedure, share. */
export interface Scope {
  readonly variables: Map<string, SqlValue>;
  readonly results: Result[];
  readonly errors: SqlError[];
  /** How deep procedures and dynamic texts are nested. */
  readonly depth: number;
  /** The owner of the procedure that is running. */
  readonly chainOwner?: number;
}

/** Does something on the database as this session, once it is this session's turn. */
export async function inTurn<T>(run: Run, scope: Scope, act: () => T): Promise<T> {
  await run.turn();
  const { chainOwner } = scope;
  run.database.context = { ...run.session.context(), ...(chainOwner !== undefined && { chainOwner }) };
  return act();
}

/** A statement has its effect as a whole or not at all. */
export function undoneOnError<T>({ sqlite }: Database, act: () => T): T {
  sqlite.exec("SAVEPOINT statement");
  try {
    const result = act();
    sqlite.exec("RELEASE statement");
    return result;
  } catch (error) {
    sqlite.exec("ROLLBACK TO statement");
    sqlite.exec("RELEASE statement");
    throw error;
  }
}
