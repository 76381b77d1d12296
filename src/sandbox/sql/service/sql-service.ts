// Azure SQL of one start: its faults, its log, and the endpoints of all servers that the world has when it listens.
import type { TokenVerdict } from "../../entra/access-token.ts";
import type { ArmResource, World } from "../../world.ts";
import type { Backend } from "../server/backend.ts";
import { type EndpointTls, listenTds } from "../server/listen.ts";
import { SqlError } from "../sql-error.ts";
import { createSqlFaults, type SqlFaults } from "./faults.ts";
import { hostsOf, type SqlHost, workerHost } from "./hosts.ts";
import { createSqlLog, type SqlLog } from "./log.ts";
import { signIn } from "./sign-in.ts";

/** The audience of tokens for Azure SQL. */
const sqlAudience = "https://database.windows.net/";

/** What it is made from. */
export interface SqlServiceOptions {
  readonly world: World;
  /** Judges an Authorization header for a resource of these names. */
  readonly authenticate: (header: string, audiences: readonly string[]) => Promise<TokenVerdict>;
}

/** Where the servers are reached. */
export interface SqlEndpoints {
  /** "127.0.0.1:PORT" by name: servers, listeners of failover groups, names of redirects. */
  readonly addresses: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/** Azure SQL. */
export interface SqlService {
  readonly faults: SqlFaults;
  readonly log: SqlLog;
  /** The names that a certificate must carry. */
  hosts(): readonly string[];
  /** Listens under all names; servers that come later have no endpoint. `origin` is that of Entra. */
  listen(tls: EndpointTls, origin: string): Promise<SqlEndpoints>;
}

/** Makes it, with no faults and an empty log. */
export function createSqlService({ world, authenticate }: SqlServiceOptions): SqlService {
  const [faults, log] = [createSqlFaults(), createSqlLog()];
  const ports = new Map<string, number>();
  let sessions = 0;
  const signInPorts = {
    world,
    faults,
    log,
    verify: (token: string) => authenticate(`Bearer ${token}`, [sqlAudience]),
    redirectOf: (server: ArmResource) => {
      const host = workerHost(server);
      return { server: host, port: ports.get(host) ?? 1433 };
    },
  };
  const backendFor = ({ host, server: find }: SqlHost, origin: string): Backend => ({
    name: () => find(world)?.name ?? host,
    fedAuth: () => ({ authority: `${origin}/${world.tenantId}`, resource: sqlAudience }),
    login: (credential, login) => {
      const server = find(world);
      if (server === undefined) throw noServer(host);
      return signIn(signInPorts, { server, credential, login, session: ++sessions });
    },
  });
  return {
    faults,
    log,
    hosts: () => hostsOf(world).map(({ host }) => host),
    async listen(tls, origin) {
      const listening = await Promise.all(
        hostsOf(world).map(async (host) => {
          const endpoint = await listenTds(backendFor(host, origin), tls);
          ports.set(host.host, endpoint.port);
          return { host: host.host, ...endpoint };
        }),
      );
      return {
        addresses: Object.fromEntries(listening.map(({ host, port }) => [host, `127.0.0.1:${port}`])),
        close: async () => {
          await Promise.all(listening.map((endpoint) => endpoint.close()));
          // SQLite keeps its memory until it is told that it is over.
          for (const { sqlite } of world.sql.databases.values()) sqlite.close();
          world.sql.databases.clear();
        },
      };
    },
  };
}

function noServer(host: string): SqlError {
  const name = host.split(".")[0] ?? host;
  return new SqlError(40532, `Cannot open server "${name}" requested by the login. The login failed.`, 20);
}
