// The two ways into an embedded Azure: as a function, or over sockets, with its SQL servers if there are to be any.
import {
  createDefaultHttpClient,
  createHttpHeaders,
  type HttpClient,
  type PipelineRequest,
  type PipelineResponse,
  RestError,
} from "@azure/core-rest-pipeline";
import { createCertificateAuthority } from "../../src/sandbox/pki.ts";
import { ConnectionCut } from "../../src/sandbox/router.ts";
import { serveHttps } from "../../src/sandbox/server.ts";
import { createServices, type Services } from "../../src/sandbox/services.ts";
import type { World } from "../../src/sandbox/world.ts";

/** What answers requests. */
export type Fetch = (request: Request) => Promise<Response>;

/** A sandbox, however it is reached. */
export interface Reached {
  readonly world: World;
  readonly advance: (byInMs: number) => void;
  readonly fetch: Fetch;
  readonly adminToken: string;
  readonly origin: string;
  readonly client: HttpClient;
  readonly sql: Services["sql"];
  readonly sqlAddresses: Readonly<Record<string, string>>;
  readonly ca?: string;
  readonly close: () => Promise<void>;
}

/** Nobody listens at its origin. */
export async function asFunction(): Promise<Reached> {
  const origin = "https://sandbox.invalid";
  const { world, clock, fetch, adminToken, learnOrigins, sql } = await createServices({ speed: 0 });
  learnOrigins([origin]);
  const client = { sendRequest: (request: PipelineRequest) => answerTo(fetch, request) };
  const parts = { world, advance: clock.advance, fetch, adminToken, origin, client, sql, sqlAddresses: {} };
  return { ...parts, close: async () => undefined };
}

/** Listens; the SQL servers of these names do too. */
export async function onSockets(
  gate: (fetch: Fetch) => Fetch,
  sqlServers: readonly string[],
): Promise<Reached> {
  const seed = { text: seedWith(sqlServers), filename: "servers" };
  const services = await createServices({ speed: 0, ...(sqlServers.length > 0 && { seed }) });
  const { world, clock, fetch, adminToken, learnOrigins, sql } = services;
  const hosts = sqlServers.length > 0 ? sql.hosts() : [];
  const pki = await createCertificateAuthority({ hosts, now: Date.now });
  const { port, close } = await serveHttps(gate(fetch), pki, 0);
  const origin = `https://localhost:${port}`;
  learnOrigins([origin]);
  const tls = { cert: `${pki.certificatePem}\n${pki.caPem}`, key: pki.keyPem };
  const endpoints = sqlServers.length > 0 ? await sql.listen(tls, origin) : undefined;
  return {
    world,
    advance: clock.advance,
    fetch,
    adminToken,
    origin,
    client: onKeptConnections(pki.caPem),
    sql,
    sqlAddresses: endpoints?.addresses ?? {},
    ca: pki.caPem,
    close: async () => void (await Promise.all([close(), endpoints?.close()])),
  };
}

/** Endpoints are those of the servers that there are when it listens. */
function seedWith(sqlServers: readonly string[]): string {
  return JSON.stringify({
    subscriptions: [{ subscriptionId: "00000000-0000-4000-8000-000000000001" }],
    resourceGroups: [{ name: "rg", location: "westeurope" }],
    sqlServers: sqlServers.map((name) => ({ resourceGroup: "rg", name })),
  });
}

/** The SDKs' own client, which keeps connections for each object of TLS settings: here all connections of Bindery share one. */
function onKeptConnections(ca: string): HttpClient {
  const client = createDefaultHttpClient();
  const tlsSettings = { ca };
  return { sendRequest: (request) => client.sendRequest(Object.assign(request, { tlsSettings })) };
}

/** A cut connection looks as it does to the client on sockets. */
async function answerTo(fetch: Reached["fetch"], request: PipelineRequest): Promise<PipelineResponse> {
  const { url, method, body } = request;
  const headers = request.headers.toJSON();
  const sent = new Request(url, { method, headers, ...(typeof body === "string" && { body }) });
  try {
    const response = await fetch(sent);
    return {
      request,
      status: response.status,
      headers: createHttpHeaders(Object.fromEntries(response.headers)),
      bodyAsText: await response.text(),
    };
  } catch (error) {
    if (!(error instanceof ConnectionCut)) throw error;
    throw new RestError("socket hang up", { code: "ECONNRESET", request });
  }
}
