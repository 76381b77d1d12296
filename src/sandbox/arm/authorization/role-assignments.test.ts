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
import { roleAssignments, roleAssignmentsWithin } from "./role-assignments.ts";

const reader = "acdd72a7-3385-48ef-bd42-f606fba81ae7";
const owner = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635";
const principalId = "90cc53e8-4a6e-45b6-8339-516448218ee0";
const name = "ed3c9f84-ae20-5aea-8602-58ed2eeffef1";
const otherName = "38dec33c-4435-4f70-92a1-8e1cc6e118db";
const atGroup = `${groupId}/providers/Microsoft.Authorization/roleAssignments`;

let now: number;
let world: World;

beforeEach(() => {
  now = Date.parse("2026-01-01T00:00:00Z");
  world = emptyWorld(tenantId, () => now, { ...settings });
  world.subscriptions.set(subscriptionId, { subscriptionId, displayName: "S", tenantId, state: "Enabled" });
  world.managementGroups.set("team", { name: "team", displayName: "Team", subscriptions: [subscriptionId] });
  world.resourceGroups.set(groupId, {
    id: groupId,
    name: "rg-orders",
    type: "Microsoft.Resources/resourceGroups",
  });
  world.resources.set(vmId, { id: vmId, name: "vm-1", type: "Microsoft.Compute/virtualMachines" });
  world.principals.set(principalId, {
    objectId: principalId,
    clientId: "c",
    displayName: "id-orders",
    kind: "ManagedIdentity",
  });
  putRole(world, reader, { actions: ["*/read"] });
  putRole(world, owner, { actions: ["*"] });
  assign(world, { scope: "/", role: owner });
});

function wish(changes: Record<string, unknown> = {}): unknown {
  return {
    properties: {
      roleDefinitionId: `/subscriptions/${subscriptionId}/providers/Microsoft.Authorization/roleDefinitions/${reader}`,
      principalId,
      principalType: "ServicePrincipal",
      ...changes,
    },
  };
}

async function put(changes: Record<string, unknown> = {}, id = `${atGroup}/${name}`) {
  return await send(world, roleAssignments, "PUT", id, wish(changes));
}

/** The code and status that a call was refused with. */
async function refusal(call: Promise<unknown>): Promise<unknown> {
  return await call.then(
    () => "accepted",
    (error) => ({ status: error.status, ...error.body.error }),
  );
}

