// The rules of safety one by one, each as a story on the sandbox: real SDKs, real sockets, the least privileged caller.
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Convergence } from "../src/controller/converge.ts";
import { byText } from "../src/model/order.ts";
import { linesOf } from "../src/plan/fixtures.ts";
import { removeWithChildren } from "../src/sandbox/arm/removal.ts";
import { type Sandbox, startSandbox } from "../src/sandbox/start.ts";
import { admin, attachedTo, resourcePath } from "./support/admin.ts";
import { type Harness, harnessFor } from "./support/harness.ts";

const speed = 20;
const P = "0b1f6471-0000-4000-8000-00000000a001";
const groupId = (name: string) => `/subscriptions/${P}/resourceGroups/${name}`;
const identityIn = (group: string, name: string) =>
  `${groupId(group)}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/${name}`;
const vmId = (name: string) => `${groupId("rg-orders")}/providers/Microsoft.Compute/virtualMachines/${name}`;
const vault = `${groupId("rg-orders")}/providers/Microsoft.KeyVault/vaults/kv-orders`;

let sandbox: Sandbox;
let bindery: Harness;

beforeEach(async () => {
  sandbox = await startSandbox({ speed });
  bindery = harnessFor(sandbox, speed);
});
afterEach(() => sandbox.close());

/** Documents of one identity bound to machines of rg-orders and, with `role`, granted a role on the vault. */
function documents(
  name: string,
  options: { spec?: string; group?: string; machines?: readonly string[]; role?: string } = {},
): string {
  const { spec = "prunePolicy: Authoritative", group = "rg-identities", machines = [], role } = options;
  const targets = machines.map((m) => `{ virtualMachine: { resourceGroup: rg-orders, name: ${m} } }`);
  const grants = role === undefined ? "" : `{ azureRole: { roleName: ${role}, scope: ${vault} } }`;
  return `apiVersion: bindery.dev/v1alpha1
kind: UserAssignedIdentity
metadata: { name: ${name}, namespace: team }
spec: { subscriptionId: ${P}, resourceGroup: ${group}, location: westeurope, ${spec} }
---
apiVersion: bindery.dev/v1alpha1
kind: IdentityBinding
metadata: { name: ${name}, namespace: team }
spec: { identityRef: { name: ${name} }, targets: [${targets.join(", ")}], grants: [${grants}] }
---
`;
}

function settle(): void {
  sandbox.advance(120_000);
}

function outcomes({ passes }: Convergence): readonly string[] {
  return passes.flatMap((p) =>
    p.report.outcomes.map((o) => `${o.state} ${o.change.kind}${o.code === undefined ? "" : ` ${o.code}`}`),
  );
}

async function planned(text: string): Promise<readonly string[]> {
  settle();
  return linesOf(await bindery.plan(text));
}

/** Removes one of the roles of Bindery's own caller. */
function forget(roleName: string): void {
  const { clientId } = sandbox.ready;
  const caller = sandbox.world.principals.values().find((p) => p.clientId === clientId);
  const role = sandbox.world.roleDefinitions.values().find((r) => r.roleName === roleName);
  for (const a of sandbox.world.roleAssignments.values()) {
    const matches = a.principalId === caller?.objectId && a.roleDefinitionId.endsWith(role?.name ?? "?");
    if (matches) sandbox.world.roleAssignments.delete(a.id);
  }
}

test("rule 2: what carries no tag of ours is not touched", async () => {
  const text = documents("id-backup", { group: "rg-shared", machines: ["vm-orders-1"] });
  const before = JSON.stringify(sandbox.world.resources.values());
  const done = await bindery.apply(text);
  expect(outcomes(done)).toEqual([]);
  expect(JSON.stringify(sandbox.world.resources.values())).toBe(before);
  expect(await planned(text)).toEqual([
    "NotOwned: adopt tags bindery-owner,bindery-prune,principal",
    "NotOwned: attach vm-orders-1",
  ]);
});

test("rule 2: another owner's identity is not touched, whatever the document says", async () => {
  await admin(sandbox, "PATCH", resourcePath(identityIn("rg-shared", "id-backup")), {
    tags: { "Bindery-Owner": "other" },
  });
  settle();
  const spec = "prunePolicy: Authoritative, adoptionPolicy: Additive";
  const lines = await planned(
    documents("id-backup", { spec, group: "rg-shared", machines: ["vm-orders-1"] }),
  );
  expect(lines.every((line) => line.startsWith("OwnedByAnother: "))).toBe(true);
});

