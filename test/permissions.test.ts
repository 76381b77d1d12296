// With just the rights that `bindery permissions` names everything applies, and each of them that is missing is named before.
import { afterEach, describe, expect, test } from "vitest";
import { byText } from "../src/model/order.ts";
import { admin } from "./support/admin.ts";
import { type LeastRights, leastRights, sampleRepository } from "./support/least-rights.ts";

const { documents, policy } = sampleRepository();
const P = "0b1f6471-0000-4000-8000-00000000a001";
const group = (name: string): string => `/subscriptions/${P}/resourceGroups/${name}`;
const vault = `${group("rg-orders")}/providers/Microsoft.KeyVault/vaults/kv-orders`;
const identityOf = (name: string): string =>
  `${group("rg-identities")}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/${name}`;

let bindery: LeastRights;
afterEach(() => bindery.sandbox.close());

async function start(text = documents): Promise<void> {
  bindery = await leastRights(text, policy);
}

function sorted(texts: Iterable<string>): readonly string[] {
  return [...new Set(texts)].toSorted(byText);
}

/** What an apply came to: the codes of what failed, by the ids of the changes. */
async function failures(text?: string): Promise<ReadonlyMap<string, string>> {
  bindery.sandbox.advance(120_000);
  const { passes } = await bindery.apply(text);
  const failed = passes.flatMap(({ report }) => report.outcomes).filter(({ state }) => state === "failed");
  return new Map(failed.map(({ change, code = "" }) => [change.id, code]));
}

/** Somebody else trusts a branch with id-orders, and gives id-reporting a role that documents give to another. */
async function meddle(): Promise<void> {
  const { world } = bindery.sandbox;
  const credential = `${identityOf("id-orders")}/federatedIdentityCredentials/other`;
  await admin(bindery.sandbox, "PUT", `resources?id=${encodeURIComponent(credential)}`, {
    properties: {
      issuer: "https://token.actions.githubusercontent.com",
      subject: "repo:x",
      audiences: ["api://AzureADTokenExchange"],
    },
  });
  const principalId = world.resources.get(identityOf("id-reporting"))?.properties?.principalId;
  await admin(bindery.sandbox, "POST", "role-assignments", {
    scope: vault,
    role: "Key Vault Secrets User",
    principalId,
  });
  bindery.sandbox.advance(120_000);
}

const secondState = [
  "Microsoft.Authorization/roleAssignments/delete",
  "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/delete",
];

test("with just these rights the sample repository applies, drift goes, and nothing is left to do", async () => {
  await start();
  expect(await bindery.check()).toEqual({ missing: [], unknown: [] });
  expect(await failures()).toEqual(new Map());
  await meddle();
  const kinds = (await bindery.plan()).changes.map(({ kind, subject }) => `${kind} ${subject.kind}`);
  expect(sorted(kinds)).toEqual(["revoke role", "update credential"]);
  expect(await failures()).toEqual(new Map());
  bindery.sandbox.advance(120_000);
  const { changes, held, warnings } = await bindery.plan();
  expect([changes, held]).toEqual([[], []]);
  expect(warnings.filter(({ code }) => code.startsWith("Permission"))).toEqual([]);
}, 180_000);

describe("one action taken away", () => {
  test("every action of every role is named by the check, where it is missing and nowhere else", async () => {
    await start();
    const { roles, needs } = bindery.report;
    const actions = sorted(roles.flatMap(({ definition }) => definition.Actions));
    expect(actions.length).toBeGreaterThan(20);
    for (const action of actions) {
      bindery.without(action);
      const { missing, unknown } = await bindery.check();
      expect([action, unknown]).toEqual([action, []]);
      expect(missing).toEqual(needs.filter((need) => need.action === action));
    }
    bindery.without();
    expect(await bindery.check()).toEqual({ missing: [], unknown: [] });
  }, 180_000);

  test.each([
    "Microsoft.Authorization/roleAssignments/write",
    "Microsoft.Compute/virtualMachines/write",
    "Microsoft.Compute/virtualMachineScaleSets/write",
    "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action",
    "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/write",
    "Microsoft.ManagedIdentity/userAssignedIdentities/write",
    "Microsoft.Resources/tags/write",
    ...secondState,
  ])(
    "the plan names %s beside exactly the changes that then fail",
    async (action) => {
      await start();
      if (secondState.includes(action)) {
        await failures();
        await meddle();
      }
      bindery.without(action);
      const { warnings } = await bindery.plan();
      const said = warnings.filter(({ code }) => code.startsWith("Permission"));
      expect(sorted(said.map(({ about = "" }) => about))).toEqual([action]);
      const named = sorted(said.flatMap(({ changeIds = [] }) => changeIds));
      const failed = await failures();
      expect(sorted(failed.values()).filter((code) => !/^(Linked)?AuthorizationFailed$/.test(code))).toEqual(
        [],
      );
      expect(sorted(failed.keys())).toEqual(named);
      expect(named.length).toBeGreaterThan(0);
    },
    180_000,
  );

  test("the list above is every action that writes", async () => {
    await start();
    const writes = bindery.report.roles.flatMap(({ definition }) => definition.Actions);
    expect(sorted(writes.filter((action) => !action.endsWith("/read")))).toHaveLength(9);
  });
});

