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
import type { DatabaseCase, WantedDatabases } from "./database-case.ts";
import { databaseGrants, memoryOf, serversOf } from "./database-texts.ts";
import { foreignId, identityId, isScaleSet, scopeId, targetId } from "./ids.ts";
import { group, obstaclesIn } from "./obstacles.ts";

/** What narrows a grant. */
export const condition =
  "((!(ActionMatches{'Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read'})) OR (@Resource[Microsoft.Storage/storageAccounts/blobServices/containers:name] StringEquals 'a'))";

/** The world of a case, as a seed (JSON, which is YAML). */
export function seedOf(one: Case): string {
  const { lags, operationInMs, pageSize, switches, databases } = one;
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
        ...markedAs(seed, identityNames.indexOf(name), databases ? memoryOf(databases, name) : {}),
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
    ...(databases && { sqlServers: serversOf(databases) }),
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

function markedAs({ state }: SeedIdentity, number: number, memory: Readonly<Record<string, string>>): object {
  const principalId = `aaaaaaaa-0000-4000-8000-00000000000${number}`;
  const clientId = `cccccccc-0000-4000-8000-00000000000${number}`;
  const tags = {
    absent: {},
    unowned: { by: "hand" },
    another: { [ownerTag]: "another" },
    ours: { [ownerTag]: "test", [principalTag]: `${principalId}/${clientId}`, ...memory },
    unfinished: { [ownerTag]: "test" },
  };
  return { principalId, clientId, tags: tags[state] };
}

/** The manifests of a revision. */
export function manifestsOf(
  revision: readonly Wanted[],
  instanceUpgrade: Case["instanceUpgrade"],
  databases?: WantedDatabases,
): string {
  return revision
    .flatMap((one) => [
      identityDocument(one),
      bindingDocument(one, instanceUpgrade, databaseGrants(databases, one.name)),
    ])
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

/** What the documents of a revision want in databases. */
export function wantedDatabasesOf(
  databases: DatabaseCase | undefined,
  revision: number,
): WantedDatabases | undefined {
  return databases && (databases.wanted[revision] ?? databases.wanted.at(-1));
}

function bindingDocument(
  one: Wanted,
  instanceUpgrade: Case["instanceUpgrade"],
  databases: readonly object[],
): string {
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
    grants: [
      ...one.grants.map(({ role, scope, isNarrow }) => ({
        azureRole: { roleName: role, scope: scopeId(scope), ...(isNarrow && { condition }) },
      })),
      ...databases,
    ],
  });
}

function document(kind: string, name: string, spec: object): string {
  const metadata = { name, namespace: "team" };
  return `${JSON.stringify({ apiVersion: "bindery.dev/v1alpha1", kind, metadata, spec })}\n`;
}
