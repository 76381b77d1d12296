// Under which names the servers of a world are reached: their own, those of failover groups, and those of redirects.
import type { ArmResource, World } from "../../world.ts";
import { childrenOf, serverNamed, serversOf, sqlSuffix } from "./resources.ts";

/** A name that leads to a server. */
export interface SqlHost {
  /** "sql-orders.database.windows.net", in lower case. */
  readonly host: string;
  /** The server that it leads to now: a failover group changes that. */
  readonly server: (world: World) => ArmResource | undefined;
}

/** The name under which a server is reached after a redirect; Azure's have this shape. */
export function workerHost(server: ArmResource): string {
  const region = (server.location ?? "westeurope").toLowerCase().replaceAll(" ", "");
  return `${server.name.toLowerCase()}.tr1.${region}1-a.worker${sqlSuffix}`;
}

/** All names. Those that two resources share lead to the first. */
export function hostsOf(world: World): readonly SqlHost[] {
  const hosts = new Map<string, SqlHost>();
  const add = (host: string, server: SqlHost["server"]) => {
    if (!hosts.has(host)) hosts.set(host, { host, server });
  };
  for (const { name, ...server } of serversOf(world)) {
    const find = (w: World) => serverNamed(w, name);
    add(`${name.toLowerCase()}${sqlSuffix}`, find);
    add(workerHost({ name, ...server }), find);
    for (const group of childrenOf(world, server.id, "failoverGroups")) {
      const groupName = group.name.toLowerCase();
      add(`${groupName}${sqlSuffix}`, (w) => serverInRole(w, groupName, "Primary"));
      add(`${groupName}.secondary${sqlSuffix}`, (w) => serverInRole(w, groupName, "Secondary"));
    }
  }
  return [...hosts.values()];
}

function serverInRole(world: World, group: string, role: string): ArmResource | undefined {
  return serversOf(world).find((server) =>
    childrenOf(world, server.id, "failoverGroups").some(
      (g) => g.name.toLowerCase() === group && g.properties?.replicationRole === role,
    ),
  );
}
