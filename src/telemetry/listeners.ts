// Decides how our HTTP listeners are bound and bounded: loopback unless told otherwise, small requests, few connections.
import type { Server } from "node:http";
import { createAdaptorServer } from "@hono/node-server";
import type { Hono } from "hono";
import { Failure } from "../model/failure.ts";

/** Where to listen. */
export interface ListenOptions {
  /** 127.0.0.1 by default. */
  readonly host?: string;
  /** 0 picks a free one. */
  readonly port: number;
  /** What to do if the address cannot be had, a sentence. */
  readonly cure?: string;
  /** Told of connections that could not be accepted (no file descriptors left, say); without it that is a bug. */
  readonly onTrouble?: (error: Error) => void;
}

/** A server that listens. */
export interface Listening {
  readonly host: string;
  readonly port: number;
  /** Stops listening, lets requests that are being answered end within a second, and ends all connections. */
  close(): Promise<void>;
}

const serverOptions = {
  maxHeaderSize: 16 * 1024,
  headersTimeout: 5_000,
  requestTimeout: 15_000,
  keepAliveTimeout: 5_000,
  connectionsCheckingInterval: 1_000,
};
const maxConnections = 200;
const closeGraceInMs = 1_000;

/** Serves an application over HTTP. Rejects with a `Failure` (`CannotListen`) if the address cannot be had. */
export async function listen(app: Pick<Hono, "fetch">, options: ListenOptions): Promise<Listening> {
  const { host = "127.0.0.1", port } = options;
  const server = createAdaptorServer({
    fetch: (request, env) => app.fetch(request, env),
    serverOptions,
    overrideGlobalObjects: false,
  }) as Server;
  server.maxConnections = maxConnections;
  await bound(server, { ...options, host });
  if (options.onTrouble) server.on("error", options.onTrouble);
  const address = server.address();
  const bindsTo = address !== null && typeof address === "object" ? address.port : port;
  return { host, port: bindsTo, close: () => closed(server) };
}

const whyNot: Readonly<Record<string, string>> = {
  EADDRINUSE: "somebody else listens there",
  EADDRNOTAVAIL: "this machine does not have that address",
  EACCES: "this user may not",
  ENOTFOUND: "there is no host of that name",
};

function bound(server: Server, { host, port, cure }: Omit<ListenOptions, "onTrouble">): Promise<void> {
  return new Promise((resolve, reject) => {
    const onError = (cause: NodeJS.ErrnoException): void => {
      const why = whyNot[cause.code ?? ""] ?? cause.message;
      const message = [`Nothing can listen on ${host} port ${port}: ${why}.`, cure].filter(Boolean).join(" ");
      reject(new Failure("terminal", message, { code: "CannotListen" }, { cause }));
    };
    server.once("error", onError);
    server.listen({ host, port }, () => {
      server.off("error", onError);
      resolve();
    });
  });
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    const cut = setTimeout(() => server.closeAllConnections(), closeGraceInMs);
    server.close((error) => {
      clearTimeout(cut);
      if (error === undefined) resolve();
      else reject(error);
    });
    server.closeIdleConnections();
  });
}