describe("what the sample repository has not", () => {
  const identity = (spec: string) => `apiVersion: bindery.dev/v1alpha1
kind: UserAssignedIdentity
metadata: { name: id-a, namespace: team-orders }
spec: { subscriptionId: ${P}, resourceGroup: rg-identities, prunePolicy: Authoritative, ${spec} }
`;
  const bound = (targets: string) => `${identity("location: westeurope")}---
apiVersion: bindery.dev/v1alpha1
kind: IdentityBinding
metadata: { name: id-a, namespace: team-orders }
spec: { identityRef: { name: id-a }, targets: [${targets}] }
`;
  const rolledOut = bound(
    "{ virtualMachineScaleSet: { resourceGroup: rg-orders, name: vmss-orders, instanceUpgrade: Automatic } }",
  );
  const [empty, released, absent] = [
    bound(""),
    identity("lifecycle: Released"),
    identity("lifecycle: Absent"),
  ];

  /** What the plan says is missing: the actions and the kinds of change beside which they stand. */
  async function lacking(): Promise<readonly string[]> {
    bindery.sandbox.advance(120_000);
    const { warnings, changes } = await bindery.plan();
    return warnings.flatMap(({ code, about, changeIds = [] }) => {
      if (!code.startsWith("Permission")) return [];
      const kinds = changes.filter(({ id }) => changeIds.includes(id)).map(({ kind }) => kind);
      return [`${code} ${about} ${kinds.join(",")}`];
    });
  }

  test("a roll-out takes one right more, which the plan names where it is missing", async () => {
    await start(rolledOut);
    const action = "Microsoft.Compute/virtualMachineScaleSets/manualUpgrade/action";
    bindery.without(action);
    expect(await lacking()).toEqual([`PermissionMissing ${action} update`]);
    expect([...(await failures()).values()]).toEqual(["AuthorizationFailed"]);
    bindery.without();
    expect(await failures()).toEqual(new Map());
  });

  test("a line that is gone takes its right with it: the plan names what the detach needs", async () => {
    await start(rolledOut);
    await failures();
    const rolled = bindery;
    bindery = await leastRights(empty, policy, rolled.sandbox);
    expect((await bindery.check()).missing).toEqual([]);
    expect(await lacking()).toEqual([
      "PermissionMissing Microsoft.Compute/virtualMachineScaleSets/write detach",
    ]);
  });

  test.each([
    ["Released", released, "Microsoft.Resources/tags/write", "release"],
    ["Absent", absent, "Microsoft.ManagedIdentity/userAssignedIdentities/delete", "delete"],
  ])(
    "%s: just these rights are enough, and none is too many",
    async (_, text, action, kind) => {
      await start(empty);
      expect(await failures()).toEqual(new Map());
      bindery = await leastRights(text, policy, bindery.sandbox);
      bindery.without(action);
      expect((await bindery.check()).missing.map((need) => need.action)).toEqual([action]);
      expect(await lacking()).toEqual([`PermissionMissing ${action} ${kind}`]);
      expect([...(await failures()).values()]).toEqual(["AuthorizationFailed"]);
      bindery.without();
      expect(await failures()).toEqual(new Map());
      bindery.sandbox.advance(120_000);
      expect((await bindery.plan()).changes).toEqual([]);
    },
    120_000,
  );

  test("what is deleted is looked for everywhere: every read is needed, and its lack is named", async () => {
    await start(absent);
    const [estate] = bindery.report.roles;
    expect(estate?.definition.Actions).toEqual(["*/read"]);
    bindery.without("*/read");
    expect((await bindery.check()).missing.map((need) => need.action)).toEqual(["*/read", "*/read"]);
  });
});

describe("where permissions cannot be read", () => {
  test("the plan says so once, and the check does not call anything permitted or missing", async () => {
    await start();
    bindery.sandbox.faults.add({
      path: "**/providers/Microsoft.Authorization/permissions",
      status: 403,
      body: { error: { code: "AuthorizationFailed", message: "Nobody may ask." } },
    });
    const { missing, unknown } = await bindery.check();
    expect([missing.length, unknown.length]).toEqual([0, bindery.report.needs.length]);
    const said = (await bindery.plan()).warnings.filter(({ code }) => code.startsWith("Permission"));
    expect(said.map(({ code }) => code)).toEqual(["PermissionsUnknown"]);
    expect(said[0]?.message).toContain("Nobody may ask.");
  });
});

describe("the condition", () => {
  const roles = {
    secretsUser: "4633458b-17de-408a-b874-0445c86b69e6",
    contributor: "b24988ac-6180-42a0-ab88-20f7382dd24c",
  };
  async function assign(role: string, principalType: string, scope = vault): Promise<number> {
    const name = "7d5f4a52-0c7e-4a1b-9a57-5f9c86a6c1d0";
    const properties = {
      roleDefinitionId: `/subscriptions/${P}/providers/Microsoft.Authorization/roleDefinitions/${role}`,
      principalId: "9a9a9a9a-0000-4000-8000-000000000001",
      principalType,
    };
    const path = `${scope}/providers/Microsoft.Authorization/roleAssignments/${name}?api-version=2022-04-01`;
    return (await bindery.send("PUT", path, { properties })).status;
  }

  test("lets Bindery assign the documents' roles to service principals, and nothing else", async () => {
    await start();
    expect(await assign(roles.contributor, "ServicePrincipal")).toBe(403);
    expect(await assign(roles.secretsUser, "User")).toBe(403);
    expect(await assign(roles.secretsUser, "ServicePrincipal", group("rg-orders"))).toBe(403);
    expect(await assign(roles.secretsUser, "ServicePrincipal")).toBe(201);
  });

  test("lets it take away only those", async () => {
    await start();
    const principalId = "9a9a9a9a-0000-4000-8000-000000000001";
    await admin(bindery.sandbox, "POST", "role-assignments", {
      scope: vault,
      role: "Contributor",
      principalId,
    });
    const id = bindery.sandbox.world.roleAssignments.values().find((a) => a.principalId === principalId)?.id;
    expect((await bindery.send("DELETE", `${id}?api-version=2022-04-01`)).status).toBe(403);
  });
});
