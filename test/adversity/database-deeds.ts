// Somebody else at work in databases, past all rights: each deed happens in one instant and as a whole, or not at all.
import type { Database } from "../../src/sandbox/sql/engine/database.ts";
import { runScript } from "../../src/sandbox/sql/engine/script.ts";
import { undoneOnError } from "../../src/sandbox/sql/engine/turn.ts";
import { SqlError } from "../../src/sandbox/sql/sql-error.ts";
import type { ArmResource, World } from "../../src/sandbox/world.ts";
import type { DatabaseDeed, DatabaseDeedKind } from "./database-case.ts";
import {
  databaseAt,
  type LiveDatabase,
  type LiveUser,
  liveDatabase,
  markedFor,
  sidOf,
  userOfSid,
} from "./database-contents.ts";
import { permissionTexts, spoken, writtenName } from "./database-texts.ts";

/**
 * Deeds that nobody could notice who has read what is there and is about to send a statement: SQL has no etags. Between
 * the two, nobody does such a thing here.
 */
export const unnoticeable: ReadonlySet<DatabaseDeedKind> = new Set(["takeName", "unmarkOurs", "denyOurs"]);

interface Scene {
  readonly world: World;
  readonly resource: ArmResource;
  readonly live: LiveDatabase;
  readonly deed: DatabaseDeed;
  /** The identity's user. */
  readonly mine: LiveUser | undefined;
}

/** Statements, or undefined where there is nothing that it could be done to. */
type Script = (scene: Scene) => string | undefined;

const ofMine =
  (script: (mine: string, deed: DatabaseDeed) => string): Script =>
  ({ mine, deed }) =>
    mine && script(`[${mine.name}]`, deed);

const scripts: Readonly<Record<Exclude<DatabaseDeedKind, "pause" | "dropDatabase">, Script>> = {
  dropOurs: ({ mine, live }) => mine && dropped(mine, live),
  renameOurs: ofMine((mine, { identity }) => `ALTER USER ${mine} WITH NAME = [renamed-${identity}]`),
  takeName: ({ live, deed }) => {
    const name = deed.other === "clerk" ? deed.identity : writtenName(deed.identity);
    const there = live.users.find((u) => u.name === name);
    if (there && markedFor(there) === undefined) return undefined;
    const sid = `0xEE${String(deed.at).padStart(30, "0")}`;
    return `${there ? dropped(there, live) : ""} CREATE USER [${name}] WITH SID = ${sid}, TYPE = E; ALTER ROLE clerks ADD MEMBER [${name}]`;
  },
  makeOurs: ({ world, deed }) => {
    const sid = sidOf(world, deed.identity);
    return sid && `CREATE USER [made-${deed.identity}] WITH SID = ${sid}, TYPE = E`;
  },
  unmarkOurs: ({ mine }) => mine && `EXEC sp_dropextendedproperty N'bindery', N'USER', N'${mine.name}'`,
  addOurs: ofMine((mine, { role }) => `ALTER ROLE [${role}] ADD MEMBER ${mine}`),
  removeOurs: ofMine((mine, { role }) => `ALTER ROLE [${role}] DROP MEMBER ${mine}`),
  grantOurs: ofMine((mine, { permission }) => `GRANT ${spoken(permission)} TO ${mine} WITH GRANT OPTION`),
  denyOurs: ofMine((mine, { permission }) => `DENY ${spoken(permission)} TO ${mine} CASCADE`),
  revokeOurs: ofMine((mine, { permission }) => `REVOKE ${spoken(permission)} FROM ${mine} CASCADE`),
  giveSchemaToOurs: ofMine((mine) => `ALTER AUTHORIZATION ON SCHEMA::sales TO ${mine}`),
  addOther: ({ deed: { role, other } }) => `ALTER ROLE [${role}] ADD MEMBER [${other}]`,
  removeOther: ({ deed: { role, other } }) => `ALTER ROLE [${role}] DROP MEMBER [${other}]`,
  denyOther: ({ deed: { permission, other } }) => `DENY ${spoken(permission)} TO [${other}] CASCADE`,
  dropRole: ({ deed: { role }, live }) => {
    const members = live.users.filter((u) => u.roles.includes(role));
    return `${members.map((u) => `ALTER ROLE [${role}] DROP MEMBER [${u.name}];`).join(" ")} DROP ROLE [${role}]`;
  },
  createRole: () => "CREATE ROLE helpers",
};

function dropped({ name }: LiveUser, { schemas, roles }: LiveDatabase): string {
  const mine = ({ owner }: { owner: string }) => owner === name;
  return [
    ...schemas.filter(mine).map((s) => `ALTER AUTHORIZATION ON SCHEMA::[${s.name}] TO dbo;`),
    ...roles.filter(mine).map((r) => `ALTER AUTHORIZATION ON ROLE::[${r.name}] TO dbo;`),
    `ALTER AUTHORIZATION ON OBJECT::${permissionTexts.insert.on.replace("OBJECT::", "")} TO dbo;`,
    `DROP USER [${name}];`,
  ].join(" ");
}

/** Does it, unless what it is to be done to is not there; whether it was done. */
export function commitInDatabase(world: World, deed: DatabaseDeed): boolean {
  const at = databaseAt(world, deed.place);
  if (!at) return false;
  const { resource, database } = at;
  if (deed.kind === "dropDatabase") return world.resources.delete(resource.id);
  if (deed.kind === "pause") {
    if (resource.properties?.status !== "Online") return false;
    world.resources.set(resource.id, {
      ...resource,
      properties: { ...resource.properties, status: "Paused" },
    });
    return true;
  }
  const live = liveDatabase(database);
  const mine = userOfSid(live, sidOf(world, deed.identity));
  const script = scripts[deed.kind]({ world, resource, live, deed, mine });
  return script !== undefined && isRun(database, script);
}

function isRun(database: Database, script: string): boolean {
  const { context } = database;
  const { chainOwner: _, ...plain } = context;
  database.context = { ...plain, principalId: 1, isReadOnly: false, isEntra: true };
  try {
    undoneOnError(database, () => runScript(database, script));
    return true;
  } catch (error) {
    if (error instanceof SqlError) return false;
    throw error;
  } finally {
    database.context = context;
  }
}
