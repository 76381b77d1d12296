// How the databases of a seed are filled: schemas, tables, procedures, roles, users, and a script at the end.
import { insertPrincipal, rowOf } from "../sql/engine/catalog.ts";
import { createDatabase } from "../sql/engine/create-database.ts";
import type { Database, Directory } from "../sql/engine/database.ts";
import { define } from "../sql/engine/define.ts";
import { grantTo } from "../sql/engine/define-permissions.ts";
import { principalNamed } from "../sql/engine/lookups.ts";
import { addProcedure, addTable } from "../sql/engine/objects.ts";
import { runScript } from "../sql/engine/script.ts";
import type { CreateUser } from "../sql/language/statement.ts";
import { databaseNamed, serverNamed, textProperty } from "../sql/service/resources.ts";
import { SqlError } from "../sql/sql-error.ts";
import { guidToBytes } from "../sql/wire/guid-bytes.ts";
import type { World } from "../world.ts";
import type { SeededCaller } from "./callers.ts";
import type { Loading } from "./loading.ts";
import { principalIdOf } from "./roles.ts";
import type { SeedSqlDatabase, SeedSqlServer } from "./sql.ts";

/** A database to fill, and where it stands in the document. */
export interface Filling {
  readonly server: SeedSqlServer;
  readonly database: SeedSqlDatabase;
  readonly callers: readonly SeededCaller[];
  readonly path: readonly PropertyKey[];
}

/** Databases that were filled once without a mistake, as text: the built-in world is loaded again and again. */
const proven = new Set<string>();
const mostProven = 100;

/**
 * Says how a database is filled when somebody first signs in, and tries it once, so that its mistakes are found at the
 * start. Replicas have the content of their primary and take none of their own.
 */
export function fillDatabase(loading: Loading, filling: Filling): void {
  const { world } = loading;
  const { server, database: stated, path } = filling;
  const armServer = serverNamed(world, server.name);
  const resource = armServer && databaseNamed(world, armServer, stated.name);
  const databaseId = textProperty(resource, "databaseId");
  if (databaseId === undefined) return;
  if (stated.replicaOf !== undefined) {
    requireNoContent(loading, stated, path);
    return;
  }
  const content = { stated, users: usersFrom(loading, filling), directory: directoryOf(world) };
  const [seededAt, serverName] = [world.now(), server.name];
  const make = (complain: Complain): Database => {
    let now = () => seededAt;
    const database = createDatabase(stated.collation, () => now());
    database.context = { ...database.context, server: serverName, database: stated.name };
    fill(database, content, complain);
    now = world.now;
    return database;
  };
  tryOut(content, make, (key, message) => loading.complain([...path, ...key], message));
  const fail: Complain = (key, message) => {
    throw new Error(`The database ${stated.name} could be filled before: ${key.join(".")}: ${message}`);
  };
  world.sql.recipes.set(databaseId, () => make(fail));
}

type Complain = (key: readonly PropertyKey[], message: string) => void;

/** Fills it once, unless the very same has been filled before; what asks the directory is always tried. */
function tryOut(
  { stated, users }: SeedContent,
  make: (complain: Complain) => Database,
  complain: Complain,
): void {
  const text = JSON.stringify([stated, users]);
  if (proven.has(text)) return;
  let isGood = true;
  const database = make((key, message) => {
    isGood = false;
    complain(key, message);
  });
  database.sqlite.close();
  const isTimeless = !/\bEXTERNAL\b/i.test(stated.script);
  if (isGood && isTimeless && proven.size < mostProven) proven.add(text);
}

function requireNoContent(loading: Loading, stated: SeedSqlDatabase, path: readonly PropertyKey[]): void {
  const { schemas, tables, procedures, roles, users, script } = stated;
  const isEmpty = [schemas, tables, procedures, roles, users, script].every((part) => part.length === 0);
  if (isEmpty) return;
  loading.complain([...path, "replicaOf"], "a replica has the content of its primary and none of its own");
}

/** What a database is filled with, as it was known when the seed was loaded. */
interface SeedContent {
  readonly stated: SeedSqlDatabase;
  readonly users: readonly User[];
  readonly directory: Directory;
}

