import { expect, test } from "vitest";
import type { RolePermission } from "../model/grant.ts";
import { group, vaultScope, vmId } from "../plan/fixtures.ts";
import { verdictOn } from "./permits.ts";

const write = "Microsoft.Compute/virtualMachines/write";
const assign = "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action";

function permission(actions: readonly string[], notActions: readonly string[] = []): RolePermission {
  return { actions, notActions, dataActions: [], notDataActions: [] };
}

test.each<readonly [string, readonly RolePermission[], string, boolean]>([
  ["nothing", [], write, false],
  ["the very action", [permission([write])], write, true],
  ["in another case", [permission([write.toUpperCase()])], write, true],
  ["a wildcard", [permission(["Microsoft.Compute/*"])], write, true],
  ["everything", [permission(["*"])], write, true],
  ["another action", [permission(["Microsoft.Compute/virtualMachines/read"])], write, false],
  ["one that is taken back", [permission(["*"], ["*/write"])], write, false],
  [
    "taken back by one role, given by another",
    [permission(["*"], [write]), permission([write])],
    write,
    true,
  ],
  [
    "Managed Identity Operator",
    [permission(["Microsoft.ManagedIdentity/userAssignedIdentities/*/assign/action"])],
    assign,
    true,
  ],
  ["every read", [permission(["*/read"])], "*/read", true],
  ["everything, of which every read", [permission(["*"])], "*/read", true],
  ["every read of a provider", [permission(["Microsoft.Compute/*/read"])], "*/read", false],
  ["every read but some", [permission(["*"], ["Microsoft.KeyVault/*/read"])], "*/read", false],
  [
    "everything but what assigns roles",
    [permission(["*"], ["Microsoft.Authorization/*/write"])],
    "*/read",
    true,
  ],
])("%s", (_, permissions, action, isPermitted) => {
  const { missing, unknown } = verdictOn(
    [{ scope: group, action }],
    new Map([[group.toLowerCase(), permissions]]),
  );
  expect([missing.length, unknown.length]).toEqual([isPermitted ? 0 : 1, 0]);
});

const may = [permission([write])];
const mayNot = [permission(["*/read"])];
const failed = { unreadable: "no" };

test.each<
  readonly [
    string,
    Parameters<typeof verdictOn>[1] extends ReadonlyMap<string, infer V> ? readonly [V?, V?] : never,
    string,
  ]
>([
  ["what the group permits, the machine does", [may], "permitted"],
  ["what only the machine permits", [mayNot, may], "permitted"],
  ["what neither permits", [mayNot, mayNot], "missing"],
  ["what the group does not permit, and nobody asked the machine", [mayNot], "unknown"],
  ["a machine that is not there has what its group has", [mayNot, "gone"], "missing"],
  ["a machine that cannot be asked", [mayNot, failed], "unknown"],
  ["a group that cannot be asked", [failed, mayNot], "missing"],
  ["neither can be asked", [failed, failed], "unknown"],
  ["nothing is known", [], "unknown"],
])("%s: %s", (_, [ofGroup, ofMachine], expected) => {
  const scope = vmId("vm");
  const held = new Map([
    ...(ofGroup === undefined ? [] : [[group.toLowerCase(), ofGroup] as const]),
    ...(ofMachine === undefined ? [] : [[scope.toLowerCase(), ofMachine] as const]),
  ]);
  const { missing, unknown } = verdictOn([{ scope, action: write }], held);
  expect(missing.length > 0 ? "missing" : unknown.length > 0 ? "unknown" : "permitted").toBe(expected);
});

test("an answer for one scope says nothing of another", () => {
  const { unknown } = verdictOn(
    [{ scope: vaultScope.replace("/rg/", "/other/"), action: write }],
    new Map([[group.toLowerCase(), may]]),
  );
  expect(unknown).toHaveLength(1);
});