test("rule 2: adoption adds; what was there goes only when its set is released", async () => {
  const spec = "prunePolicy: Authoritative, adoptionPolicy: Additive";
  const text = documents("id-backup", { spec, group: "rg-shared", machines: ["vm-orders-1", "vm-orders-4"] });
  await bindery.apply(text);
  expect(attachedTo(sandbox, vmId("vm-orders-1"))).toEqual(["id-backup"]);
  expect(attachedTo(sandbox, vmId("vm-orders-5"))).toEqual(["id-backup", "id-monitoring"]);
  settle();
  const plan = await bindery.plan(text);
  expect(linesOf(plan)).toEqual([
    "AdoptionPending: detach vm-orders-5",
    "AdoptionPending: revoke Storage Blob Data Contributor",
  ]);
  const { digest = "" } = plan.held[0] ?? {};
  await bindery.apply(text, { release: [digest] });
  expect(attachedTo(sandbox, vmId("vm-orders-5"))).toEqual(["id-monitoring"]);
  expect(await planned(text)).toEqual([]);
  const tags = sandbox.world.resources.get(identityIn("rg-shared", "id-backup"))?.tags ?? {};
  expect(Object.keys(tags).toSorted(byText)).toEqual(["bindery-owner", "bindery-principal", "owner"]);
});

test("rule 3: without a document an identity of ours is an orphan, shown with all that it can, and left alone", async () => {
  await bindery.apply(documents("id-a", { machines: ["vm-orders-1"], role: "Key Vault Secrets User" }));
  settle();
  const { orphans, changes } = await bindery.plan("");
  expect(changes).toEqual([]);
  expect(orphans).toMatchObject([
    { targets: [expect.stringMatching(/vm-orders-1$/)], roles: [{ roleName: "Key Vault Secrets User" }] },
  ]);
  await bindery.apply("");
  expect(attachedTo(sandbox, vmId("vm-orders-1"))).toEqual(["id-a"]);
});

test("rule 5: where rights to read are missing, nothing is taken away", async () => {
  await bindery.apply(
    documents("id-a", { machines: ["vm-orders-1", "vm-orders-2"], role: "Key Vault Secrets User" }),
  );
  settle();
  for (const role of ["Reader", "Role Based Access Control Administrator", "Virtual Machine Contributor"])
    forget(role);
  const less = documents("id-a", { machines: ["vm-orders-1"] });
  const plan = await bindery.plan(less);
  expect(linesOf(plan)).toEqual([
    "ObservationIncomplete: attach vm-orders-1",
    "ObservationIncomplete: revoke Key Vault Secrets User",
  ]);
  await bindery.apply(less);
  expect(attachedTo(sandbox, vmId("vm-orders-2"))).toEqual(["id-a"]);
  expect(sandbox.world.roleAssignments.values().filter((a) => a.scope === vault)).toHaveLength(1);
});

test("rule 8: a system-assigned identity that appears between plan and PATCH survives", async () => {
  const target = vmId("vm-orders-1");
  await bindery.apply(documents("id-a", { machines: ["vm-orders-1"] }));
  settle();
  sandbox.world.settings.graphLagInMs = 60_000;
  await admin(sandbox, "PATCH", resourcePath(target), {
    identity: {
      type: "SystemAssigned, UserAssigned",
      principalId: "11111111-0000-4000-8000-000000000001",
      tenantId: sandbox.ready.tenantId,
    },
  });
  await bindery.apply(documents("id-a"));
  expect(attachedTo(sandbox, target)).toEqual([]);
  expect(sandbox.world.resources.get(target)?.identity?.type).toBe("SystemAssigned");
});

test("rule 9: an answer that is lost after the write took effect is no failure and no second write", async () => {
  await admin(sandbox, "POST", "faults", {
    method: "PATCH",
    path: "/virtualMachines\\/vm-orders-1$/i",
    times: 1,
    cut: "after",
  });
  const done = await bindery.apply(documents("id-a", { machines: ["vm-orders-1"] }));
  expect(outcomes(done).filter((o) => !o.startsWith("applied"))).toEqual([]);
  const patches = bindery
    .requests()
    .filter((r) => r.method === "PATCH" && /virtualMachines/i.test(r.operation));
  expect(patches).toHaveLength(1);
});