describe("PUT", () => {
  test("creates with 201 and the recorded body, without createdBy", async () => {
    expect(await put({ description: "made by a test" })).toEqual({
      status: 201,
      body: {
        properties: {
          roleDefinitionId: `/subscriptions/${subscriptionId}/providers/Microsoft.Authorization/roleDefinitions/${reader}`,
          principalId,
          principalType: "ServicePrincipal",
          scope: groupId,
          condition: null,
          conditionVersion: null,
          createdOn: "2026-01-01T00:00:00.0000000Z",
          updatedOn: "2026-01-01T00:00:00.0000000Z",
          createdBy: null,
          updatedBy: callerId,
          delegatedManagedIdentityResourceId: null,
          description: "made by a test",
        },
        id: `${atGroup}/${name}`,
        type: "Microsoft.Authorization/roleAssignments",
        name,
      },
    });
  });

  test("over an existing one is 201 again: description changes, createdOn stays, updatedOn moves", async () => {
    await put({ description: "first" });
    now += 1000;
    expect(await put({ description: "second" }, `${atGroup.toUpperCase()}/${name}`)).toMatchObject({
      status: 201,
      body: {
        id: `${atGroup}/${name}`,
        properties: {
          description: "second",
          createdBy: null,
          createdOn: "2026-01-01T00:00:00.0000000Z",
          updatedOn: "2026-01-01T00:00:01.0000000Z",
        },
      },
    });
    expect(world.roleAssignments.values()).toHaveLength(2);
  });

  test.each([
    ["the tenant", "/", ""],
    ["a management group", mgId("team"), mgId("team")],
    ["the tenant's root group", mgId(tenantId), mgId(tenantId)],
    ["a subscription", `/subscriptions/${subscriptionId}`, `/subscriptions/${subscriptionId}`],
    ["a resource", vmId, vmId],
    ["a child that only its provider knows", `${vmId}/extensions/e`, `${vmId}/extensions/e`],
  ])("works at %s", async (_, scope, prefix) => {
    const id = `${prefix}/providers/Microsoft.Authorization/roleAssignments/${name}`;
    const root = prefix.startsWith("/subscriptions") ? `/subscriptions/${subscriptionId}` : "";
    expect(await put({}, id)).toMatchObject({
      status: 201,
      body: {
        id,
        properties: {
          scope,
          roleDefinitionId: `${root}/providers/Microsoft.Authorization/roleDefinitions/${reader}`,
        },
      },
    });
    expect(await send(world, roleAssignments, "GET", id)).toMatchObject({ status: 200, body: { id } });
  });

  test.each([
    [
      "a name that is no GUID",
      {},
      `${atGroup}/first`,
      400,
      "InvalidRoleAssignmentId",
      "The role assignment ID 'first' is not valid. The role assignment ID must be a GUID.",
    ],
    [
      "a principal that is no GUID",
      { principalId: "wow" },
      undefined,
      400,
      "InvalidPrincipalId",
      "The Principal ID 'wow' is not valid. Principal ID must be a GUID.",
    ],
    ["no principal", { principalId: undefined }, undefined, 400, "InvalidPrincipalId", undefined],
    [
      "a role by name",
      { roleDefinitionId: "/providers/Microsoft.Authorization/roleDefinitions/Reader" },
      undefined,
      400,
      "InvalidRoleDefinitionId",
      "The role definition ID 'Reader' is not valid. The role definition ID must be a GUID.",
    ],
    [
      "a role without its path",
      { roleDefinitionId: reader },
      undefined,
      400,
      "InvalidRoleDefinitionId",
      undefined,
    ],
    [
      "a role that does not exist",
      { roleDefinitionId: `/providers/Microsoft.Authorization/roleDefinitions/${otherName}` },
      undefined,
      400,
      "RoleDefinitionDoesNotExist",
      "The specified role definition with ID '38dec33c44354f7092a18e1cc6e118db' does not exist.",
    ],
    [
      "a principal type that Azure does not know",
      { principalType: "Robot" },
      undefined,
      400,
      "BadRequestFormat",
      undefined,
    ],
    [
      "a principal type that is not the principal's",
      { principalType: "User" },
      undefined,
      400,
      "UnmatchedPrincipalType",
      "The PrincipalId '90cc53e84a6e45b68339516448218ee0' has type 'ServicePrincipal' , which is different from specified PrinciaplType 'User'.",
    ],
    ["a description that is no text", { description: 1 }, undefined, 400, "BadRequestFormat", undefined],
    [
      "a description over 2 KB",
      { description: "ä".repeat(1025) },
      undefined,
      400,
      "RoleAssignmentDescriptionTooLong",
      undefined,
    ],
    [
      "a condition over 8 KB",
      { condition: `@Resource[a] StringEquals '${"x".repeat(8200)}'`, conditionVersion: "2.0" },
      undefined,
      400,
      "RoleAssignmentConditionTooLong",
      undefined,
    ],
    [
      "a condition that is none",
      { condition: "what?", conditionVersion: "2.0" },
      undefined,
      400,
      "InvalidRoleAssignmentCondition",
      "The given role assignment condition is invalid.",
    ],
    [
      "a condition of version 1.0",
      { condition: "@Resource[a] StringEquals 'x'", conditionVersion: "1.0" },
      undefined,
      400,
      "InvalidRoleAssignmentCondition",
      undefined,
    ],
    [
      "a missing group",
      {},
      `/subscriptions/${subscriptionId}/resourceGroups/nope/providers/Microsoft.Authorization/roleAssignments/${name}`,
      404,
      "ResourceGroupNotFound",
      undefined,
    ],
    [
      "a missing resource",
      {},
      `${vmId}0/providers/Microsoft.Authorization/roleAssignments/${name}`,
      404,
      "ResourceNotFound",
      undefined,
    ],
    [
      "a missing subscription",
      {},
      `/subscriptions/${otherName}/providers/Microsoft.Authorization/roleAssignments/${name}`,
      404,
      "SubscriptionNotFound",
      undefined,
    ],
    [
      "a missing management group",
      {},
      `${mgId("nope")}/providers/Microsoft.Authorization/roleAssignments/${name}`,
      404,
      "NotFound",
      undefined,
    ],
  ])("refuses %s", async (_, changes, id, status, code, message) => {
    expect(await refusal(put(changes, id))).toMatchObject({ status, code, ...(message && { message }) });
    expect(world.roleAssignments.values()).toHaveLength(1);
  });

  test.each([undefined, null, [], "text", {}, { properties: [] }])("refuses the body %j", async (body) => {
    const call = send(world, roleAssignments, "PUT", `${atGroup}/${name}`, body);
    expect(await refusal(call)).toMatchObject({ status: 400, code: "BadRequestFormat" });
  });

  test("takes texts at their limits", async () => {
    const condition = `@Resource[a] StringEquals '${"x".repeat(8192 - 28)}'`;
    expect(Buffer.byteLength(condition)).toBe(8192);
    expect(await put({ description: "ä".repeat(1024), condition, conditionVersion: "2.0" })).toMatchObject({
      status: 201,
    });
  });

  test.each([
    ["another principal", { principalId: otherName }, `${atGroup}/${name}`],
    [
      "another role",
      { roleDefinitionId: `/providers/Microsoft.Authorization/roleDefinitions/${owner}` },
      `${atGroup}/${name}`,
    ],
    ["another scope", {}, `${vmId}/providers/Microsoft.Authorization/roleAssignments/${name.toUpperCase()}`],
  ])("under a name that is taken refuses %s", async (_, changes, id) => {
    await put();
    expect(await refusal(put(changes, id))).toEqual({
      status: 400,
      code: "RoleAssignmentUpdateNotPermitted",
      message: "Tenant ID, application ID, principal ID, and scope are not allowed to be updated.",
    });
  });

  test("refuses the same scope, principal and role under another name, and says which name", async () => {
    await put();
    const twin = put({ principalId: principalId.toUpperCase() }, `${atGroup.toLowerCase()}/${otherName}`);
    expect(await refusal(twin)).toEqual({
      status: 409,
      code: "RoleAssignmentExists",
      message:
        "The role assignment already exists. The ID of the existing role assignment is ed3c9f84ae205aea860258ed2eeffef1.",
    });
  });

  test("refuses a custom role where it may not be assigned", async () => {
    putRole(world, reader, {});
    const role = world.roleDefinitions.get(reader);
    if (role) world.roleDefinitions.set(reader, { ...role, assignableScopes: [`${groupId}-2`] });
    expect(await refusal(put())).toMatchObject({ status: 400, code: "RoleDefinitionDoesNotExist" });
  });

  test("stops at the limit of the subscription, and lets updates pass", async () => {
    const type = roleAssignmentsWithin({ perSubscription: 1, perManagementGroup: 0 });
    await send(world, type, "PUT", `${atGroup}/${name}`, wish());
    const second = `${vmId}/providers/Microsoft.Authorization/roleAssignments/${otherName}`;
    expect(await refusal(send(world, type, "PUT", second, wish()))).toMatchObject({
      status: 400,
      code: "RoleAssignmentLimitExceeded",
    });
    expect(await send(world, type, "PUT", `${atGroup}/${name}`, wish())).toMatchObject({ status: 201 });
    const atTeam = `${mgId("team")}/providers/Microsoft.Authorization/roleAssignments/${otherName}`;
    expect(await refusal(send(world, type, "PUT", atTeam, wish()))).toMatchObject({
      code: "RoleAssignmentLimitExceeded",
    });
    world.switches.assignmentLimitStatus = "409";
    expect(await refusal(send(world, type, "PUT", second, wish()))).toMatchObject({ status: 409 });
    world.roleAssignments.values().forEach((a) => {
      if (a.scope === groupId) world.roleAssignments.set(a.id, { ...a, principalId: otherName });
    });
    expect(await refusal(send(world, type, "PUT", second, wish()))).toMatchObject({ status: 409 });
    world.switches.orphanedAssignments = "doNotCount";
    expect(await send(world, type, "PUT", second, wish())).toMatchObject({ status: 201 });
  });
});

