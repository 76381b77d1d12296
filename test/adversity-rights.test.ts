// What stands in Bindery's way by right: locks, deny assignments, policies, missing roles, machines that go away.
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Convergence } from "../src/controller/converge.ts";
import { linesOf } from "../src/plan/fixtures.ts";
import { type Sandbox, startSandbox } from "../src/sandbox/start.ts";
import { admin, attachedTo, resourcePath } from "./support/admin.ts";
import { type Harness, harnessFor } from "./support/harness.ts";

const speed = 20;
const P = "0b1f6471-0000-4000-8000-00000000a001";
const groupId = (name: string) => `/subscriptions/${P}/resourceGroups/${name}`;
const identityId = `${groupId("rg-identities")}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-a`;
const vmId = (name: string, group = "rg-orders") =>
  `${groupId(group)}/providers/Microsoft.Compute/virtualMachines/${name}`;
const vault = `${groupId("rg-orders")}/providers/Microsoft.KeyVault/vaults/kv-orders`;
const [secretsUser, vaultReader] = ["Key Vault Secrets User", "Key Vault Reader"];

let sandbox: Sandbox;
let bindery: Harness;

beforeEach(async () => {
  sandbox = await startSandbox({ speed });
  bindery = harnessFor(sandbox, speed);
});
afterEach(() => sandbox.close());

interface Wish {
  readonly spec?: string;
  readonly machines?: readonly string[];
  readonly role?: string;
}

/** Documents of the identity id-a. */
function documents({ spec = "prunePolicy: Authoritative", machines = [], role }: Wish = {}): string {
  const targets = machines.map((m) => `{ virtualMachine: { resourceGroup: rg-orders, name: ${m} } }`);
  const grants = role === undefined ? "" : `{ azureRole: { roleName: ${role}, scope: ${vault} } }`;
  return `apiVersion: bindery.dev/v1alpha1
kind: UserAssignedIdentity
metadata: { name: id-a, namespace: team }
spec: { subscriptionId: ${P}, resourceGroup: rg-identities, location: westeurope, ${spec} }
---
apiVersion: bindery.dev/v1alpha1
kind: IdentityBinding
metadata: { name: id-a, namespace: team }
spec: { identityRef: { name: id-a }, targets: [${targets.join(", ")}], grants: [${grants}] }
`;
}

/** What one apply came to, each outcome once although several passes may have met it. */
async function applied(text: string): Promise<readonly string[]> {
  sandbox.advance(120_000);
  const { passes }: Convergence = await bindery.apply(text);
  const lines = passes.flatMap((p) =>
    p.report.outcomes.map((o) =>
      [o.state, o.change.kind, ...(o.code === undefined ? [] : [o.code])].join(" "),
    ),
  );
  return [...new Set(lines)].toSorted((a, b) => a.localeCompare(b));
}

async function planned(text: string): Promise<readonly string[]> {
  sandbox.advance(120_000);
  return linesOf(await bindery.plan(text));
}

/** The message of the first failure of an apply. */
async function failureOf(text: string): Promise<string | undefined> {
  sandbox.advance(120_000);
  const { passes } = await bindery.apply(text);
  return passes.flatMap((p) => p.report.outcomes).find((o) => o.state === "failed")?.message;
}

function machines(...numbers: readonly number[]): readonly string[] {
  return numbers.map((n) => attachedTo(sandbox, vmId(`vm-orders-${n}`)).join());
}

/** The roles that are assigned at the vault, by name. */
function rolesAtVault(): readonly string[] {
  const definitions = sandbox.world.roleDefinitions.values();
  return sandbox.world.roleAssignments
    .values()
    .filter((a) => a.scope === vault)
    .map((a) => definitions.find((d) => a.roleDefinitionId.endsWith(d.name))?.roleName ?? "?");
}

