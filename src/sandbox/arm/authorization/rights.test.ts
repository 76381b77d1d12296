import { describe, expect, test, vi } from "vitest";
import { emptyWorld, type World } from "../../world.ts";
import { matchesAction } from "./action-pattern.ts";
import {
  assign,
  callerId,
  groupId,
  mgId,
  putRole,
  settings,
  subscriptionId,
  tenantId,
  vmId,
} from "./authorization-world.ts";
import { effectivePermissions, mayPerform, mayRead, rightsOf } from "./rights.ts";

function world(): World {
  const made = emptyWorld(tenantId, () => 1_000_000, settings);
  made.managementGroups.set("top", { name: "top", displayName: "Top", subscriptions: [] });
  made.managementGroups.set("team", {
    name: "team",
    displayName: "Team",
    parent: "top",
    subscriptions: [subscriptionId],
  });
  made.managementGroups.set("else", {
    name: "else",
    displayName: "Else",
    parent: "top",
    subscriptions: ["other"],
  });
  putRole(made, "reader", { actions: ["*/read"] });
  putRole(made, "contributor", {
    actions: ["*"],
    notActions: ["Microsoft.Authorization/*/Write", "Microsoft.Authorization/*/Delete"],
  });
  putRole(made, "operator", {
    actions: [
      "Microsoft.ManagedIdentity/userAssignedIdentities/*/read",
      "Microsoft.ManagedIdentity/userAssignedIdentities/*/assign/action",
    ],
  });
  return made;
}

describe("a pattern", () => {
  test.each([
    ["*", "Microsoft.Compute/virtualMachines/write", true],
    ["*/read", "Microsoft.Compute/virtualMachines/read", true],
    ["*/read", "Microsoft.Compute/virtualMachines/readMore", false],
    ["Microsoft.Compute/*", "microsoft.compute/virtualMachines/write", true],
    ["Microsoft.Compute/*", "Microsoft.ComputeX/virtualMachines/write", false],
    [
      "Microsoft.ManagedIdentity/userAssignedIdentities/*/assign/action",
      "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action",
      true,
    ],
    [
      "Microsoft.ManagedIdentity/userAssignedIdentities/*/assign/action",
      "Microsoft.ManagedIdentity/userAssignedIdentities/x/assign/action",
      true,
    ],
    [
      "Microsoft.ManagedIdentity/userAssignedIdentities/*/assign/action",
      "Microsoft.ManagedIdentity/userAssignedIdentitiesassign/action",
      false,
    ],
    ["Microsoft.Authorization/*/Write", "Microsoft.Authorization/roleAssignments/write", true],
    ["MicrosoftXCompute/a/read", "Microsoft.Compute/a/read", false],
    ["Microsoft.Compute/a/read", "MicrosoftXCompute/a/read", false],
    ["Microsoft.*/a/read", "Microsoft.Compute/a/read", true],
  ])("%s covers %s: %s", (pattern, action, expected) => {
    expect(matchesAction(pattern, action)).toBe(expected);
  });
});

describe("an assignment", () => {
  const read = "Microsoft.Compute/virtualMachines/read";
  test.each([
    ["/", vmId, true],
    [`/providers/Microsoft.Management/managementGroups/${tenantId}`, vmId, true],
    [mgId("top"), vmId, true],
    [mgId("TEAM"), vmId, true],
    [mgId("team"), mgId("team"), true],
    [mgId("team"), mgId("top"), false],
    [mgId("top"), mgId("else"), true],
    [mgId("else"), vmId, false],
    [`/subscriptions/${subscriptionId}`, vmId, true],
    [`/SUBSCRIPTIONS/${subscriptionId.toUpperCase()}`, vmId, true],
    ["/subscriptions/other", vmId, false],
    [groupId, vmId.toUpperCase(), true],
    [`${groupId}-2`, vmId, false],
    [groupId.slice(0, -1), vmId, false],
    [vmId, vmId, true],
    [vmId, `${vmId}/extensions/e`, true],
    [vmId, groupId, false],
    [groupId, "/", false],
  ])("at %s reaches %s: %s", (scope, asked, expected) => {
    const made = world();
    assign(made, { scope, role: "reader" });
    expect(mayPerform(made, callerId, read, asked)).toBe(expected);
  });

  test.each([
    ["reader", "Microsoft.Compute/virtualMachines/read", true],
    ["reader", "Microsoft.Compute/virtualMachines/write", false],
    ["contributor", "Microsoft.Compute/virtualMachines/write", true],
    ["contributor", "Microsoft.Authorization/roleAssignments/write", false],
    ["operator", "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action", true],
    ["operator", "Microsoft.ManagedIdentity/userAssignedIdentities/read", true],
    ["operator", "Microsoft.ManagedIdentity/userAssignedIdentities/write", false],
    ["missing", "Microsoft.Compute/virtualMachines/read", false],
  ])("of %s allows %s: %s", (role, action, expected) => {
    const made = world();
    assign(made, { scope: groupId, role });
    expect(mayPerform(made, callerId, action, vmId)).toBe(expected);
  });

  test("belongs to its principal alone, whatever the casing", () => {
    const made = world();
    assign(made, { scope: groupId, role: "reader" });
    expect(mayRead(made, callerId.toUpperCase(), vmId)).toBe(true);
    expect(mayRead(made, "someone-else", vmId)).toBe(false);
  });

  test("that takes an action away does not take it from another assignment", () => {
    const made = world();
    putRole(made, "owner", { actions: ["*"] });
    assign(made, { scope: groupId, role: "contributor" });
    assign(made, { scope: vmId, role: "owner" });
    const { may } = rightsOf(made, callerId);
    expect(may("Microsoft.Authorization/roleAssignments/write", vmId)).toBe(true);
    expect(may("Microsoft.Authorization/roleAssignments/write", groupId)).toBe(false);
  });
});

