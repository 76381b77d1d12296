// What the tests of locks, deny assignments and policies share: a small world behind the whole front door.
import { emptyWorld, type World } from "../../world.ts";
import {
  assign,
  callerId,
  groupId,
  putRole,
  settings,
  subscriptionId,
  tenantId,
  vmId,
} from "../authorization/authorization-world.ts";
import { createFrontDoor } from "../front-door.ts";
import { createQuota } from "../quota.ts";
import { createRegistry } from "../registry.ts";

export const authorization = "providers/Microsoft.Authorization";
export const identityId = `${groupId}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-orders`;
export const assignmentName = "dddddddd-0000-4000-8000-000000000001";

/** One answer, read. */
export interface Read {
  readonly status: number;
  readonly body: unknown;
}

/** ARM over a world of one group with a machine, an identity and an assignment; the caller owns everything. */
export interface GovernedArm {
  readonly world: World;
  readonly clock: { now: number };
  send(method: string, pathAndQuery: string, body?: unknown): Promise<Read>;
}

/** A new one. */
export function governedArm(): GovernedArm {
  const clock = { now: 1_800_000_000_000 };
  const world = emptyWorld(tenantId, () => clock.now, { ...settings });
  world.subscriptions.set(subscriptionId, { subscriptionId, displayName: "S", tenantId, state: "Enabled" });
  fill(world);
  const fetch = createFrontDoor({
    world,
    registry: createRegistry(),
    quota: createQuota(world.now),
    authenticate: async () => ({ objectId: callerId, clientId: "cccccccc-0000-4000-8000-000000000002" }),
  });
  return {
    world,
    clock,
    async send(method, pathAndQuery, body) {
      const url = new URL(pathAndQuery, "https://management.localhost");
      if (!url.searchParams.has("api-version")) url.searchParams.set("api-version", versionFor(url.pathname));
      const init =
        body === undefined
          ? { method }
          : { method, body: JSON.stringify(body), headers: { "content-type": "application/json" } };
      const { response } = await fetch(new Request(url, init));
      const text = await response.text();
      return { status: response.status, body: text === "" ? undefined : JSON.parse(text) };
    },
  };
}

function fill(world: World): void {
  const type = "Microsoft.Resources/resourceGroups";
  world.resourceGroups.set(groupId, { id: groupId, name: "rg-orders", type, location: "westeurope" });
  world.resources.set(vmId, {
    id: vmId,
    name: "vm-1",
    type: "Microsoft.Compute/virtualMachines",
    location: "westeurope",
    tags: { app: "orders" },
    etag: '"1"',
    properties: { provisioningState: "Succeeded" },
  });
  world.resources.set(identityId, {
    id: identityId,
    name: "id-orders",
    type: "Microsoft.ManagedIdentity/userAssignedIdentities",
    location: "westeurope",
    tags: {},
    properties: { tenantId, principalId: assignmentName, clientId: assignmentName },
  });
  putRole(world, "owner", { actions: ["*"] });
  putRole(world, "eeeeeeee-0000-4000-8000-000000000001", { actions: ["*/read"] });
  assign(world, { scope: "/", role: "owner" });
}

/** The versions that the tests ask with. */
function versionFor(path: string): string {
  const versions: readonly (readonly [RegExp, string])[] = [
    [/\/locks(\/|$)/i, "2016-09-01"],
    [/\/(roleAssignments|denyAssignments)(\/|$)/i, "2022-04-01"],
    [/\/roleAssignmentScheduleInstances$/i, "2020-10-01"],
    [/\/Microsoft\.Resources\/tags\//i, "2021-04-01"],
    [/\/Microsoft\.Compute\//i, "2024-07-01"],
    [/\/Microsoft\.ManagedIdentity\//i, "2023-01-31"],
  ];
  return versions.find(([pattern]) => pattern.test(path))?.[1] ?? "2021-04-01";
}

/** The code of an error's body. */
export function codeOf({ body }: Read): unknown {
  return (body as { error?: { code?: unknown } } | undefined)?.error?.code;
}

/** The message of an error's body. */
export function messageOf({ body }: Read): unknown {
  return (body as { error?: { message?: unknown } } | undefined)?.error?.message;
}