describe("a principal that was just created", () => {
  beforeEach(() => {
    world.settings.principalLagInMs = 5000;
    world.principals.set(principalId, {
      objectId: principalId,
      clientId: "c",
      displayName: "id",
      kind: "ManagedIdentity",
      createdAt: now,
    });
  });

  test("is not found without its type until the lag is over", async () => {
    now += 4999;
    expect(await refusal(put({ principalType: undefined }))).toEqual({
      status: 400,
      code: "PrincipalNotFound",
      message: `Principal 90cc53e84a6e45b68339516448218ee0 does not exist in the directory ${tenantId}. Check that you have the correct principal ID. If you are creating this principal and then immediately assigning a role, this error might be related to a replication delay. In this case, set the role assignment principalType property to a value, such as ServicePrincipal, User, or Group.  See https://aka.ms/docs-principaltype`,
    });
    now += 1;
    expect(await put({ principalType: undefined })).toMatchObject({
      status: 201,
      body: { properties: { principalType: "ServicePrincipal" } },
    });
  });

  test("is taken at once with its type", async () => {
    expect(await put()).toMatchObject({ status: 201 });
  });

  test("is taken with its type even if it never was", async () => {
    expect(await put({ principalId: otherName, principalType: "user" })).toMatchObject({
      status: 201,
      body: { properties: { principalType: "User" } },
    });
    expect(
      await refusal(put({ principalId: otherName, principalType: undefined }, `${atGroup}/${otherName}`)),
    ).toMatchObject({ code: "PrincipalNotFound" });
  });
});

