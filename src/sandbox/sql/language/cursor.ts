// A place in a list of tokens that moves forward: what the parsers share.
import { sqlErrors } from "../sql-error.ts";
import { isSign, isWord, type Token, textOf } from "./token.ts";

/** Words that begin a statement; unquoted they are no names. */
const starters = new Set(
  "SELECT WITH SET DECLARE IF ELSE BEGIN END COMMIT ROLLBACK EXEC EXECUTE PRINT USE THROW CREATE ALTER DROP GRANT REVOKE DENY INSERT UPDATE DELETE".split(
    " ",
  ),
);

/** Words of T-SQL that must be quoted to be names, besides those that begin statements. */
const reserved = new Set(
  "ADD ALL AND ANY AS ASC AUTHORIZATION BETWEEN BY CASE COLUMN CONSTRAINT CURRENT_USER DATABASE DEFAULT DESC DISTINCT EXISTS EXTERNAL FOR FROM FUNCTION GROUP HAVING IN INNER INTO IS JOIN KEY LEFT LIKE NOT NULL OF ON OR ORDER OUTER PRIMARY PROC PROCEDURE REFERENCES RIGHT SCHEMA SESSION_USER SYSTEM_USER TABLE THEN TO TOP TRAN TRANSACTION TRIGGER TRUNCATE UNION UNIQUE USER VALUES VIEW WHEN WHERE WHILE".split(
    " ",
  ),
);

const longestName = 128;
const deepestNesting = 64;

/** How far the rest of a statement goes. */
export interface RestOptions {
  /** True at a token outside of parentheses that ends it. */
  readonly stop?: (cursor: Cursor) => boolean;
  /** A word that begins statements and may stand in this one once: INSERT … SELECT, UPDATE … SET. */
  readonly inner?: string;
}

/** A cursor over the tokens of one text. */
export interface Cursor {
  /** The token here, or so many further on. */
  readonly token: (ahead?: number) => Token | undefined;
  readonly at: () => number;
  readonly isAtEnd: () => boolean;
  readonly advance: () => void;
  readonly goTo: (at: number) => void;
  /** Takes these words if they stand here. */
  readonly accept: (...words: readonly string[]) => boolean;
  readonly expect: (...words: readonly string[]) => void;
  readonly acceptSign: (sign: string) => boolean;
  readonly expectSign: (sign: string) => void;
  /** Takes a name: 1 to 128 UTF-16 units, quoted or no reserved word. */
  readonly name: () => string;
  /** Takes names with dots between them. */
  readonly dottedName: () => readonly string[];
  /** Takes all up to the end of the statement; at least one token. */
  readonly rest: (options?: RestOptions) => readonly Token[];
  /** The error at the token here. */
  readonly wrong: () => Error;
  /** Runs a parser one level deeper; refuses bottomless nesting. */
  readonly deeper: <T>(parse: () => T) => T;
  readonly textBetween: (from: number) => string;
}

/** A cursor at the first token. */
export function createCursor(sql: string, tokens: readonly Token[]): Cursor {
  let at = 0;
  let depth = 0;
  const token = (ahead = 0) => tokens[at + ahead];
  const accept = (...words: readonly string[]): boolean => {
    if (!words.every((word, i) => isWord(token(i), word))) return false;
    at += words.length;
    return true;
  };
  const acceptSign = (sign: string): boolean => {
    if (!isSign(token(), sign)) return false;
    at++;
    return true;
  };
  const wrong = () => errorNear(token() ?? tokens.at(-1));
  const cursor: Cursor = {
    token,
    at: () => at,
    isAtEnd: () => at >= tokens.length,
    advance: () => {
      at++;
    },
    goTo: (to) => {
      at = to;
    },
    accept,
    expect: (...words) => {
      if (!accept(...words)) throw wrong();
    },
    acceptSign,
    expectSign: (sign) => {
      if (!acceptSign(sign)) throw wrong();
    },
    name: () => {
      const name = nameFrom(token());
      if (name === undefined) throw wrong();
      at++;
      return name;
    },
    dottedName: () => {
      const names = [cursor.name()];
      while (acceptSign(".")) names.push(cursor.name());
      return names;
    },
    rest: (options = {}) => {
      const from = at;
      skipStatement(cursor, options);
      if (at === from) throw wrong();
      return tokens.slice(from, at);
    },
    wrong,
    deeper: (parse) => {
      if (depth >= deepestNesting) throw sqlErrors.nestedTooDeep();
      depth++;
      const result = parse();
      depth--;
      return result;
    },
    textBetween: (from) => sql.slice(tokens[from]?.from ?? 0, tokens[at - 1]?.to ?? 0),
  };
  return cursor;
}

