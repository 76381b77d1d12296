import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { RolePermission } from "../../model/grant.ts";
import { byText } from "../../model/order.ts";
import { owner, reader, secretsUser, vaultScope } from "../fixtures.ts";
import { privilegeOf } from "./privilege.ts";
import { permitsAny } from "./privilege-actions.ts";

function role(actions: readonly string[], notActions: readonly string[] = []) {
  return { permissions: [{ actions, notActions, dataActions: [], notDataActions: [] }] };
}

const group = "/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/rg";
const storage = "Microsoft.Storage/storageAccounts";
const identities = "Microsoft.ManagedIdentity/userAssignedIdentities";
const storageKeys = ["listAccountSas", "listKeys", "localUsers/listKeys", "regenerateKey"].map(
  (verb) => `${storage}/${verb}/action`,
);

describe("rule 16: a role is privileged by what its actions permit, whatever its name", () => {
  test.each<[string, readonly string[], readonly string[], string | undefined]>([
    ["everything", ["*"], [], "every action"],
    ["everything, whatever is taken back", ["*"], ["*/delete"], "every action"],
    ["everything, written at length", ["**"], [], "every action"],
    ["everything, by its segments", ["*/*"], [], "every action"],
    ["all of Authorization", ["Microsoft.Authorization/*"], [], "assigns roles"],
    ["all writes", ["*/write"], [], "assigns roles"],
    ["the writes of Authorization", ["Microsoft.Authorization/*/write"], [], "assigns roles"],
    ["a wildcard in the middle of a word", ["Microsoft.Auth*/role*/wr*"], [], "assigns roles"],
    ["in capitals", ["MICROSOFT.AUTHORIZATION/ROLEASSIGNMENTS/WRITE"], [], "assigns roles"],
    [
      "one action beside innocent ones",
      ["*/read", "Microsoft.Authorization/locks/write"],
      [],
      "who may do what",
    ],
    ["reading of Authorization", ["Microsoft.Authorization/*/read"], [], undefined],
    ["a provider of a similar name", ["Microsoft.AuthorizationX/*/write"], [], undefined],
    [
      "all of Authorization but its writes and the rest",
      ["Microsoft.Authorization/*"],
      [
        "Microsoft.Authorization/*/write",
        "Microsoft.Authorization/*/delete",
        "Microsoft.Authorization/elevateAccess/action",
      ],
      undefined,
    ],
    [
      "all of Authorization but the writing of assignments",
      ["Microsoft.Authorization/*"],
      ["Microsoft.Authorization/roleAssignments/write"],
      "takes over the tenant",
    ],
    [
      "all writes but those of Authorization",
      ["*/write"],
      ["Microsoft.Authorization/*"],
      "lets others act as an identity",
    ],
    ["taking over", ["Microsoft.Authorization/elevateAccess/*"], [], "takes over the tenant"],
    ["removing locks", ["Microsoft.Authorization/locks/delete"], [], "keeps others out"],
    ["assigning identities", [`${identities}/assign/action`], [], "attaches identities"],
    ["that with a segment for nothing", [`${identities}/*/assign/action`], [], "attaches identities"],
    [
      "that, taken back in the same words",
      [`${identities}/*/assign/action`],
      [`${identities}/*/assign/action`],
      undefined,
    ],
    ["reading identities", [`${identities}/*/read`], [], undefined],
    ["trust", [`${identities}/federatedIdentityCredentials/write`], [], "act as an identity"],
    ["taking trust away", [`${identities}/federatedIdentityCredentials/delete`], [], undefined],
    ["commands", ["Microsoft.Compute/virtualMachines/runCommand/action"], [], "runs code"],
    ["commands, the newer way", ["Microsoft.Compute/virtualMachines/runCommands/write"], [], "runs code"],
    [
      "commands on instances",
      ["Microsoft.Compute/virtualMachineScaleSets/virtualMachines/runCommand/*"],
      [],
      "runs code",
    ],
    ["commands on clusters", ["Microsoft.ContainerService/managedClusters/*"], [], "runs code"],
    ["extensions", ["Microsoft.Compute/virtualMachines/extensions/*"], [], "runs code"],
    ["reading commands", ["Microsoft.Compute/virtualMachines/runCommands/read"], [], undefined],
    ["restarting machines", ["Microsoft.Compute/virtualMachines/restart/action"], [], undefined],
    ["keys of one provider", ["Microsoft.Batch/batchAccounts/listKeys/action"], [], "keys"],
    ["keys of a provider that nobody knows", ["Contoso.Vault/boxes/*"], [], "keys"],
    ["all actions", ["*/action"], [], "takes over the tenant"],
    ["keys of storage", [`${storage}/*`], [], "keys"],
    ["all of storage but its keys", [`${storage}/*`], storageKeys, undefined],
    ["all of storage but some of its keys", [`${storage}/*`], storageKeys.slice(1), "keys"],
    [
      "all of storage but an action that is none",
      ["Microsoft.Storage/*"],
      ["Microsoft.Storage/listKeys/action"],
      "keys",
    ],
    [
      "all of storage but all keys there are",
      ["Microsoft.Storage/*"],
      ["*/listKeys/action", ...storageKeys],
      undefined,
    ],
    ["containers of storage", [`${storage}/blobServices/containers/*`], [], undefined],
    ["tickets and alerts", ["Microsoft.Support/*", "Microsoft.Insights/alertRules/*"], [], undefined],
    ["policies of vaults", ["Microsoft.KeyVault/vaults/*"], [], "access to data"],
    ["reading everything", ["*/read"], [], undefined],
  ])("%s", (_, actions, notActions, why) => {
    const found = privilegeOf(role(actions, notActions), group);
    if (why === undefined) expect(found).toBeUndefined();
    else expect(found).toContain(why);
  });

  test("what one permission takes back, another may give", () => {
    const [first] = role(["*/write"], ["*/write"]).permissions;
    const [second] = role(["Microsoft.Authorization/roleAssignments/write"]).permissions;
    const permissions = [first, second].filter((p) => p !== undefined);
    expect(privilegeOf({ permissions }, group)).toContain("assigns roles");
  });

  test("one permission that gives everything is enough", () => {
    const permissions = [...role(["*/read"]).permissions, ...role(["*"]).permissions];
    expect(privilegeOf({ permissions }, group)).toContain("every action");
  });

  test.each([
    ["all of it", [["*"]], true],
    ["by its segments", [["*/*"]], true],
    ["by one of two permissions", [["Microsoft.Storage/*/read"], ["*"]], true],
    ["that of one provider", [["Microsoft.Storage/*"]], false],
  ])("all data: %s", (_, lists, isPrivileged) => {
    const permissions = lists.map((dataActions) => ({
      actions: [],
      notActions: [],
      dataActions,
      notDataActions: [],
    }));
    const why = isPrivileged ? "it permits everything with all data (*)" : undefined;
    expect(privilegeOf({ permissions }, group)).toBe(why);
  });
});

