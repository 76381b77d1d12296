// One connection to one database, for as long as it takes: token login, batches, deadlines; nothing is retried here.
import { connect as connectSocket, type Socket } from "node:net";
import { Connection, Request } from "tedious";
import type { DatabaseRef } from "../model/database.ts";
import { type ServerMessage, sqlFailureFrom } from "./failures.ts";
import type { Row } from "./reading.ts";

/** Where a server is to be found, if not where DNS says. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** What it takes to open a connection. */
export interface ConnectionOptions {
  readonly ref: DatabaseRef;
  /** An access token for databases. */
  readonly token: string;
  /** "strict": TLS before TDS (TDS 8.0). true: TLS inside of TDS 7.4, for what stands in the way of the former. */
  readonly encrypt: "strict" | true;
  /** Says where to connect to, for the server and for whatever it redirects to; throws where no token may go. */
  readonly locate: (host: string, port: number) => Address;
  /** A certificate authority to trust, as PEM. */
  readonly ca?: string;
  readonly connectTimeoutInMs: number;
  readonly requestTimeoutInMs: number;
  readonly signal: AbortSignal;
}

/** An open connection. */
export interface SqlConnection {
  /** Runs one batch; a list of rows for each SELECT in it. Throws a `Failure`. */
  run(batch: string, isWrite: boolean): Promise<readonly (readonly Row[])[]>;
  close(): void;
}

/** Opens a connection; throws a `Failure`. */
export async function openConnection(options: ConnectionOptions): Promise<SqlConnection> {
  const { signal } = options;
  signal.throwIfAborted();
  const connection = new Connection(configFrom(options));
  const messages: ServerMessage[] = [];
  connection.on("errorMessage", ({ number, message }) => void messages.push({ number, message }));
  // Without a listener a late error of the socket would end the process; each request reports its own.
  connection.on("error", () => undefined);
  const close = () => connection.close();
  signal.addEventListener("abort", close, { once: true });
  const end = () => {
    signal.removeEventListener("abort", close);
    connection.close();
  };
  try {
    await new Promise<void>((resolve, reject) => {
      connection.connect((error) => (error ? reject(error) : resolve()));
    });
  } catch (error) {
    end();
    signal.throwIfAborted();
    throw sqlFailureFrom(error, messages, false);
  }
  return {
    run: async (batch, isWrite) => {
      messages.length = 0;
      try {
        return await runBatch(connection, batch);
      } catch (error) {
        signal.throwIfAborted();
        throw sqlFailureFrom(error, messages, isWrite);
      }
    },
    close: end,
  };
}

type Config = ConstructorParameters<typeof Connection>[0];

function configFrom(options: ConnectionOptions): Config {
  const { ref, token, encrypt, locate, ca, connectTimeoutInMs, requestTimeoutInMs } = options;
  // tedious calls it with the server, or with what the server redirected to, although its type does not say so.
  const connector = (async ({ host, port }: Address, _lookup: unknown, signal: AbortSignal) =>
    await socketTo(locate(host, port), signal)) as unknown as () => Promise<Socket>;
  return {
    server: ref.server,
    authentication: { type: "azure-active-directory-access-token", options: { token } },
    options: {
      database: ref.database,
      port: 1433,
      encrypt,
      trustServerCertificate: false,
      connector,
      connectTimeout: connectTimeoutInMs,
      requestTimeout: requestTimeoutInMs,
      cancelTimeout: requestTimeoutInMs,
      maxRetriesOnTransientErrors: 0,
      appName: "bindery",
      useColumnNames: false,
      camelCaseColumns: false,
      ...(ca !== undefined && { cryptoCredentialsDetails: { ca } }),
    },
  };
}

function socketTo({ host, port }: Address, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const socket = connectSocket({ host, port });
    const abort = () => socket.destroy(new Error("The connection took too long."));
    signal.addEventListener("abort", abort, { once: true });
    socket.once("error", reject);
    socket.once("connect", () => {
      signal.removeEventListener("abort", abort);
      socket.off("error", reject);
      resolve(socket);
    });
  });
}

function runBatch(connection: Connection, batch: string): Promise<readonly (readonly Row[])[]> {
  return new Promise((resolve, reject) => {
    const results: Row[][] = [];
    const request = new Request(batch, (error) => (error ? reject(error) : resolve(results)));
    request.on("columnMetadata", () => void results.push([]));
    request.on("row", (columns: readonly { metadata: { colName: string }; value: unknown }[]) => {
      results.at(-1)?.push(Object.fromEntries(columns.map((c) => [c.metadata.colName, c.value])));
    });
    connection.execSqlBatch(request);
  });
}