describe("locks", () => {
  test("ReadOnly on a target: that change fails with the lock named, the rest goes on, and stays so", async () => {
    await admin(sandbox, "POST", "locks", { scope: vmId("vm-orders-1"), level: "ReadOnly" });
    const text = documents({ machines: ["vm-orders-1", "vm-orders-2"], role: secretsUser });
    expect(await applied(text)).toEqual([
      "applied attach",
      "applied create",
      "applied grant",
      "applied update",
      "failed attach ScopeLocked",
    ]);
    expect(machines(1, 2)).toEqual(["", "id-a"]);
    expect(await planned(text)).toEqual(["attach vm-orders-1"]);
    expect(await failureOf(text)).toContain(`are locked: '${vmId("vm-orders-1")}'`);
    await admin(
      sandbox,
      "DELETE",
      resourcePath(`${vmId("vm-orders-1")}/providers/Microsoft.Authorization/locks/lock`),
    );
    expect(await applied(text)).toEqual(["applied attach"]);
    expect(await planned(text)).toEqual([]);
  });

  test("CanNotDelete on the group: revoking fails, attaching, detaching and granting do not", async () => {
    await applied(documents({ machines: ["vm-orders-1"], role: secretsUser }));
    await admin(sandbox, "POST", "locks", { scope: groupId("rg-orders"), level: "CanNotDelete" });
    const text = documents({ machines: ["vm-orders-2"], role: vaultReader });
    expect(await applied(text)).toEqual([
      "applied attach",
      "applied detach",
      "applied grant",
      "failed revoke ScopeLocked",
    ]);
    expect(machines(1, 2)).toEqual(["", "id-a"]);
    expect(await planned(text)).toEqual([`revoke ${secretsUser}`]);
  });

  test("CanNotDelete on the identity: it is emptied and stays", async () => {
    await applied(documents({ machines: ["vm-orders-1"], role: secretsUser }));
    await admin(sandbox, "POST", "locks", { scope: identityId, level: "CanNotDelete" });
    const absent = documents({ spec: "prunePolicy: Additive, lifecycle: Absent" });
    expect(await applied(absent)).toEqual(["applied detach", "applied revoke", "failed delete ScopeLocked"]);
    expect(sandbox.world.resources.has(identityId)).toBe(true);
    expect(await planned(absent)).toEqual(["delete id-a"]);
  });

  test.each([
    ["letsAssign", ["applied attach", "failed update ScopeLocked"], "id-a"],
    ["refusesAssign", ["failed attach ScopeLocked", "failed update ScopeLocked"], ""],
  ] as const)(
    "ReadOnly on the identity, which %s: its own tags stay as they are",
    async (state, done, at) => {
      await applied(documents());
      await admin(sandbox, "PATCH", "switches", { readOnlyLockOnIdentity: state });
      await admin(sandbox, "POST", "locks", { scope: identityId, level: "ReadOnly" });
      const spec = 'prunePolicy: Authoritative, tags: { cost-center: "42" }';
      expect(await applied(documents({ spec, machines: ["vm-orders-1"] }))).toEqual(done);
      expect(machines(1)).toEqual([at]);
    },
  );
});

test("a deny assignment: that change fails with its name, the rest goes on, and stays so", async () => {
  const name = "System deny assignment created by managed application /subscriptions/…";
  await admin(sandbox, "POST", "deny-assignments", {
    name,
    scope: vmId("vm-orders-1"),
    actions: ["*/write"],
  });
  const text = documents({ machines: ["vm-orders-1", "vm-orders-2"] });
  expect(await applied(text)).toContain("failed attach DenyAssignmentAuthorizationFailed");
  expect(machines(1, 2)).toEqual(["", "id-a"]);
  expect(await planned(text)).toEqual(["attach vm-orders-1"]);
  expect(await failureOf(text)).toContain(name);
});

