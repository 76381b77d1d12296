import { beforeEach, describe, expect, test } from "vitest";
import { emptyWorld, type World } from "../../world.ts";
import {
  assign,
  callerId,
  groupId,
  mgId,
  putRole,
  send,
  settings,
  subscriptionId,
  tenantId,
  vmId,
} from "./authorization-world.ts";
import { roleDefinitions } from "./role-definitions.ts";

const reader = "acdd72a7-3385-48ef-bd42-f606fba81ae7";
const owner = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635";
const custom = "683ff9b9-98d1-5af6-9381-ba194e279c28";
const second = "4f301cb5-27b7-4c54-83a0-f77005b3b26a";
const subscription = `/subscriptions/${subscriptionId}`;
const path = "providers/Microsoft.Authorization/roleDefinitions";

let world: World;

beforeEach(() => {
  world = emptyWorld(tenantId, () => Date.parse("2026-01-01T00:00:00Z"), { ...settings });
  world.subscriptions.set(subscriptionId, { subscriptionId, displayName: "S", tenantId, state: "Enabled" });
  world.managementGroups.set("team", { name: "team", displayName: "Team", subscriptions: [subscriptionId] });
  world.resourceGroups.set(groupId, {
    id: groupId,
    name: "rg-orders",
    type: "Microsoft.Resources/resourceGroups",
  });
  world.resources.set(vmId, { id: vmId, name: "vm-1", type: "Microsoft.Compute/virtualMachines" });
  putRole(world, reader, { actions: ["*/read"] });
  putRole(world, owner, { actions: ["*"] });
  rename(reader, "Reader");
  rename(owner, "Owner");
  assign(world, { scope: "/", role: owner });
});

function rename(name: string, roleName: string): void {
  const role = world.roleDefinitions.get(name);
  if (role) world.roleDefinitions.set(name, { ...role, roleName });
}

function wish(changes: Record<string, unknown> = {}): unknown {
  return {
    properties: {
      roleName: "VM attacher",
      description: "d",
      assignableScopes: [groupId],
      permissions: [{ actions: ["Microsoft.Compute/virtualMachines/write"] }],
      ...changes,
    },
  };
}

async function put(changes: Record<string, unknown> = {}, id = `${groupId}/${path}/${custom}`) {
  return await send(world, roleDefinitions, "PUT", id, wish(changes));
}

async function refusal(call: Promise<unknown>): Promise<unknown> {
  return await call.then(
    () => "accepted",
    (error) => ({ status: error.status, ...error.body.error }),
  );
}

async function namesIn(scope: string, filter?: string): Promise<string[]> {
  const query = new URLSearchParams(filter === undefined ? {} : { $filter: filter }).toString();
  const { body } = await send(world, roleDefinitions, "GET", `${scope}/${path}?${query}`);
  return (body as { value: { properties: { roleName: string } }[] }).value.map((v) => v.properties.roleName);
}

describe("GET", () => {
  test.each([
    ["", ""],
    [mgId("team"), ""],
    [subscription, subscription],
    [groupId, subscription],
    [vmId, subscription],
  ])("at %j roots the id in %j", async (scope, root) => {
    expect(await send(world, roleDefinitions, "GET", `${scope}/${path}/${reader.toUpperCase()}`)).toEqual({
      status: 200,
      body: {
        properties: {
          roleName: "Reader",
          type: "BuiltInRole",
          description: "",
          assignableScopes: ["/"],
          permissions: [{ actions: ["*/read"], notActions: [], dataActions: [], notDataActions: [] }],
          createdOn: "2015-02-02T21:55:09.8806423Z",
          updatedOn: "2021-11-11T20:13:47.8628684Z",
          createdBy: null,
          updatedBy: null,
        },
        id: `${root}/${path}/${reader}`,
        type: "Microsoft.Authorization/roleDefinitions",
        name: reader,
      },
    });
  });

  test("an absent one is 404 with its GUID as sent", async () => {
    expect(await refusal(send(world, roleDefinitions, "GET", `${subscription}/${path}/${custom}`))).toEqual({
      status: 404,
      code: "RoleDefinitionDoesNotExist",
      message: `The specified role definition with ID '${custom}' does not exist.`,
    });
  });

  test("a name that is no GUID is refused", async () => {
    expect(
      await refusal(send(world, roleDefinitions, "GET", `${subscription}/${path}/Reader`)),
    ).toMatchObject({ status: 400, code: "InvalidRoleDefinitionId" });
  });
});

