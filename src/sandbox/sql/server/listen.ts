// How a server's TDS endpoint listens: loopback only, TDS 7 and TDS 8 on one port, told apart by the first byte.
import { constants } from "node:crypto";
import { createServer, type Server, type Socket } from "node:net";
import { createSecureContext, type SecureContext, TLSSocket } from "node:tls";
import type { Backend } from "./backend.ts";
import { Connection } from "./connection.ts";

/** Certificate and key, PEM. */
export interface EndpointTls {
  readonly cert: string;
  readonly key: string;
}

/** A listening endpoint. */
export interface Endpoint {
  readonly port: number;
  /** Stops listening and ends all connections. */
  close(): Promise<void>;
}

const loopback = "127.0.0.1";
const mostConnections = 512;
const firstByteWithinMs = 15_000;
const tlsClientHello = 0x16;

/** Listens on a free port of loopback. */
export function listenTds(backend: Backend, tls: EndpointTls): Promise<Endpoint> {
  // Without tickets no handshake ends with the client's flight, behind which bare records could follow at once.
  const secureOptions = constants.SSL_OP_NO_TICKET;
  const tls12 = createSecureContext({ ...tls, secureOptions, minVersion: "TLSv1.2", maxVersion: "TLSv1.2" });
  const strict = createSecureContext({ ...tls, minVersion: "TLSv1.2" });
  const sockets = new Set<Socket>();
  let sessionId = 50;
  const server = createServer((socket) => {
    sessionId = sessionId >= 32_000 ? 51 : sessionId + 1;
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    welcome(socket, { backend, sessionId, tls12, strict });
  });
  server.maxConnections = mostConnections;
  return listening(server, sockets);
}

interface Welcome {
  readonly backend: Backend;
  readonly sessionId: number;
  readonly tls12: SecureContext;
  readonly strict: SecureContext;
}

/** TDS 8 begins with TLS, TDS 7 with a PRELOGIN packet. */
function welcome(socket: Socket, { strict, ...options }: Welcome): void {
  socket.setNoDelay(true);
  socket.on("error", () => socket.destroy());
  socket.setTimeout(firstByteWithinMs, () => socket.destroy());
  socket.once("data", (first: Buffer) => {
    socket.setTimeout(0);
    socket.pause();
    socket.unshift(first);
    if (first[0] !== tlsClientHello) {
      new Connection(socket, { ...options, isStrict: false });
      socket.resume();
      return;
    }
    // TLSSocket takes what was put back; the raw socket stays paused, or the first bytes are lost.
    const secure = new TLSSocket(socket, {
      isServer: true,
      secureContext: strict,
      ALPNProtocols: ["tds/8.0"],
    });
    secure.once("close", () => socket.destroy());
    new Connection(secure, { ...options, isStrict: true });
  });
}

function listening(server: Server, sockets: ReadonlySet<Socket>): Promise<Endpoint> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, loopback, () => {
      server.removeListener("error", reject);
      const address = server.address();
      if (address === null || typeof address === "string") {
        reject(new Error("The endpoint has no port."));
        return;
      }
      const close = () =>
        new Promise<void>((closed) => {
          server.close(() => closed());
          for (const socket of sockets) socket.destroy();
        });
      resolve({ port: address.port, close });
    });
  });
}