test.each([
  ["Owner at a resource", owner, vaultScope, "every action"],
  ["Reader at a resource", reader, vaultScope, undefined],
  ["a data role at a group", secretsUser, group, undefined],
  ["any role at a subscription", reader, group.split("/").slice(0, 3).join("/"), "above a resource group"],
  [
    "any role at a management group",
    reader,
    "/providers/Microsoft.Management/managementGroups/mg",
    "management group",
  ],
  ["any role at the root", reader, "/", "above a resource group"],
])("%s", (_, definition, scope, why) => {
  const found = privilegeOf(definition, scope);
  if (why === undefined) expect(found).toBeUndefined();
  else expect(found).toContain(why);
});

interface BuiltIn {
  readonly roleName: string;
  readonly permissions: readonly RolePermission[];
}

test("of Azure's own roles these", () => {
  const file = new URL("../../sandbox/roles/built-in-roles.json", import.meta.url);
  const { definitions }: { definitions: BuiltIn[] } = JSON.parse(readFileSync(file, "utf8"));
  const privileged = definitions.filter((r) => privilegeOf(r, group) !== undefined).map((r) => r.roleName);
  expect(privileged.toSorted(byText)).toEqual([
    "Azure Event Hubs Data Owner",
    "Azure Kubernetes Service Cluster Admin Role",
    "Azure Kubernetes Service Contributor Role",
    "Azure Service Bus Data Owner",
    "Cognitive Services User",
    "Contributor",
    "DocumentDB Account Contributor",
    "Key Vault Contributor",
    "Key Vault Data Access Administrator",
    "Log Analytics Contributor",
    "Managed Identity Contributor",
    "Managed Identity Federated Identity Credential Contributor",
    "Managed Identity Operator",
    "Monitoring Contributor",
    "Owner",
    "Resource Policy Contributor",
    "Role Based Access Control Administrator",
    "SQL Managed Instance Contributor",
    "SQL Server Contributor",
    "Storage Account Contributor",
    "User Access Administrator",
    "Virtual Machine Contributor",
    "Virtual Machine Data Access Administrator (preview)",
    "Website Contributor",
  ]);
});

