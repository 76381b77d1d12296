// What each kind of statement does, and what becomes of a batch when one of them fails.
import { parseBatchText } from "../language/parse.ts";
import type { Definition, Statement } from "../language/statement.ts";
import { textOf } from "../language/token.ts";
import { SqlError, sqlErrors } from "../sql-error.ts";
import { define } from "./define.ts";
import { execute } from "./execute.ts";
import { evaluate, isTrue, runChange, runQuery } from "./query.ts";
import { inTurn, type Run, type Scope, undoneOnError } from "./turn.ts";

/** SQL Server's own limit of @@NESTLEVEL. */
const deepestCalls = 32;

/**
 * Runs statements one after the other. One that fails is noted and the batch goes on, as in SQL Server; it ends with
 * SET XACT_ABORT ON, with a deadlock and with severities from 17 up, which also undo the transaction.
 */
export async function runStatements(run: Run, statements: readonly Statement[], scope: Scope): Promise<void> {
  if (scope.depth > deepestCalls) {
    throw new SqlError(
      217,
      "Maximum stored procedure, function, trigger, or view nesting level exceeded (limit 32).",
    );
  }
  for (const statement of statements) await runGuarded(run, statement, scope);
}

async function runGuarded(run: Run, statement: Statement, scope: Scope): Promise<void> {
  try {
    await runStatement(run, statement, scope);
  } catch (error) {
    if (!(error instanceof SqlError)) throw error;
    if (!scope.errors.includes(error)) scope.errors.push(error);
    const isDeadlock = error.number === 1205;
    const isFatal = isDeadlock || run.isAborting() || error.severity >= 17;
    if (!isFatal) return;
    if (run.session.context().openTransactions > 0) run.session.rollback();
    throw error;
  }
}

/** Control flow, which faults and logs do not count; everything else does something. */
async function runStatement(run: Run, statement: Statement, scope: Scope): Promise<void> {
  switch (statement.kind) {
    case "block":
      await runStatements(run, statement.body, scope);
      return;
    case "if": {
      const holds = await inTurn(run, scope, () =>
        isTrue(run.database, statement.condition, scope.variables),
      );
      const next = holds ? statement.then : statement.else;
      if (next !== undefined) await runGuarded(run, next, scope);
      return;
    }
    case "declare":
      await declare(run, statement.variables, scope);
      return;
    case "assign": {
      if (!scope.variables.has(statement.variable)) throw sqlErrors.undeclared(statement.variable);
      const value = await inTurn(run, scope, () => evaluate(run.database, statement.value, scope.variables));
      scope.variables.set(statement.variable, value);
      return;
    }
    case "executeText": {
      const text = await inTurn(run, scope, () => evaluate(run.database, statement.value, scope.variables));
      const inner = { ...scope, variables: new Map(), depth: scope.depth + 1 };
      await run.statements(parseBatchText(String(text ?? "")), inner);
      return;
    }
    default:
      await run.hooks.before(statement);
      await act(run, statement, scope);
      await run.hooks.after(statement);
  }
}

async function declare(
  run: Run,
  variables: Extract<Statement, { readonly kind: "declare" }>["variables"],
  scope: Scope,
): Promise<void> {
  for (const { name, value } of variables) {
    if (scope.variables.has(name)) throw sqlErrors.declaredTwice(name);
    const initial =
      value === undefined
        ? null
        : await inTurn(run, scope, () => evaluate(run.database, value, scope.variables));
    scope.variables.set(name, initial);
  }
}

type Acting = Exclude<Statement, { readonly kind: "block" | "if" | "declare" | "assign" | "executeText" }>;

async function act(run: Run, statement: Acting, scope: Scope): Promise<void> {
  const { database, session } = run;
  const { variables, results } = scope;
  switch (statement.kind) {
    case "query": {
      const result = await inTurn(run, scope, () => runQuery(database, statement.tokens, variables));
      run.countRows(result.rows.length);
      results.push({ kind: "rows", ...result });
      return;
    }
    case "change": {
      const count = await inTurn(run, scope, () =>
        undoneOnError(database, () => runChange(database, statement.tokens, variables)),
      );
      run.countRows(count);
      results.push({ kind: "count", count });
      return;
    }
    case "transaction":
      if (statement.verb === "begin") await session.begin();
      else session[statement.verb]();
      results.push({ kind: "done" });
      return;
    case "execute":
      await execute(run, statement, scope);
      return;
    case "set":
      if (statement.option === "XACT_ABORT")
        run.abortOnError(textOf(statement.value[0]).toUpperCase() === "ON");
      results.push({ kind: "done" });
      return;
    case "print": {
      const value = await inTurn(run, scope, () => evaluate(database, statement.value, variables));
      results.push({ kind: "notice", text: String(value ?? "") });
      return;
    }
    case "use":
      results.push({ kind: "database", name: ownDatabase(run, statement.database) });
      return;
    case "throw":
      throw new SqlError(statement.number, statement.message, 16, statement.state);
    default: {
      const definition: Definition = statement;
      await inTurn(run, scope, () => undoneOnError(database, () => define(database, definition)));
      results.push({ kind: "done" });
    }
  }
}

function ownDatabase({ database, session }: Run, name: string): string {
  const own = session.context().database;
  if (database.collation.key(name) !== database.collation.key(own)) throw sqlErrors.databaseSwitch();
  return own;
}
