// How the embedded Azure is reached: HTTPS for everything, plain HTTP for the managed identity endpoints, loopback only.
import { createServer as createHttpServer } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { createAdaptorServer, type HttpBindings, type ServerType } from "@hono/node-server";
import type { CertificateAuthority } from "./pki.ts";
import { ConnectionCut } from "./router.ts";

/** A listening server. */
export interface Listening {
  readonly port: number;
  /** Stops listening and ends all connections. */
  close(): Promise<void>;
}

type Fetch = (request: Request) => Promise<Response>;

const loopback = "127.0.0.1";

/** Node's five seconds are so short that clients on a slow machine meet the end of a connection with their next request. */
const patience = { keepAliveTimeout: 120_000 };

/** Serves over HTTPS with the certificate; port 0 picks a free one. Rejects when the port is taken. */
export function serveHttps(fetch: Fetch, pki: CertificateAuthority, port: number): Promise<Listening> {
  const server = createAdaptorServer({
    fetch: cuttable(fetch),
    createServer: createHttpsServer,
    serverOptions: { ...patience, cert: `${pki.certificatePem}\n${pki.caPem}`, key: pki.keyPem },
    overrideGlobalObjects: false,
  });
  return listening(server, port);
}

/** Serves over plain HTTP: what a machine's own metadata service does. */
export function serveHttp(fetch: Fetch, port: number): Promise<Listening> {
  const server = createAdaptorServer({
    fetch: cuttable(fetch),
    createServer: createHttpServer,
    serverOptions: patience,
    overrideGlobalObjects: false,
  });
  return listening(server, port);
}

/** Ends the connection where a fault cut it. */
function cuttable(fetch: Fetch): (request: Request, env: unknown) => Promise<Response> {
  return async (request, env) => {
    try {
      return await fetch(request);
    } catch (error) {
      if (!(error instanceof ConnectionCut)) throw error;
      (env as HttpBindings).incoming.socket.destroy();
      return new Response(null, { headers: { "x-hono-already-sent": "true" } });
    }
  };
}

function listening(server: ServerType, port: number): Promise<Listening> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, loopback, () => {
      server.removeListener("error", reject);
      const address = server.address();
      if (address === null || typeof address === "string") {
        reject(new Error("The server has no port."));
        return;
      }
      resolve({ port: address.port, close: () => closing(server) });
    });
  });
}

function closing(server: ServerType): Promise<void> {
  return new Promise((resolve, reject) => {
    server.close((error) => (error === undefined ? resolve() : reject(error)));
    if ("closeAllConnections" in server) server.closeAllConnections();
  });
}
