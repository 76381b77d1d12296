// How the databases of a seed are filled: schemas, tables, procedures, roles, users, and a script at the end.
import { insertPrincipal, rowOf } from "../sql/engine/catalog.ts";
import type { Database } from "../sql/engine/database.ts";
import { define } from "../sql/engine/define.ts";
import { grantTo } from "../sql/engine/define-permissions.ts";
import { principalNamed } from "../sql/engine/lookups.ts";
import { addProcedure, addTable } from "../sql/engine/objects.ts";
import { runScript } from "../sql/engine/script.ts";
import { contentOf, databaseNamed, serverNamed } from "../sql/service/resources.ts";
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

type SeedUser = SeedSqlDatabase["users"][number];

/** Fills a database; replicas have the content of their primary and take none of their own. */
export function fillDatabase(loading: Loading, filling: Filling): void {
  const { world, complain } = loading;
  const { server, database: stated, path } = filling;
  const armServer = serverNamed(world, server.name);
  const resource = armServer && databaseNamed(world, armServer, stated.name);
  if (resource === undefined) return;
  if (stated.replicaOf !== undefined) {
    const { schemas, tables, procedures, roles, users, script } = stated;
    const isEmpty = [schemas, tables, procedures, roles, users, script].every((part) => part.length === 0);
    if (!isEmpty)
      complain([...path, "replicaOf"], "a replica has the content of its primary and none of its own");
    return;
  }
  const { database } = contentOf(world, resource);
  const context = { ...database.context, server: server.name, database: stated.name };
  database.context = { ...context, directory: seedDirectory(world) };
  fill(loading, filling, database);
}

function fill(loading: Loading, { database: stated, callers, path }: Filling, database: Database): void {
  const attempt = (key: readonly PropertyKey[], act: () => void) => {
    try {
      act();
    } catch (error) {
      if (!(error instanceof SqlError)) throw error;
      loading.complain([...path, ...key], `${error.number}: ${error.message}`);
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
  stated.users.forEach((user, i) => {
    attempt(["users", i], () => addUser(loading, { user, callers, path: [...path, "users", i] }, database));
  });
  attempt(["script"], () => runScript(database, stated.script));
}

function partsOf(name: string): { readonly schema: string; readonly name: string } {
  const [schema = "", last = ""] = name.split(".");
  return { schema, name: last };
}

interface UserAt {
  readonly user: SeedUser;
  readonly callers: readonly SeededCaller[];
  readonly path: readonly PropertyKey[];
}

function addUser(loading: Loading, { user, callers, path }: UserAt, database: Database): void {
  const { name, principal, password, sid, roles } = user;
  if (sid !== undefined) addStaleUser(database, name, Buffer.from(sid.slice(2), "hex"));
  else if (principal !== undefined) {
    const clientId = clientIdOf(loading, principal, callers, [...path, "principal"]);
    if (clientId === undefined) return;
    const bytes = guidToBytes(clientId).toString("hex");
    const source = { from: "sid", sid: bytes, type: "E" } as const;
    define(database, { kind: "createUser", name, source, defaultSchema: undefined });
  } else {
    const source =
      password === undefined ? ({ from: "nothing" } as const) : ({ from: "password", password } as const);
    define(database, { kind: "createUser", name, source, defaultSchema: undefined });
  }
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

/** In a seed FROM EXTERNAL PROVIDER finds everybody. */
function seedDirectory(world: World) {
  return {
    byDisplayName: (name: string) =>
      world.principals.values().filter((p) => p.displayName.toLowerCase() === name.toLowerCase()),
    byObjectId: (id: string) => world.principals.get(id),
  };
}
