// The seed and the manifests of an adverse case, as texts.
import { ownerTag, principalTag } from "../../src/model/identity.ts";
import {
  type Case,
  foreignNames,
  type Grant,
  identityNames,
  machineNames,
  type SeedIdentity,
  subscriptionId,
  type Wanted,
} from "./case.ts";

const group = (name: string): string => `/subscriptions/${subscriptionId}/resourceGroups/${name}`;

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
  return `${group("rg")}/providers/Microsoft.Compute/${name === "vmss" ? "virtualMachineScaleSets" : "virtualMachines"}/${name}`;
}

/** The ARM id of a scope. */
export function scopeId(name: string): string {
  if (name === "kv") return `${group("rg")}/providers/Microsoft.KeyVault/vaults/kv`;
  if (name === "st") return `${group("rg")}/providers/Microsoft.Storage/storageAccounts/st`;
  return group("rg");
}

/** The world of a case, as a seed (JSON, which is YAML). */
export function seedOf(one: Case): string {
  const { lags, operationInMs, pageSize, switches } = one;
  const alive = identityNames.map((name, i) => ({ name, seed: one.identities[i] as SeedIdentity }));
  const present = alive.filter(({ seed }) => seed.state !== "absent");
  const attachedTo = (target: string): string[] =>
    present.filter(({ seed }) => seed.attachedTo.some((t) => t === target)).map(({ name }) => name);
  return JSON.stringify({
    subscriptions: [{ subscriptionId, displayName: "production" }],
    resourceGroups: [
      { name: "rg-identities", location: "westeurope" },
      { name: "rg", location: "westeurope" },
    ],
    identities: [
      ...foreignNames.map((name) => ({ resourceGroup: "rg", name, tags: { owner: "others" } })),
      ...present.map(({ name, seed }, i) => ({ resourceGroup: "rg-identities", name, ...markedAs(seed, i) })),
    ],
    virtualMachines: [
      ...machineNames.map((name, i) => ({
        resourceGroup: "rg",
        name,
        tags: { app: one.machines[i]?.app ?? "a" },
        systemAssigned: one.machines[i]?.system ?? false,
        identities: [...(one.machines[i]?.foreign ?? []), ...attachedTo(name)],
      })),
      {
        resourceGroup: "rg",
        name: "vm-managed",
        tags: { app: "a" },
        managedBy: `${group("rg")}/providers/Microsoft.Databricks/workspaces/w`,
        identities: ["f-1", ...attachedTo("vm-managed")],
      },
    ],
    virtualMachineScaleSets: [
      {
        resourceGroup: "rg",
        name: "vmss",
        mode: "Uniform",
        instances: 1,
        upgradePolicy: "Manual",
        identities: ["f-2", ...attachedTo("vmss")],
      },
    ],
    resources: ["kv", "st"].map((name) => ({ id: scopeId(name), location: "westeurope", properties: {} })),
    roleAssignments: [
      ...one.foreignGrants.map((grant) => assignmentOf(grant, "f-1")),
      ...present.flatMap(({ name, seed }) => seed.grants.map((grant) => assignmentOf(grant, name))),
    ],
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

function assignmentOf({ role, scope }: Grant, principal: string): object {
  return { scope: scopeId(scope), role, principal };
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
export function manifestsOf(revision: readonly Wanted[]): string {
  return revision.flatMap((one) => [identityDocument(one), bindingDocument(one)]).join("---\n");
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

function bindingDocument(one: Wanted): string {
  const named = one.targets.map((name) =>
    name === "vmss"
      ? { virtualMachineScaleSet: { resourceGroup: "rg", name, instanceUpgrade: "Never" } }
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
    grants: one.grants.map(({ role, scope }) => ({ azureRole: { roleName: role, scope: scopeId(scope) } })),
  });
}

function document(kind: string, name: string, spec: object): string {
  const metadata = { name, namespace: "team" };
  return `${JSON.stringify({ apiVersion: "bindery.dev/v1alpha1", kind, metadata, spec })}\n`;
}