describe("policies", () => {
  test("deny: that change fails with the policy named, the rest goes on, and stays so", async () => {
    await admin(sandbox, "POST", "policies", {
      name: "owners-only",
      displayName: "Machines of orders are frozen",
      scope: groupId("rg-orders"),
      notScopes: [vmId("vm-orders-2")],
      effect: "Deny",
      when: { types: ["Microsoft.Compute/virtualMachines"] },
    });
    const text = documents({ machines: ["vm-orders-1", "vm-orders-2"] });
    expect(await applied(text)).toContain("failed attach RequestDisallowedByPolicy");
    expect(machines(1, 2)).toEqual(["", "id-a"]);
    expect(await planned(text)).toEqual(["attach vm-orders-1"]);
    expect(await failureOf(text)).toContain("Machines of orders are frozen");
  });

  test("modify: a tag that comes back different is never called applied, and stops nothing else", async () => {
    await admin(sandbox, "POST", "policies", {
      name: "cost-center",
      scope: groupId("rg-identities"),
      effect: "Modify",
      when: {},
      tags: [{ operation: "addOrReplace", name: "Cost-Center", value: "99" }],
    });
    const spec = 'prunePolicy: Authoritative, tags: { cost-center: "42", team: orders }';
    const text = documents({ spec, machines: ["vm-orders-1"] });
    const done = await applied(text);
    expect(done).toContain("applied attach");
    expect(done.filter((line) => line.startsWith("failed"))).toEqual(["failed update OverriddenByPolicy"]);
    const { tags } = sandbox.world.resources.get(identityId) ?? {};
    expect(tags).toMatchObject({ "Cost-Center": "99", team: "orders", "bindery-owner": "test" });
    expect(await planned(text)).toEqual(["update tags cost-center"]);
    expect(await applied(text)).toEqual(["failed update OverriddenByPolicy"]);
  });

  test("an owner tag that is taken off at birth: the identity is not ours, and gets nothing", async () => {
    await admin(sandbox, "POST", "policies", {
      name: "no-tools",
      scope: groupId("rg-identities"),
      effect: "Modify",
      when: {},
      tags: [{ operation: "remove", name: "bindery-owner" }],
    });
    const text = documents({ machines: ["vm-orders-1"], role: secretsUser });
    const done = await applied(text);
    expect(done).toContain("failed create OverriddenByPolicy");
    expect(done.filter((line) => line.startsWith("applied"))).toEqual([]);
    expect(machines(1)).toEqual([""]);
    expect(rolesAtVault()).toEqual([]);
    expect((await planned(text)).every((line) => line.startsWith("NotOwned: "))).toBe(true);
  });
});

test.each(["400", "404"])(
  "a role that is gone by the time is told with %s: that grant fails, the rest goes on",
  async (state) => {
    await admin(sandbox, "PATCH", "switches", { missingRoleStatus: state });
    const { roleDefinitions } = sandbox.world;
    const guid = roleDefinitions.values().find((d) => d.roleName === vaultReader)?.name ?? "";
    const text = documents({ machines: ["vm-orders-1"], role: vaultReader });
    const { passes } = await bindery.apply(text, {
      maxPasses: 1,
      onPlan: () => roleDefinitions.delete(guid),
    });
    const failed = passes.flatMap((p) => p.report.outcomes).filter((o) => o.state !== "applied");
    expect(failed.map((o) => [o.change.kind, o.state, o.code])).toEqual([
      ["grant", "failed", "RoleDefinitionDoesNotExist"],
    ]);
    expect(machines(1)).toEqual(["id-a"]);
  },
);

