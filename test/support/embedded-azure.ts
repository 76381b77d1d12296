// An embedded Azure without waiting: time is virtual, and the real SDKs reach it as a function or over sockets.
import type { AccessToken, TokenCredential } from "@azure/core-auth";
import type { HttpClient, PipelineRequest } from "@azure/core-rest-pipeline";
import type { AzureCloud } from "../../src/azure/cloud.ts";
import type { LogEntry } from "../../src/sandbox/request-log.ts";
import { binderyRoles, type SeededCaller } from "../../src/sandbox/seed/callers.ts";
import { loadSeed } from "../../src/sandbox/seed/load.ts";
import { readSeed } from "../../src/sandbox/seed/read.ts";
import type { Services } from "../../src/sandbox/services.ts";
import { defaultSettings } from "../../src/sandbox/settings.ts";
import { Store } from "../../src/sandbox/store.ts";
import { defaultSwitches } from "../../src/sandbox/switches.ts";
import { sandboxTenantId } from "../../src/sandbox/tenant.ts";
import type { World } from "../../src/sandbox/world.ts";
import { asFunction, type Fetch, onSockets, type Reached } from "./embedded-reach.ts";
import type { Wiring } from "./harness.ts";
import { type VirtualClock, virtualClock } from "./virtual-clock.ts";

/** The embedded Azure of one test process. */
export interface EmbeddedAzure {
  readonly world: World;
  readonly clock: VirtualClock;
  readonly advance: (byInMs: number) => void;
  /** Sends one admin request; throws unless it succeeds. */
  admin(method: string, path: string, body?: unknown): Promise<unknown>;
  /** Makes everything as this seed says, as if the sandbox had been started with it. */
  renew(seed: string): Promise<void>;
  /** Remembers how everything is at this moment; what it gives makes it so again. */
  remember(): () => void;
  /** Bindery's way in; requests go through `httpClient` if given, which ends in `send`. */
  wiring(random: () => number, httpClient?: HttpClient): Wiring;
  readonly send: HttpClient;
  /** Lets SQL fail. */
  readonly sqlFaults: Services["sql"]["faults"];
  /** What another process needs to get in as Bindery; over sockets only. */
  entrance(): Entrance;
  /** How many writes of Bindery's own caller have arrived since the world was renewed. */
  writesOfBindery(): Promise<number>;
  close(): Promise<void>;
}

