// How a query of T-SQL becomes one of SQLite: token by token. What would mean something else there is refused.
import { isSign, isWord, type Token, textOf } from "../language/token.ts";
import { sqlErrors } from "../sql-error.ts";
import { sqliteName } from "./database.ts";
import { functionInSqlite } from "./functions.ts";
import { rewriteCall } from "./rewrite-calls.ts";
import type { Piece, Rewriting } from "./rewriting.ts";

/** Words of SQLite that T-SQL has not, or that are beyond this engine. */
const refused = new Set(
  "LIMIT OFFSET FETCH GLOB REGEXP MATCH PRAGMA NOTNULL ROWID RETURNING CONFLICT INDEXED PIVOT UNPIVOT APPLY WAITFOR OUTPUT FOR OPTION MERGE INTERSECTS".split(
    " ",
  ),
);

/** Keywords that parentheses may follow. */
const keywordsWithParentheses = new Set(
  "IN EXISTS VALUES AND OR NOT ON WHERE AS FROM SELECT WHEN THEN ELSE BY UNION ALL EXCEPT INTERSECT JOIN HAVING LIKE BETWEEN OVER CASE WITH ANY SOME DISTINCT SET".split(
    " ",
  ),
);

/** Words behind which a table is named. */
const beforeTable = new Set(["FROM", "JOIN", "INTO", "UPDATE"]);

/** Words that stand for functions. */
const niladic: Readonly<Record<string, string>> = {
  CURRENT_USER: "TSQL_CURRENT_USER()",
  SESSION_USER: "TSQL_CURRENT_USER()",
  USER: "TSQL_CURRENT_USER()",
  SYSTEM_USER: "TSQL_SUSER_SNAME()",
  CURRENT_TIMESTAMP: "TSQL_GETDATE()",
};

const globals: Readonly<Record<string, string>> = {
  "@@version": "'Microsoft SQL Azure (RTM) - 12.0.2000.8 (Bindery sandbox)'",
  "@@servername": "TSQL_SERVERNAME()",
  "@@trancount": "TSQL_TRANCOUNT()",
  "@@rowcount": "TSQL_ROWCOUNT()",
  "@@spid": "TSQL_SPID()",
  "@@error": "0",
};

/** The text of a query for SQLite. Throws SqlError for what is not understood. */
export function rewritten(tokens: readonly Token[]): string {
  const rewriting: Rewriting = {
    tokens,
    defined: new Set(definedNames(tokens)),
    between: (from, to) => groupText(rewriting, from, to),
    closing: (open) => closingOf(tokens, open),
  };
  return rewriting.between(0, tokens.length);
}

function definedNames(tokens: readonly Token[]): readonly string[] {
  if (!isWord(tokens[0], "WITH")) return [];
  return tokens
    .filter((_, i) => isWord(tokens[i + 1], "AS") && isSign(tokens[i + 2], "("))
    .map((token) => textOf(token).toLowerCase());
}

function closingOf(tokens: readonly Token[], open: number): number {
  let depth = 0;
  for (let at = open; at < tokens.length; at++) {
    if (isSign(tokens[at], "(")) depth++;
    if (isSign(tokens[at], ")")) depth--;
    if (depth === 0) return at;
  }
  throw sqlErrors.syntax("(");
}

/** The tokens of one pair of parentheses, or of the whole; TOP becomes LIMIT at its end. */
function groupText(rewriting: Rewriting, from: number, to: number): string {
  const parts: string[] = [];
  let limit = "";
  for (let at = from; at < to; ) {
    if (isWord(rewriting.tokens[at], "TOP")) {
      const top = topOf(rewriting, at);
      limit = ` LIMIT ${top.text}`;
      at = top.next;
      continue;
    }
    const piece = pieceAt(rewriting, at);
    parts.push(piece.text);
    at = piece.next;
  }
  return parts.join(" ").replaceAll(" . ", ".") + limit;
}

function topOf({ tokens, between, closing }: Rewriting, at: number): Piece {
  const next = tokens[at + 1];
  if (next?.kind === "number") return { text: next.value, next: at + 2 };
  if (!isSign(next, "(")) throw sqlErrors.syntax("TOP");
  const end = closing(at + 1);
  return { text: `(${between(at + 2, end)})`, next: end + 1 };
}