describe("machines that go away", () => {
  test("one that is being deleted is held, and the rest goes on", async () => {
    await admin(sandbox, "PATCH", resourcePath(vmId("vm-orders-1")), {
      properties: { provisioningState: "Deleting" },
    });
    const text = documents({ machines: ["vm-orders-1", "vm-orders-2"] });
    await applied(text);
    expect(machines(1, 2)).toEqual(["", "id-a"]);
    expect(await planned(text)).toEqual(["TargetBusy: attach vm-orders-1"]);
  });

  test("one that was moved is not found where it was, and is not touched where it is", async () => {
    const text = documents({ machines: ["vm-orders-1", "vm-orders-2"] });
    await applied(documents({ machines: ["vm-orders-2"] }));
    await admin(sandbox, "POST", "move", { id: vmId("vm-orders-1"), resourceGroup: groupId("rg-shared") });
    expect(await planned(text)).toEqual(["TargetNotFound: attach vm-orders-1"]);
    expect(await applied(text)).toEqual([]);
    expect(attachedTo(sandbox, vmId("vm-orders-1", "rg-shared"))).toEqual([]);
  });

  test.each([
    ["keepsIdentity", "id-a"],
    ["rollsBack", ""],
  ])("a broken extension fails the operation, not the rest; what is shown counts: %s", async (state, at) => {
    await admin(sandbox, "PATCH", "switches", { brokenExtension: state });
    await admin(sandbox, "PUT", resourcePath(`${vmId("vm-orders-1")}/extensions/custom`), {
      properties: { provisioningState: "Failed" },
    });
    const text = documents({ machines: ["vm-orders-1", "vm-orders-2"] });
    const done = await applied(text);
    expect(done.includes("failed attach VMExtensionProvisioningError")).toBe(at === "");
    expect(machines(1, 2)).toEqual([at, "id-a"]);
    expect(await planned(text)).toEqual(at === "" ? ["attach vm-orders-1"] : []);
  });
});

describe("a role that Privileged Identity Management gave for a time", () => {
  const text = documents({ machines: ["vm-orders-1"] });

  /** Gives id-a a role at the vault; with an end if it is scheduled. */
  async function give(endsInMs?: number): Promise<void> {
    const principalId = sandbox.world.resources.get(identityId)?.properties?.principalId;
    await admin(sandbox, "POST", "role-assignments", { scope: vault, role: vaultReader, principalId });
    const id = sandbox.world.roleAssignments.values().find((a) => a.principalId === principalId)?.id;
    if (endsInMs !== undefined) {
      await admin(sandbox, "POST", "role-schedules", { roleAssignment: id, endsInMs });
    }
  }

  test("is never pruned, and keeps an identity that is to go until it ends", async () => {
    await applied(text);
    await give(3_600_000);
    expect(await planned(text)).toEqual([`TimeBound: revoke ${vaultReader}`]);
    expect(await applied(text)).toEqual([]);
    expect(rolesAtVault()).toEqual([vaultReader]);
    const absent = documents({ spec: "prunePolicy: Additive, lifecycle: Absent" });
    expect(await applied(absent)).toEqual(["applied detach"]);
    expect(sandbox.world.resources.has(identityId)).toBe(true);
    sandbox.advance(3_600_000);
    // It ends before the next request is answered, whichever that is; lists show it a while longer.
    await admin(sandbox, "GET", "requests");
    expect(rolesAtVault()).toEqual([]);
    expect(await applied(absent)).toEqual(["applied delete"]);
  });

  test("is told from a permanent one, which is pruned; without the licence there is none", async () => {
    await applied(text);
    await give();
    expect(await planned(text)).toEqual([`revoke ${vaultReader}`]);
    await admin(sandbox, "POST", "faults", {
      path: "**/roleAssignmentScheduleInstances",
      status: 400,
      body: { error: { code: "AadPremiumLicenseRequired", message: "The tenant has no such licence." } },
    });
    expect(await applied(text)).toEqual(["applied revoke"]);
    expect(rolesAtVault()).toEqual([]);
  });
});

test("keys that come back in another casing are the same keys", async () => {
  await admin(sandbox, "PATCH", "switches", { tagKeys: "lowered", identityKeys: "lowered" });
  const spec = 'prunePolicy: Authoritative, tags: { Cost-Center: "42" }';
  const text = documents({ spec, machines: ["vm-orders-1", "vm-orders-5"], role: secretsUser });
  expect((await applied(text)).filter((line) => !line.startsWith("applied"))).toEqual([]);
  expect(await planned(text)).toEqual([]);
  expect(await applied(documents({ machines: ["vm-orders-5"], role: secretsUser, spec }))).toEqual([
    "applied detach",
  ]);
  expect(machines(1, 5)).toEqual(["", "id-a,id-backup,id-monitoring"]);
});

