// How a batch becomes statements: control flow here, definitions of principals and permissions elsewhere.
import { sqlErrors } from "../sql-error.ts";
import { type Cursor, createCursor } from "./cursor.ts";
import { tokensOf } from "./lexer.ts";
import { parseAlter, parseAuthorization, parseCreate, parseDrop } from "./parse-definition.ts";
import { parseExecute } from "./parse-execute.ts";
import { parsePermission } from "./parse-permission.ts";
import type { Statement, StatementBody, Tokens } from "./statement.ts";
import { textOf } from "./token.ts";

/** The statements of a batch. A mistake anywhere throws SqlError before anything has run. */
export function parseBatchText(sql: string): readonly Statement[] {
  const cursor = createCursor(sql, tokensOf(sql));
  const statements: Statement[] = [];
  for (skipSemicolons(cursor); !cursor.isAtEnd(); skipSemicolons(cursor)) statements.push(statement(cursor));
  return statements;
}

type ParseStatement = (cursor: Cursor) => StatementBody;

/** By the word that begins a statement; that word is taken already. */
const parsers: Readonly<Record<string, ParseStatement>> = {
  SET: parseSet,
  DECLARE: parseDeclare,
  IF: parseIf,
  BEGIN: parseBegin,
  COMMIT: (cursor) => transactionEnd(cursor, "commit"),
  ROLLBACK: (cursor) => transactionEnd(cursor, "rollback"),
  EXEC: parseExecute,
  EXECUTE: parseExecute,
  PRINT: (cursor) => ({ kind: "print", value: cursor.rest() }),
  USE: (cursor) => ({ kind: "use", database: cursor.name() }),
  THROW: parseThrow,
  CREATE: parseCreate,
  ALTER: (cursor) => (cursor.accept("AUTHORIZATION") ? parseAuthorization(cursor) : parseAlter(cursor)),
  DROP: parseDrop,
  GRANT: (cursor) => parsePermission(cursor, "GRANT"),
  REVOKE: (cursor) => parsePermission(cursor, "REVOKE"),
  DENY: (cursor) => parsePermission(cursor, "DENY"),
};

/** Statements that go to SQLite as a whole, with the word that may stand in them once. */
const queries: Readonly<Record<string, string | undefined>> = {
  SELECT: "",
  WITH: "SELECT",
  INSERT: "SELECT",
  UPDATE: "SET",
  DELETE: "",
};

function statement(cursor: Cursor): Statement {
  const from = cursor.at();
  const body = cursor.deeper(() => bodyOf(cursor));
  return { ...body, text: cursor.textBetween(from) };
}

function bodyOf(cursor: Cursor): StatementBody {
  const first = cursor.token();
  const upper = first?.kind === "word" ? first.upper : "";
  const inner = queries[upper];
  if (inner !== undefined) return queryOf(upper, cursor.rest({ inner }));
  const parse = parsers[upper];
  if (parse === undefined) throw cursor.wrong();
  cursor.advance();
  return parse(cursor);
}

function queryOf(verb: string, tokens: Tokens): StatementBody {
  switch (verb) {
    case "INSERT":
    case "UPDATE":
    case "DELETE":
      return { kind: "change", verb, tokens };
    default:
      return { kind: "query", tokens };
  }
}

function skipSemicolons(cursor: Cursor): void {
  while (cursor.acceptSign(";"));
}

function parseSet(cursor: Cursor): StatementBody {
  const first = cursor.token();
  if (first === undefined) throw cursor.wrong();
  cursor.advance();
  if (first.kind === "variable") {
    cursor.expectSign("=");
    return { kind: "assign", variable: first.value, value: cursor.rest() };
  }
  const option = textOf(first).toUpperCase();
  // SET TRANSACTION ISOLATION LEVEL READ COMMITTED: what follows is words only.
  return { kind: "set", option, value: cursor.rest() };
}

function parseDeclare(cursor: Cursor): StatementBody {
  const variables: { name: string; value: Tokens | undefined }[] = [];
  do {
    const variable = cursor.token();
    if (variable?.kind !== "variable") throw cursor.wrong();
    cursor.advance();
    cursor.accept("AS");
    skipType(cursor);
    const isComma = (c: Cursor) => c.token()?.kind === "sign" && c.token()?.value === ",";
    const value = cursor.acceptSign("=") ? cursor.rest({ stop: isComma }) : undefined;
    variables.push({ name: variable.value, value });
  } while (cursor.acceptSign(","));
  return { kind: "declare", variables };
}

/** Variables hold whatever they are given; the type is only read over. */
function skipType(cursor: Cursor): void {
  cursor.name();
  if (!cursor.acceptSign("(")) return;
  cursor.advance();
  if (cursor.acceptSign(",")) cursor.advance();
  cursor.expectSign(")");
}

function parseIf(cursor: Cursor): StatementBody {
  const condition = cursor.rest();
  const then = statement(cursor);
  const mark = cursor.at();
  cursor.acceptSign(";");
  if (cursor.accept("ELSE")) return { kind: "if", condition, then, else: statement(cursor) };
  cursor.goTo(mark);
  return { kind: "if", condition, then };
}

function parseBegin(cursor: Cursor): StatementBody {
  if (cursor.accept("TRANSACTION") || cursor.accept("TRAN")) return { kind: "transaction", verb: "begin" };
  if (cursor.accept("TRY") || cursor.accept("CATCH")) throw sqlErrors.notSupported("BEGIN TRY");
  const body: Statement[] = [];
  for (skipSemicolons(cursor); !cursor.accept("END"); skipSemicolons(cursor)) {
    if (cursor.isAtEnd()) throw cursor.wrong();
    body.push(statement(cursor));
  }
  if (body.length === 0) throw cursor.wrong();
  return { kind: "block", body };
}

function transactionEnd(cursor: Cursor, verb: "commit" | "rollback"): StatementBody {
  if (!cursor.accept("TRANSACTION") && !cursor.accept("TRAN")) cursor.accept("WORK");
  return { kind: "transaction", verb };
}

function parseThrow(cursor: Cursor): StatementBody {
  const number = literal(cursor, "number");
  cursor.expectSign(",");
  const message = literal(cursor, "text");
  cursor.expectSign(",");
  return { kind: "throw", number: Number(number), message, state: Number(literal(cursor, "number")) };
}

function literal(cursor: Cursor, kind: "number" | "text"): string {
  const token = cursor.token();
  if (token?.kind !== kind) throw cursor.wrong();
  cursor.advance();
  return token.value;
}
