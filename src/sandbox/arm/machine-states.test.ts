import { beforeEach, describe, expect, test } from "vitest";
import { AdminRefusal } from "../admin-refusal.ts";
import { moveResource } from "../move.ts";
import { groupId, subscriptionId, vmId } from "./authorization/authorization-world.ts";
import {
  codeOf,
  type GovernedArm,
  governedArm,
  identityId,
  messageOf,
} from "./governance/governance-world.ts";

const attach = { identity: { type: "UserAssigned", userAssignedIdentities: { [identityId]: {} } } };
const other = `/subscriptions/${subscriptionId}/resourceGroups/rg-other`;
let arm: GovernedArm;

beforeEach(() => {
  arm = governedArm();
  arm.world.settings.operationInMs = 1000;
});

/** Puts the machine into a state, past all rules. */
function machine(changes: Record<string, unknown>): void {
  const before = arm.world.resources.get(vmId);
  if (before === undefined) throw new Error("no machine");
  arm.world.resources.set(vmId, { ...before, ...changes });
}

describe("a machine that is being deleted", () => {
  test.each([
    ["by somebody", async () => machine({ properties: { provisioningState: "Deleting" } })],
    ["by an operation", async () => expect((await arm.send("DELETE", vmId)).status).toBe(202)],
  ])("%s takes no PATCH, but another DELETE", async (_, begin) => {
    await begin();
    const answer = await arm.send("PATCH", vmId, attach);
    expect(answer.status).toBe(409);
    expect(codeOf(answer)).toBe("OperationNotAllowed");
    expect(messageOf(answer)).toBe(
      "Operation 'Update VM' is not allowed on VM 'vm-1' since the VM is marked for deletion. You can only retry the Delete operation (or wait for an ongoing one to complete).",
    );
    expect((await arm.send("DELETE", vmId)).status).toBe(202);
    arm.clock.now += 1000;
    expect((await arm.send("GET", vmId)).status).toBe(404);
  });
});

describe("a broken extension", () => {
  test.each([
    ["keepsIdentity", [identityId]],
    ["rollsBack", []],
  ] as const)("fails every operation of its machine; the identity: %s", async (behaviour, expected) => {
    arm.world.switches.brokenExtension = behaviour;
    const id = `${vmId}/extensions/custom`;
    const type = "Microsoft.Compute/virtualMachines/extensions";
    arm.world.resources.set(id, { id, name: "custom", type, properties: { provisioningState: "Failed" } });
    expect((await arm.send("PATCH", vmId, attach)).status).toBe(200);
    arm.clock.now += 1000;
    const { body } = await arm.send("GET", vmId);
    const { identity, properties } = body as {
      identity?: { userAssignedIdentities?: object };
      properties: { provisioningState: string };
    };
    expect(properties.provisioningState).toBe("Failed");
    expect(Object.keys(identity?.userAssignedIdentities ?? {})).toEqual(expected);
    expect(arm.world.operations.values()[0]?.error).toMatchObject({
      code: "VMExtensionProvisioningError",
      message: expect.stringMatching(/^VM has reported a failure when processing extension 'custom'/),
    });
  });
});

describe("a machine that is moved", () => {
  beforeEach(() => {
    arm.world.resourceGroups.set(other, {
      ...arm.world.resourceGroups.get(groupId),
      id: other,
      name: "rg-other",
      type: "x",
    });
    const id = `${vmId}/extensions/monitor`;
    const type = "Microsoft.Compute/virtualMachines/extensions";
    arm.world.resources.set(id, { id, name: "monitor", type });
  });

  test("is gone where it was and whole where it is, children included", async () => {
    const moved = moveResource(
      arm.world,
      vmId.toUpperCase().replace("/SUBSCRIPTIONS", "/subscriptions"),
      other,
    );
    expect(moved.id).toBe(`${other}/providers/Microsoft.Compute/virtualMachines/vm-1`);
    expect((await arm.send("GET", vmId)).status).toBe(404);
    expect((await arm.send("GET", moved.id)).body).toMatchObject({ id: moved.id, tags: { app: "orders" } });
    expect(arm.world.resources.has(`${moved.id}/extensions/monitor`)).toBe(true);
  });

  test("takes its system-assigned identity along and leaves its role assignments behind", () => {
    const principalId = "aaaaaaaa-0000-4000-8000-0000000000aa";
    machine({ identity: { type: "SystemAssigned", principalId } });
    arm.world.principals.set(principalId, {
      objectId: principalId,
      clientId: principalId,
      displayName: "vm-1",
      kind: "ManagedIdentity",
      resourceId: vmId,
    });
    const { id } = moveResource(arm.world, vmId, other);
    expect(arm.world.principals.get(principalId)?.resourceId).toBe(id);
  });

  test.each([
    ["something that is not there", `${vmId}-2`, other],
    ["to a group that is not there", vmId, `${other}-2`],
    ["an identity", identityId, other],
  ])("not: %s", (_, id, group) => {
    expect(() => moveResource(arm.world, id, group)).toThrow(AdminRefusal);
  });
});

test("keys come back in small letters where the switches say so, and are found all the same", async () => {
  machine({ tags: { App: "orders" } });
  await arm.send("PATCH", vmId, attach);
  arm.clock.now += 1000;
  arm.world.switches.tagKeys = "lowered";
  arm.world.switches.identityKeys = "lowered";
  const { body } = await arm.send("GET", vmId);
  expect(body).toMatchObject({
    tags: { app: "orders" },
    identity: { userAssignedIdentities: { [identityId.toLowerCase()]: { principalId: expect.any(String) } } },
  });
  const detach = { identity: { type: "None", userAssignedIdentities: { [identityId.toLowerCase()]: null } } };
  expect((await arm.send("PATCH", vmId, detach)).status).toBe(200);
  expect(arm.world.resources.get(vmId)?.tags).toEqual({ App: "orders" });
});