describe("LIST", () => {
  beforeEach(async () => {
    await put();
    await put(
      { roleName: "Bob's role", assignableScopes: [subscription] },
      `${subscription}/${path}/${second}`,
    );
  });

  test.each([
    [groupId, undefined, ["Reader", "Owner", "VM attacher", "Bob's role"]],
    [vmId, undefined, ["Reader", "Owner", "VM attacher", "Bob's role"]],
    [subscription, undefined, ["Reader", "Owner", "Bob's role"]],
    [subscription, "atScope()", ["Reader", "Owner", "Bob's role"]],
    [subscription, "atScopeAndBelow()", ["Reader", "Owner", "VM attacher", "Bob's role"]],
    ["", undefined, ["Reader", "Owner"]],
    ["", "type eq 'CustomRole'", []],
    [groupId, "roleName eq 'reader'", ["Reader"]],
    [groupId, "rolename EQ 'READER'", ["Reader"]],
    [groupId, "roleName eq 'Bob''s role'", ["Bob's role"]],
    [groupId, "roleName eq 'read'", []],
    [groupId, "type eq 'BuiltInRole'", ["Reader", "Owner"]],
    [groupId, "type eq 'customrole'", ["VM attacher", "Bob's role"]],
    [subscription, "atScopeAndBelow() and type eq 'CustomRole'", ["VM attacher", "Bob's role"]],
    [groupId, "type eq 'CustomRole' and roleName eq 'x and y'", []],
  ])("at %j with %j shows %j", async (scope, filter, expected) => {
    expect(await namesIn(scope, filter)).toEqual(expected);
  });

  test.each([
    "roleName",
    "roleName ne 'x'",
    "roleName eq x",
    "type eq 'Role'",
    "name eq 'x'",
    "roleName eq 'a' or roleName eq 'b'",
  ])("refuses the filter %s", async (filter) => {
    expect(await refusal(namesIn(groupId, filter))).toMatchObject({ status: 400, code: "UnsupportedQuery" });
  });

  test("is open to everybody at the tenant only", async () => {
    world.roleAssignments.delete(world.roleAssignments.values()[0]?.id ?? "");
    expect(await namesIn("")).toEqual(["Reader", "Owner"]);
    expect(await refusal(namesIn(subscription))).toMatchObject({ status: 403, code: "AuthorizationFailed" });
  });

  test("comes in pages when there are many", async () => {
    world.settings.pageSize = 3;
    const { body } = await send(world, roleDefinitions, "GET", `${groupId}/${path}`);
    expect(body).toMatchObject({ value: [{}, {}, {}], nextLink: expect.stringContaining("skiptoken") });
  });
});

describe("a custom role", () => {
  test("is created and changed with 201, and deleted with its body, then 204", async () => {
    expect(await put()).toMatchObject({
      status: 201,
      body: {
        id: `${subscription}/${path}/${custom}`,
        properties: {
          type: "CustomRole",
          createdBy: callerId,
          createdOn: "2026-01-01T00:00:00.0000000Z",
          permissions: [
            {
              actions: ["Microsoft.Compute/virtualMachines/write"],
              notActions: [],
              dataActions: [],
              notDataActions: [],
            },
          ],
        },
      },
    });
    expect(await put({ description: "changed" })).toMatchObject({
      status: 201,
      body: { properties: { description: "changed" } },
    });
    expect(await send(world, roleDefinitions, "DELETE", `${subscription}/${path}/${custom}`)).toMatchObject({
      status: 200,
      body: { name: custom },
    });
    expect(await send(world, roleDefinitions, "DELETE", `${subscription}/${path}/${custom}`)).toEqual({
      status: 204,
    });
  });

  test.each([
    ["a name that is no GUID", {}, `${groupId}/${path}/x`, 400, "InvalidRoleDefinitionId"],
    ["a built-in one", {}, `${groupId}/${path}/${reader}`, 400, "RoleDefinitionUpdateNotPermitted"],
    ["a name of another role", { roleName: "READER" }, undefined, 409, "RoleDefinitionWithSameNameExists"],
    ["no name", { roleName: " " }, undefined, 400, "BadRequestFormat"],
    ["a built-in type", { type: "BuiltInRole" }, undefined, 400, "BadRequestFormat"],
    ["no permissions", { permissions: [] }, undefined, 400, "BadRequestFormat"],
    ["actions that are no list", { permissions: [{ actions: "*" }] }, undefined, 400, "BadRequestFormat"],
    [
      "an action that no provider has",
      { permissions: [{ actions: ["read everything"] }] },
      undefined,
      400,
      "InvalidActionOrNotAction",
    ],
    ["no assignable scope", { assignableScopes: [] }, undefined, 400, "InvalidAssignableScopes"],
    [
      "the tenant as assignable scope",
      { assignableScopes: ["/"] },
      undefined,
      400,
      "InvalidAssignableScopes",
    ],
    [
      "a resource as assignable scope",
      { assignableScopes: [vmId] },
      undefined,
      400,
      "InvalidAssignableScopes",
    ],
    [
      "two management groups",
      { assignableScopes: [mgId("team"), mgId("team")] },
      undefined,
      400,
      "InvalidAssignableScopes",
    ],
    [
      "scopes beside that of the request",
      { assignableScopes: [groupId] },
      `${subscription}/${path}/${custom}`,
      400,
      "InvalidAssignableScopes",
    ],
    [
      "a scope that does not exist",
      { assignableScopes: [groupId, `${groupId}-9`] },
      undefined,
      404,
      "ResourceGroupNotFound",
    ],
  ])("is refused with %s", async (_, changes, id, status, code) => {
    expect(await refusal(put(changes, id))).toMatchObject({ status, code });
    expect(world.roleDefinitions.values()).toHaveLength(2);
  });

  test("takes the right at every assignable scope", async () => {
    world.roleAssignments.delete(world.roleAssignments.values()[0]?.id ?? "");
    assign(world, { scope: groupId, role: owner });
    expect(await refusal(put({ assignableScopes: [groupId, subscription] }))).toMatchObject({
      status: 403,
      message: expect.stringContaining(
        `'Microsoft.Authorization/roleDefinitions/write' over scope '${subscription}'`,
      ),
    });
    expect(await put()).toMatchObject({ status: 201 });
  });

  test("is not deleted while it is assigned, and a built-in one never", async () => {
    await put();
    const id = assign(world, { scope: groupId, role: custom, principalId: "p" });
    expect(
      await refusal(send(world, roleDefinitions, "DELETE", `${groupId}/${path}/${custom}`)),
    ).toMatchObject({ code: "RoleDefinitionHasAssignments" });
    world.roleAssignments.delete(id);
    expect(await send(world, roleDefinitions, "DELETE", `${groupId}/${path}/${custom}`)).toMatchObject({
      status: 200,
    });
    expect(
      await refusal(send(world, roleDefinitions, "DELETE", `${groupId}/${path}/${reader}`)),
    ).toMatchObject({ status: 400 });
  });
});
