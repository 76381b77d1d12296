// What the tests of the sandbox share: clients of the real SDKs, and requests by hand.
import { readFileSync } from "node:fs";
import { ClientSecretCredential } from "@azure/identity";
import type { Sandbox } from "../src/sandbox/start.ts";

/** A credential and client options that reach the sandbox over its sockets, as the Bindery client or the operator. */
export function clientOf({ ready }: Sandbox, who: "bindery" | "operator" = "bindery") {
  const ca = readFileSync(ready.caFile, "utf8");
  const tlsOptions = { ca };
  const [clientId, secret] =
    who === "bindery"
      ? [ready.clientId, ready.clientSecret]
      : [ready.operatorClientId, ready.operatorClientSecret];
  const credential = new ClientSecretCredential(ready.tenantId, clientId, secret, {
    authorityHost: ready.authority,
    disableInstanceDiscovery: true,
    tlsOptions,
  });
  const scope = "https://management.azure.com/.default";
  const options = {
    endpoint: ready.arm,
    credentialScopes: [scope],
    credentials: { scopes: [scope] },
    tlsOptions,
    retryOptions: { maxRetries: 0 },
    updateIntervalInMs: 20,
  };
  return { credential, options };
}

/** What came back, with the body parsed when it is JSON. */
export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into bodies freely
  readonly body: any;
}

/** Sends requests by hand, without a socket, with a token of a caller. */
export async function rawClient(
  { ready, fetch }: { readonly ready: Pick<Sandbox["ready"], "arm" | "tenantId"> } & Pick<Sandbox, "fetch">,
  clientId: string,
  secret: string,
) {
  const form = new URLSearchParams({
    client_id: clientId,
    client_secret: secret,
    grant_type: "client_credentials",
    scope: "https://management.azure.com/.default",
  });
  const tokenRequest = new Request(`${ready.arm}/${ready.tenantId}/oauth2/v2.0/token`, {
    method: "POST",
    body: form,
  });
  const { access_token: token } = (await (await fetch(tokenRequest)).json()) as { access_token: string };
  return async (
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Reply> => {
    const response = await fetch(
      new Request(path.startsWith("https:") ? path : `${ready.arm}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body !== undefined && { "content-type": "application/json" }),
          ...headers,
        },
        ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
      }),
    );
    return replyFrom(response);
  };
}

async function replyFrom(response: Response): Promise<Reply> {
  const text = await response.text();
  const isJson = response.headers.get("content-type")?.includes("json") === true && text !== "";
  return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
}

/** Calls the admin endpoint; rejects unless it succeeds. */
export function adminOf({ ready, fetch }: Sandbox) {
  return async (method: string, path: string, body?: unknown) => {
    const reply = await replyFrom(
      await fetch(
        new Request(`${ready.admin}/${path}`, {
          method,
          headers: { authorization: `Bearer ${ready.adminToken}` },
          ...(body !== undefined && { body: JSON.stringify(body) }),
        }),
      ),
    );
    if (reply.status >= 300)
      throw new Error(`${method} ${path}: ${reply.status} ${JSON.stringify(reply.body)}`);
    return reply.body;
  };
}