test("rule 10: one bad identity falls out, the rest of the PATCH goes on", async () => {
  const two =
    documents("id-a", { machines: ["vm-orders-1"] }) + documents("id-b", { machines: ["vm-orders-1"] });
  await bindery.apply(documents("id-a") + documents("id-b"));
  settle();
  const vanish = (): void => removeWithChildren(sandbox.world, identityIn("rg-identities", "id-b"));
  const done = await bindery.apply(two, { onPlan: vanish, maxPasses: 1 });
  expect(attachedTo(sandbox, vmId("vm-orders-1"))).toEqual(["id-a"]);
  expect(done.passes[0]?.report.outcomes.map((o) => o.state).toSorted(byText)).toEqual(["applied", "failed"]);
});

test("rule 10: without the right to assign, attaches fail with Azure's words and everything else is done", async () => {
  forget("Managed Identity Operator");
  const done = await bindery.apply(
    documents("id-a", { machines: ["vm-orders-1"], role: "Key Vault Secrets User" }),
  );
  expect(outcomes(done)).toContain("failed attach LinkedAuthorizationFailed");
  expect(outcomes(done)).toContain("applied grant");
  expect(attachedTo(sandbox, vmId("vm-orders-1"))).toEqual([]);
});

test("rule 11: a swap is one PATCH", async () => {
  await bindery.apply(documents("id-a", { machines: ["vm-orders-1"] }) + documents("id-b"));
  settle();
  bindery.requests();
  await bindery.apply(documents("id-a") + documents("id-b", { machines: ["vm-orders-1"] }));
  expect(attachedTo(sandbox, vmId("vm-orders-1"))).toEqual(["id-b"]);
  const patches = bindery
    .requests()
    .filter((r) => r.method === "PATCH" && /virtualMachines/i.test(r.operation));
  expect(patches).toHaveLength(1);
});

test("rule 12: a plan sends no write", async () => {
  await bindery.apply(documents("id-a", { machines: ["vm-orders-1"] }));
  settle();
  await admin(sandbox, "DELETE", "requests");
  await bindery.plan(documents("id-a", { machines: ["vm-orders-2"], role: "Key Vault Secrets User" }));
  const log = (await admin(sandbox, "GET", "requests")) as { method: string; path: string }[];
  const writes = log.filter((r) => r.method !== "GET" && !/ResourceGraph|oauth2/.test(r.path));
  expect(log.length).toBeGreaterThan(3);
  expect(writes).toEqual([]);
});

test("rule 14: a recreated identity is held, and taken over with Additive", async () => {
  const text = (adopt: string) =>
    documents("id-a", { spec: `prunePolicy: Authoritative${adopt}`, role: "Key Vault Secrets User" });
  await bindery.apply(text(""));
  const id = identityIn("rg-identities", "id-a");
  const { tags, location } = sandbox.world.resources.get(id) ?? {};
  await admin(sandbox, "DELETE", resourcePath(id));
  await admin(sandbox, "PUT", resourcePath(id), {
    id,
    name: "id-a",
    type: "Microsoft.ManagedIdentity/userAssignedIdentities",
    location,
    tags,
  });
  settle();
  expect((await planned(text(""))).every((line) => line.startsWith("Recreated: "))).toBe(true);
  await bindery.apply(text(", adoptionPolicy: Additive"));
  expect(await planned(text(", adoptionPolicy: Additive"))).toEqual([]);
  const principalId = sandbox.world.resources.get(id)?.properties?.principalId;
  const assigned = sandbox.world.roleAssignments
    .values()
    .filter((a) => a.scope.toLowerCase() === vault.toLowerCase());
  expect(assigned.map((a) => a.principalId)).toContain(principalId);
});

test("throttled, hiccuping and cut: an apply gets there all the same", async () => {
  const everything = "/providers\\/Microsoft\\.(Compute|ManagedIdentity|Authorization)/i";
  await admin(sandbox, "POST", "faults", {
    path: everything,
    times: 3,
    status: 429,
    headers: { "retry-after": "2" },
    body: {
      error: { code: "SubscriptionRequestsThrottled", message: "Please try again after '2' seconds." },
    },
  });
  await admin(sandbox, "POST", "faults", {
    path: everything,
    after: 4,
    times: 3,
    status: 503,
    body: "<html>busy</html>",
  });
  await admin(sandbox, "POST", "faults", { path: everything, after: 9, times: 2, cut: "before" });
  const text = documents("id-a", {
    machines: ["vm-orders-1", "vm-orders-2"],
    role: "Key Vault Secrets User",
  });
  const done = await bindery.apply(text);
  expect(outcomes(done).filter((o) => o.startsWith("failed"))).toEqual([]);
  expect(await planned(text)).toEqual([]);
});

