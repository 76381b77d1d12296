// A small world of SQL servers for stories about databases: nothing is late, and each story has an identity of its own.

import { sidFrom } from "../../src/model/database.ts";
import { linesOf } from "../../src/plan/fixtures.ts";
import type { Plan } from "../../src/plan/plan.ts";
import { type Sandbox, startSandbox } from "../../src/sandbox/start.ts";
import { type Harness, harnessFor, type RunOptions } from "./harness.ts";
import { tokenOf } from "./sql-client.ts";
import { connectTds, refusalOf, tokenBySecret } from "./tds.ts";

const speed = 1_000;
const noLag = { listLagInMs: 0, graphLagInMs: 0, roleLagInMs: 0, principalLagInMs: 0, operationInMs: 0 };

/** The subscription of the estate, and one beside it. */
export const S = "00000000-0000-4000-8000-000000000001";
export const outside = "00000000-0000-4000-8000-000000000002";

const group = `/subscriptions/${S}/resourceGroups/rg`;
/** The name of a server. */
export const server = (name: string): string => `${name}.database.windows.net`;
/** Whose user in one database was made from a login of the server. */
const loginClientId = "cccccccc-0000-4000-8000-00000000000a";
/** Each identity has a machine of its own: identities on the same one look like a rename. */
const machineOf = (identity: string) => `${group}/providers/Microsoft.Compute/virtualMachines/vm-${identity}`;
/** The ARM id of a database. */
export const databaseId = (database: string, name = "sql-a"): string =>
  `${group}/providers/Microsoft.Sql/servers/${name}/databases/${database}`;
/** The ARM id of an identity. */
export const identityId = (name: string): string =>
  `${group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/${name}`;

const bindery = "{ name: bindery, principal: bindery, roles: [db_owner] }";
const content = `tables: [{ name: sales.orders, columns: [id int NOT NULL, customer nvarchar(100)], rows: [[1, Contoso], [2, Fabrikam]] }], roles: [order_reader]`;
const full = (name: string, more = "") => `{ name: ${name}, ${content}, users: [${bindery}]${more} }`;

/** Long names: of 21 such databases each needs a tag of its own. */
export const manyDatabases: readonly string[] = Array.from({ length: 21 }, (_, i) =>
  `many-${String(i).padStart(2, "0")}-`.padEnd(127, "x"),
);

const seedFor = (names: readonly string[]) => `
subscriptions: [{ subscriptionId: ${S} }, { subscriptionId: ${outside} }]
resourceGroups: [{ name: rg, location: westeurope }, { subscriptionId: ${outside}, name: rg-far, location: westeurope }]
identities: [{ resourceGroup: rg, name: id-found }, { resourceGroup: rg, name: id-living }, { resourceGroup: rg, name: id-login, clientId: ${loginClientId} }]
virtualMachines: [${names.map((name) => `{ resourceGroup: rg, name: vm-${name} }`).join(", ")}]
settings: ${JSON.stringify({ ...noLag, throttled: false })}
sqlServers:
  - resourceGroup: rg
    name: sql-a
    entraAdmin: operator
    databases:
      - ${full("master")}
      - ${full("orders", ", readScale: Enabled")}
      - { name: billing, ${content}, users: [${bindery}, { name: id-login, sid: "${sidFrom(loginClientId)}AADE" }] }
      - ${full("doomed")}
      - ${full("sleeper")}
      - ${full("faulty")}
      - { name: blind, ${content}, users: [{ name: bindery, principal: bindery }] }
      - { name: viewed, ${content}, users: [{ name: bindery, principal: bindery }], script: "GRANT VIEW DEFINITION TO bindery; GRANT SELECT ON SCHEMA::sales TO order_reader" }
${manyDatabases.map((name) => `      - { name: ${name}, users: [${bindery}] }`).join("\n")}
    failoverGroups: [{ name: fog-a, partner: sql-b, databases: [orders] }]
  - resourceGroup: rg
    name: sql-b
    entraAdmin: operator
    systemAssigned: true
    directoryReaders: true
    databases: [{ name: orders, replicaOf: sql-a/orders }, ${full("listed")}]
  - { subscriptionId: ${outside}, resourceGroup: rg-far, name: sql-far, entraAdmin: operator, databases: [${full("orders")}] }
`;

/** The line of a binding that wants something in a database. */
export function on(database: string, grant: string, name = "sql-a"): string {
  return `{ sqlDatabase: { server: ${server(name)}, database: ${database}, ${grant} } }`;
}

/** What a story says of its identity besides its lines. */
export interface Spec {
  readonly adoptionPolicy?: "Never" | "Additive";
  readonly prunePolicy?: "Authoritative" | "Additive";
  readonly suspend?: boolean;
}

