// The way into databases: which hosts a token may go to, how many connections there are, and that a plan only reads.
import pLimit from "p-limit";
import type { DatabaseReader, DatabaseRef, DatabaseResource, DatabaseWriter } from "../model/database.ts";
import { Failure } from "../model/failure.ts";
import { refuseUnlessHeld, type WriteFence } from "../model/lease.ts";
import { linkedTo } from "../model/linked-signal.ts";
import type { Clock } from "../model/ports.ts";
import { type Address, openConnection, type SqlConnection } from "./connection.ts";
import { contentsFrom, readingBatch } from "./reading.ts";
import { type SqlRequestEvent, toldRequests } from "./request-events.ts";
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
  readonly clock: Clock;
  /** What stands before every write; nothing by default. */
  readonly fence?: WriteFence;
  /** "strict" by default: TLS before TDS. */
  readonly encrypt?: "strict" | true;
  /** Where servers are found that DNS does not know, by name in lower case: those of the sandbox. */
  readonly addresses?: ReadonlyMap<string, Address>;
  /** A certificate authority to trust, as PEM. */
  readonly ca?: string;
  /** 8 by default. */
  readonly maxConnections?: number;
  /** Sees each sign-in and each batch after it. */
  readonly onRequest?: (event: SqlRequestEvent) => void;
  readonly connectTimeoutInMs?: number;
  readonly requestTimeoutInMs?: number;
  /** How long a paused database may take to wake up; two minutes by default. */
  readonly wakingInMs?: number;
}

/** Connects to databases; nothing is sent before the first call. */
export function connectSql(options: SqlOptions): DatabaseReader & DatabaseWriter {
  const limit = pLimit(options.maxConnections ?? 8);
  const using = <T>(
    database: DatabaseResource,
    signal: AbortSignal,
    work: (connection: SqlConnection) => Promise<T>,
  ): Promise<T> =>
    limit(async () => {
      const connection = await openAwake(options, database, signal);
      try {
        return await work(connection);
      } finally {
        connection.close();
      }
    });
  return {
    readDatabase: (database, signal) =>
      using(database, signal, async (connection) => contentsFrom(await connection.run(readingBatch, false))),
    changeDatabase: async (database, change, signal) => {
      if (options.dryRun) {
        throw new Failure("terminal", "A plan does not write to databases.", { code: "WriteRefused" });
      }
      const batches = batchesFor(change);
      const { fence } = options;
      using cut = linkedTo(signal, fence?.ended);
      await using(database, cut.signal, async (connection) => {
        for (const batch of batches) {
          refuseUnlessHeld(fence);
          await connection.run(batch, true);
        }
      });
    },
  };
}

/** The addresses that a cloud file gives, "host:port" by server. */
export function addressesOf(given: Readonly<Record<string, string>> = {}): ReadonlyMap<string, Address> {
  return new Map(
    Object.entries(given).map(([server, address]) => {
      const [host = "", port = ""] = address.split(":");
      return [server.toLowerCase(), { host, port: Number(port) }];
    }),
  );
}

/** Between two attempts to sign in to a database that wakes up. */
const pauseInMs = 5_000;

/** A paused database refuses sign-ins while it wakes up: that is waited for. */
async function openAwake(
  options: SqlOptions,
  { ref, status }: DatabaseResource,
  signal: AbortSignal,
): Promise<SqlConnection> {
  const { clock, wakingInMs = 120_000 } = options;
  const mayWake = /^(paused|resuming)$/i.test(status);
  const untilInMs = clock.now() + wakingInMs;
  for (;;) {
    try {
      return await open(options, ref, signal);
    } catch (error) {
      const wakes = error instanceof Failure && error.details.code === "DatabaseUnavailable" && mayWake;
      if (!wakes || clock.now() >= untilInMs) throw error;
      await clock.sleep(pauseInMs, signal);
    }
  }
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
  const token = await options.token(signal);
  const told = toldRequests(ref, options.onRequest);
  const connection = await told("connect", () =>
    openConnection({
      ref,
      token,
      encrypt,
      locate: (host, port) => locate(options, host, port),
      connectTimeoutInMs,
      requestTimeoutInMs,
      signal,
      ...(ca !== undefined && { ca }),
    }),
  );
  return {
    close: connection.close,
    run: (batch, isWrite) => told(isWrite ? "write" : "read", () => connection.run(batch, isWrite)),
  };
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
    { code: "HostRefused" },
  );
}
