import { expect, test } from "vitest";
import { owner, reader, secretsUser, vaultScope } from "../fixtures.ts";
import { permits, privilegeOf } from "./privilege.ts";

function role(actions: readonly string[], notActions: readonly string[] = []) {
  return { permissions: [{ actions, notActions, dataActions: [], notDataActions: [] }] };
}

const group = "/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/rg";

test.each([
  ["Owner", owner, vaultScope, "every action"],
  ["a wildcard over Authorization", role(["Microsoft.Authorization/*"]), vaultScope, "assigns roles"],
  ["an innocent name with */write", role(["*/write"]), vaultScope, "assigns roles"],
  [
    "identity operator",
    role(["Microsoft.ManagedIdentity/userAssignedIdentities/*/assign/action"]),
    group,
    "attaches identities",
  ],
  [
    "federated credentials",
    role(["Microsoft.ManagedIdentity/userAssignedIdentities/*"]),
    group,
    "attaches identities",
  ],
  ["run command", role(["MICROSOFT.COMPUTE/virtualMachines/runCommand/ACTION"]), group, "runs commands"],
  ["account keys", role(["Microsoft.Storage/storageAccounts/*"]), group, "account keys"],
  [
    "any role at a subscription",
    reader,
    "/subscriptions/00000000-0000-4000-8000-000000000001",
    "above a resource group",
  ],
  [
    "any role at a management group",
    reader,
    "/providers/Microsoft.Management/managementGroups/mg",
    "management group",
  ],
  ["any role at the root", reader, "/", "above a resource group"],
])("%s is privileged", (_name, definition, scope, why) => {
  expect(privilegeOf(definition, scope)).toContain(why);
});

test.each([
  ["Reader at a resource", reader, vaultScope],
  ["a data role at a group", secretsUser, group],
  [
    "what notActions take away",
    role(["Microsoft.Storage/*"], ["Microsoft.Storage/storageAccounts/listKeys/action"]),
    group,
  ],
])("%s is not", (_name, definition, scope) => {
  expect(privilegeOf(definition, scope)).toBeUndefined();
});

test.each([
  ["*", "a/b/c", true],
  ["a/*/read", "a/b/read", true],
  ["a/*/read", "a/read", true],
  ["a/*/read", "a/b/write", false],
  ["*/read", "a/b/read", true],
  ["a.b/c", "aXb/c", false],
  ["a/b", "a/b/c", false],
])("%s covers %s: %s", (pattern, action, expected) => {
  expect(permits(role([pattern]), action)).toBe(expected);
});
