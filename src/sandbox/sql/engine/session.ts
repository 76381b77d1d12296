// A session on a database: its batches run here, statement by statement, each waiting for its turn and for its faults.
import { parseBatchText } from "../language/parse.ts";
import type { Statement } from "../language/statement.ts";
import { SqlError, sqlErrors } from "../sql-error.ts";
import type { SqlValue } from "../wire/sql-type.ts";
import type { Outcome, Result, Session, StatementHooks } from "./batch.ts";
import { type Context, type Database, endTransaction, untilFree } from "./database.ts";
import { principalById } from "./lookups.ts";
import { runStatements } from "./run.ts";
import type { Run } from "./turn.ts";

/** How long a session waits for the transaction of another one. SQL Server would wait for ever. */
const lockTimeoutInMs = 15_000;

/** A session under a context; `transaction` counts how deep BEGIN TRANSACTION is nested. */
export function createSession(database: Database, start: Context, hooks: StatementHooks): Session {
  const self = {};
  let context = start;
  let xactAbort = false;
  const end = (verb: "COMMIT" | "ROLLBACK") => {
    // The sandbox may have ended before its last connections have.
    if (database.sqlite.isOpen) database.sqlite.exec(verb);
    context = { ...context, openTransactions: 0 };
    endTransaction(database);
  };
  const session: Session = {
    context: () => context,
    run: (text, parameters) => runBatch(run, () => parseBatchText(text), new Map(parameters)),
    call: (name, args) => {
      const variables = new Map(args.map(({ value }, i) => [`@#${i}`, value]));
      return runBatch(run, () => [callOf(name, args)], variables);
    },
    async begin() {
      if (!(await untilFree(database, self, lockTimeoutInMs))) throw sqlErrors.lockTimeout();
      if (context.openTransactions === 0) database.sqlite.exec("BEGIN");
      database.transactionOf = self;
      context = { ...context, openTransactions: context.openTransactions + 1 };
    },
    commit() {
      if (context.openTransactions === 0) throw sqlErrors.nothingToCommit();
      if (context.openTransactions === 1) end("COMMIT");
      else context = { ...context, openTransactions: context.openTransactions - 1 };
    },
    rollback() {
      if (context.openTransactions === 0) throw sqlErrors.nothingToRollBack();
      end("ROLLBACK");
    },
    reset() {
      if (context.openTransactions > 0) end("ROLLBACK");
      xactAbort = false;
    },
  };
  const run: Run = {
    database,
    session,
    hooks,
    isAborting: () => xactAbort,
    abortOnError: (on) => {
      xactAbort = on;
    },
    countRows: (count) => {
      context = { ...context, rowCount: count };
    },
    statements: (statements, scope) => runStatements(run, statements, scope),
    turn: async () => {
      if (!(await untilFree(database, self, lockTimeoutInMs))) throw sqlErrors.lockTimeout();
      if (principalById(database, context.principalId) === undefined)
        throw sqlErrors.userGone(context.database);
    },
  };
  return session;
}

async function runBatch(
  run: Run,
  parse: () => readonly Statement[],
  variables: Map<string, SqlValue>,
): Promise<Outcome> {
  const results: Result[] = [];
  const errors: SqlError[] = [];
  try {
    await runStatements(run, parse(), { variables, results, errors, depth: 0 });
  } catch (error) {
    if (!(error instanceof SqlError)) {
      if (run.isAborting() && run.session.context().openTransactions > 0) run.session.rollback();
      throw error;
    }
    if (!errors.includes(error)) errors.push(error);
  }
  return { results, errors };
}

/** A call from the wire as the statement that it stands for; its values are variables that no text can name. */
function callOf(name: string, args: readonly { readonly name: string }[]): Statement {
  const parts = name.replaceAll(/[[\]]/g, "").split(".");
  const values = args.map((arg, i) => ({
    name: arg.name.toLowerCase(),
    value: [{ kind: "variable" as const, value: `@#${i}`, from: 0, to: 0 }],
  }));
  return { kind: "execute", name: parts, arguments: values, text: `EXEC ${name}` };
}
