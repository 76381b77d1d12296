// Which database of the estate a client means: the server by its name, or the listener of a failover group, asked of ARM.
import { nameOf } from "../model/arm-id.ts";
import {
  type DatabaseLocator,
  type DatabaseRef,
  type DatabaseResource,
  isDatabaseName,
} from "../model/database.ts";
import { Failure } from "../model/failure.ts";
import type { Clock } from "../model/ports.ts";
import { all, inParallel, patiently, saysGone } from "./call.ts";
import type { Clients } from "./clients.ts";

const apiVersion = "2021-11-01";
/** Servers come and go rarely: a list serves all databases of a pass. */
const listLivesInMs = 60_000;
const width = 4;

interface ServerList {
  readonly key: string;
  readonly untilInMs: number;
  readonly ids: Promise<readonly string[]>;
}

/** Finds databases by ARM. `suffix` is what the cloud's server names end in, ".database.windows.net". */
export function databaseLocatorOf(clients: Clients, clock: Clock, suffix: string): DatabaseLocator {
  let list: ServerList | undefined;
  const servers = (subscriptions: readonly string[], signal: AbortSignal): Promise<readonly string[]> => {
    const key = subscriptions.join(",");
    if (list?.key === key && clock.now() < list.untilInMs) return list.ids;
    const ids = listServers(clients, clock, subscriptions, signal);
    list = { key, untilInMs: clock.now() + listLivesInMs, ids };
    ids.catch(() => {
      list = undefined;
    });
    return ids;
  };
  const getProperties = async (
    id: string,
    signal: AbortSignal,
  ): Promise<Record<string, unknown> | undefined> => {
    try {
      const client = clients.resources(id.split("/")[2] ?? "");
      const found = await patiently(clock, signal, () =>
        client.resources.getById(id, apiVersion, { abortSignal: signal }),
      );
      return { ...found.properties };
    } catch (error) {
      if (saysGone(error)) return undefined;
      throw error;
    }
  };
  return {
    async locateDatabase(ref, subscriptions, signal): Promise<DatabaseResource | "gone" | "foreign"> {
      const label = labelOf(ref, suffix);
      if (label === undefined) return "foreign";
      if (!isDatabaseName(ref.database)) return "gone";
      const ids = await servers(subscriptions, signal);
      const server =
        ids.find((id) => nameOf(id).toLowerCase() === label) ?? (await primaryOf(ids, label, signal));
      if (server === undefined) return "foreign";
      const id = `${server}/databases/${ref.database}`;
      // A "#" in a name would cut the URL.
      const properties = await getProperties(
        `${server}/databases/${encodeURIComponent(ref.database)}`,
        signal,
      );
      return properties ? { id, ref, status: String(properties.status ?? "") } : "gone";
    },
  };

  /** The server on which a failover group of that name is primary: its listener leads there. */
  async function primaryOf(
    ids: readonly string[],
    label: string,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const roles = await inParallel(ids, width, async (id) => {
      const properties = await getProperties(`${id}/failoverGroups/${label}`, signal);
      return properties && String(properties.replicationRole).toLowerCase();
    });
    return ids.find((_, i) => roles[i] === "primary");
  }
}

/** "sql-orders" of "sql-orders.database.windows.net"; undefined for a name that is not of this cloud. */
function labelOf({ server }: DatabaseRef, suffix: string): string | undefined {
  const name = server.toLowerCase();
  if (!name.endsWith(suffix.toLowerCase())) return undefined;
  const label = name.slice(0, -suffix.length);
  return /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(label) ? label : undefined;
}

async function listServers(
  clients: Clients,
  clock: Clock,
  subscriptions: readonly string[],
  signal: AbortSignal,
): Promise<readonly string[]> {
  const lists = await inParallel(subscriptions, width, (id) =>
    patiently(clock, signal, () =>
      all(
        clients.resources(id).resources.list({
          filter: "resourceType eq 'Microsoft.Sql/servers'",
          abortSignal: signal,
        }),
      ),
    ),
  );
  return lists.flat().map((server) => {
    if (!server.id)
      throw new Failure("terminal", "A SQL server in a list has no id.", { code: "UnreadableAnswer" });
    return server.id;
  });
}