describe("a caller under a condition", () => {
  const write = "Microsoft.Authorization/roleAssignments/write";
  const remove = "Microsoft.Authorization/roleAssignments/delete";
  const roleId = "Microsoft.Authorization/roleAssignments:RoleDefinitionId";
  const condition = `((!(ActionMatches{'${write}'})) OR (@Request[${roleId}] ForAnyOfAnyValues:GuidEquals {${reader}} AND @Request[Microsoft.Authorization/roleAssignments:PrincipalType] ForAnyOfAnyValues:StringEqualsIgnoreCase {'ServicePrincipal'})) AND ((!(ActionMatches{'${remove}'})) OR (@Resource[${roleId}] ForAnyOfAnyValues:GuidEquals {${reader}}))`;
  let ownId: string;

  beforeEach(() => {
    ownId = world.roleAssignments.values()[0]?.id ?? "";
    world.roleAssignments.delete(ownId);
    assign(world, { scope: groupId, role: owner, condition });
  });

  test("grants what it allows", async () => {
    expect(await put()).toMatchObject({ status: 201 });
    expect(await send(world, roleAssignments, "DELETE", `${atGroup}/${name}`)).toMatchObject({ status: 200 });
  });

  test.each([
    ["another role", { roleDefinitionId: `/providers/Microsoft.Authorization/roleDefinitions/${owner}` }],
    ["a user", { principalId: otherName, principalType: "User" }],
  ])("is refused %s, with the words for conditions", async (_, changes) => {
    expect(await refusal(put(changes))).toEqual({
      status: 403,
      code: "AuthorizationFailed",
      message: `The client 'cccccccc-0000-4000-8000-000000000002' with object id '${callerId}' has an authorization with ABAC condition that is not fulfilled to perform action '${write}' over scope '${atGroup}/${name}' or the scope is invalid. If access was recently granted, please refresh your credentials.`,
    });
  });

  test("may not delete another role's assignment", async () => {
    const id = assign(world, { scope: groupId, role: owner, principalId: otherName });
    expect(await refusal(send(world, roleAssignments, "DELETE", id))).toMatchObject({
      status: 403,
      code: "AuthorizationFailed",
    });
    expect(world.roleAssignments.has(id)).toBe(true);
  });

  test("without any right gets the usual words", async () => {
    for (const { id } of world.roleAssignments.values()) world.roleAssignments.delete(id);
    expect(await refusal(put())).toMatchObject({
      status: 403,
      message: expect.stringContaining("does not have authorization to perform action"),
    });
  });
});

