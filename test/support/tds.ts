// tedious against a sandbox's SQL servers, under their real names: connections, batches, and the numbers of refusals.
import { readFileSync } from "node:fs";
import { connect as connectSocket } from "node:net";
import { Connection, Request } from "tedious";
import type { Sandbox } from "../../src/sandbox/start.ts";

type Config = NonNullable<ConstructorParameters<typeof Connection>[0]>;
type DataType = Parameters<Request["addParameter"]>[1];

/** How somebody signs in. */
export interface SignIn {
  readonly token?: string;
  readonly user?: readonly [name: string, password: string];
  readonly authentication?: Config["authentication"];
  /** The server's name without its suffix; default sql-orders. */
  readonly server?: string;
  readonly database?: string;
  readonly encrypt?: "strict" | boolean;
  readonly isReadOnlyIntent?: boolean;
}

/** An open connection; rows are objects by column name. */
export interface Client {
  readonly connection: Connection;
  /** Runs a batch; rejects with tedious' error, which has a number. */
  run(sql: string): Promise<readonly Record<string, unknown>[]>;
  /** Runs by sp_executesql. */
  query(
    sql: string,
    parameters: Readonly<Record<string, readonly [DataType, unknown]>>,
  ): Promise<readonly Record<string, unknown>[]>;
  /** Runs a batch that is to be refused and answers the number of the error, or the code of a lost connection. */
  refusal(sql: string): Promise<number | string>;
  close(): void;
}

/** Signs in. Rejects with an error whose `number` is that of the server's. */
export async function connectTds(sandbox: Sandbox, signIn: SignIn): Promise<Client> {
  const connection = new Connection(configFor(sandbox, signIn));
  const numbers: number[] = [];
  connection.on("errorMessage", ({ number }) => void numbers.push(number));
  connection.on("error", () => undefined);
  await new Promise<void>((resolve, reject) => {
    connection.connect((error) => {
      if (error) reject(Object.assign(error, { number: numbers.at(-1) }));
      else resolve();
    });
  });
  return clientOn(connection);
}

/** The number that a sign-in is refused with, or the code of tedious where there is none. */
export async function refusalOf(sandbox: Sandbox, signIn: SignIn): Promise<number | string> {
  try {
    const client = await connectTds(sandbox, signIn);
    client.close();
    return "let in";
  } catch (error) {
    const { number, code } = error as { number?: number; code?: string };
    return number ?? code ?? String(error);
  }
}

function configFor(sandbox: Sandbox, signIn: SignIn): Config {
  const { token = "", user, server: name = "sql-orders", database = "orders", encrypt = "strict" } = signIn;
  const server = name.includes(".") ? name : `${name}.database.windows.net`;
  const addresses = sandbox.ready.sqlAddresses;
  // tedious asks again for whatever the server redirects to.
  const connector = (({ host: asked }: { host: string }) => {
    const [host = "", port = ""] = (addresses[asked] ?? addresses[server] ?? "").split(":");
    const socket = connectSocket({ host, port: Number(port) });
    return Promise.resolve(socket);
  }) as unknown as NonNullable<Config["options"]>["connector"];
  return {
    server,
    authentication:
      signIn.authentication ??
      (user === undefined
        ? { type: "azure-active-directory-access-token", options: { token } }
        : { type: "default", options: { userName: user[0], password: user[1] } }),
    options: {
      database,
      encrypt: encrypt as boolean,
      ...(connector && { connector }),
      readOnlyIntent: signIn.isReadOnlyIntent ?? false,
      connectTimeout: 60_000,
      requestTimeout: 60_000,
      cancelTimeout: 60_000,
      maxRetriesOnTransientErrors: 0,
      rowCollectionOnRequestCompletion: true,
      useColumnNames: true,
      trustServerCertificate: false,
      cryptoCredentialsDetails: { ca: readFileSync(sandbox.ready.caFile, "utf8") },
    },
  };
}

function clientOn(connection: Connection): Client {
  const send = (sql: string, start: (request: Request) => void) =>
    new Promise<readonly Record<string, unknown>[]>((resolve, reject) => {
      const request = new Request(
        sql,
        (error, _count, rows: readonly Record<string, { value: unknown }>[]) => {
          if (error) reject(error);
          else
            resolve(rows.map((row) => Object.fromEntries(Object.entries(row).map(([k, c]) => [k, c.value]))));
        },
      );
      start(request);
    });
  const run = (sql: string) => send(sql, (request) => connection.execSqlBatch(request));
  return {
    connection,
    run,
    query: (sql, parameters) =>
      send(sql, (request) => {
        for (const [name, [type, value]] of Object.entries(parameters))
          request.addParameter(name, type, value);
        connection.execSql(request);
      }),
    refusal: async (sql) => {
      try {
        return `${JSON.stringify(await run(sql))} instead of a refusal`;
      } catch (error) {
        const { number, code } = error as { number?: number; code?: string };
        return number ?? code ?? String(error);
      }
    },
    close: () => connection.close(),
  };
}

/** A token for a client by its secret; for Azure SQL by default. */
export async function tokenBySecret(
  { ready, fetch }: Pick<Sandbox, "ready" | "fetch">,
  who: "bindery" | "operator" = "bindery",
  scope = "https://database.windows.net/.default",
): Promise<string> {
  const [clientId, secret] =
    who === "bindery"
      ? [ready.clientId, ready.clientSecret]
      : [ready.operatorClientId, ready.operatorClientSecret];
  const body = new URLSearchParams({
    grant_type: "client_credentials",
    client_id: clientId,
    client_secret: secret,
    scope,
  });
  const url = `${ready.authority}${ready.tenantId}/oauth2/v2.0/token`;
  const answer = await fetch(new globalThis.Request(url, { method: "POST", body }));
  const { access_token: token } = (await answer.json()) as { access_token: string };
  return token;
}

/** A token of an identity, from the machine that carries it. */
export async function tokenOfIdentity(
  { managedIdentity }: Pick<Sandbox, "managedIdentity">,
  machineId: string,
): Promise<string> {
  const query = "api-version=2018-02-01&resource=https%3A%2F%2Fdatabase.windows.net%2F";
  const url = `${managedIdentity.origin}${machineId}/metadata/identity/oauth2/token?${query}`;
  const answer = await fetch(url, { headers: { metadata: "true" } });
  const { access_token: token } = (await answer.json()) as { access_token: string };
  return token;
}
