// The seed and the manifests of an adverse case, as texts.
import { ownerTag, principalTag } from "../../src/model/identity.ts";
import {
  type Case,
  foreignNames,
  type Grant,
  groupScope,
  identityNames,
  machineNames,
  type SeedIdentity,
  subscriptionId,
  type Wanted,
} from "./case.ts";
import { group, obstaclesIn } from "./obstacles.ts";

/** What narrows a grant. */
export const condition =
  "((!(ActionMatches{'Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read'})) OR (@Resource[Microsoft.Storage/storageAccounts/blobServices/containers:name] StringEquals 'a'))";

/** The ARM id of an identity that documents may name. */
export function identityId(name: string): string {
  return `${group("rg-identities")}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/${name}`;
}

/** The ARM id of somebody else's identity. */
export function foreignId(name: string): string {
  return `${group("rg")}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/${name}`;
}

/** The ARM id of a machine or scale set. */
export function targetId(name: string): string {
  return `${group("rg")}/providers/Microsoft.Compute/${isScaleSet(name) ? "virtualMachineScaleSets" : "virtualMachines"}/${name}`;
}

function isScaleSet(name: string): boolean {
  return name === "vmss" || name === "flex";
}

/** The ARM id of a scope. */
export function scopeId(name: string): string {
  if (name === "kv") return `${group("rg")}/providers/Microsoft.KeyVault/vaults/kv`;
  if (name === "st") return `${group("rg")}/providers/Microsoft.Storage/storageAccounts/st`;
  return name === groupScope ? "/providers/Microsoft.Management/managementGroups/mg" : group("rg");
}

/** The world of a case, as a seed (JSON, which is YAML). */
export function seedOf(one: Case): string {
  const { lags, operationInMs, pageSize, switches } = one;
  const alive = identityNames.map((name, i) => ({ name, seed: one.identities[i] as SeedIdentity }));
  const present = alive.filter(({ seed }) => seed.state !== "absent");
  const attachedTo = (target: string): string[] =>
    present
      .filter(({ seed }) => seed.attachedTo.some((t) => t === target))
      .map(({ name }) => identityId(name));
  const ids = new Set(present.map(({ name }) => name));
  return JSON.stringify({
    subscriptions: [{ subscriptionId, displayName: "production" }],
    managementGroups: [{ name: groupScope, subscriptions: [subscriptionId] }],
    resourceGroups: ["rg-identities", "rg", "rg-2"].map((name) => ({ name, location: "westeurope" })),
    identities: [
      ...foreignNames.map((name) => ({ resourceGroup: "rg", name, tags: { owner: "others" } })),
      ...present.map(({ name, seed }) => ({
        resourceGroup: "rg-identities",
        name,
        ...markedAs(seed, identityNames.indexOf(name)),
      })),
    ],
    virtualMachines: [
      ...machineNames.map((name, i) => ({
        resourceGroup: "rg",
        name,
        tags: { app: one.machines[i]?.app ?? "a" },
        systemAssigned: one.machines[i]?.system ?? false,
        identities: [...(one.machines[i]?.foreign ?? []).map(foreignId), ...attachedTo(name)],
      })),
      {
        resourceGroup: "rg",
        name: "vm-managed",
        tags: { app: "a" },
        managedBy: `${group("rg")}/providers/Microsoft.Databricks/workspaces/w`,
        identities: [foreignId("f-1"), ...attachedTo("vm-managed")],
      },
    ],
    virtualMachineScaleSets: [
      {
        resourceGroup: "rg",
        name: "vmss",
        mode: "Uniform",
        instances: 1,
        upgradePolicy: "Manual",
        identities: [foreignId("f-2"), ...attachedTo("vmss")],
      },
      {
        resourceGroup: "rg",
        name: "flex",
        mode: "Flexible",
        instances: 1,
        tags: { app: "a" },
        identities: [foreignId("f-1"), ...attachedTo("flex")],
      },
    ],
    resources: ["kv", "st"].map((name) => ({ id: scopeId(name), location: "westeurope", properties: {} })),
    roleAssignments: [
      ...one.foreignGrants.map((grant) => assignmentOf(grant, foreignId("f-1"))),
      ...present.flatMap(({ name, seed }) =>
        seed.grants.map((grant) => assignmentOf(grant, identityId(name))),
      ),
    ],
    ...obstaclesIn(one.obstacles, (name) => !/^id-/.test(name) || ids.has(name as "id-1")),
    settings: {
      listLagInMs: lags.list,
      graphLagInMs: lags.graph,
      roleLagInMs: lags.role,
      principalLagInMs: lags.principal,
      operationInMs,
      pageSize,
    },
    switches,
  });
}

function assignmentOf({ role, scope, isNarrow }: Grant, principal: string): object {
  const narrowed = isNarrow ? { condition, conditionVersion: "2.0" } : {};
  return { scope: scopeId(scope), role, principal, ...narrowed };
}

function markedAs({ state }: SeedIdentity, number: number): object {
  const principalId = `aaaaaaaa-0000-4000-8000-00000000000${number}`;
  const clientId = `cccccccc-0000-4000-8000-00000000000${number}`;
  const tags = {
    absent: {},
    unowned: { by: "hand" },
    another: { [ownerTag]: "another" },
    ours: { [ownerTag]: "test", [principalTag]: `${principalId}/${clientId}` },
    unfinished: { [ownerTag]: "test" },
  };
  return { principalId, clientId, tags: tags[state] };
}

/** The manifests of a revision. */
export function manifestsOf(revision: readonly Wanted[], instanceUpgrade: Case["instanceUpgrade"]): string {
  return revision
    .flatMap((one) => [identityDocument(one), bindingDocument(one, instanceUpgrade)])
    .join("---\n");
}

const credentialNamed = (name: string): object => ({
  name,
  issuer: "https://token.actions.githubusercontent.com",
  subject: `repo:c/o:ref:refs/heads/${name}`,
  audience: "api://AzureADTokenExchange",
});

function identityDocument(one: Wanted): string {
  return document("UserAssignedIdentity", one.name, {
    subscriptionId,
    resourceGroup: "rg-identities",
    location: "westeurope",
    lifecycle: one.lifecycle,
    adoptionPolicy: one.adoption,
    prunePolicy: one.prune,
    tags: one.tags,
    ...(one.credentials !== null && { federatedCredentials: one.credentials.map(credentialNamed) }),
    ...(one.ignoresMachine1 && { ignore: { targets: [{ scope: targetId("vm-1") }] } }),
  });
}

function bindingDocument(one: Wanted, instanceUpgrade: Case["instanceUpgrade"]): string {
  const named = one.targets.map((name) =>
    isScaleSet(name)
      ? { virtualMachineScaleSet: { resourceGroup: "rg", name, instanceUpgrade } }
      : { virtualMachine: { resourceGroup: "rg", name } },
  );
  const selected =
    one.selector === null
      ? []
      : [{ virtualMachines: { resourceGroups: ["rg"], selector: { matchTags: { app: one.selector } } } }];
  return document("IdentityBinding", one.name, {
    identityRef: { name: one.name },
    suspend: one.suspend,
    targets: [...named, ...selected],
    grants: one.grants.map(({ role, scope, isNarrow }) => ({
      azureRole: { roleName: role, scope: scopeId(scope), ...(isNarrow && { condition }) },
    })),
  });
}

function document(kind: string, name: string, spec: object): string {
  const metadata = { name, namespace: "team" };
  return `${JSON.stringify({ apiVersion: "bindery.dev/v1alpha1", kind, metadata, spec })}\n`;
}
