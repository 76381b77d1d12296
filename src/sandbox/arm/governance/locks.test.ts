import { beforeEach, describe, expect, test } from "vitest";
import { assign, groupId, subscriptionId, vmId } from "../authorization/authorization-world.ts";
import {
  assignmentName,
  authorization,
  codeOf,
  type GovernedArm,
  governedArm,
  identityId,
  messageOf,
} from "./governance-world.ts";

const subscription = `/subscriptions/${subscriptionId}`;
const roleId = `/${authorization}/roleDefinitions/eeeeeeee-0000-4000-8000-000000000001`;
const assignmentAt = (scope: string) => `${scope}/${authorization}/roleAssignments/${assignmentName}`;
const tagsOf = (scope: string) => `${scope}/providers/Microsoft.Resources/tags/default`;
const credential = `${identityId}/federatedIdentityCredentials/github`;

/** The writes that are tried: name, method, path, body. */
const writes = {
  attach: [
    "PATCH",
    vmId,
    { identity: { type: "UserAssigned", userAssignedIdentities: { [identityId]: {} } } },
  ],
  tagMachine: ["PATCH", tagsOf(vmId), { operation: "Merge", properties: { tags: { a: "b" } } }],
  tagIdentity: ["PATCH", tagsOf(identityId), { operation: "Merge", properties: { tags: { a: "b" } } }],
  untagIdentity: ["DELETE", tagsOf(identityId)],
  deleteMachine: ["DELETE", vmId],
  deleteIdentity: ["DELETE", identityId],
  deleteGroup: ["DELETE", groupId],
  grant: [
    "PUT",
    assignmentAt(vmId),
    {
      properties: {
        roleDefinitionId: roleId,
        principalId: assignmentName,
        principalType: "ServicePrincipal",
      },
    },
  ],
  revoke: ["DELETE", assignmentAt(vmId)],
  credential: [
    "PUT",
    credential,
    { properties: { issuer: "https://a.example", subject: "s", audiences: ["api://a"] } },
  ],
  create: [
    "PUT",
    `${groupId}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-new`,
    { location: "westeurope" },
  ],
  read: ["GET", vmId],
} as const;
type Write = keyof typeof writes;

let arm: GovernedArm;

beforeEach(() => {
  arm = governedArm();
});

async function lock(scope: string, level: string): Promise<void> {
  const path = `${scope}/${authorization}/locks/keep`;
  expect(await arm.send("PUT", path, { properties: { level } })).toMatchObject({ status: 201 });
}

async function attempt(write: Write): Promise<number> {
  const [method, path, body] = writes[write];
  if (write === "revoke") {
    const id = assign(arm.world, { scope: vmId, role: "owner", principalId: assignmentName });
    const { status } = await arm.send(method, id);
    return status;
  }
  return (await arm.send(method, path, body)).status;
}

describe("what a lock refuses", () => {
  const cases: readonly [level: string, scope: string, refused: readonly Write[], let_: readonly Write[]][] =
    [
      [
        "CanNotDelete",
        vmId,
        ["deleteMachine", "deleteGroup", "revoke"],
        ["attach", "tagMachine", "grant", "deleteIdentity", "read"],
      ],
      [
        "CanNotDelete",
        identityId,
        ["deleteIdentity", "untagIdentity", "deleteGroup"],
        ["attach", "tagIdentity", "credential", "deleteMachine"],
      ],
      ["CanNotDelete", groupId, ["deleteMachine", "deleteIdentity", "revoke"], ["attach", "grant", "create"]],
      ["CanNotDelete", subscription, ["deleteMachine", "deleteGroup", "revoke"], ["attach", "create"]],
      [
        "ReadOnly",
        vmId,
        ["attach", "tagMachine", "grant", "revoke", "deleteMachine", "deleteGroup"],
        ["tagIdentity", "credential", "create", "read", "deleteIdentity"],
      ],
      [
        "ReadOnly",
        identityId,
        ["tagIdentity", "untagIdentity", "credential", "deleteIdentity"],
        ["attach", "grant", "tagMachine"],
      ],
      ["ReadOnly", groupId, ["attach", "grant", "create", "tagMachine", "deleteGroup"], ["read"]],
      ["ReadOnly", subscription, ["attach", "grant", "create", "credential"], ["read"]],
    ];
  const rows = cases.flatMap(([level, scope, refused, allowed]) => [
    ...refused.map((write) => [level, scope, write, true] as const),
    ...allowed.map((write) => [level, scope, write, false] as const),
  ]);
  test.each(rows)("%s at %s: %s refused: %s", async (level, scope, write, isRefused) => {
    await lock(scope, level);
    const status = await attempt(write);
    if (isRefused) expect(status).toBe(409);
    else expect(status).toBeLessThan(300);
  });
});

