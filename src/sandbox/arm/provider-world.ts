// What the tests of the providers share: a small world behind the real front door, called as the router would, without a socket.
import { emptyWorld, type Settings, type World } from "../world.ts";
import {
  assign,
  callerId,
  groupId,
  putRole,
  settings,
  subscriptionId,
  tenantId,
} from "./authorization/authorization-world.ts";
import { isRecord } from "./body.ts";
import { settleOperations } from "./compute/settle-operations.ts";
import { createFrontDoor } from "./front-door.ts";
import { createQuota } from "./quota.ts";
import { createRegistry } from "./registry.ts";

/** An answer, its body parsed; undefined: empty. */
export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

/** What a request has besides method and path. */
export interface Sent {
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
  readonly version?: string;
  readonly as?: string;
}

/** A world, its clock, and a way to call it. */
export interface Stage {
  readonly world: World;
  readonly advance: (byInMs: number) => void;
  readonly call: (method: string, pathOrUrl: string, sent?: Sent) => Promise<Answered>;
}

const owner = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635";

/** A world with one subscription and the group rg-orders, in which the usual caller may do everything. */
export function stage(changed: Partial<Settings> = {}): Stage {
  let now = Date.parse("2026-01-12T04:07:13.416Z");
  const world = emptyWorld(tenantId, () => now, { ...settings, operationInMs: 5000, ...changed });
  world.subscriptions.set(subscriptionId, { subscriptionId, displayName: "S", tenantId, state: "Enabled" });
  putGroup(world, groupId);
  putRole(world, owner, { actions: ["*"] });
  assign(world, { scope: "/", role: owner });
  const callers = new WeakMap<Request, string>();
  const frontDoor = createFrontDoor({
    world,
    registry: createRegistry(),
    quota: createQuota(world.now),
    authenticate: (request) =>
      Promise.resolve({ objectId: callers.get(request) ?? callerId, clientId: "client" }),
  });
  const call = async (method: string, pathOrUrl: string, sent: Sent = {}): Promise<Answered> => {
    const url = new URL(pathOrUrl, "https://management.localhost");
    if (!url.searchParams.has("api-version")) {
      url.searchParams.set("api-version", sent.version ?? versionFor(url.pathname));
    }
    const request = new Request(url, {
      method,
      headers: { "content-type": "application/json", ...sent.headers },
      ...(sent.body !== undefined && { body: JSON.stringify(sent.body) }),
    });
    if (sent.as !== undefined) callers.set(request, sent.as);
    settleOperations(world);
    const { response } = await frontDoor(request);
    const text = await response.text();
    const body: unknown = text === "" ? undefined : JSON.parse(text);
    return { status: response.status, headers: response.headers, body };
  };
  return {
    world,
    call,
    advance: (byInMs) => {
      now += byInMs;
    },
  };
}

function versionFor(path: string): string {
  return /microsoft\.managedidentity/i.test(path) ? "2024-11-30" : "2024-11-01";
}

/** Puts a resource group under its id. */
export function putGroup(world: World, id: string): void {
  const name = id.slice(id.lastIndexOf("/") + 1);
  world.resourceGroups.set(id, {
    id,
    name,
    type: "Microsoft.Resources/resourceGroups",
    location: "westeurope",
  });
}

/** A member of a body, by its path; undefined where there is none. */
export function at(body: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>((value, key) => (isRecord(value) ? value[key] : undefined), body);
}

/** The code of an error body. */
export function codeOf({ body }: Answered): unknown {
  return at(body, "error", "code");
}
