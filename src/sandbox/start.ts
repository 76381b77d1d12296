// How the embedded Azure is started and ended: its services, its sockets and its files.
import { randomBytes } from "node:crypto";
import type { Entra } from "./entra/entra.ts";
import { createManagedIdentityEndpoints } from "./entra/managed-identity.ts";
import { type SandboxFiles, writeFiles } from "./files.ts";
import { hostIdentitiesOf } from "./managed-hosts.ts";
import { createCertificateAuthority } from "./pki.ts";
import type { SeededCaller } from "./seed/callers.ts";
import { type Listening, serveHttp, serveHttps } from "./server.ts";
import { createServices, type ServiceOptions, type Services } from "./services.ts";
import { sandboxTenantId } from "./tenant.ts";
import type { World } from "./world.ts";

/** How a sandbox is started. */
export interface SandboxOptions extends ServiceOptions {
  /** The port of 127.0.0.1; default: a free one. */
  readonly port?: number;
  /** Where to write the shell exports to; default: its temporary directory. */
  readonly envFile?: string;
}

/** What is printed when the sandbox is ready. */
export interface ReadyLine {
  readonly arm: string;
  readonly authority: string;
  readonly caFile: string;
  readonly tenantId: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly operatorClientId: string;
  readonly operatorClientSecret: string;
  readonly subscriptions: readonly { readonly subscriptionId: string; readonly displayName: string }[];
  readonly admin: string;
  readonly adminToken: string;
  readonly envFile: string;
  /** Where SQL servers are reached: "127.0.0.1:PORT" by name, names of redirects and failover groups included. */
  readonly sqlAddresses: Readonly<Record<string, string>>;
}

/** A running sandbox. */
export interface Sandbox {
  readonly ready: ReadyLine;
  /** The custom cloud file that `--cloud` reads. */
  readonly cloudFile: string;
  /** The plain HTTP origin of the managed identity endpoints, and the secret of the App Service shape. */
  readonly managedIdentity: { readonly origin: string; readonly header: string };
  /** Answers a request without a socket; its URL should begin with `ready.arm`. */
  readonly fetch: (request: Request) => Promise<Response>;
  readonly world: World;
  /** Makes requests fail. */
  readonly faults: Services["faults"];
  /** Somebody else who is at work. */
  readonly secondClient: Services["secondClient"];
  /** Lets SQL fail, and what was sent to it. */
  readonly sql: Pick<Services["sql"], "faults" | "log">;
  /** Makes tokens worthless before they expire. */
  readonly revokeTokens: Services["tokens"]["revoke"];
  /** Moves the clock forward. */
  readonly advance: (byInMs: number) => void;
  /** A signed token of an outside workload issuer, to be exchanged by a federated credential. */
  readonly issueWorkloadToken: Entra["issueWorkloadToken"];
  /** Ends all connections and removes the files. */
  close(): Promise<void>;
}

/** Starts a sandbox. Throws SeedError for a seed with mistakes, before anything listens. */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const services = await createServices(options);
  const { world, clock, entra, fetch } = services;
  const identityHeader = randomBytes(24).toString("base64url");
  const pki = await createCertificateAuthority({ hosts: services.sql.hosts(), now: Date.now });
  const https = await serveHttps(fetch, pki, options.port ?? 0);
  const http = await serveHttp(managedIdentityEndpoints(services, identityHeader), 0);
  const origin = `https://localhost:${https.port}`;
  services.learnOrigins([origin, `https://127.0.0.1:${https.port}`]);
  const tls = { cert: `${pki.certificatePem}\n${pki.caPem}`, key: pki.keyPem };
  const sql = await services.sql.listen(tls, origin);
  const [bindery, operator] = [callerNamed("bindery", services), callerNamed("operator", services)];
  const files = await writeFiles({
    caPem: pki.caPem,
    origin,
    tenantId: sandboxTenantId,
    clientId: bindery.clientId,
    clientSecret: bindery.clientSecret,
    sqlAddresses: sql.addresses,
    envFile: options.envFile,
  });
  return {
    ready: { ...readyLine(services, origin, bindery, operator, files), sqlAddresses: sql.addresses },
    cloudFile: files.cloudFile,
    managedIdentity: { origin: `http://127.0.0.1:${http.port}`, header: identityHeader },
    fetch,
    world,
    faults: services.faults,
    secondClient: services.secondClient,
    sql: { faults: services.sql.faults, log: services.sql.log },
    revokeTokens: services.tokens.revoke,
    advance: clock.advance,
    issueWorkloadToken: (request) => entra.issueWorkloadToken(request),
    close: () => close([https, http, sql], files),
  };
}

function managedIdentityEndpoints({ world, entra }: Services, identityHeader: string) {
  return createManagedIdentityEndpoints({
    identitiesOf: (host) => hostIdentitiesOf(world, host, identityHeader),
    issue: (principal, resource) => entra.issueManagedIdentityToken(principal, resource),
    tenantName: "Bindery sandbox",
  }).fetch;
}

function callerNamed(name: string, { callers }: Services): SeededCaller {
  const caller = callers.find((c) => c.name === name);
  if (caller === undefined) throw new Error(`The seed left out the caller ${name}, which is always there.`);
  return caller;
}

function readyLine(
  { world, adminToken }: Services,
  origin: string,
  bindery: SeededCaller,
  operator: SeededCaller,
  files: SandboxFiles,
): Omit<ReadyLine, "sqlAddresses"> {
  return {
    arm: origin,
    authority: `${origin}/`,
    caFile: files.caFile,
    tenantId: sandboxTenantId,
    clientId: bindery.clientId,
    clientSecret: bindery.clientSecret,
    operatorClientId: operator.clientId,
    operatorClientSecret: operator.clientSecret,
    subscriptions: world.subscriptions
      .values()
      .map(({ subscriptionId, displayName }) => ({ subscriptionId, displayName })),
    admin: `${origin}/_admin`,
    adminToken,
    envFile: files.envFile,
  };
}

async function close(servers: readonly Pick<Listening, "close">[], files: SandboxFiles): Promise<void> {
  await Promise.all(servers.map((s) => s.close()));
  await files.remove();
}
