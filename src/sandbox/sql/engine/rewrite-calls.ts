// The calls of T-SQL whose arguments are no plain list: CAST, CONVERT, and STRING_AGG with an order.
import { isSign, isWord, type Token, textOf } from "../language/token.ts";
import { sqlErrors } from "../sql-error.ts";
import type { Piece, Rewriting } from "./rewriting.ts";

/** The text for such a call; undefined for a call like all others. */
export function rewriteCall(rewriting: Rewriting, at: number, upper: string): Piece | undefined {
  switch (upper) {
    case "CAST":
      return castPiece(rewriting, at);
    case "CONVERT":
      return convertPiece(rewriting, at);
    case "STRING_AGG":
      return aggregatePiece(rewriting, at);
    default:
      return undefined;
  }
}

/** Places between the parentheses, outside of inner ones, that fulfil a condition. */
function placesOf(tokens: readonly Token[], from: number, to: number, is: (t: Token) => boolean): number[] {
  const places: number[] = [];
  let depth = 0;
  for (let at = from; at < to; at++) {
    const token = tokens[at];
    if (isSign(token, "(")) depth++;
    if (isSign(token, ")")) depth--;
    if (depth === 0 && token !== undefined && is(token)) places.push(at);
  }
  return places;
}

function typeText(tokens: readonly Token[], from: number, to: number): string {
  return `'${tokens.slice(from, to).map(textOf).join("").replaceAll("'", "''")}'`;
}

function castPiece({ tokens, between, closing }: Rewriting, at: number): Piece {
  const end = closing(at + 1);
  const as = placesOf(tokens, at + 2, end, (t) => isWord(t, "AS")).at(-1);
  if (as === undefined) throw sqlErrors.syntax("CAST");
  const text = `TSQL_CONVERT(${between(at + 2, as)}, ${typeText(tokens, as + 1, end)}, 0)`;
  return { text, next: end + 1 };
}

function convertPiece({ tokens, between, closing }: Rewriting, at: number): Piece {
  const end = closing(at + 1);
  const [first, second] = placesOf(tokens, at + 2, end, (t) => isSign(t, ","));
  if (first === undefined) throw sqlErrors.syntax("CONVERT");
  const value = between(first + 1, second ?? end);
  const style = second === undefined ? "0" : between(second + 1, end);
  return { text: `TSQL_CONVERT(${value}, ${typeText(tokens, at + 2, first)}, ${style})`, next: end + 1 };
}

/** STRING_AGG(x, ',') WITHIN GROUP (ORDER BY y): SQLite has the order inside of the call. */
function aggregatePiece({ tokens, between, closing }: Rewriting, at: number): Piece | undefined {
  const end = closing(at + 1);
  if (!isWord(tokens[end + 1], "WITHIN")) return undefined;
  if (!isWord(tokens[end + 2], "GROUP") || !isSign(tokens[end + 3], "(")) throw sqlErrors.syntax("WITHIN");
  const last = closing(end + 3);
  return { text: `string_agg(${between(at + 2, end)} ${between(end + 4, last)})`, next: last + 1 };
}
