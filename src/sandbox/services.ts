// What a sandbox is made of, without its sockets: the world and everything that answers on it.
import { randomBytes } from "node:crypto";
import { createAdmin } from "./admin.ts";
import { rightsOf } from "./arm/authorization/rights.ts";
import { settleSchedules } from "./arm/authorization/role-schedules.ts";
import { settleOperations } from "./arm/compute/settle-operations.ts";
import { createFrontDoor } from "./arm/front-door.ts";
import type { Caller, ResourceType } from "./arm/provider.ts";
import { createQuota } from "./arm/quota.ts";
import { createRegistry } from "./arm/registry.ts";
import { createClock, type SandboxClock } from "./clock.ts";
import { armAudience } from "./cloud-metadata.ts";
import { armUnauthorized } from "./entra/arm-challenge.ts";
import type { Tenant } from "./entra/directory.ts";
import { createEntra, type Entra } from "./entra/entra.ts";
import { AZURE_RESOURCES } from "./entra/resources.ts";
import { createFaults, type Faults } from "./faults.ts";
import { createResourceGraphHandler } from "./graph/handler.ts";
import { resourceGraphVersions } from "./graph/request.ts";
import type { OperationModeRule } from "./operation-modes.ts";
import { createRequestLog } from "./request-log.ts";
import { createRouter } from "./router.ts";
import {
  createSecondClient,
  type SecondClient,
  type SecondClientOptions,
} from "./second-client/second-client.ts";
import type { SeededCaller } from "./seed/callers.ts";
import { defaultWorld } from "./seed/default-world.ts";
import { loadSeed } from "./seed/load.ts";
import { readSeed } from "./seed/read.ts";
import { defaultSettings } from "./settings.ts";
import { settleSql } from "./sql/service/pausing.ts";
import { createSqlService, type SqlService } from "./sql/service/sql-service.ts";
import type { Switches } from "./switches.ts";
import { sandboxTenantId } from "./tenant.ts";
import { createTokenRevocation, type TokenRevocation } from "./token-revocation.ts";
import { emptyWorld, type Settings, type World } from "./world.ts";

/** How old the seeded world is when the sandbox is ready: older than any lag, so that lists show it. */
const seedAgeInMs = 60 * 60_000;

/** What a world is made from. */
export interface ServiceOptions {
  /** The seed document with the name of its file, for messages; default: the built-in world. */
  readonly seed?: { readonly text: string; readonly filename: string };
  /** How many times as fast as real time its clock runs; default 1. */
  readonly speed?: number;
  /** The instant at which its clock starts, in milliseconds since the epoch; default: now. */
  readonly now?: number;
  /** Settings that differ from the default and from the seed's. */
  readonly settings?: Partial<Settings>;
  /** Switches that differ from the default and from the seed's. */
  readonly switches?: Partial<Switches>;
  /** Long-running operations that go another way than the usual, besides the seed's. */
  readonly operationModes?: readonly OperationModeRule[];
  /** How somebody else is at work; default: only on demand. */
  readonly secondClient?: SecondClientOptions;
}

/** A world with all that answers on it. */
export interface Services {
  readonly world: World;
  readonly clock: SandboxClock;
  readonly callers: readonly SeededCaller[];
  readonly entra: Entra;
  readonly adminToken: string;
  readonly faults: Faults;
  readonly secondClient: SecondClient;
  readonly tokens: TokenRevocation;
  readonly sql: SqlService;
  readonly fetch: (request: Request) => Promise<Response>;
  /** Tells Entra and ARM under which origins they are reached: tokens may be for them. */
  readonly learnOrigins: (origins: readonly string[]) => void;
}

/** Makes the world and its services. Throws SeedError for a seed with mistakes. */
export async function createServices(options: ServiceOptions): Promise<Services> {
  const speed = options.speed ?? 1;
  const clock = createClock((options.now ?? Date.now()) - seedAgeInMs, speed);
  const { world, callers } = worldFrom(options, clock);
  clock.advance(seedAgeInMs);
  const resources = [...AZURE_RESOURCES];
  const audiences = [armAudience, "https://management.core.windows.net/"];
  const entra = await createEntra({
    tenants: [tenantOf(world)],
    resources,
    now: clock.now,
    get lifetimeInSeconds() {
      const { tokenLifetimeInMs } = world.settings;
      return tokenLifetimeInMs === undefined
        ? 3600 * Math.max(1, speed)
        : Math.ceil(tokenLifetimeInMs / 1000);
    },
    managedIdentityLifetimeInSeconds: 86_400 * Math.max(1, speed),
  });
  const adminToken = randomBytes(24).toString("base64url");
  const [log, faults] = [createRequestLog(), createFaults()];
  const tokens = createTokenRevocation(clock);
  const secondClient = createSecondClient(world, options.secondClient);
  const sql = createSqlService({ world, authenticate: entra.authenticate });
  const fetch = createRouter({
    arm: createFrontDoor({
      world,
      registry: createRegistry([{ type: resourceGraph(), listRights: "provider", inTenant: true }]),
      quota: createQuota(clock.now),
      authenticate: (request) => authenticate(request, entra, audiences, tokens),
    }),
    entra: (request) => entra.fetch(request),
    admin: createAdmin({ token: adminToken, world, clock, log, faults, secondClient, tokens, sql }),
    faults,
    log,
    now: clock.now,
    onCarriedOut: secondClient.observe,
    settle: () => {
      settleOperations(world);
      settleSchedules(world);
      settleSql(world);
    },
  });
  const learnOrigins = (origins: readonly string[]) => {
    resources.push(...origins);
    audiences.push(...origins);
  };
  return { world, clock, callers, entra, adminToken, faults, secondClient, tokens, sql, fetch, learnOrigins };
}

/** The seed's settings win over the defaults, the options' over both. */
function worldFrom(options: ServiceOptions, clock: SandboxClock) {
  const settings = { ...defaultSettings };
  const world = emptyWorld(sandboxTenantId, clock.now, settings);
  const { text, filename } = options.seed ?? { text: defaultWorld, filename: "built-in world" };
  const read = readSeed(text, filename);
  const callers = loadSeed(world, read, filename);
  Object.assign(settings, read.seed.settings, options.settings);
  Object.assign(world.switches, read.seed.switches, options.switches);
  for (const rule of [...read.seed.operationModes, ...(options.operationModes ?? [])]) {
    world.operationModes.add(rule);
  }
  return { world, callers };
}

/** Resource Graph: a query is a POST to the collection itself. */
function resourceGraph(): ResourceType {
  const query = createResourceGraphHandler((world, principalId) => rightsOf(world, principalId).mayRead);
  return {
    type: "Microsoft.ResourceGraph/resources",
    apiVersions: resourceGraphVersions,
    post: { "": query },
  };
}

/** The tenant with its directory, in which managed identities and callers are. */
function tenantOf(world: World): Tenant {
  return {
    tenantId: world.tenantId,
    displayName: "Bindery sandbox",
    domain: "sandbox.onmicrosoft.com",
    directory: {
      byClientId: (clientId) =>
        world.principals.values().find((p) => p.clientId.toLowerCase() === clientId.toLowerCase()),
    },
  };
}

async function authenticate(
  request: Request,
  entra: Entra,
  audiences: readonly string[],
  tokens: TokenRevocation,
): Promise<Caller | Response> {
  const verdict = await entra.authenticate(request.headers.get("authorization"), audiences);
  const authority = `${new URL(request.url).origin}/${sandboxTenantId}`;
  if (verdict.ok) return tokens.refusalOf(verdict, authority) ?? verdict.caller;
  return armUnauthorized(verdict.refusal, authority);
}
