// How GRANT, REVOKE and DENY are read.
import { sqlErrors } from "../sql-error.ts";
import type { Cursor } from "./cursor.ts";
import type { PermissionStatement, Securable } from "./statement.ts";
import { isSign } from "./token.ts";

const classes: readonly Securable["class"][] = ["DATABASE", "SCHEMA", "OBJECT", "USER", "ROLE"];

/** What follows the verb. */
export function parsePermission(cursor: Cursor, verb: PermissionStatement["verb"]): PermissionStatement {
  const isOptionOnly = verb === "REVOKE" && cursor.accept("GRANT", "OPTION", "FOR");
  if (isOptionOnly) throw sqlErrors.notSupported("REVOKE GRANT OPTION FOR");
  const permissions = permissionNames(cursor);
  const on: Securable = cursor.accept("ON") ? parseSecurable(cursor) : { class: "DATABASE", name: [] };
  const isDirected = cursor.accept("TO") || (verb === "REVOKE" && cursor.accept("FROM"));
  if (!isDirected) throw cursor.wrong();
  const principals = [cursor.name()];
  while (cursor.acceptSign(",")) principals.push(cursor.name());
  const isGrantable = verb === "GRANT" && cursor.accept("WITH", "GRANT", "OPTION");
  const isCascade = verb !== "GRANT" && cursor.accept("CASCADE");
  return { kind: "permission", verb, permissions, on, principals, isGrantable, isCascade };
}

/** Names are words with blanks between them; columns in parentheses are not modelled. */
function permissionNames(cursor: Cursor): readonly string[] {
  const names: string[] = [];
  do {
    const words: string[] = [];
    for (let token = cursor.token(); token?.kind === "word"; token = cursor.token()) {
      if (["ON", "TO", "FROM"].includes(token.upper)) break;
      words.push(token.upper);
      cursor.advance();
    }
    if (words.length === 0) throw cursor.wrong();
    if (isSign(cursor.token(), "(")) throw sqlErrors.notSupported("permissions on columns");
    names.push(words.join(" "));
  } while (cursor.acceptSign(","));
  return names;
}

/** `SCHEMA::[s]`, `OBJECT::[s].[o]`, `[s].[o]`, `DATABASE::[d]`, `USER::[u]`, `ROLE::[r]`. */
export function parseSecurable(cursor: Cursor): Securable {
  const first = cursor.token();
  if (!isSign(cursor.token(1), "::")) return { class: "OBJECT", name: cursor.dottedName() };
  const found = first?.kind === "word" ? classes.find((c) => c === first.upper) : undefined;
  if (found === undefined) throw cursor.wrong();
  cursor.advance();
  cursor.advance();
  return { class: found, name: cursor.dottedName() };
}
