// Decides who may read the status over HTTP: anybody on this machine, elsewhere who has the token.
import type { Context, Hono, MiddlewareHandler } from "hono";
import { Failure } from "../model/failure.ts";
import { isLoopback } from "../model/loopback.ts";
import { harmlessJson } from "../model/text.ts";
import { bareApp } from "./http-app.ts";
import { isSameSecret, refuseWeakSecret } from "./secrets.ts";

/** Which document is asked for. */
export interface DocumentKey {
  readonly kind: "UserAssignedIdentity" | "IdentityBinding";
  readonly namespace: string;
  readonly name: string;
}

/** What the API answers, to whom. */
export interface ApiOptions {
  /** Where it listens: what is not loopback needs a token. */
  readonly host: string;
  /** At least 16 characters; where there is one, it is asked for on loopback too. */
  readonly token?: string;
  /** The whole status, to be written as JSON. */
  readonly status: () => object;
  /** That of one document; undefined if there is none of this name. */
  readonly document: (key: DocumentKey) => object | undefined;
  readonly onBug: (error: unknown) => void;
}

/**
 * `GET /api/v1/status` and `GET /api/v1/documents/{kind}/{namespace}/{name}`. Throws a `Failure` if it would answer
 * the network without a token.
 */
export function apiApp(options: ApiOptions): Hono {
  const { host, token, status, document, onBug } = options;
  if (token !== undefined) refuseWeakSecret("The token of the API", token);
  if (token === undefined && !isLoopback(host)) {
    const message = `The API would answer everybody who reaches ${host}. Give it a token, or let it listen on 127.0.0.1.`;
    throw new Failure("terminal", message, { code: "UnprotectedApi" });
  }
  const app = bareApp(onBug);
  app.use(isLoopback(host) ? onlyAsLoopback : allHosts);
  if (token !== undefined) app.use(onlyWith(token));
  app.get("/api/v1/status", (c) => answerOf(c, status()));
  app.get("/api/v1/documents/:kind/:namespace/:name", (c) => {
    const { kind, namespace, name } = c.req.param();
    const found = isDocumentKind(kind) ? document({ kind, namespace, name }) : undefined;
    return found
      ? answerOf(c, found)
      : c.json({ error: "No document of the present revision is called so." }, 404);
  });
  return app;
}

/** People read it in terminals, and it quotes Azure and manifests. */
function answerOf(c: Context, value: object): Response {
  return c.body(harmlessJson(JSON.stringify(value)), 200, { "Content-Type": "application/json" });
}

function isDocumentKind(kind: string): kind is DocumentKey["kind"] {
  return kind === "UserAssignedIdentity" || kind === "IdentityBinding";
}

/** A page in a browser can make its own name point here: such requests say that name. */
const onlyAsLoopback: MiddlewareHandler = async (c, next) => {
  const name = (c.req.header("host") ?? "").replace(/:\d{1,5}$/, "");
  if (isLoopback(name)) return await next();
  return c.json({ error: "Ask for 127.0.0.1 or localhost: this listener is for this machine alone." }, 421);
};

const allHosts: MiddlewareHandler = async (_, next) => await next();

function onlyWith(token: string): MiddlewareHandler {
  return async (c: Context, next) => {
    const given = /^bearer ([\x21-\x7e]+)$/i.exec(c.req.header("authorization") ?? "")?.[1];
    if (given !== undefined && isSameSecret(given, token)) return await next();
    c.header("WWW-Authenticate", "Bearer");
    return c.json({ error: "The bearer token is missing or wrong." }, 401);
  };
}