/** The way into an embedded Azure that listens. */
export interface Entrance {
  readonly origin: string;
  readonly ca: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

const armAudience = "https://management.azure.com/";
const sqlAudience = "https://database.windows.net/";

/** How long a request takes, in milliseconds of the virtual clock. */
const requestInMs = 20;
/** The roles that renewed worlds know besides Bindery's own: hundreds more would be read in every pass. */
const commonRoles = ["Owner", "Contributor", "Key Vault Secrets User", "Storage Blob Data Reader"];

/** Longer than any lag: what a renewed world held before is not seen by anybody. */
const oblivionInMs = 60 * 60_000;

/**
 * Makes an embedded Azure whose clock stands still unless somebody sleeps or sends. What comes over sockets goes
 * through `gate`, which may keep a request or its answer back. SQL servers of these names listen over sockets, for
 * worlds that have them.
 */
export async function embeddedAzure(
  transport: "function" | "sockets" = "function",
  gate: (fetch: Fetch) => Fetch = (fetch) => fetch,
  sqlServers: readonly string[] = [],
): Promise<EmbeddedAzure> {
  const reached = transport === "sockets" ? await onSockets(gate, sqlServers) : await asFunction();
  const { world, advance, sql } = reached;
  const clock = virtualClock(world.now, advance);
  const send = clientOf(reached, clock);
  let caller: SeededCaller | undefined;
  let credential: TokenCredential | undefined;
  const admin: EmbeddedAzure["admin"] = (method, path, body) => adminRequest(reached, method, path, body);
  return {
    world,
    clock,
    advance,
    send,
    admin,
    sqlFaults: sql.faults,
    async renew(seed) {
      await admin("DELETE", "faults");
      sql.faults.clear();
      sql.log.clear();
      caller = callerNamed(renewed(world, seed, advance));
      credential = credentialOf(reached, clock, caller);
      await admin("DELETE", "requests");
    },
    remember() {
      const stores = storesOf(world).map((store) => store.remember());
      return () => {
        for (const restore of stores) restore();
        advance(oblivionInMs);
      };
    },
    wiring(random, httpClient = send) {
      if (!credential) throw new Error("The world has to be renewed first.");
      return {
        cloud: cloudAt(reached.origin, reached.sqlAddresses),
        credential,
        clock,
        random,
        httpClient,
        tenantId: sandboxTenantId,
        subscriptions: world.subscriptions.values().map((s) => s.subscriptionId),
        ...(reached.ca !== undefined && { ca: reached.ca }),
        databases: {
          clock: { now: clock.now, sleep: clock.sleepAmidst },
          around: (work) =>
            clock.busy(() => {
              advance(requestInMs);
              return work();
            }),
        },
      };
    },
    entrance() {
      if (!caller || reached.ca === undefined)
        throw new Error("Nobody listens, or the world was not renewed.");
      const { clientId, clientSecret } = caller;
      return { origin: reached.origin, ca: reached.ca, clientId, clientSecret };
    },
    async writesOfBindery() {
      const log = (await admin("GET", "requests")) as LogEntry[];
      return log.filter(({ method, path, callerId }) => {
        const isRead =
          ["GET", "HEAD"].includes(method) || /^\/providers\/microsoft\.resourcegraph\//i.test(path);
        return callerId === caller?.objectId && !isRead;
      }).length;
    },
    close: reached.close,
  };
}

function cloudAt(origin: string, sqlAddresses: Readonly<Record<string, string>>): AzureCloud {
  return {
    name: "sandbox",
    authorityHost: origin,
    resourceManager: origin,
    resourceManagerAudience: armAudience.replace(/\/$/, ""),
    sqlServerSuffix: ".database.windows.net",
    sqlAudience,
    sqlAddresses,
    tenantId: sandboxTenantId,
    sandbox: true,
    wellKnown: false,
  };
}

function callerNamed(callers: readonly SeededCaller[]): SeededCaller {
  const caller = callers.find((c) => c.name === "bindery");
  if (!caller) throw new Error("The seed left out the caller bindery, which is always there.");
  return caller;
}

/** All that there is in a world. */
function storesOf(world: World): readonly Pick<Store<unknown>, "clear" | "remember">[] {
  return Object.values(world).filter((part) => part instanceof Store);
}

/** Empties the world and fills it again. */
function renewed(world: World, text: string, advance: (byInMs: number) => void): readonly SeededCaller[] {
  for (const store of storesOf(world)) store.clear();
  clearSql(world);
  world.operationModes.clear();
  world.activities.clear();
  const read = readSeed(text, "seed");
  Object.assign(world.settings, defaultSettings, read.seed.settings);
  Object.assign(world.switches, defaultSwitches(), read.seed.switches);
  const callers = loadSeed(world, read, "seed");
  const used = new Set([...binderyRoles, ...commonRoles]);
  for (const role of world.roleDefinitions.values()) {
    if (!used.has(role.roleName)) world.roleDefinitions.delete(role.name);
  }
  advance(oblivionInMs);
  return callers;
}

/** Whoever is still connected finds nothing. */
function clearSql({ sql }: World): void {
  for (const { sqlite } of sql.databases.values()) sqlite.close();
  for (const part of [sql.databases, sql.recipes, sql.resuming, sql.admins, sql.directoryReaders])
    part.clear();
}

async function adminRequest(
  { fetch, adminToken, origin }: Reached,
  method: string,
  path: string,
  body?: unknown,
): Promise<unknown> {
  const headers = { authorization: `Bearer ${adminToken}` };
  const init = body === undefined ? { method, headers } : { method, headers, body: JSON.stringify(body) };
  const response = await fetch(new Request(`${origin}/_admin/${path}`, init));
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return response.status === 204 ? undefined : await response.json();
}

/** Tokens of the sandbox's own Entra, kept by its clock; the SDKs ask before every request, as theirs is the real one. */
function credentialOf(reached: Reached, clock: VirtualClock, caller: SeededCaller): TokenCredential {
  const kept = new Map<string, { readonly token: string; readonly until: number }>();
  return {
    async getToken(scopes): Promise<AccessToken> {
      const audience = String(scopes).startsWith(sqlAudience) ? sqlAudience : armAudience;
      const known = kept.get(audience);
      if (known && known.until - 60_000 >= clock.now()) return { token: known.token, expiresOnTimestamp: 0 };
      const { token, lifetimeInMs } = await clock.busy(() => issued(reached, caller, audience));
      kept.set(audience, { token, until: clock.now() + lifetimeInMs });
      return { token, expiresOnTimestamp: 0 };
    },
  };
}

async function issued({ fetch, origin }: Reached, caller: SeededCaller, audience: string) {
  const { clientId, clientSecret } = caller;
  const form = new URLSearchParams({
    grant_type: "client_credentials",
    client_id: clientId,
    client_secret: clientSecret,
    scope: `${audience}.default`,
  });
  const url = `${origin}/${sandboxTenantId}/oauth2/v2.0/token`;
  const answer = await fetch(new Request(url, { method: "POST", body: form }));
  const body = (await answer.json()) as { access_token: string; expires_in: number };
  if (!answer.ok) throw new Error(JSON.stringify(body));
  return { token: body.access_token, lifetimeInMs: body.expires_in * 1000 };
}

function clientOf({ client, advance }: Reached, clock: VirtualClock): HttpClient {
  return {
    sendRequest: (request) =>
      clock.busy(async () => {
        refuseIfAborted(request);
        advance(requestInMs);
        const answer = await client.sendRequest(request);
        refuseIfAborted(request);
        return answer;
      }),
  };
}

function refuseIfAborted({ abortSignal }: PipelineRequest): void {
  if (abortSignal?.aborted)
    throw Object.assign(new Error("The operation was aborted."), { name: "AbortError" });
}
