// The scenario that is cut at every request: everything that Bindery can do, in one apply of two revisions.
import { byText } from "../../src/model/order.ts";
import type { World } from "../../src/sandbox/world.ts";

const S = "0b1f6471-0000-4000-8000-00000000a001";
const group = (name: string): string => `/subscriptions/${S}/resourceGroups/${name}`;
const vault = `${group("rg")}/providers/Microsoft.KeyVault/vaults/kv`;
const storage = `${group("rg")}/providers/Microsoft.Storage/storageAccounts/st`;

/** The world: three machines and a scale set, some with a foreign and a system-assigned identity. */
export const referenceSeed = `
subscriptions: [{ subscriptionId: ${S}, displayName: production }]
resourceGroups:
  - { name: rg-identities, location: westeurope }
  - { name: rg, location: westeurope }
identities: [{ resourceGroup: rg, name: id-foreign, tags: { owner: others } }]
virtualMachines:
  - { resourceGroup: rg, name: vm-1, tags: { app: a }, identities: [id-foreign] }
  - { resourceGroup: rg, name: vm-2, tags: { app: a }, systemAssigned: true }
  - { resourceGroup: rg, name: vm-3 }
virtualMachineScaleSets:
  - { resourceGroup: rg, name: vmss, mode: Uniform, instances: 2, upgradePolicy: Manual }
resources:
  - { id: ${vault}, location: westeurope, properties: {} }
  - { id: ${storage}, location: westeurope, properties: {} }
roleAssignments:
  - { scope: ${vault}, role: Reader, principal: id-foreign }
settings: { listLagInMs: 500, graphLagInMs: 2000, roleLagInMs: 1000, principalLagInMs: 2000, operationInMs: 1500 }
`;

function identity(name: string, spec: string): string {
  return `apiVersion: bindery.dev/v1alpha1
kind: UserAssignedIdentity
metadata: { name: ${name}, namespace: team }
spec: { subscriptionId: ${S}, resourceGroup: rg-identities, location: westeurope, ${spec} }
---
`;
}

function binding(name: string, targets: readonly string[], grants: readonly string[]): string {
  return `apiVersion: bindery.dev/v1alpha1
kind: IdentityBinding
metadata: { name: ${name}, namespace: team }
spec: { identityRef: { name: ${name} }, targets: [${targets.join(", ")}], grants: [${grants.join(", ")}] }
---
`;
}

const vm = (name: string): string => `{ virtualMachine: { resourceGroup: rg, name: ${name} } }`;
const role = (roleName: string, scope: string): string =>
  `{ azureRole: { roleName: ${roleName}, scope: ${scope} } }`;
const credential = (name: string, subject: string): string =>
  `{ name: ${name}, issuer: "https://token.actions.githubusercontent.com", subject: "${subject}", audience: "api://AzureADTokenExchange" }`;
const prune = "prunePolicy: Authoritative";

/** What stands when the second revision comes. */
export const firstRevision = [
  identity("id-a", `${prune}, federatedCredentials: [${credential("main", "repo:c/o:ref:refs/heads/main")}]`),
  binding("id-a", [vm("vm-1"), vm("vm-3")], [role("Reader", vault), role("Key Vault Secrets User", vault)]),
  identity("id-old", prune),
  binding("id-old", [vm("vm-2")], [role("Reader", storage)]),
].join("");

/** Creates with tags, a credential and grants, attaches, swaps, rolls out, revokes, and does away with an identity. */
export const secondRevision = [
  identity("id-a", `${prune}, tags: { team: x }, federatedCredentials: []`),
  binding("id-a", [vm("vm-3")], [role("Reader", vault)]),
  identity(
    "id-b",
    `${prune}, tags: { team: y }, federatedCredentials: [${credential("dev", "repo:c/o:ref:refs/heads/dev")}]`,
  ),
  binding(
    "id-b",
    [
      vm("vm-1"),
      "{ virtualMachines: { resourceGroups: [rg], selector: { matchTags: { app: a } } } }",
      "{ virtualMachineScaleSet: { resourceGroup: rg, name: vmss, instanceUpgrade: Automatic } }",
    ],
    [role("Storage Blob Data Reader", storage), role("Key Vault Secrets User", vault)],
  ),
  identity("id-old", `${prune}, lifecycle: Absent`),
].join("");

/** Everything that is there, in one text: principals by name, without what differs from run to run. */
export function stateOf(world: World): string {
  const names = new Map<string, string>();
  for (const { objectId, clientId, displayName } of world.principals.values()) {
    names.set(objectId.toLowerCase(), `<principal of ${displayName}>`);
    names.set(clientId.toLowerCase(), `<client of ${displayName}>`);
  }
  const named = (text: string): string =>
    text.replaceAll(guidPattern, (guid) => names.get(guid.toLowerCase()) ?? guid);
  const resources = world.resources.values().map(({ id, tags, identity: block, properties }) => ({
    id: id.toLowerCase(),
    tags: sorted(tags),
    type: block?.type,
    system: block?.principalId,
    attached: sorted(lowered(block?.userAssignedIdentities)),
    subject: properties?.subject,
    principalId: properties?.principalId,
    latestModelApplied: properties?.latestModelApplied,
    provisioningState: properties?.provisioningState,
  }));
  const assignments = world.roleAssignments.values().map((a) => ({
    scope: a.scope.toLowerCase(),
    principal: a.principalId,
    role: a.roleDefinitionId.split("/").at(-1),
    description: a.description,
    condition: a.condition,
  }));
  const lines = [...resources, ...assignments].map((one) => named(JSON.stringify(one)));
  return lines.toSorted(byText).join("\n");
}

const guidPattern = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/gi;

function lowered(map: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key.toLowerCase(), value]));
}

function sorted(map: Readonly<Record<string, unknown>> = {}): unknown {
  return Object.entries(map).toSorted(([a], [b]) => (a < b ? -1 : 1));
}