function errorNear(token: Token | undefined): Error {
  if (token?.kind === "word" && (starters.has(token.upper) || reserved.has(token.upper))) {
    return sqlErrors.keyword(token.value);
  }
  return sqlErrors.syntax(textOf(token));
}

function nameFrom(token: Token | undefined): string | undefined {
  if (token?.kind === "word") {
    if (starters.has(token.upper) || reserved.has(token.upper)) return undefined;
  } else if (token?.kind !== "name") return undefined;
  if (token.value === "") throw sqlErrors.nameEmpty();
  if (token.value.length > longestName) throw sqlErrors.nameTooLong(token.value);
  return token.value;
}

/** How deep in parentheses and CASEs a place is, and whether the inner word is still to come. */
interface Place {
  readonly depth: number;
  readonly cases: number;
  readonly inner: string | undefined;
}

/** Moves to the end of a statement: a semicolon, the END of a block, or a word that can only begin another one. */
function skipStatement(cursor: Cursor, { stop, inner }: RestOptions): void {
  const from = cursor.at();
  let place: Place = { depth: 0, cases: 0, inner };
  for (; !cursor.isAtEnd(); cursor.advance()) {
    const isFirst = cursor.at() === from;
    const next = placeAt(cursor, place, isFirst);
    const isPlain = next.depth === 0 && next === place && next.cases === 0;
    if (isPlain && (endsHere(cursor, isFirst) || (!isFirst && stop?.(cursor) === true))) break;
    place = next;
  }
  if (place.depth !== 0 || place.cases !== 0) throw errorNear(cursor.token(-1));
}

/** The place after the token here; the same object if it changes nothing. */
function placeAt(cursor: Cursor, place: Place, isFirst: boolean): Place {
  const here = cursor.token();
  const change = depthChange(here);
  if (place.depth + change < 0) throw cursor.wrong();
  if (change !== 0) return { ...place, depth: place.depth + change };
  if (place.depth > 0) return place;
  if (isWord(here, "CASE")) return { ...place, cases: place.cases + 1 };
  if (place.cases > 0) return isWord(here, "END") ? { ...place, cases: place.cases - 1 } : place;
  const isInner = !isFirst && place.inner !== undefined && isWord(here, place.inner);
  return isInner ? { ...place, inner: undefined } : place;
}

function depthChange(token: Token | undefined): number {
  if (isSign(token, "(")) return 1;
  return isSign(token, ")") ? -1 : 0;
}

function endsHere(cursor: Cursor, isFirst: boolean): boolean {
  const here = cursor.token();
  if (isSign(here, ";")) return true;
  return !isFirst && here?.kind === "word" && starters.has(here.upper) && !goesOn(cursor, here.upper);
}

/** SELECT goes on after UNION and its like; what follows a dot is a name. */
function goesOn(cursor: Cursor, upper: string): boolean {
  const before = cursor.token(-1);
  if (isSign(before, ".")) return true;
  return upper === "SELECT" && ["UNION", "ALL", "EXCEPT", "INTERSECT"].some((word) => isWord(before, word));
}
