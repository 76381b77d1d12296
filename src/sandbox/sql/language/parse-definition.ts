// How users, roles, schemas and their owners are defined: CREATE, ALTER, DROP and ALTER AUTHORIZATION.
import type { Cursor } from "./cursor.ts";
import { parseSecurable } from "./parse-permission.ts";
import type { CreateUser, Definition } from "./statement.ts";
import { isSign, type Token, textOf } from "./token.ts";

/** What follows CREATE. */
export function parseCreate(cursor: Cursor): Definition {
  if (cursor.accept("USER")) return createUser(cursor);
  const kind = cursor.accept("ROLE") ? "createRole" : "createSchema";
  if (kind === "createSchema") cursor.expect("SCHEMA");
  const name = cursor.name();
  return { kind, name, owner: cursor.accept("AUTHORIZATION") ? cursor.name() : undefined };
}

function createUser(cursor: Cursor): CreateUser {
  const name = cursor.name();
  if (cursor.accept("WITHOUT", "LOGIN")) {
    const options = cursor.accept("WITH") ? optionsOf(cursor, ["DEFAULT_SCHEMA"]) : noOptions;
    return { kind: "createUser", name, source: { from: "nothing" }, defaultSchema: schemaOf(options) };
  }
  const isExternal =
    cursor.accept("FROM", "EXTERNAL", "PROVIDER") || cursor.accept("FOR", "EXTERNAL", "PROVIDER");
  if (isExternal) {
    const options = cursor.accept("WITH") ? optionsOf(cursor, ["OBJECT_ID", "DEFAULT_SCHEMA"]) : noOptions;
    const objectId = options.get("OBJECT_ID");
    if (objectId !== undefined && objectId.kind !== "text") throw cursor.wrong();
    const source = { from: "external" as const, objectId: objectId?.value };
    return { kind: "createUser", name, source, defaultSchema: schemaOf(options) };
  }
  cursor.expect("WITH");
  const options = optionsOf(cursor, ["SID", "TYPE", "DEFAULT_SCHEMA", "PASSWORD"]);
  return { kind: "createUser", name, source: sourceOf(cursor, options), defaultSchema: schemaOf(options) };
}

type Options = ReadonlyMap<string, Token>;

const noOptions: Options = new Map();

/** A password, or a SID together with a type. */
function sourceOf(cursor: Cursor, options: Options): CreateUser["source"] {
  const [sid, type, password] = [options.get("SID"), options.get("TYPE"), options.get("PASSWORD")];
  if (password !== undefined) {
    if (password.kind !== "text" || sid !== undefined || type !== undefined) throw cursor.wrong();
    return { from: "password", password: password.value };
  }
  const letter = type?.kind === "word" ? type.upper : "";
  if (sid?.kind !== "binary" || (letter !== "E" && letter !== "X")) throw cursor.wrong();
  return { from: "sid", sid: sid.value, type: letter };
}

function optionsOf(cursor: Cursor, allowed: readonly string[]): Options {
  const options = new Map<string, Token>();
  do {
    const key = cursor.token();
    if (key?.kind !== "word" || !allowed.includes(key.upper) || options.has(key.upper)) throw cursor.wrong();
    cursor.advance();
    cursor.expectSign("=");
    const value = cursor.token();
    if (value === undefined || value.kind === "sign" || isSign(value, "=")) throw cursor.wrong();
    options.set(key.upper, value);
    cursor.advance();
  } while (cursor.acceptSign(","));
  return options;
}

function schemaOf(options: Options): string | undefined {
  return textIf(options.get("DEFAULT_SCHEMA"));
}

function textIf(token: Token | undefined): string | undefined {
  return token === undefined ? undefined : textOf(token);
}

/** What follows ALTER, but for AUTHORIZATION. */
export function parseAlter(cursor: Cursor): Definition {
  if (cursor.accept("ROLE")) {
    const role = cursor.name();
    const verb = cursor.accept("ADD") ? "ADD" : "DROP";
    if (verb === "DROP") cursor.expect("DROP");
    cursor.expect("MEMBER");
    return { kind: "alterRole", role, verb, member: cursor.name() };
  }
  cursor.expect("USER");
  const name = cursor.name();
  cursor.expect("WITH");
  const options = optionsOf(cursor, ["NAME", "DEFAULT_SCHEMA"]);
  return { kind: "alterUser", name, newName: textIf(options.get("NAME")), defaultSchema: schemaOf(options) };
}

/** What follows ALTER AUTHORIZATION. */
export function parseAuthorization(cursor: Cursor): Definition {
  cursor.expect("ON");
  const on = parseSecurable(cursor);
  cursor.expect("TO");
  return { kind: "authorize", on, owner: cursor.name() };
}

/** What follows DROP. */
export function parseDrop(cursor: Cursor): Definition {
  const what = (["USER", "ROLE", "SCHEMA"] as const).find((word) => cursor.accept(word));
  if (what === undefined) throw cursor.wrong();
  const ifExists = cursor.accept("IF", "EXISTS");
  return { kind: "drop", what, name: cursor.name(), ifExists };
}