describe("GET and DELETE", () => {
  test("an absent one is 404 and 204", async () => {
    expect(await refusal(send(world, roleAssignments, "GET", `${atGroup}/${name}`))).toEqual({
      status: 404,
      code: "RoleAssignmentNotFound",
      message: `The role assignment '${name}' is not found.`,
    });
    expect(await send(world, roleAssignments, "DELETE", `${atGroup}/${name}`)).toEqual({ status: 204 });
  });

  test("a name that is no GUID is refused in both", async () => {
    for (const method of ["GET", "DELETE"] as const) {
      expect(await refusal(send(world, roleAssignments, method, `${atGroup}/x`))).toMatchObject({
        code: "InvalidRoleAssignmentId",
      });
    }
  });

  test("a deleted one comes back as the body of DELETE, createdBy filled in, and is gone", async () => {
    await put();
    const deleted = await send(world, roleAssignments, "DELETE", `${atGroup.toUpperCase()}/${name}`);
    expect(deleted).toMatchObject({
      status: 200,
      body: { name, properties: { createdBy: callerId, scope: groupId } },
    });
    expect(world.roleAssignments.has(`${atGroup}/${name}`)).toBe(false);
  });

  test("reads lag: a new one is missing, a deleted one lingers", async () => {
    world.settings.roleLagInMs = 1000;
    now += 5000;
    await put();
    expect(await refusal(send(world, roleAssignments, "GET", `${atGroup}/${name}`))).toMatchObject({
      status: 404,
    });
    expect(
      await send(world, roleAssignments, "GET", `${atGroup}?$filter=principalId eq '${principalId}'`),
    ).toEqual({ status: 200, body: { value: [] } });
    now += 1000;
    expect(await send(world, roleAssignments, "GET", `${atGroup}/${name}`)).toMatchObject({
      status: 200,
      body: { properties: { createdBy: callerId } },
    });
    await send(world, roleAssignments, "DELETE", `${atGroup}/${name}`);
    now += 999;
    expect(await send(world, roleAssignments, "GET", `${atGroup}/${name}`)).toMatchObject({ status: 200 });
    now += 1;
    expect(await refusal(send(world, roleAssignments, "GET", `${atGroup}/${name}`))).toMatchObject({
      status: 404,
    });
  });
});

