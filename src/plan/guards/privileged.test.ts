import { expect, test } from "vitest";
import type { DesiredGrant } from "../../desired/desired.ts";
import type { PrivilegedAllowance } from "../../model/policy.ts";
import {
  assignment,
  binding,
  desired,
  document,
  grantOf,
  group,
  linesOf,
  live,
  observed,
  owner,
  policy,
  reader,
  subscription,
  vaultScope,
  wanted,
} from "../fixtures.ts";
import { planFor } from "../plan-for.ts";

const definitionId = (guid: string) => `/providers/Microsoft.Authorization/roleDefinitions/${guid}`;
const byName: PrivilegedAllowance = { identity: "team/orders", roleName: "Owner", scope: vaultScope };
const byId: PrivilegedAllowance = {
  identity: "team/orders",
  roleDefinitionId: definitionId(owner.guid),
  scope: vaultScope,
};
const ownerByGuid: DesiredGrant = {
  kind: "azureRole",
  scope: vaultScope,
  role: { guid: owner.guid },
  document: document(),
};

function planned(allowances: readonly PrivilegedAllowance[], grant = grantOf("Owner"), see = {}) {
  return planFor(
    desired(wanted({ bindings: [binding([], [grant])] })),
    observed({ identities: [live()], ...see }),
    { ...policy, privileged: allowances },
  );
}

test.each<[string, readonly PrivilegedAllowance[], boolean]>([
  ["nothing", [], false],
  ["this, by the role's name", [byName], true],
  ["this, in other letters", [{ ...byName, roleName: "oWNER", scope: vaultScope.toUpperCase() }], true],
  ["this, by the role's id", [byId], true],
  [
    "this, by the id below the subscription, in capitals",
    [{ ...byId, roleDefinitionId: `${group}${definitionId(owner.guid)}`.toUpperCase() }],
    true,
  ],
  ["another identity", [{ ...byName, identity: "team/other" }], false],
  ["another identity, by the role's id", [{ ...byId, identity: "team/other" }], false],
  ["an identity that begins the same", [{ ...byName, identity: "team/orders-2" }], false],
  ["another role", [{ ...byName, roleName: "Contributor" }], false],
  ["another role, by its id", [{ ...byId, roleDefinitionId: definitionId(reader.guid) }], false],
  ["no role", [{ identity: "team/orders", scope: vaultScope }], false],
  ["a scope above", [{ ...byName, scope: group }], false],
  ["a scope below", [{ ...byName, scope: `${vaultScope}/secrets/s` }], false],
  [
    "each part of it in another line",
    [
      { ...byName, identity: "team/other" },
      { ...byName, roleName: "Contributor" },
      { ...byName, scope: group },
    ],
    false,
  ],
  ["this, after others", [{ ...byName, identity: "team/other" }, byName], true],
])("the policy allows %s", (_, allowances, isAllowed) => {
  for (const grant of [grantOf("Owner"), ownerByGuid]) {
    const line = isAllowed ? "grant Owner" : "Privileged: grant Owner";
    expect(linesOf(planned(allowances, grant))).toEqual([line]);
  }
});

test("what is said, and the line that would allow it", () => {
  const [held] = planned([]).held;
  expect(held).toMatchObject({
    message: `Owner at ${vaultScope} is privileged: it permits every action (*).`,
    cure: `Allow { identity: team/orders, roleName: Owner, scope: ${vaultScope} } under privileged in the policy, or release this set by its digest.`,
    releasable: true,
  });
});

test("taking it away needs no word, another condition does", () => {
  const see = { assignments: [assignment(owner)] };
  const none = planFor(desired(wanted()), observed({ identities: [live()], ...see }), policy);
  expect(linesOf(none)).toEqual(["revoke Owner"]);
  const conditional = grantOf("Owner", vaultScope, "@Resource[x] StringEquals 'y'");
  expect(linesOf(planned([], conditional, see))).toEqual(["Privileged: update Owner"]);
});

test("a role that is not found is held for that, above a resource group too", () => {
  const grant = grantOf("Nobody", `/subscriptions/${subscription}`);
  const found = planned([{ ...byName, roleName: "Nobody", scope: grant.scope }], grant);
  expect(linesOf(found)).toEqual(["RoleNotFound: grant Nobody"]);
  expect(found.held[0]?.releasable).toBe(false);
});

test("a custom role is judged by its own actions, whatever its name and whoever may be allowed its namesake's", () => {
  const custom = {
    ...owner,
    guid: "eeeeeeee-0000-4000-8000-000000000001",
    roleName: "Harmless",
    isCustom: true,
  };
  const roles = new Map([[`/subscriptions/${subscription}`, [reader, custom]]]);
  const plan = planFor(
    desired(wanted({ bindings: [binding([], [grantOf("Harmless")])] })),
    observed({ identities: [live()] }, { roles }),
    { ...policy, privileged: [byName, byId] },
  );
  expect(linesOf(plan)).toEqual(["Privileged: grant Harmless"]);
});
