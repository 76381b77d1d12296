// What is in the databases of a world at this moment, read past all rights.
import { sidFrom } from "../../src/model/database.ts";
import { parseAssignmentMarker } from "../../src/model/grant.ts";
import { rowsOf } from "../../src/sandbox/sql/engine/catalog.ts";
import type { Database } from "../../src/sandbox/sql/engine/database.ts";
import { contentOf, databaseNamed, serverNamed } from "../../src/sandbox/sql/service/resources.ts";
import type { ArmResource, World } from "../../src/sandbox/world.ts";
import { identityNames } from "./case.ts";
import { partsOf } from "./database-texts.ts";
import { identityId } from "./ids.ts";

/** A permission row. */
export interface PermissionRow {
  /** "SELECT 3/5": name, class and id of what it is on. */
  readonly key: string;
  readonly state: "G" | "W" | "D";
}

/** A user, with all that it has. */
export interface LiveUser {
  readonly id: number;
  readonly name: string;
  readonly sid: string;
  /** The property `bindery`. */
  readonly mark: string | undefined;
  readonly roles: readonly string[];
  readonly permissions: readonly PermissionRow[];
}

/** A role or schema, and the name of who owns it. */
export interface LiveOwned {
  readonly name: string;
  readonly owner: string;
}

/** The content of a database. */
export interface LiveDatabase {
  readonly users: readonly LiveUser[];
  readonly roles: readonly LiveOwned[];
  readonly schemas: readonly LiveOwned[];
}

/** A database by its place, undefined where ARM has none. */
export function databaseAt(
  world: World,
  place: string,
): { readonly resource: ArmResource; readonly database: Database } | undefined {
  const { server, database } = partsOf(place);
  const at = serverNamed(world, server);
  const resource = at && databaseNamed(world, at, database);
  return resource && { resource, database: contentOf(world, resource).database };
}

const queries = {
  principals:
    "SELECT principal_id, name, type, sid, owning_principal_id FROM sys.principals_ WHERE principal_id > 4 AND is_fixed_role = 0",
  members:
    "SELECT m.member_principal_id AS member, r.name AS role FROM sys.members_ AS m JOIN sys.principals_ AS r ON r.principal_id = m.role_principal_id",
  permissions:
    "SELECT grantee_principal_id AS grantee, permission_name, class, major_id, state FROM sys.permissions_",
  marks: "SELECT major_id AS id, value FROM sys.properties_ WHERE class = 4 AND name = 'bindery'",
  schemas: "SELECT name, principal_id FROM sys.schemas_",
} as const;

/** Reads it. */
export function liveDatabase(database: Database): LiveDatabase {
  const [principals, members, permissions, marks, schemas] = [
    rowsOf(database, queries.principals),
    rowsOf(database, queries.members),
    rowsOf(database, queries.permissions),
    rowsOf(database, queries.marks),
    rowsOf(database, queries.schemas),
  ];
  const nameOf = (id: unknown) => String(principals.find((p) => p.principal_id === id)?.name ?? `#${id}`);
  return {
    users: principals
      .filter(({ type }) => type !== "R")
      .map((p) => {
        const mark = marks.find(({ id }) => id === p.principal_id);
        return {
          id: Number(p.principal_id),
          name: String(p.name),
          sid: p.sid instanceof Uint8Array ? `0x${Buffer.from(p.sid).toString("hex").toUpperCase()}` : "",
          mark: mark && String(mark.value),
          roles: members.filter((m) => m.member === p.principal_id).map((m) => String(m.role)),
          permissions: permissions
            .filter((g) => g.grantee === p.principal_id)
            .map((g) => ({
              key: `${g.permission_name} ${g.class}/${g.major_id}`,
              state: String(g.state) as PermissionRow["state"],
            })),
        };
      }),
    roles: principals
      .filter(({ type }) => type === "R")
      .map((p) => ({ name: String(p.name), owner: nameOf(p.owning_principal_id) })),
    schemas: schemas.map((s) => ({ name: String(s.name), owner: nameOf(s.principal_id) })),
  };
}

/** The identity of documents that a user's mark names as ours. */
export function markedFor({ mark }: Pick<LiveUser, "mark">): (typeof identityNames)[number] | undefined {
  const marker = parseAssignmentMarker(mark);
  if (marker?.owner !== "test") return undefined;
  return identityNames.find((name) => identityId(name).toLowerCase() === marker.identityId.toLowerCase());
}

/** The SID of an identity's principal now. */
export function sidOf(world: World, name: string): string | undefined {
  const clientId = world.resources.get(identityId(name))?.properties?.clientId;
  return typeof clientId === "string" ? sidFrom(clientId) : undefined;
}

/** The user of a SID, that of a server login included. */
export function userOfSid({ users }: LiveDatabase, sid: string | undefined): LiveUser | undefined {
  if (sid === undefined) return;
  return users.find((u) => u.sid === sid) ?? users.find((u) => u.sid === `${sid}AADE`);
}

/** The places that an identity's tags remember, in lower case. */
export function rememberedBy(world: World, name: string): ReadonlySet<string> {
  const tags = Object.entries(world.resources.get(identityId(name))?.tags ?? {});
  const values = tags.filter(([key]) => /^bindery-sql-\d+$/i.test(key)).map(([, value]) => value);
  return new Set(
    values.flatMap((value) => {
      const [server = "", names = ""] = value.toLowerCase().split("/");
      return names.split(",").map((database) => `${server.split(".")[0]}/${database}`);
    }),
  );
}