/** A user whose principal has been found. */
interface User {
  readonly at: number;
  readonly name: string;
  readonly roles: readonly string[];
  readonly source: CreateUser["source"] | { readonly from: "stale"; readonly sid: Buffer };
}

function fill(database: Database, { stated, users, directory }: SeedContent, complain: Complain): void {
  database.context = { ...database.context, directory };
  const attempt = (key: readonly PropertyKey[], act: () => void) => {
    try {
      act();
    } catch (error) {
      if (!(error instanceof SqlError)) throw error;
      complain(key, `${error.number}: ${error.message}`);
    }
  };
  stated.schemas.forEach((name, i) => {
    attempt(["schemas", i], () => define(database, { kind: "createSchema", name, owner: "dbo" }));
  });
  stated.tables.forEach(({ name, ...table }, i) => {
    attempt(["tables", i], () => addTable(database, { ...partsOf(name), ...table }));
  });
  stated.procedures.forEach(({ name, ...procedure }, i) => {
    attempt(["procedures", i], () => addProcedure(database, { ...partsOf(name), ...procedure }));
  });
  stated.roles.forEach((name, i) => {
    attempt(["roles", i], () => define(database, { kind: "createRole", name, owner: "dbo" }));
  });
  for (const user of users) attempt(["users", user.at], () => addUser(database, user));
  attempt(["script"], () => runScript(database, stated.script));
}

function partsOf(name: string): { readonly schema: string; readonly name: string } {
  const [schema = "", last = ""] = name.split(".");
  return { schema, name: last };
}

/** The users with the client ids of their principals; what names nobody is complained of. */
function usersFrom(loading: Loading, { database, callers, path }: Filling): readonly User[] {
  return database.users.flatMap(({ name, principal, password, sid, roles }, at): readonly User[] => {
    const user = { at, name, roles };
    if (sid !== undefined)
      return [{ ...user, source: { from: "stale", sid: Buffer.from(sid.slice(2), "hex") } }];
    if (password !== undefined) return [{ ...user, source: { from: "password", password } }];
    if (principal === undefined) return [{ ...user, source: { from: "nothing" } }];
    const clientId = clientIdOf(loading, principal, callers, [...path, "users", at, "principal"]);
    if (clientId === undefined) return [];
    const bytes = guidToBytes(clientId).toString("hex");
    return [{ ...user, source: { from: "sid", sid: bytes, type: "E" } }];
  });
}

function addUser(database: Database, { name, source, roles }: User): void {
  if (source.from === "stale") addStaleUser(database, name, source.sid);
  else define(database, { kind: "createUser", name, source, defaultSchema: undefined });
  for (const role of roles) define(database, { kind: "alterRole", role, verb: "ADD", member: name });
}

/** SIDs that CREATE USER would not take: those of users that were made from a server login. */
function addStaleUser(database: Database, name: string, sid: Buffer): void {
  if (principalNamed(database, name) !== undefined) throw new SqlError(15023, `'${name}' is there already.`);
  const last = rowOf(
    database,
    "SELECT max(principal_id) AS id FROM sys.principals_ WHERE principal_id < 16384",
  );
  const id = Number(last?.id) + 1;
  insertPrincipal(database, { id, name, type: "E", sid, authentication: "EXTERNAL", defaultSchema: "dbo" });
  grantTo(database, { permission: "CONNECT", on: { class: 0, id: 0 }, grantee: id, grantor: 1 });
}

/** The client id of a caller or identity; a GUID that is no principal's object id is a client id itself. */
function clientIdOf(
  loading: Loading,
  text: string,
  callers: readonly SeededCaller[],
  path: readonly PropertyKey[],
): string | undefined {
  const id = principalIdOf(loading, text, callers, path);
  return id === undefined ? undefined : (loading.world.principals.get(id)?.clientId ?? id);
}

/** In a seed FROM EXTERNAL PROVIDER finds everybody who is there when it is loaded. */
function directoryOf(world: World): Directory {
  const principals = world.principals.values();
  return {
    byDisplayName: (name) => principals.filter((p) => p.displayName.toLowerCase() === name.toLowerCase()),
    byObjectId: (id) => principals.find((p) => p.objectId.toLowerCase() === id.toLowerCase()),
  };
}
