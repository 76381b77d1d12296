// How the SQL side finds its servers and databases among the resources of ARM, which alone says what exists.
import type { ArmResource, World } from "../../world.ts";
import { defaultCollation } from "../engine/collation.ts";
import { createDatabase } from "../engine/create-database.ts";
import type { Database } from "../engine/database.ts";

/** The types of ARM that belong to SQL. */
export const sqlTypes = {
  server: "Microsoft.Sql/servers",
  administrator: "Microsoft.Sql/servers/administrators",
  database: "Microsoft.Sql/servers/databases",
  failoverGroup: "Microsoft.Sql/servers/failoverGroups",
  replicationLink: "Microsoft.Sql/servers/databases/replicationLinks",
} as const;

/** What names of servers end in. */
export const sqlSuffix = ".database.windows.net";

function ofType(world: World, type: string): readonly ArmResource[] {
  const wanted = type.toLowerCase();
  return world.resources.values().filter((r) => r.type.toLowerCase() === wanted);
}

/** The children of a resource: those whose ids are one collection and one name longer. */
export function childrenOf(world: World, parentId: string, collection: string): readonly ArmResource[] {
  const prefix = `${parentId}/${collection}/`.toLowerCase();
  return world.resources
    .values()
    .filter((r) => r.id.toLowerCase().startsWith(prefix) && !r.id.slice(prefix.length).includes("/"));
}

/** All SQL servers; administrators also call themselves servers (recorded Nov 2023), but their ids are longer. */
export function serversOf(world: World): readonly ArmResource[] {
  return ofType(world, sqlTypes.server).filter((r) => /\/servers\/[^/]+$/i.test(r.id));
}

/** A server by its name, which is unique in the world. */
export function serverNamed(world: World, name: string): ArmResource | undefined {
  const wanted = name.toLowerCase();
  return serversOf(world).find((server) => server.name.toLowerCase() === wanted);
}

/** A database of a server. */
export function databaseNamed(world: World, server: ArmResource, name: string): ArmResource | undefined {
  return name.includes("/") ? undefined : world.resources.get(`${server.id}/databases/${name}`);
}

/** A text among the properties of a resource, or undefined. */
export function textProperty(resource: ArmResource | undefined, key: string): string | undefined {
  const value = resource?.properties?.[key];
  return typeof value === "string" ? value : undefined;
}

/** The ids of the Microsoft Entra administrator: an object id, or for applications a client id too. */
export function administratorOf(world: World, server: ArmResource): string | undefined {
  const stated = world.resources.get(`${server.id}/administrators/ActiveDirectory`);
  return textProperty(stated, "sid")?.toLowerCase();
}

/** True if only Microsoft Entra may sign in. */
export function isEntraOnly(server: ArmResource): boolean {
  const administrators: unknown = server.properties?.administrators;
  return (
    typeof administrators === "object" &&
    administrators !== null &&
    "azureADOnlyAuthentication" in administrators &&
    administrators.azureADOnlyAuthentication === true
  );
}

/** The content of a database, and whether it is that of another one: a geo-replica is read-only. */
export interface Content {
  readonly database: Database;
  readonly isSecondary: boolean;
}

/** The content of a database; one that nobody has filled yet is empty. */
export function contentOf(world: World, resource: ArmResource): Content {
  const links = childrenOf(world, resource.id, "replicationLinks");
  const link = links.find((l) => l.properties?.role === "Secondary");
  const primary = link === undefined ? undefined : partnerOf(world, link);
  return { database: ownContent(world, primary ?? resource), isSecondary: link !== undefined };
}

function partnerOf(world: World, link: ArmResource): ArmResource | undefined {
  const server = serverNamed(world, textProperty(link, "partnerServer") ?? "");
  return server && databaseNamed(world, server, textProperty(link, "partnerDatabase") ?? "");
}

function ownContent(world: World, resource: ArmResource): Database {
  const { databases, recipes } = world.sql;
  const id = textProperty(resource, "databaseId") ?? resource.id.toLowerCase();
  const known = databases.get(id);
  if (known !== undefined) return known;
  const empty = () => createDatabase(textProperty(resource, "collation") ?? defaultCollation, world.now);
  const made = (recipes.get(id) ?? empty)();
  databases.set(id, made);
  return made;
}
