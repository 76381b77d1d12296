import { beforeEach, expect, test } from "vitest";
import { emptyWorld, type World } from "../../world.ts";
import { denyAssignments } from "../governance/deny-assignments.ts";
import { locks } from "../governance/locks.ts";
import {
  assign,
  groupId,
  putRole,
  send,
  settings,
  subscriptionId,
  tenantId,
  vmId,
} from "./authorization-world.ts";
import { permissions } from "./permissions.ts";

const subscription = `/subscriptions/${subscriptionId}`;
const authorization = "providers/Microsoft.Authorization";

let world: World;

beforeEach(() => {
  world = emptyWorld(tenantId, () => 1_000_000, { ...settings });
  world.subscriptions.set(subscriptionId, { subscriptionId, displayName: "S", tenantId, state: "Enabled" });
  world.resourceGroups.set(groupId, {
    id: groupId,
    name: "rg-orders",
    type: "Microsoft.Resources/resourceGroups",
  });
  world.resources.set(vmId, { id: vmId, name: "vm-1", type: "Microsoft.Compute/virtualMachines" });
  putRole(world, "reader", { actions: ["*/read"] });
  for (const scope of [subscription, groupId, vmId]) {
    const id = `${scope}/${authorization}/locks/keep`;
    world.resources.set(id, {
      id,
      name: "keep",
      type: "Microsoft.Authorization/locks",
      properties: { level: "CanNotDelete" },
    });
  }
});

async function statusOf(call: Promise<unknown>): Promise<unknown> {
  return await call.then(
    () => "accepted",
    (error) => error.status,
  );
}

test("permissions are the caller's own, and empty without any", async () => {
  expect(await send(world, permissions, "GET", `${groupId}/${authorization}/permissions`)).toEqual({
    status: 200,
    body: { value: [] },
  });
  assign(world, { scope: subscription, role: "reader" });
  expect(await send(world, permissions, "GET", `${groupId}/${authorization}/permissions`)).toEqual({
    status: 200,
    body: { value: [{ actions: ["*/read"], notActions: [], dataActions: [], notDataActions: [] }] },
  });
  expect(await statusOf(send(world, permissions, "GET", `${groupId}-2/${authorization}/permissions`))).toBe(
    404,
  );
});

test("deny assignments are an empty list for who may read, where nobody made any", async () => {
  const url = `${groupId}/${authorization}/denyAssignments?$filter=atScope()`;
  expect(await statusOf(send(world, denyAssignments, "GET", url))).toBe(403);
  assign(world, { scope: groupId, role: "reader" });
  expect(await send(world, denyAssignments, "GET", url)).toEqual({ status: 200, body: { value: [] } });
});

test.each([
  [subscription, "", [subscription, groupId, vmId]],
  [groupId, "", [groupId, vmId]],
  [vmId, "", [vmId]],
  [groupId, "?$filter=atScope()", [subscription, groupId]],
])("locks listed at %s%s", async (scope, query, expected) => {
  assign(world, { scope: subscription, role: "reader" });
  const { body } = await send(world, locks, "GET", `${scope}/${authorization}/locks${query}`);
  expect((body as { value: { id: string }[] }).value.map((l) => l.id)).toEqual(
    expected.map((s) => `${s}/${authorization}/locks/keep`),
  );
});

test("a lock is read by id, and a filter that locks do not know is refused", async () => {
  assign(world, { scope: subscription, role: "reader" });
  expect(await send(world, locks, "GET", `${groupId}/${authorization}/locks/KEEP`)).toMatchObject({
    status: 200,
    body: { name: "keep" },
  });
  expect(await statusOf(send(world, locks, "GET", `${groupId}/${authorization}/locks/other`))).toBe(404);
  expect(
    await statusOf(send(world, locks, "GET", `${groupId}/${authorization}/locks?$filter=level eq 'x'`)),
  ).toBe(400);
});
