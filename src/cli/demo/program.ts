// What a program on one of the demo's machines can do: it reads orders from a database with the machine's own identity.
import { readFile } from "node:fs/promises";
import { Failure } from "../../model/failure.ts";
import type { Sandbox } from "../../sandbox/start.ts";
import { addressesOf } from "../../sql/connect.ts";
import { openConnection } from "../../sql/connection.ts";

const subscription = "0b1f6471-0000-4000-8000-00000000a001";
const machine = `/subscriptions/${subscription}/resourceGroups/rg-orders/providers/Microsoft.Compute/virtualMachines/vm-orders-1`;
const identity = `/subscriptions/${subscription}/resourceGroups/rg-identities/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-orders`;
const ref = { server: "sql-orders.database.windows.net", database: "orders" };
const batch = "SELECT customer, total FROM sales.orders ORDER BY id;";

/** Signs in to sql-orders/orders as id-orders, from vm-orders-1, and reads: what it sees, or why it sees nothing. */
export async function readOrders(sandbox: Sandbox, signal: AbortSignal): Promise<string> {
  const ca = await readFile(sandbox.ready.caFile, "utf8");
  const addresses = addressesOf(sandbox.ready.sqlAddresses);
  const token = await tokenOnMachine(sandbox, signal);
  try {
    const connection = await openConnection({
      ref,
      token,
      encrypt: "strict",
      locate: (host, port) => addresses.get(host) ?? { host, port },
      ca,
      connectTimeoutInMs: 15_000,
      requestTimeoutInMs: 15_000,
      signal,
    });
    const [rows = []] = await connection.run(batch, false);
    connection.close();
    return `sees ${rows.map(({ customer, total }) => `${customer} ${total}`).join(", ")}`;
  } catch (error) {
    if (error instanceof Failure) return `is refused: ${error.message}`;
    throw error;
  }
}

/** As programs on machines get theirs: from the endpoint that only the machine can reach. */
async function tokenOnMachine({ managedIdentity, world }: Sandbox, signal: AbortSignal): Promise<string> {
  const query = new URLSearchParams({
    "api-version": "2018-02-01",
    resource: "https://database.windows.net/",
    client_id: String(world.resources.get(identity)?.properties?.clientId),
  });
  const url = `${managedIdentity.origin}${machine}/metadata/identity/oauth2/token?${query}`;
  const response = await fetch(url, { headers: { Metadata: "true" }, signal });
  const { access_token: token } = (await response.json()) as { access_token?: string };
  if (token === undefined) throw new Error(`The demo's machine gets no token: ${response.status}.`);
  return token;
}
