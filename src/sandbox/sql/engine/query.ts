// How queries and changes of data run: rewritten, judged by the user's rights while SQLite compiles them, then for real.
import type { Token } from "../language/token.ts";
import { SqlError, sqlErrors } from "../sql-error.ts";
import { type Column, type SqlValue, typeFromDeclaration, typeOfValue } from "../wire/sql-type.ts";
import { dboId } from "./catalog.ts";
import type { Database } from "./database.ts";
import { boundFrom } from "./functions.ts";
import { objectNamed } from "./lookups.ts";
import { rewritten } from "./rewrite.ts";
import { may } from "./rights.ts";
import { type Access, compileWatched } from "./sqlite.ts";

/** The rows of a query. */
export interface QueryResult {
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly SqlValue[])[];
}

/** The variables of a batch, by name with the sign, in lower case. */
export type Variables = ReadonlyMap<string, SqlValue>;

/** Larger results are refused: memory is bounded. */
const mostRows = 200_000;

/** Runs a query. Throws SqlError as SQL Server would. */
export function runQuery(database: Database, tokens: readonly Token[], variables: Variables): QueryResult {
  return compiled(database, tokens, variables, (statement, bound) => {
    statement.setReturnArrays(true);
    const columns = statement.columns();
    const rows: SqlValue[][] = [];
    // With setReturnArrays a row is an array, which the types do not know.
    for (const row of statement.iterate(bound) as unknown as Iterable<SqlValue[]>) {
      if (rows.push(row) > mostRows) throw new SqlError(701, outOfMemory, 17);
    }
    return {
      columns: columns.map(({ name, type }, i) => ({
        name: columnName(name),
        type:
          type === null
            ? typeOfValue(rows.find((r) => r[i] !== null)?.[i] ?? null)
            : typeFromDeclaration(type),
      })),
      rows,
    };
  });
}

const outOfMemory = "There is insufficient system memory in resource pool 'default' to run this query.";

/** Runs INSERT, UPDATE or DELETE and answers how many rows it changed. */
export function runChange(database: Database, tokens: readonly Token[], variables: Variables): number {
  if (database.context.isReadOnly) throw sqlErrors.readOnly(database.context.database);
  return compiled(database, withInto(tokens), variables, (statement, bound) =>
    Number(statement.run(bound).changes),
  );
}

/** The value of an expression. */
export function evaluate(database: Database, tokens: readonly Token[], variables: Variables): SqlValue {
  const result = runQuery(database, [word("SELECT"), ...tokens], variables);
  return result.rows[0]?.[0] ?? null;
}

/** Whether a condition holds; neither for NULL nor for 0. */
export function isTrue(database: Database, tokens: readonly Token[], variables: Variables): boolean {
  const condition = [word("CASE"), word("WHEN"), ...tokens, word("THEN"), one, word("END")];
  return evaluate(database, condition, variables) === 1;
}

const one: Token = { kind: "number", value: "1", from: 0, to: 0 };

function word(upper: string): Token {
  return { kind: "word", value: upper, upper, from: 0, to: 0 };
}

/** T-SQL can do without INTO and FROM here. */
function withInto(tokens: readonly Token[]): readonly Token[] {
  const [first, second, ...rest] = tokens;
  if (first?.kind !== "word" || second === undefined) return tokens;
  const needed = { INSERT: "INTO", DELETE: "FROM" }[first.upper];
  const isThere = second.kind === "word" && second.upper === needed;
  return needed === undefined || isThere ? tokens : [first, word(needed), second, ...rest];
}

/** Expressions have no name in T-SQL; SQLite names them by their text. */
function columnName(name: string): string {
  return /^[\d']|[('@]|^CASE /i.test(name) ? "" : name;
}

type Statement = ReturnType<Database["sqlite"]["prepare"]>;
type BoundValues = Record<string, Exclude<SqlValue, boolean>>;

function compiled<T>(
  database: Database,
  tokens: readonly Token[],
  variables: Variables,
  run: (statement: Statement, bound: BoundValues) => T,
): T {
  const sql = rewritten(tokens);
  const bound = boundValues(tokens, variables);
  const accesses: Access[] = [];
  try {
    const statement = compileWatched(database.sqlite, accesses, () => database.sqlite.prepare(sql));
    refuse(database, accesses);
    return run(statement, bound);
  } catch (error) {
    if (!(error instanceof SqlError)) refuse(database, accesses);
    throw errorFrom(error);
  }
}

function refuse(database: Database, accesses: readonly Access[]): void {
  const refusal = accesses.map((access) => refusalOf(database, access)).find((r) => r !== undefined);
  if (refusal !== undefined) throw refusal;
}

function boundValues(tokens: readonly Token[], variables: Variables): BoundValues {
  const bound: BoundValues = {};
  for (const token of tokens) {
    if (token.kind !== "variable" || token.value.startsWith("@@")) continue;
    const value = variables.get(token.value);
    if (value === undefined) throw sqlErrors.undeclared(token.value);
    bound[token.value] = boundFrom(value);
  }
  return bound;
}

const permissionNames = { read: "SELECT", insert: "INSERT", update: "UPDATE", delete: "DELETE" } as const;

/** Why a statement may not touch something; undefined if it may. */
function refusalOf(database: Database, { kind, schema, table, view }: Access): SqlError | undefined {
  if (kind === "harmless") return undefined;
  if (kind === "other") return sqlErrors.notSupported("this query");
  const isHidden = (table.endsWith("_") && view === undefined) || /^(sqlite|pragma)_/i.test(table);
  if (schema === "sys") {
    if (kind === "read") return isHidden ? sqlErrors.noObject(`sys.${table}`) : undefined;
    return sqlErrors.catalogUpdate();
  }
  const object = objectNamed(database, schema, table);
  if (object === undefined) return sqlErrors.noObject(table);
  const { principalId, chainOwner, database: name } = database.context;
  if (principalId === dboId || object.owner === chainOwner) return undefined;
  const permission = permissionNames[kind];
  if (may(database, principalId, permission, { class: 1, id: object.id })) return undefined;
  return sqlErrors.denied(permission, object.name, name, object.schema);
}

/** SQLite's complaint as SQL Server's. */
function errorFrom(error: unknown): Error {
  if (error instanceof SqlError) return error;
  if (!(error instanceof Error)) return new Error(String(error));
  const { message } = error;
  const [, table] = /no such table: (.*)/.exec(message) ?? [];
  if (table !== undefined) return sqlErrors.noObject(table.replace(/^dbo\./, ""));
  const [, column] = /(?:no such column: |has no column named )(.*)/.exec(message) ?? [];
  if (column !== undefined) return sqlErrors.noColumn(column.split(".").at(-1) ?? column);
  const [, near] = /near "(.*)": syntax error/s.exec(message) ?? [];
  if (near !== undefined) return sqlErrors.syntax(near);
  if (message.includes("constraint failed")) return sqlErrors.constraint(message);
  if (/incomplete input/.test(message)) return sqlErrors.syntax("");
  return sqlErrors.notSupported(`this query (${message})`);
}
