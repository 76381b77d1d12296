// How the SQL servers of a seed come into the world: their bodies in ARM, their replication, and what ARM does not show.
import { databaseNamed, serverNamed } from "../sql/service/resources.ts";
import type { ArmResource } from "../world.ts";
import type { SeededCaller } from "./callers.ts";
import { guidFrom } from "./guid-from.ts";
import { fillDatabase } from "./load-sql-content.ts";
import { identityIdOf, idOf, type Loading, locationOf, requireGroup } from "./loading.ts";
import { placeResource } from "./place.ts";
import { principalIdOf } from "./roles.ts";
import type { SeedSqlDatabase, SeedSqlServer } from "./sql.ts";
import {
  type Administrator,
  administratorBody,
  databaseBody,
  failoverGroupBody,
  replicationLinkBody,
  serverBody,
} from "./sql-bodies.ts";

type Path = readonly PropertyKey[];

/** Puts them into the world; the callers and identities that they name must be there already. */
export function loadSqlServers(loading: Loading, callers: readonly SeededCaller[]): void {
  const { seed } = loading;
  seed.sqlServers.forEach((server, i) => {
    loadServer(loading, server, callers, ["sqlServers", i]);
  });
  // Replicas and groups name servers that may be stated later.
  seed.sqlServers.forEach((server, i) => {
    loadReplicas(loading, server, ["sqlServers", i]);
    loadFailoverGroups(loading, server, ["sqlServers", i]);
  });
  seed.sqlServers.forEach((server, i) => {
    server.databases.forEach((database, k) => {
      fillDatabase(loading, { server, database, callers, path: ["sqlServers", i, "databases", k] });
    });
  });
}

function place(loading: Loading, body: ArmResource): void {
  placeResource(loading.world, body, (id, purpose) => guidFrom(`${id}/${purpose}`));
}

function loadServer(
  loading: Loading,
  server: SeedSqlServer,
  callers: readonly SeededCaller[],
  path: Path,
): void {
  const { world, complain } = loading;
  const { name, tags, sqlAdmin, entraOnly } = server;
  if (serverNamed(world, name) !== undefined)
    complain([...path, "name"], `there is a server '${name}' already`);
  const id = idOf(loading.seed, server, "Microsoft.Sql/servers");
  requireGroup(loading, id, [...path]);
  const administrator = administratorFrom(loading, server, callers, path);
  const adminLogin = sqlAdmin?.login ?? `CloudSA${guidFrom(id).slice(0, 8)}`;
  const location = locationOf(loading, server);
  const parts = { id, name, location, tags, adminLogin, administrator, isEntraOnly: entraOnly };
  place(loading, { ...serverBody(parts), ...identityOf(loading, server, path) });
  if (administrator !== undefined) place(loading, administratorBody(id, administrator));
  if (sqlAdmin !== undefined) world.sql.admins.set(name, sqlAdmin);
  if (server.directoryReaders) world.sql.directoryReaders.add(name);
  loadDatabases(loading, server, { id, location, path });
}

function administratorFrom(
  loading: Loading,
  { entraAdmin }: SeedSqlServer,
  callers: readonly SeededCaller[],
  path: Path,
): Administrator | undefined {
  if (entraAdmin === undefined) return undefined;
  const { tenantId, principals } = loading.world;
  const sid = principalIdOf(loading, entraAdmin, callers, [...path, "entraAdmin"]);
  if (sid === undefined) return undefined;
  return { login: principals.get(sid)?.displayName ?? entraAdmin, sid, tenantId };
}

function identityOf(
  loading: Loading,
  { systemAssigned, identities = [] }: SeedSqlServer,
  path: Path,
): Pick<ArmResource, "identity"> {
  const ids = identities
    .map((text, k) => identityIdOf(loading, text, [...path, "identities", k]))
    .filter((id) => id !== undefined);
  const types = [systemAssigned === true && "SystemAssigned", ids.length > 0 && "UserAssigned"].filter(
    Boolean,
  );
  if (types.length === 0) return {};
  const userAssignedIdentities = Object.fromEntries(ids.map((id) => [id, {}]));
  return { identity: { type: types.join(","), ...(ids.length > 0 && { userAssignedIdentities }) } };
}

function loadDatabases(
  loading: Loading,
  { databases }: SeedSqlServer,
  server: { readonly id: string; readonly location: string; readonly path: Path },
): void {
  const { world, complain, createdAt } = loading;
  const { id: serverId, location, path } = server;
  const add = (
    database: Pick<SeedSqlDatabase, "name" | "collation" | "status" | "readScale" | "replicaOf">,
  ) => {
    const { replicaOf, ...rest } = database;
    const id = `${serverId}/databases/${database.name}`;
    const isSecondary = replicaOf !== undefined;
    place(loading, databaseBody({ ...rest, id, location, createdAt, isSecondary }));
  };
  databases.forEach((database, k) => {
    if (world.resources.has(`${serverId}/databases/${database.name}`)) {
      complain([...path, "databases", k, "name"], "is there twice");
    }
    add(database);
  });
  const collation = "SQL_Latin1_General_CP1_CI_AS";
  if (databases.some((d) => d.name.toLowerCase() === "master")) return;
  add({ name: "master", collation, status: "Online", readScale: "Disabled" });
}

function loadReplicas(loading: Loading, { name, databases }: SeedSqlServer, path: Path): void {
  const { world, complain, createdAt } = loading;
  const server = serverNamed(world, name);
  databases.forEach(({ name: databaseName, replicaOf }, k) => {
    if (replicaOf === undefined) return;
    const [primaryServerName = "", primaryName = ""] = replicaOf.split("/");
    const primaryServer = serverNamed(world, primaryServerName);
    const primary = primaryServer && databaseNamed(world, primaryServer, primaryName);
    const secondary = server && databaseNamed(world, server, databaseName);
    if (primary === undefined || secondary === undefined || primary.properties?.secondaryType !== undefined) {
      complain([...path, "databases", k, "replicaOf"], `there is no primary database '${replicaOf}'`);
      return;
    }
    const ends = [
      [primary, "Primary", secondary, name],
      [secondary, "Secondary", primary, primaryServerName],
    ] as const;
    for (const [own, role, other, partnerServer] of ends) {
      const partner = { partnerServer, partnerDatabase: other.name, partnerLocation: other.location ?? "" };
      place(loading, replicationLinkBody({ databaseId: own.id, role, startedAt: createdAt, ...partner }));
    }
  });
}

function loadFailoverGroups(loading: Loading, { name, failoverGroups }: SeedSqlServer, path: Path): void {
  const { world, complain } = loading;
  failoverGroups.forEach(({ name: group, partner, databases }, k) => {
    const [primary, secondary] = [serverNamed(world, name), serverNamed(world, partner)];
    if (primary === undefined || secondary === undefined || primary === secondary) {
      complain([...path, "failoverGroups", k, "partner"], `there is no other server '${partner}'`);
      return;
    }
    const ends = [
      [primary, "Primary", secondary],
      [secondary, "Secondary", primary],
    ] as const;
    for (const [own, role, other] of ends) {
      const databaseIds = databases.map((database) => `${own.id}/databases/${database}`);
      for (const id of databaseIds) {
        if (!world.resources.has(id))
          complain([...path, "failoverGroups", k], `there is no database '${id}'`);
      }
      const ids = { serverId: own.id, partnerId: other.id, partnerLocation: other.location ?? "" };
      place(loading, failoverGroupBody({ ...ids, name: group, role, databaseIds }));
    }
  });
}