describe("one role of Bindery's caller taken away", () => {
  /** Takes a role off Bindery's own caller, everywhere. */
  function forget(roleName: string): void {
    const { clientId } = sandbox.ready;
    const { principals, roleDefinitions, roleAssignments } = sandbox.world;
    const caller = principals.values().find((p) => p.clientId === clientId);
    const role = roleDefinitions.values().find((r) => r.roleName === roleName);
    const own = roleAssignments.values().filter((a) => a.principalId === caller?.objectId);
    const gone = own.filter((a) => role !== undefined && a.roleDefinitionId.endsWith(role.name));
    expect(gone).toHaveLength(2);
    for (const { id } of gone) roleAssignments.delete(id);
  }

  const subject = "repo:c/o:ref:refs/heads/main";
  const credential = `{ name: github, issuer: https://token.actions.githubusercontent.com, subject: "${subject}", audience: api://x }`;
  const before = documents({ machines: ["vm-orders-1", "vm-orders-2"], role: secretsUser });
  const after = documents({
    spec: `prunePolicy: Authoritative, tags: { a: b }, federatedCredentials: [${credential}]`,
    machines: ["vm-orders-2", "vm-orders-3"],
    role: vaultReader,
  });
  const all = ["attach vm-orders-3", "detach vm-orders-1", `grant ${vaultReader}`, `revoke ${secretsUser}`];

  /** What is refused, with which code, and what a second plan shows: just that. */
  const cases: readonly [role: string, failed: readonly string[], left: readonly string[]][] = [
    ["Reader", [], []],
    ["Managed Identity Contributor", ["failed update AuthorizationFailed"], ["update credential github"]],
    ["Managed Identity Operator", ["failed attach LinkedAuthorizationFailed"], ["attach vm-orders-3"]],
    [
      "Virtual Machine Contributor",
      ["failed attach AuthorizationFailed", "failed detach AuthorizationFailed"],
      ["attach vm-orders-3", "detach vm-orders-1"],
    ],
    ["Tag Contributor", ["failed update AuthorizationFailed"], ["update tags a"]],
    [
      "Role Based Access Control Administrator",
      ["failed grant AuthorizationFailed", "failed revoke AuthorizationFailed"],
      [`grant ${vaultReader}`, `revoke ${secretsUser}`],
    ],
  ];

  test.each(cases)(
    "%s: what needs it fails, the rest is done, nothing else goes",
    async (role, failed, left) => {
      await applied(before);
      forget(role);
      const done = await applied(after);
      expect(done.filter((line) => !line.startsWith("applied"))).toEqual(failed);
      expect(await planned(after)).toEqual(left);
      const isDone = (line: string) => !left.includes(line);
      const [attach = "", detach = "", grant = "", revoke = ""] = all;
      expect(machines(1, 2, 3)).toEqual([isDone(detach) ? "" : "id-a", "id-a", isDone(attach) ? "id-a" : ""]);
      const roles = [...(isDone(grant) ? [vaultReader] : []), ...(isDone(revoke) ? [] : [secretsUser])];
      expect(new Set(rolesAtVault())).toEqual(new Set(roles));
      expect(machines(4, 5)).toEqual(["id-backup", "id-backup,id-monitoring"]);
    },
  );

  test("without the right to create the identity nothing of it is begun", async () => {
    forget("Managed Identity Contributor");
    const done = await applied(before);
    expect(done).toContain("failed create AuthorizationFailed");
    expect(done.filter((line) => line.startsWith("applied"))).toEqual([]);
    expect(sandbox.world.resources.has(identityId)).toBe(false);
    expect(rolesAtVault()).toEqual([]);
    expect(machines(1, 2)).toEqual(["", ""]);
  });

  test("without the last two that may read them, machines are not known and nothing is taken away", async () => {
    await applied(before);
    for (const role of ["Reader", "Virtual Machine Contributor", "Role Based Access Control Administrator"]) {
      forget(role);
    }
    await applied(documents());
    expect(machines(1, 2)).toEqual(["id-a", "id-a"]);
    expect(rolesAtVault()).toEqual([secretsUser]);
  });
});
