// What a session is to those who run batches on it, and what its batches give.
import type { Statement } from "../language/statement.ts";
import type { SqlError } from "../sql-error.ts";
import type { Column, SqlValue } from "../wire/sql-type.ts";
import type { Context } from "./database.ts";

/** What a statement gave. */
export type Result =
  | {
      readonly kind: "rows";
      readonly columns: readonly Column[];
      readonly rows: readonly (readonly SqlValue[])[];
    }
  | { readonly kind: "count"; readonly count: number }
  | { readonly kind: "done" }
  | { readonly kind: "notice"; readonly text: string }
  | { readonly kind: "database"; readonly name: string };

/** What a batch gave: the results up to its end, and the errors of those statements that failed. */
export interface Outcome {
  readonly results: readonly Result[];
  readonly errors: readonly SqlError[];
}

/** Called around every statement that does something; may wait, throw a SqlError, or throw to end the connection. */
export interface StatementHooks {
  before(statement: Statement): Promise<void>;
  after(statement: Statement): Promise<void>;
}

/** A signed-in session. Its batches must be run one after the other. */
export interface Session {
  readonly context: () => Context;
  /** Runs a batch; a mistake in its text is its only error. */
  run(text: string, parameters: ReadonlyMap<string, SqlValue>): Promise<Outcome>;
  /** Calls a procedure by its name. */
  call(name: string, args: readonly { readonly name: string; readonly value: SqlValue }[]): Promise<Outcome>;
  begin(): Promise<void>;
  /** Throws SqlError 3902 without a transaction. */
  commit(): void;
  /** Throws SqlError 3903 without a transaction. */
  rollback(): void;
  /** Rolls back whatever is open and forgets all options: the connection is reset or ended. */
  reset(): void;
}
