// How a T-SQL text falls into tokens; what is no token is refused with 102, never guessed.
import { sqlErrors } from "../sql-error.ts";
import type { Token } from "./token.ts";

/** More than anybody needs; keeps nesting and rewriting bounded. */
const mostTokens = 100_000;

const closers: Readonly<Record<string, string>> = { "'": "'", "[": "]", '"': '"' };

const shapes = [
  ["binary", /0x([0-9a-f]*)/iy],
  ["number", /(?:\d+(?:\.\d*)?|\.\d+)/y],
  ["variable", /@@?[\p{L}_#$][\p{L}\d_#$@]*/uy],
  ["word", /[\p{L}_#][\p{L}\d_#$@]*/uy],
  ["sign", /::|<>|<=|>=|!=|[-+*/%=<>(),.;]/y],
] as const;

const blank = /(?:\s|--[^\n]*(?:\n|$))+/y;

/** The tokens of a text. Throws SqlError 102, 105 and 113 as SQL Server does. */
export function tokensOf(sql: string): readonly Token[] {
  const tokens: Token[] = [];
  for (let at = blankEnd(sql, 0); at < sql.length; at = blankEnd(sql, at)) {
    const token = tokenAt(sql, at);
    tokens.push(token);
    if (tokens.length > mostTokens) throw sqlErrors.nestedTooDeep();
    at = token.to;
  }
  return tokens;
}

/** Behind blanks and comments; block comments nest in T-SQL. */
function blankEnd(sql: string, start: number): number {
  let at = start;
  for (;;) {
    blank.lastIndex = at;
    at += blank.exec(sql)?.[0].length ?? 0;
    if (!sql.startsWith("/*", at)) return at;
    at = commentEnd(sql, at);
  }
}

function commentEnd(sql: string, start: number): number {
  let depth = 0;
  for (let at = start; at < sql.length; at++) {
    const pair = sql.slice(at, at + 2);
    if (pair === "/*") depth++;
    if (pair === "*/") depth--;
    if (pair === "/*" || pair === "*/") at++;
    if (depth === 0) return at + 1;
  }
  throw sqlErrors.unclosedComment();
}

function tokenAt(sql: string, from: number): Token {
  const isNational = /^n'/i.test(sql.slice(from, from + 2));
  const opener = sql.charAt(isNational ? from + 1 : from);
  const closer = closers[opener];
  if (closer !== undefined) return quoted(sql, from, isNational ? from + 1 : from, closer);
  for (const [kind, shape] of shapes) {
    shape.lastIndex = from;
    const match = shape.exec(sql);
    if (match !== null) return shaped(kind, match, from);
  }
  throw sqlErrors.syntax(String.fromCodePoint(sql.codePointAt(from) ?? 0));
}

function quoted(sql: string, from: number, open: number, closer: string): Token {
  let value = "";
  let at = open + 1;
  for (;;) {
    const end = sql.indexOf(closer, at);
    if (end === -1) throw sqlErrors.unclosedQuote(value + sql.slice(at));
    value += sql.slice(at, end);
    if (sql.charAt(end + 1) !== closer)
      return { kind: closer === "'" ? "text" : "name", value, from, to: end + 1 };
    value += closer;
    at = end + 2;
  }
}

function shaped(kind: (typeof shapes)[number][0], match: RegExpExecArray, from: number): Token {
  const [text, digits = ""] = match;
  const to = from + text.length;
  switch (kind) {
    case "word":
      return { kind, value: text, upper: text.toUpperCase(), from, to };
    case "binary":
      return { kind, value: digits.length % 2 === 0 ? digits : `0${digits}`, from, to };
    case "variable":
      return { kind, value: text.toLowerCase(), from, to };
    default:
      return { kind, value: text, from, to };
  }
}