describe("reading", () => {
  test.each([
    [vmId, "Microsoft.Compute/virtualMachines/read"],
    [`${vmId}/extensions/e`, "Microsoft.Compute/virtualMachines/extensions/read"],
    [groupId, "Microsoft.Resources/subscriptions/resourceGroups/read"],
    [`/subscriptions/${subscriptionId}`, "Microsoft.Resources/subscriptions/read"],
    [
      `${vmId}/providers/Microsoft.Authorization/roleAssignments/x`,
      "Microsoft.Authorization/roleAssignments/read",
    ],
  ])("%s takes %s and no other action", (id, action) => {
    const made = world();
    putRole(made, "exact", { actions: [action] });
    putRole(made, "rest", { actions: ["*"], notActions: [action] });
    assign(made, { scope: "/", role: "exact" });
    assign(made, { scope: "/", role: "rest", principalId: "another" });
    expect(mayRead(made, callerId, id)).toBe(true);
    expect(mayRead(made, "another", id)).toBe(false);
  });
});

describe("a condition", () => {
  const write = "Microsoft.Authorization/roleAssignments/write";
  const roleId = "Microsoft.Authorization/roleAssignments:RoleDefinitionId";
  const condition = `!(ActionMatches{'${write}'}) OR @Request[${roleId}] ForAnyOfAnyValues:GuidEquals {1c0163c0-47e6-4577-8991-ea5c82e286e4}`;

  test("is not looked at without attributes, and decides with them", () => {
    const made = world();
    putRole(made, "admin", { actions: ["*"] });
    assign(made, { scope: groupId, role: "admin", condition });
    const { may } = rightsOf(made, callerId);
    expect(may(write, vmId)).toBe(true);
    expect(may(write, vmId, { request: { [roleId]: "1c0163c0-47e6-4577-8991-ea5c82e286e4" } })).toBe(true);
    expect(may(write, vmId, { request: { [roleId]: "acdd72a7-3385-48ef-bd42-f606fba81ae7" } })).toBe(false);
    expect(may("Microsoft.Compute/virtualMachines/read", vmId)).toBe(true);
  });

  test("of a role's permission counts like one of the assignment", () => {
    const made = world();
    putRole(made, "admin", { actions: ["*"], condition });
    assign(made, { scope: groupId, role: "admin" });
    expect(mayPerform(made, callerId, write, vmId, { request: { [roleId]: "x" } })).toBe(false);
  });

  test("that cannot be read is never fulfilled", () => {
    const made = world();
    putRole(made, "admin", { actions: ["*"] });
    assign(made, { scope: groupId, role: "admin", condition: "anything" });
    expect(mayPerform(made, callerId, "Microsoft.Compute/virtualMachines/read", vmId)).toBe(false);
    expect(mayPerform(made, callerId, write, vmId, {})).toBe(false);
  });
});

test("effective permissions are those of the assignments at or above the scope", () => {
  const made = world();
  assign(made, { scope: mgId("top"), role: "reader" });
  assign(made, { scope: vmId, role: "operator" });
  expect(effectivePermissions(made, callerId, groupId).map((p) => p.actions)).toEqual([["*/read"]]);
  expect(effectivePermissions(made, callerId, vmId)).toHaveLength(2);
});

test("a thousand resources are judged by one look at assignments and roles", () => {
  const made = world();
  for (let i = 0; i < 20; i += 1) assign(made, { scope: `/subscriptions/s${i}`, role: "reader" });
  assign(made, { scope: mgId("team"), role: "operator" });
  assign(made, { scope: groupId, role: "reader" });
  const ids = Array.from(
    { length: 1000 },
    (_, i) => `${groupId}/providers/Microsoft.Compute/virtualMachines/vm-${i}`,
  );
  const { mayRead: mayReadIt } = rightsOf(made, callerId);
  expect(mayReadIt(ids[0] ?? "")).toBe(true);
  const looks = [made.roleAssignments, made.roleDefinitions].flatMap((store) => [
    vi.spyOn(store, "values"),
    vi.spyOn(store, "get"),
  ]);
  expect(ids.filter((id) => mayReadIt(id))).toHaveLength(1000);
  expect(looks.map((look) => look.mock.calls.length)).toEqual([0, 0, 0, 0]);
});

test("management groups in a circle end the walk", () => {
  const made = world();
  made.managementGroups.set("a", { name: "a", displayName: "A", parent: "b", subscriptions: [] });
  made.managementGroups.set("b", {
    name: "b",
    displayName: "B",
    parent: "a",
    subscriptions: [subscriptionId],
  });
  assign(made, { scope: mgId("a"), role: "reader" });
  expect(mayRead(made, callerId, vmId)).toBe(true);
});
