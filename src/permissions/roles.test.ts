import { expect, test } from "vitest";
import {
  binding,
  desired,
  document,
  grantOf,
  group,
  namedVm,
  policy,
  reader,
  secretsUser,
  subscription,
  vaultScope,
  vmId,
  wanted,
} from "../plan/fixtures.ts";
import { delegationCondition } from "./condition.ts";
import { databaseScriptsOf } from "./databases.ts";
import { needsOf } from "./needs.ts";
import { roleGuidsOf, scopesOfNamedRoles } from "./role-guids.ts";
import { rolesFor } from "./roles.ts";

const root = `/subscriptions/${subscription}`;
const sample = desired(
  wanted({
    bindings: [
      binding(
        [namedVm("vm-1"), namedVm("vm-2")],
        [grantOf("Key Vault Secrets User"), grantOf("Reader"), grantOf("Reader", group)],
      ),
    ],
  }),
);

test("one role for each set of actions, assigned where they are needed, delegated ones under their condition", () => {
  const { at, unresolved } = roleGuidsOf(sample, new Map([[root, [reader, secretsUser]]]));
  expect(unresolved).toEqual([]);
  const roles = rolesFor(needsOf(sample, policy, "apply"), "prod", at);
  const both = delegationCondition([secretsUser.guid, reader.guid]);
  expect(
    roles.map(({ definition, assignments }) => [definition.Name, definition.AssignableScopes, assignments]),
  ).toEqual([
    ["Bindery prod (plan)", [root], [{ scope: root }]],
    [
      "Bindery prod (grants, revokes)",
      [group],
      [
        { scope: group, condition: delegationCondition([reader.guid]) },
        { scope: vaultScope, condition: both },
      ],
    ],
    ["Bindery prod (attaching, identities, tags)", [group], [{ scope: group }]],
    ["Bindery prod (machines)", [group], [{ scope: vmId("vm-1") }, { scope: vmId("vm-2") }]],
  ]);
});

test("a custom role has one management group at most", () => {
  const estate = { subscriptions: [subscription], managementGroups: ["one", "two"] };
  const roles = rolesFor(needsOf(desired(), { estate }, "plan"), "prod", new Map());
  expect(roles.map(({ definition }) => [definition.Name, definition.AssignableScopes])).toEqual([
    ["Bindery prod (plan) in one", ["/providers/Microsoft.Management/managementGroups/one"]],
    ["Bindery prod (plan) in two", ["/providers/Microsoft.Management/managementGroups/two"]],
    ["Bindery prod (plan)", [root]],
  ]);
});

test("a role that nobody knows by its name is told; one that a document names by its GUID need not be known", () => {
  const { unresolved } = roleGuidsOf(sample, new Map([[root, [reader]]]));
  expect(unresolved.map(({ name }) => name)).toEqual(["Key Vault Secrets User"]);
  const grant = { ...grantOf("x"), role: { guid: reader.guid.toUpperCase() } };
  const named = desired(wanted({ bindings: [binding([], [grant])] }));
  expect(scopesOfNamedRoles(named)).toEqual([]);
  expect([...roleGuidsOf(named, new Map()).at.values()]).toEqual([[reader.guid]]);
});

test("the condition has the form of Azure's template", () => {
  expect(delegationCondition(["a", "b"])).toBe(
    "((!(ActionMatches{'Microsoft.Authorization/roleAssignments/write'})) OR (@Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {a, b} AND @Request[Microsoft.Authorization/roleAssignments:PrincipalType] ForAnyOfAnyValues:StringEqualsIgnoreCase {'ServicePrincipal'})) AND ((!(ActionMatches{'Microsoft.Authorization/roleAssignments/delete'})) OR (@Resource[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {a, b} AND @Resource[Microsoft.Authorization/roleAssignments:PrincipalType] ForAnyOfAnyValues:StringEqualsIgnoreCase {'ServicePrincipal'}))",
  );
});

test.each<readonly [string, readonly string[], number, "plan" | "apply", readonly string[]]>([
  ["a fixed role", ["db_datareader"], 0, "apply", ["user", "isOwner"]],
  ["permissions", [], 1, "apply", ["user", "controls"]],
  ["a custom role", ["order_reader"], 0, "apply", ["user", "seesAll", "altersUsers", "altersRoles"]],
  ["a user alone", [], 0, "apply", ["user", "seesAll", "altersUsers"]],
  ["planning", ["db_datareader"], 1, "plan", ["user", "seesAll"]],
])("in a database, %s", (_, roles, permissions, purpose, rights) => {
  const database = {
    ref: { server: "sql.database.windows.net", database: "orders" },
    userName: "id",
    userFrom: "Sid" as const,
    roles,
    permissions: Array(permissions).fill({ permission: "EXECUTE", securable: { class: "database" } }),
    document: document(),
  };
  const one = desired(wanted({ bindings: [binding([], [], false, [database])] }));
  const scripts = databaseScriptsOf(one, purpose, (right) => `give ${right}`);
  expect(scripts.map(({ statements }) => statements)).toEqual([rights.map((right) => `give ${right}`)]);
});
