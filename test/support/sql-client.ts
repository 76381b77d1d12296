// Somebody at a database: an identity with its own token from a machine that carries it, or Bindery's or the operator's own.
import { readFileSync } from "node:fs";
import { connect as connectSocket } from "node:net";
import { Connection, Request as SqlRequest } from "tedious";
import type { Sandbox } from "../../src/sandbox/start.ts";

/** What came of a statement: its rows, or the number of the error that refused it (a sign-in's included). */
export type Answer = readonly Readonly<Record<string, unknown>>[] | number;

/** Signs in with a token, runs one batch and signs out. */
export async function ask(
  sandbox: Sandbox,
  token: string,
  batch: string,
  database = "orders",
): Promise<Answer> {
  const server = "sql-orders.database.windows.net";
  const [host = "", port = ""] = String(sandbox.ready.sqlAddresses[server]).split(":");
  const connection = new Connection({
    server,
    authentication: { type: "azure-active-directory-access-token", options: { token } },
    options: {
      database,
      encrypt: "strict",
      maxRetriesOnTransientErrors: 0,
      cryptoCredentialsDetails: { ca: readFileSync(sandbox.ready.caFile, "utf8") },
      connector: async () => connectSocket({ host, port: Number(port) }),
    },
  });
  const numbers: number[] = [];
  connection.on("errorMessage", ({ number }) => void numbers.push(number));
  connection.on("error", () => undefined);
  try {
    await new Promise<void>((resolve, reject) => {
      connection.connect((error) => (error ? reject(error) : resolve()));
    });
    return await run(connection, batch);
  } catch (error) {
    const [number] = numbers;
    if (number === undefined) throw error;
    return number;
  } finally {
    connection.close();
  }
}

function run(connection: Connection, batch: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const rows: Record<string, unknown>[] = [];
    const request = new SqlRequest(batch, (error) => (error ? reject(error) : resolve(rows)));
    request.on("row", (columns: readonly { metadata: { colName: string }; value: unknown }[]) => {
      rows.push(Object.fromEntries(columns.map((c) => [c.metadata.colName, c.value])));
    });
    connection.execSqlBatch(request);
  });
}

/** The token that an identity gets from the machine that carries it, as programs on that machine do. */
export async function tokenOf(sandbox: Sandbox, machineId: string, clientId: string): Promise<string> {
  const { origin } = sandbox.managedIdentity;
  const query = new URLSearchParams({
    "api-version": "2018-02-01",
    resource: "https://database.windows.net/",
    client_id: clientId,
  });
  const response = await fetch(`${origin}${machineId}/metadata/identity/oauth2/token?${query}`, {
    headers: { Metadata: "true" },
  });
  const body: unknown = await response.json();
  if (typeof body !== "object" || body === null || !("access_token" in body)) {
    throw new Error(`no token: ${response.status} ${JSON.stringify(body)}`);
  }
  return String(body.access_token);
}

/** Runs T-SQL as the administrator of the server. */
export async function askAsOperator(sandbox: Sandbox, batch: string): Promise<Answer> {
  const { operatorClientId, operatorClientSecret, tenantId, arm } = sandbox.ready;
  const form = new URLSearchParams({
    grant_type: "client_credentials",
    client_id: operatorClientId,
    client_secret: operatorClientSecret,
    scope: "https://database.windows.net/.default",
  });
  const url = `${arm}/${tenantId}/oauth2/v2.0/token`;
  const answer = await sandbox.fetch(new Request(url, { method: "POST", body: form }));
  const body: unknown = await answer.json();
  if (typeof body !== "object" || body === null || !("access_token" in body)) throw new Error("no token");
  return await ask(sandbox, String(body.access_token), batch);
}
