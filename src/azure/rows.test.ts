import { describe, expect, test } from "vitest";
import {
  assignmentFrom,
  attachmentsFrom,
  identityFrom,
  instanceFrom,
  type RawTarget,
  tagsFrom,
  targetFrom,
} from "./rows.ts";

const group = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/g";
const id1 = `${group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-1`;
const vm: RawTarget = {
  id: `${group}/providers/Microsoft.Compute/virtualMachines/vm`,
  type: "microsoft.compute/virtualmachines",
  location: "westeurope",
};
const set: RawTarget = {
  id: `${group}/providers/Microsoft.Compute/virtualMachineScaleSets/s`,
  type: "Microsoft.Compute/virtualMachineScaleSets",
};
const none = { systemAssigned: false, userAssigned: [] };
const ids = { principalId: "p", clientId: "c" };

describe("an identity block", () => {
  test.each([
    ["that is missing", undefined, none],
    ["that is null, as Resource Graph has it", null, none],
    ["that says None", { type: "None" }, none],
    [
      "of a system identity",
      { type: "SystemAssigned", principalId: "p", tenantId: "t" },
      { ...none, systemAssigned: true },
    ],
    [
      "with one identity",
      { type: "UserAssigned", userAssignedIdentities: { [id1]: ids } },
      { systemAssigned: false, userAssigned: [{ id: id1, ...ids }] },
    ],
    [
      "of both, without blank and in lower case",
      { type: "systemassigned,userassigned", userAssignedIdentities: { [id1]: {} } },
      { systemAssigned: true, userAssigned: [{ id: id1 }] },
    ],
    [
      "whose identity is null",
      { type: "UserAssigned", userAssignedIdentities: { [id1]: null } },
      { systemAssigned: false, userAssigned: [{ id: id1 }] },
    ],
    [
      "with a GUID of zeros",
      {
        type: "UserAssigned",
        userAssignedIdentities: {
          [id1]: { principalId: "p", clientId: "00000000-0000-0000-0000-000000000000" },
        },
      },
      { systemAssigned: false, userAssigned: [{ id: id1, principalId: "p" }] },
    ],
    ["without type", { principalId: "p" }, { ...none, systemAssigned: true }],
  ])("%s is read", (_, block, expected) => {
    expect(attachmentsFrom(block)).toEqual(expected);
  });

  test.each([
    ["UserAssigned without a map", { type: "UserAssigned" }],
    ["both without a map", { type: "SystemAssigned, UserAssigned" }],
    ["UserAssigned with an empty map", { type: "UserAssigned", userAssignedIdentities: {} }],
    ["a list instead of a map", { type: "UserAssigned", userAssignedIdentities: [id1] }],
    ["a key that is no id", { type: "UserAssigned", userAssignedIdentities: { x: {} } }],
    ["a type that is no text", { type: 3 }],
    ["text", "UserAssigned"],
  ])("%s cannot be relied on", (_, block) => {
    expect(attachmentsFrom(block)).toBeUndefined();
    expect(targetFrom({ ...vm, identity: block })).toBeUndefined();
  });
});

test("a machine is read with what its row says", () => {
  const target = targetFrom({
    ...vm,
    tags: { App: "orders" },
    managedBy: "",
    scaleSetId: "/s",
    provisioningState: "Succeeded",
    orchestrationMode: "Flexible",
  });
  expect(target).toEqual({
    id: vm.id,
    kind: "virtualMachine",
    type: vm.type,
    location: "westeurope",
    tags: { App: "orders" },
    attachments: none,
    scaleSetId: "/s",
    provisioningState: "Succeeded",
  });
});

test("a scale set has a mode even where Azure states none", () => {
  expect(targetFrom({ ...set, upgradeMode: "manual" })).toMatchObject({
    kind: "virtualMachineScaleSet",
    orchestrationMode: "Uniform",
    upgradeMode: "Manual",
  });
  expect(targetFrom({ ...set, orchestrationMode: "Flexible" })).toMatchObject({
    orchestrationMode: "Flexible",
  });
});

describe("an instance of a scale set", () => {
  const raw = { instanceId: "3", provisioningState: "Succeeded" };
  const bare = { instanceId: "3", attachments: none, isProtected: false, provisioningState: "Succeeded" };
  const protectionPolicy = { protectFromScaleSetActions: true };
  test.each([
    ["that says little", raw, bare],
    ["without the latest model", { ...raw, latestModelApplied: false }, { ...bare, hasLatestModel: false }],
    ["with the latest model", { ...raw, latestModelApplied: true }, { ...bare, hasLatestModel: true }],
    ["that is protected", { ...raw, protectionPolicy }, { ...bare, isProtected: true }],
    ["that is protected from scale-in only", { ...raw, protectionPolicy: {} }, bare],
    ["without an id", { latestModelApplied: true }, undefined],
    ["whose identity block cannot be relied on", { ...raw, identity: { type: "UserAssigned" } }, undefined],
  ])("%s", (_, row, expected) => {
    expect(instanceFrom(row)).toEqual(expected);
  });
});

test("a row without id or type is none", () => {
  expect(targetFrom({ ...vm, id: undefined })).toBeUndefined();
  expect(targetFrom({ ...vm, type: "" })).toBeUndefined();
});

test("tags become text", () => {
  expect(tagsFrom({ a: null, b: 3, c: "x" })).toEqual({ a: "", b: "3", c: "x" });
  expect(tagsFrom(null)).toEqual({});
});

test("an identity without principal is not there yet", () => {
  const raw = { id: id1, location: "westeurope", tags: {}, ...ids };
  expect(identityFrom(raw)).toEqual(raw);
  expect(identityFrom({ ...raw, principalId: undefined })).toBeUndefined();
});

test("a role assignment is read by the GUID of its role", () => {
  const raw = { id: "/a", scope: "/", principalId: "p", condition: null, description: "d" };
  const roleDefinitionId =
    "/providers/Microsoft.Authorization/RoleDefinitions/ACDD72A7-3385-48ef-bd42-f606fba81ae7";
  expect(assignmentFrom({ ...raw, roleDefinitionId })).toEqual({
    id: "/a",
    scope: "/",
    principalId: "p",
    description: "d",
    roleGuid: "acdd72a7-3385-48ef-bd42-f606fba81ae7",
  });
  expect(assignmentFrom(raw)).toBeUndefined();
});