test("the refusal names what was tried and what is locked, in Azure's words", async () => {
  await lock(groupId, "ReadOnly");
  const answer = await arm.send(...writes.attach);
  expect(codeOf(answer)).toBe("ScopeLocked");
  expect(messageOf(answer)).toBe(
    `The scope '${vmId}' cannot perform write operation because following scope(s) are locked: '${groupId}'. Please remove the lock and try again.`,
  );
  const deletion = await arm.send("DELETE", vmId);
  expect(messageOf(deletion)).toContain("cannot perform delete operation");
});

test("an action is a write: an upgrade of instances under ReadOnly", async () => {
  const set = `${groupId}/providers/Microsoft.Compute/virtualMachineScaleSets/vmss`;
  arm.world.resources.set(set, {
    id: set,
    name: "vmss",
    type: "Microsoft.Compute/virtualMachineScaleSets",
    location: "westeurope",
  });
  await lock(set, "ReadOnly");
  const answer = await arm.send("POST", `${set}/manualupgrade`, { instanceIds: ["*"] });
  expect(codeOf(answer)).toBe("ScopeLocked");
  expect(messageOf(answer)).toContain(`The scope '${set}' cannot perform write`);
});

test("a ReadOnly lock on the identity refuses the attach only where the switch says so", async () => {
  await lock(identityId, "ReadOnly");
  arm.world.switches.readOnlyLockOnIdentity = "refusesAssign";
  expect(codeOf(await arm.send(...writes.attach))).toBe("ScopeLocked");
});

test("a lock is put on, changed, read, listed and taken off, under a lock as well", async () => {
  const path = `${vmId}/${authorization}/locks/keep`;
  await lock(subscription, "ReadOnly");
  const created = await arm.send("PUT", path, { properties: { level: "cannotdelete" } });
  expect(created).toEqual({
    status: 201,
    body: {
      properties: { level: "CanNotDelete" },
      id: path,
      type: "Microsoft.Authorization/locks",
      name: "keep",
    },
  });
  const changed = await arm.send("PUT", path, { properties: { level: "ReadOnly", notes: "why" } });
  expect(changed).toMatchObject({ status: 200, body: { properties: { level: "ReadOnly", notes: "why" } } });
  expect((await arm.send("GET", path)).body).toEqual(changed.body);
  const list = await arm.send("GET", `${groupId}/${authorization}/locks`);
  expect(list.body).toEqual({ value: [changed.body] });
  expect((await arm.send("DELETE", path)).status).toBe(200);
  expect((await arm.send("DELETE", path)).status).toBe(204);
  expect((await arm.send("GET", path)).status).toBe(404);
});

test.each([
  ["no level", { properties: {} }],
  ["a level that is none", { properties: { level: "NotSpecified" } }],
  ["long notes", { properties: { level: "ReadOnly", notes: "n".repeat(513) } }],
])("a lock with %s is refused", async (_, body) => {
  expect((await arm.send("PUT", `${vmId}/${authorization}/locks/keep`, body)).status).toBe(400);
});

test("a lock needs something that it can lock", async () => {
  const path = `${groupId}-2/${authorization}/locks/keep`;
  expect((await arm.send("PUT", path, { properties: { level: "ReadOnly" } })).status).toBe(404);
});

test("locks are in no list of resources", async () => {
  await lock(vmId, "CanNotDelete");
  const { body } = await arm.send("GET", `${subscription}/resources`);
  expect(JSON.stringify(body)).not.toContain("Microsoft.Authorization/locks");
});