/** An identity on its machine, with a binding for each list of lines. */
export function documents(name: string, bindings: readonly (readonly string[])[], spec: Spec = {}): string {
  const { adoptionPolicy = "Never", prunePolicy = "Authoritative", suspend = false } = spec;
  const identity = `apiVersion: bindery.dev/v1alpha1
kind: UserAssignedIdentity
metadata: { name: ${name}, namespace: team }
spec: { subscriptionId: ${S}, resourceGroup: rg, location: westeurope, prunePolicy: ${prunePolicy}, adoptionPolicy: ${adoptionPolicy} }
---
apiVersion: bindery.dev/v1alpha1
kind: IdentityBinding
metadata: { name: ${name}-vm, namespace: team }
spec: { identityRef: { name: ${name} }, targets: [{ virtualMachine: { resourceGroup: rg, name: vm-${name} } }] }
`;
  const rest = bindings.map(
    (lines, i) => `---
apiVersion: bindery.dev/v1alpha1
kind: IdentityBinding
metadata: { name: ${name}-${i}, namespace: team }
spec: { identityRef: { name: ${name} }, suspend: ${suspend}, grants: [${lines.join(", ")}] }
`,
  );
  return [identity, ...rest].join("");
}

/** The world of a story. */
export interface SqlWorld {
  readonly sandbox: Sandbox;
  readonly bindery: Harness;
  /** The plan in short lines. */
  planned(text: string, options?: RunOptions): Promise<readonly string[]>;
  plan(text: string, options?: RunOptions): Promise<Plan>;
  /** Applies; a line for each outcome that is not `applied`. */
  applied(text: string, options?: RunOptions): Promise<readonly string[]>;
  /** Runs a batch as the administrator of a server. */
  operate(batch: string, database?: string, name?: string): Promise<readonly Record<string, unknown>[]>;
  /** Runs a batch as an identity: its rows, or the number that refuses it or its sign-in. */
  as(identity: string, batch: string, database?: string, name?: string): Promise<unknown>;
  /** Who has tried to sign in to a database since the log was cleared, refused ones included. */
  signIns(database: string): number;
  /** The values of the tags that remember databases. */
  remembered(identity: string): readonly string[];
  clientIdOf(identity: string): string;
  close(): Promise<void>;
}

/** Starts it, with a machine for each of these identities. */
export async function startSqlWorld(names: readonly string[]): Promise<SqlWorld> {
  const sandbox = await startSandbox({ speed, seed: { text: seedFor(names), filename: "seed.yaml" } });
  const harness = harnessFor(sandbox, speed);
  const estate = { estate: { subscriptions: [S], managementGroups: [] } };
  const within = (options: RunOptions = {}) => ({ ...options, policy: { ...estate, ...options.policy } });
  const plan = (text: string, options?: RunOptions) => harness.plan(text, within(options));
  const live = (identity: string) => sandbox.world.resources.get(identityId(identity));
  const clientIdOf = (identity: string) => String(live(identity)?.properties?.clientId);
  return {
    sandbox,
    bindery: harness,
    plan,
    planned: async (text, options) => linesOf(await plan(text, options)),
    applied: async (text, options) => {
      const { passes } = await harness.apply(text, within(options));
      const outcomes = passes.flatMap((pass) => pass.report.outcomes);
      return outcomes
        .filter((o) => o.state !== "applied")
        .map((o) => `${o.change.id}: ${o.code} ${o.message}`);
    },
    operate: async (batch, database = "orders", name = "sql-a") => {
      const token = await tokenBySecret(sandbox, "operator");
      const client = await connectTds(sandbox, { token, database, server: name });
      try {
        return await client.run(batch);
      } finally {
        client.close();
      }
    },
    as: async (identity, batch, database = "orders", name = "sql-a") => {
      const token = await tokenOf(sandbox, machineOf(identity), clientIdOf(identity));
      const signIn = { token, database, server: name };
      const refused = await refusalOf(sandbox, signIn);
      if (refused !== "let in") return refused;
      const client = await connectTds(sandbox, signIn);
      try {
        return await client.run(batch);
      } catch (error) {
        return (error as { number?: number }).number;
      } finally {
        client.close();
      }
    },
    signIns: (database) =>
      sandbox.sql.log.entries().filter((e) => e.kind === "login" && e.database === database).length,
    remembered: (identity) =>
      Object.entries(live(identity)?.tags ?? {})
        .filter(([key]) => key.startsWith("bindery-sql-"))
        .map(([, value]) => value),
    clientIdOf,
    close: () => sandbox.close(),
  };
}