describe("LIST", () => {
  const subscription = `/subscriptions/${subscriptionId}`;
  const other = "77777777-0000-4000-8000-000000000001";

  beforeEach(() => {
    for (const scope of [
      "/",
      mgId("team"),
      subscription,
      groupId,
      vmId,
      `${subscription}/resourceGroups/rg-other`,
    ]) {
      assign(world, { scope, role: reader, principalId });
    }
    assign(world, { scope: vmId, role: reader, principalId: other });
  });

  async function scopesIn(scope: string, filter: string): Promise<string[]> {
    const url = `${scope}/providers/Microsoft.Authorization/roleAssignments?${new URLSearchParams(filter === "" ? {} : { $filter: filter }).toString()}`;
    const { body } = await send(world, roleAssignments, "GET", url);
    const { value } = body as { value: { properties: { scope: string; principalId: string } }[] };
    return value
      .filter((v) => v.properties.principalId !== callerId)
      .map(
        (v) =>
          `${v.properties.scope.split("/").at(-1) || "/"}${v.properties.principalId === other ? "*" : ""}`,
      );
  }

  test.each([
    [groupId, "", ["/", "team", subscriptionId, "rg-orders", "vm-1", "vm-1*"]],
    [groupId, "atScope()", ["/", "team", subscriptionId, "rg-orders"]],
    [groupId, `principalId eq '${principalId}'`, ["/", "team", subscriptionId, "rg-orders", "vm-1"]],
    [groupId, `principalId eq '${other.toUpperCase()}'`, ["vm-1*"]],
    [groupId, `assignedTo('${principalId}')`, ["/", "team", subscriptionId, "rg-orders", "vm-1"]],
    [groupId, `atScope() and assignedTo('${principalId}')`, ["/", "team", subscriptionId, "rg-orders"]],
    [groupId, `ATSCOPE() AND ASSIGNEDTO('${other}')`, []],
    [vmId, "", ["/", "team", subscriptionId, "rg-orders", "vm-1", "vm-1*"]],
    [vmId, "atScope()", ["/", "team", subscriptionId, "rg-orders", "vm-1", "vm-1*"]],
    [
      subscription,
      `principalId eq '${principalId}'`,
      ["/", "team", subscriptionId, "rg-orders", "vm-1", "rg-other"],
    ],
    [subscription, "atScope()", ["/", "team", subscriptionId]],
    [mgId("team"), "atScope()", ["/", "team"]],
    ["", "", ["/", "team", subscriptionId, "rg-orders", "vm-1", "rg-other", "vm-1*"]],
    ["", "atScope()", ["/"]],
  ])("at %s with %j shows %j", async (scope, filter, expected) => {
    expect(await scopesIn(scope, filter)).toEqual(expected);
  });

  test.each([
    `atScope() and principalId eq '${principalId}'`,
    "principalId eq ''",
    "principalId",
    "principalId eq 'wow'",
    `principalId ne '${principalId}'`,
    "type eq 'CustomRole'",
    "assignedTo()",
  ])("refuses the filter %s", async (filter) => {
    expect(await refusal(scopesIn(groupId, filter))).toEqual({
      status: 400,
      code: "UnsupportedQuery",
      message: `The filter '${filter}' is not supported. Supported filters are either 'atScope()' or 'principalId eq '{value}' or assignedTo('{value}')'.`,
    });
  });

  test("roots the role of an inherited assignment in the subscription that was asked", async () => {
    const { body } = await send(world, roleAssignments, "GET", `${atGroup}?$filter=atScope()`);
    expect(body).toMatchObject({
      value: [
        {
          properties: {
            scope: "/",
            roleDefinitionId: `${subscription}/providers/Microsoft.Authorization/roleDefinitions/${owner}`,
          },
        },
        {},
        {},
        {},
        {},
      ],
    });
  });

  test("comes in pages that a next link joins", async () => {
    world.settings.pageSize = 4;
    const first = await send(world, roleAssignments, "GET", `${atGroup}?api-version=2022-04-01`);
    const { value, nextLink } = first.body as { value: unknown[]; nextLink: string };
    expect(value).toHaveLength(4);
    const rest = await send(world, roleAssignments, "GET", nextLink);
    expect((rest.body as { value: unknown[] }).value).toHaveLength(3);
    expect(rest.body).not.toHaveProperty("nextLink");
  });

  test("is refused to who may not read there, and for scopes that do not exist", async () => {
    world.roleAssignments.delete(world.roleAssignments.values()[0]?.id ?? "");
    expect(await refusal(scopesIn(groupId, ""))).toMatchObject({ status: 403, code: "AuthorizationFailed" });
    expect(await refusal(scopesIn(`${groupId}-3`, ""))).toMatchObject({
      status: 404,
      code: "ResourceGroupNotFound",
    });
  });
});