describe("wildcards", () => {
  test.each([
    ["*", "a/b/c", true],
    ["a/*/read", "a/b/read", true],
    ["a/*/read", "a/read", true],
    ["a/*/*/read", "a/read", true],
    ["a/**/read", "a/read", true],
    ["a/*/**/*/read", "a/read", true],
    ["a/*/*/read", "a/b/*/read", true],
    ["abc", "ab*", true],
    ["ab", "abc*", false],
    ["ab", "ab", true],
    ["ab", "a", false],
    ["a", "ab", false],
    ["a/*/read", "a/b/write", false],
    ["*/read", "a/b/read", true],
    ["a.b/c", "aXb/c", false],
    ["a/b", "a/b/c", false],
    ["a*", "*b", true],
    ["a*c", "*b*", true],
    ["a/*", "b/*", false],
    ["*/x", "*/y", false],
    ["", "a", false],
    ["", "*", true],
  ])("%s reaches %s: %s", (pattern, family, expected) => {
    expect(permitsAny(role([pattern]), family)).toBe(expected);
  });

  test.each([
    ["a", ["a*"], false],
    ["a", ["*a"], false],
    ["a/b", ["*a*"], false],
    ["a/b", ["*b*"], false],
    ["a/b", ["a*b"], false],
    ["a/b", ["a**b"], false],
    ["a/b", ["a", "b"], true],
    ["a", ["a*a"], true],
    ["aba", ["ab*ba"], true],
    ["a", ["*a*a*"], true],
    ["abab", ["*ab*ab*"], false],
    ["ab", ["*b*a*"], true],
  ])("%s without %j is permitted: %s", (action, notActions, expected) => {
    expect(permitsAny(role([action], notActions), action)).toBe(expected);
  });

  const word = fc.array(fc.constantFrom("a", "b", "/", "*"), { maxLength: 6 }).map((parts) => parts.join(""));
  const plain = fc.array(fc.constantFrom("a", "b", "/"), { maxLength: 6 }).map((parts) => parts.join(""));
  const fits = (pattern: string, text: string): boolean =>
    new RegExp(`^${pattern.replaceAll("*", "[^]*")}$`).test(text);

  test("nothing that an action permits escapes a family that it belongs to", () => {
    fc.assert(
      fc.property(word, word, word, plain, (action, family, taken, text) => {
        if (!fits(action, text) || !fits(family, text) || fits(taken, text)) return;
        expect(permitsAny(role([action], [taken]), family)).toBe(true);
      }),
      { numRuns: 20_000 },
    );
  });

  test("what is taken back in the same words is not permitted", () => {
    fc.assert(
      fc.property(word, word, (action, family) => {
        expect(permitsAny(role([action], [action]), family)).toBe(false);
        expect(permitsAny(role([action], [family]), family)).toBe(false);
      }),
    );
  });
});