test("rule 4: Absent empties first and deletes in a later pass, and leaves nothing behind", async () => {
  await bindery.apply(
    documents("id-a", { machines: ["vm-orders-1", "vm-orders-5"], role: "Key Vault Secrets User" }),
  );
  settle();
  const done = await bindery.apply(documents("id-a", { spec: "prunePolicy: Additive, lifecycle: Absent" }));
  const deleting = done.passes.findIndex((p) => p.report.outcomes.some((o) => o.change.kind === "delete"));
  expect(deleting).toBeGreaterThan(0);
  expect(sandbox.world.resources.get(identityIn("rg-identities", "id-a"))).toBeUndefined();
  expect(attachedTo(sandbox, vmId("vm-orders-5"))).toEqual(["id-backup", "id-monitoring"]);
  expect(sandbox.world.roleAssignments.values().filter((a) => a.scope === vault)).toEqual([]);
});

test("roles at every scope, by name and by id, built-in and custom, with a condition", async () => {
  const managementGroup = "/providers/Microsoft.Management/managementGroups/contoso-apps";
  const self = sandbox.world.principals.values().find((p) => p.clientId === sandbox.ready.clientId)?.objectId;
  const custom = "5f2e1c1a-0000-4000-8000-00000000c001";
  sandbox.world.roleDefinitions.set(custom, {
    name: custom,
    roleName: "Vault Lister",
    type: "CustomRole",
    description: "lists vaults",
    assignableScopes: [groupId("rg-orders")],
    permissions: [
      { actions: ["Microsoft.KeyVault/vaults/read"], notActions: [], dataActions: [], notDataActions: [] },
    ],
    createdOn: "2026-01-01T00:00:00Z",
    updatedOn: "2026-01-01T00:00:00Z",
  });
  for (const roleName of ["Role Based Access Control Administrator", "Reader"]) {
    await admin(sandbox, "POST", "role-assignments", {
      scope: managementGroup,
      role: roleName,
      principalId: self,
    });
  }
  const reader = "/providers/Microsoft.Authorization/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7";
  const condition =
    "((!(ActionMatches{'Microsoft.Storage/storageAccounts/blobServices/containers/blobs/delete'})))";
  const storage = `${groupId("rg-orders")}/providers/Microsoft.Storage/storageAccounts/stcontosoorders`;
  const text = `${documents("id-a").split("---")[0]}---
apiVersion: bindery.dev/v1alpha1
kind: IdentityBinding
metadata: { name: id-a, namespace: team }
spec:
  identityRef: { name: id-a }
  grants:
    - azureRole: { roleDefinitionId: ${reader}, scope: ${managementGroup} }
    - azureRole: { roleName: reader, scope: /subscriptions/${P} }
    - azureRole: { roleName: vault lister, scope: "${groupId("RG-ORDERS")}" }
    - azureRole: { roleName: Storage Blob Data Contributor, scope: ${storage}, condition: "${condition}" }
`;
  const policy = {
    estate: { subscriptions: [P], managementGroups: ["contoso-apps"] },
    privileged: [managementGroup, `/subscriptions/${P}`].map((scope) => ({
      identity: "team/id-a",
      roleName: "Reader",
      scope,
    })),
  };
  settle();
  const done = await bindery.apply(text, { policy });
  expect(outcomes(done).filter((o) => o !== "applied grant")).toEqual(["applied create", "applied update"]);
  settle();
  expect(linesOf(await bindery.plan(text, { policy }))).toEqual([]);
  const principalId = sandbox.world.resources.get(identityIn("rg-identities", "id-a"))?.properties
    ?.principalId;
  const made = sandbox.world.roleAssignments.values().filter((a) => a.principalId === principalId);
  expect(made.map((a) => [a.scope.toLowerCase(), a.condition]).toSorted(byScope)).toEqual(
    [
      [managementGroup.toLowerCase(), null],
      [groupId("rg-orders").toLowerCase(), null],
      [`/subscriptions/${P}`, null],
      [storage.toLowerCase(), condition],
    ].toSorted(byScope),
  );
});

function byScope([a]: readonly unknown[], [b]: readonly unknown[]): number {
  return byText(String(a), String(b));
}