function pieceAt(rewriting: Rewriting, at: number): Piece {
  const { tokens } = rewriting;
  const token = tokens[at];
  refuseAssignment(tokens, at);
  switch (token?.kind) {
    case "text":
      return { text: `'${token.value.replaceAll("'", "''")}'`, next: at + 1 };
    case "binary":
      return { text: `x'${token.value}'`, next: at + 1 };
    case "variable":
      return { text: token.value.startsWith("@@") ? globalOf(token.value) : token.value, next: at + 1 };
    case "sign":
      return signPiece(rewriting, token.value, at);
    case "name":
    case "word":
      return namePiece(rewriting, at);
    default:
      return { text: textOf(token), next: at + 1 };
  }
}

/** SELECT @x = 1 and SELECT alias = 1 would compare in SQLite. */
function refuseAssignment(tokens: readonly Token[], at: number): void {
  if (!isSign(tokens[at + 1], "=") || !isWord(tokens[at - 1], "SELECT")) return;
  throw sqlErrors.notSupported(`SELECT ${textOf(tokens[at])} = …`);
}

function globalOf(name: string): string {
  const text = globals[name];
  if (text === undefined) throw sqlErrors.undeclared(name);
  return text;
}

/** SQLite would add texts as numbers: joining them takes CONCAT here. */
function signPiece({ between, closing }: Rewriting, sign: string, at: number): Piece {
  if (sign === "+") throw sqlErrors.notSupported("+ in a query");
  if (sign !== "(") return { text: sign, next: at + 1 };
  const end = closing(at);
  return { text: `(${between(at + 1, end)})`, next: end + 1 };
}

function namePiece(rewriting: Rewriting, at: number): Piece {
  const { tokens } = rewriting;
  const [token, before] = [tokens[at], tokens[at - 1]];
  const isPart = isSign(before, ".");
  const isTable = before?.kind === "word" && beforeTable.has(before.upper);
  const plain = token?.kind === "name" ? sqliteName(token.value) : textOf(token);
  if (isPart) return { text: plain, next: at + 1 };
  if (isTable && !isSubquery(token)) return { text: tableText(rewriting, at, plain), next: at + 1 };
  if (token?.kind === "word" && refused.has(token.upper)) throw sqlErrors.syntax(token.value);
  if (isWord(token, "COLLATE")) return collatePiece(tokens, at);
  const upper = token?.kind === "word" ? token.upper : "";
  const standsFor = niladic[upper];
  if (standsFor !== undefined) return { text: standsFor, next: at + 1 };
  if (!isSign(tokens[at + 1], "(") || isDefined(rewriting, at)) return { text: plain, next: at + 1 };
  if (keywordsWithParentheses.has(upper)) return { text: plain, next: at + 1 };
  return callPiece(rewriting, at, upper);
}

function isSubquery(token: Token | undefined): boolean {
  return isWord(token, "SELECT");
}

function isDefined({ defined, tokens }: Rewriting, at: number): boolean {
  return defined.has(textOf(tokens[at]).toLowerCase());
}

/** A table without a schema is dbo's. */
function tableText(rewriting: Rewriting, at: number, plain: string): string {
  const isQualified = isSign(rewriting.tokens[at + 1], ".");
  return isQualified || isDefined(rewriting, at) ? plain : `"dbo".${plain}`;
}

function collatePiece(tokens: readonly Token[], at: number): Piece {
  const name = textOf(tokens[at + 1]);
  return { text: `COLLATE ${/_(BIN2?|CS)(_|$)/i.test(name) ? "BINARY" : "NOCASE"}`, next: at + 2 };
}

function callPiece(rewriting: Rewriting, at: number, upper: string): Piece {
  const special = rewriteCall(rewriting, at, upper);
  if (special !== undefined) return special;
  const name = functionInSqlite(upper);
  if (name === undefined) throw sqlErrors.unknownFunction(textOf(rewriting.tokens[at]));
  return { text: name, next: at + 1 };
}
