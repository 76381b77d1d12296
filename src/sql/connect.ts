// The way into databases: which hosts a token may go to, how many connections there are, and that a plan only reads.
import pLimit from "p-limit";
import type {
  DatabaseChange,
  DatabaseContents,
  DatabaseReader,
  DatabaseRef,
  DatabaseResource,
  DatabaseWriter,
} from "../model/database.ts";
import { Failure } from "../model/failure.ts";
import { type Address, openConnection, type SqlConnection } from "./connection.ts";
import { contentsFrom, readingBatch } from "./reading.ts";
import { batchesFor } from "./statements.ts";

/** What it takes to reach databases. */
export interface SqlOptions {
  /** ".database.windows.net": every server's name ends so, and whatever it redirects to. */
  readonly serverSuffix: string;
  /** Whether the policy allows the server of that name, in lower case. */
  readonly isAllowed: (server: string) => boolean;
  /** An access token for databases. */
  readonly token: (signal: AbortSignal) => Promise<string>;
  /** True for `plan`: nothing but the batch that reads leaves the process. */
  readonly dryRun: boolean;
  /** "strict" by default: TLS before TDS. */
  readonly encrypt?: "strict" | true;
  /** Where servers are found that DNS does not know, by name in lower case: those of the sandbox. */
  readonly addresses?: ReadonlyMap<string, Address>;
  /** A certificate authority to trust, as PEM. */
  readonly ca?: string;
  /** 8 by default. */
  readonly maxConnections?: number;
  readonly connectTimeoutInMs?: number;
  readonly requestTimeoutInMs?: number;
}

/** Connects to databases; nothing is sent before the first call. */
export function connectSql(options: SqlOptions): DatabaseReader & DatabaseWriter {
  const limit = pLimit(options.maxConnections ?? 8);
  const using = <T>(ref: DatabaseRef, signal: AbortSignal, work: (open: SqlConnection) => Promise<T>) =>
    limit(async () => {
      const connection = await open(options, ref, signal);
      try {
        return await work(connection);
      } finally {
        connection.close();
      }
    });
  return {
    readDatabase: ({ ref }, signal) =>
      using(
        ref,
        signal,
        async (connection): Promise<DatabaseContents> =>
          contentsFrom(await connection.run(readingBatch, false)),
      ),
    changeDatabase: async ({ ref }: DatabaseResource, change: DatabaseChange, signal) => {
      if (options.dryRun) {
        throw new Failure("terminal", "A plan does not write to databases.", { code: "WriteRefused" });
      }
      const batches = batchesFor(change);
      await using(ref, signal, async (connection) => {
        for (const batch of batches) await connection.run(batch, true);
      });
    },
  };
}

async function open(options: SqlOptions, ref: DatabaseRef, signal: AbortSignal): Promise<SqlConnection> {
  const server = ref.server.toLowerCase();
  refuseUnlessWithin(options, server);
  if (!options.isAllowed(server)) {
    throw new Failure("terminal", `The policy does not allow the SQL server ${server}.`, {
      code: "HostRefused",
    });
  }
  const { encrypt = "strict", connectTimeoutInMs = 15_000, requestTimeoutInMs = 30_000, ca } = options;
  return await openConnection({
    ref,
    token: await options.token(signal),
    encrypt,
    locate: (host, port) => locate(options, host, port),
    connectTimeoutInMs,
    requestTimeoutInMs,
    signal,
    ...(ca !== undefined && { ca }),
  });
}

/** Asked for the server itself and for whatever it redirects to, before DNS is. */
function locate(options: SqlOptions, host: string, port: number): Address {
  const name = host.toLowerCase();
  refuseUnlessWithin(options, name);
  return options.addresses?.get(name) ?? { host: name, port };
}

/** A token goes to hosts of the cloud's own suffix only, written in plain letters. */
function refuseUnlessWithin({ serverSuffix }: SqlOptions, host: string): void {
  const isPlain = /^[a-z0-9](?:[a-z0-9.-]{0,250}[a-z0-9])?$/.test(host) && !host.includes("..");
  if (isPlain && host.endsWith(serverSuffix.toLowerCase())) return;
  throw new Failure(
    "terminal",
    `A token for databases does not go to ${host}, which is not in ${serverSuffix}.`,
    {
      code: "HostRefused",
    },
  );
}
