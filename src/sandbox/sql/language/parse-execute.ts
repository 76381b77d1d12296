// How EXEC is read: a procedure with arguments, or a text that is a batch itself.

import type { Cursor } from "./cursor.ts";
import type { Argument, StatementBody, Tokens } from "./statement.ts";
import { isSign, textOf } from "./token.ts";

/** What follows EXEC. */
export function parseExecute(cursor: Cursor): StatementBody {
  if (isSign(cursor.token(), "(")) return { kind: "executeText", value: cursor.rest() };
  const name = cursor.dottedName();
  const args: Argument[] = [];
  if (!hasArgument(cursor)) return { kind: "execute", name, arguments: args };
  do args.push(argument(cursor));
  while (cursor.acceptSign(","));
  return { kind: "execute", name, arguments: args };
}

function hasArgument(cursor: Cursor): boolean {
  const token = cursor.token();
  return token !== undefined && ["variable", "text", "number", "binary"].includes(token.kind);
}

/** `@name = value`, or a value by position. Values are literals, variables and NULL, as in T-SQL. */
function argument(cursor: Cursor): Argument {
  const first = cursor.token();
  if (first?.kind === "variable" && isSign(cursor.token(1), "=")) {
    cursor.advance();
    cursor.advance();
    return { name: first.value, value: argumentValue(cursor) };
  }
  return { name: "", value: argumentValue(cursor) };
}

function argumentValue(cursor: Cursor): Tokens {
  const sign = cursor.token();
  const isNegative = isSign(sign, "-");
  if (isNegative) cursor.advance();
  const token = cursor.token();
  if (token === undefined || sign === undefined || token.kind === "sign") throw cursor.wrong();
  cursor.advance();
  if (isNegative) return [sign, token];
  // A bare word is the text that it spells: EXEC sp_helpuser dbo.
  if (token.kind === "name" || (token.kind === "word" && token.upper !== "NULL")) {
    return [{ kind: "text", value: textOf(token), from: token.from, to: token.to }];
  }
  return [token];
}
