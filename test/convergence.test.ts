// A walk from state to state. After each step a second plan must find nothing to do, and nothing foreign has changed.
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Convergence } from "../src/controller/converge.ts";
import { byText } from "../src/model/order.ts";
import { linesOf } from "../src/plan/fixtures.ts";
import { type Sandbox, startSandbox } from "../src/sandbox/start.ts";
import { type Harness, harnessFor } from "./support/harness.ts";

const speed = 20;
const P = "0b1f6471-0000-4000-8000-00000000a001";
const groupOf = (name: string) => `/subscriptions/${P}/resourceGroups/${name}`;
const idOf = (name: string) =>
  `${groupOf("rg-identities")}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/${name}`;
const vmOf = (name: string) => `${groupOf("rg-orders")}/providers/Microsoft.Compute/virtualMachines/${name}`;
const vault = `${groupOf("rg-orders")}/providers/Microsoft.KeyVault/vaults/kv-orders`;
const storage = `${groupOf("rg-orders")}/providers/Microsoft.Storage/storageAccounts/stcontosoorders`;

let sandbox: Sandbox;
let bindery: Harness;

beforeAll(async () => {
  sandbox = await startSandbox({ speed });
  bindery = harnessFor(sandbox, speed);
});
afterAll(() => sandbox.close());

function identity(name: string, spec = ""): string {
  return `apiVersion: bindery.dev/v1alpha1
kind: UserAssignedIdentity
metadata: { name: ${name}, namespace: team }
spec:
  subscriptionId: ${P}
  resourceGroup: rg-identities
  location: westeurope
  prunePolicy: Authoritative
${spec}
---
`;
}

function binding(name: string, spec: string): string {
  return `apiVersion: bindery.dev/v1alpha1
kind: IdentityBinding
metadata: { name: ${name}, namespace: team }
spec:
  identityRef: { name: ${name} }
${spec}
---
`;
}

const machines = (...names: string[]) =>
  `  targets: [${names.map((n) => `{ virtualMachine: { resourceGroup: rg-orders, name: ${n} } }`).join(", ")}]`;
const roles = (...grants: [string, string, string?][]) =>
  `  grants: [${grants.map(([roleName, scope, condition]) => `{ azureRole: { roleName: ${roleName}, scope: ${scope}${condition ? `, condition: '${condition}'` : ""} } }`).join(", ")}]`;
const selector = `  targets: [{ virtualMachines: { resourceGroups: [rg-orders], selector: { matchTags: { app: orders } } } }]`;
const scaleSet = (upgrade: string) =>
  `  targets: [{ virtualMachineScaleSet: { resourceGroup: rg-orders, name: vmss-orders, instanceUpgrade: ${upgrade} } }]`;

/** The states, in the order of the walk; the lines are what the first pass of an apply does. */
const states: readonly {
  name: string;
  documents: string;
  lines: readonly string[];
  held?: readonly string[];
}[] = [
  { name: "an identity alone", documents: identity("id-a"), lines: ["create id-a", "update tags principal"] },
  {
    name: "tags",
    documents: identity("id-a", "  tags: { team: x, cost: '42' }"),
    lines: ["update tags team,cost"],
  },
  {
    name: "another tag value; a tag that is no longer listed stays",
    documents: identity("id-a", "  tags: { team: y }"),
    lines: ["update tags team"],
  },
  {
    name: "two machines, one of them with a system and foreign identities",
    documents: identity("id-a") + binding("id-a", machines("vm-orders-1", "vm-orders-5")),
    lines: ["attach vm-orders-1", "attach vm-orders-5"],
  },
  {
    name: "a selector takes the place of names",
    documents: identity("id-a") + binding("id-a", selector),
    lines: ["attach vm-orders-2", "attach vm-orders-3", "attach vm-orders-4", "attach vm-orders-6"],
  },
  {
    name: "two roles and a second identity on the same machines",
    documents:
      identity("id-a") +
      binding(
        "id-a",
        `${selector}\n${roles(["Key Vault Secrets User", vault], ["Storage Blob Data Reader", storage])}`,
      ) +
      identity("id-b") +
      binding("id-b", machines("vm-orders-1")),
    lines: [
      "grant Key Vault Secrets User",
      "grant Storage Blob Data Reader",
      "create id-b",
      "update tags principal",
      "attach vm-orders-1",
    ],
  },
  {
    name: "a swap on one machine, a role less",
    documents:
      identity("id-a") +
      binding("id-a", `${machines("vm-orders-2")}\n${roles(["Storage Blob Data Reader", storage])}`) +
      identity("id-b") +
      binding("id-b", machines("vm-orders-3")),
    lines: [
      "detach vm-orders-1",
      "detach vm-orders-3",
      "detach vm-orders-4",
      "detach vm-orders-5",
      "detach vm-orders-6",
      "revoke Key Vault Secrets User",
      "attach vm-orders-3",
      "detach vm-orders-1",
    ],
  },
  {
    name: "a condition",
    documents:
      identity("id-a") +
      binding(
        "id-a",
        `${machines("vm-orders-2")}\n${roles(["Storage Blob Data Reader", storage, "((!(ActionMatches{''Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read''})))"])}`,
      ) +
      identity("id-b"),
    lines: ["update Storage Blob Data Reader", "detach vm-orders-3"],
  },
  {
    name: "a scale set whose instances are brought up to date",
    documents: identity("id-a") + binding("id-a", scaleSet("Automatic")) + identity("id-b"),
    lines: [
      "attach vmss-orders",
      "update instances of vmss-orders",
      "detach vm-orders-2",
      "revoke Storage Blob Data Reader",
    ],
  },
  {
    name: "federated credentials",
    documents:
      identity(
        "id-a",
        "  federatedCredentials: [{ name: main, issuer: 'https://token.actions.githubusercontent.com', subject: 'repo:c/o:ref:refs/heads/main', audience: 'api://AzureADTokenExchange' }, { name: dev, issuer: 'https://token.actions.githubusercontent.com', subject: 'repo:c/o:ref:refs/heads/dev', audience: 'api://AzureADTokenExchange' }]",
      ) + identity("id-b"),
    lines: ["update credential main", "update credential dev", "detach vmss-orders"],
  },
  {
    name: "one credential changed, one gone",
    documents:
      identity(
        "id-a",
        "  federatedCredentials: [{ name: main, issuer: 'https://token.actions.githubusercontent.com', subject: 'repo:c/o:ref:refs/heads/next', audience: 'api://AzureADTokenExchange' }]",
      ) + identity("id-b"),
    lines: ["update no credential dev", "update credential main"],
  },
  {
    name: "what cannot be done is held, the rest goes on",
    documents:
      identity("id-a") +
      binding(
        "id-a",
        `${machines("vm-orders-1", "vm-nowhere")}\n${roles(["Owner", vault], ["Raeder", vault], ["Reader", `${groupOf("rg-orders")}/providers/Microsoft.KeyVault/vaults/kv-none`])}`,
      ) +
      identity("id-b"),
    lines: ["attach vm-orders-1"],
    held: [
      "TargetGone: attach vm-nowhere",
      "Privileged: grant Owner",
      "RoleNotFound: grant Raeder",
      "ScopeNotFound: grant Reader",
    ],
  },
  {
    name: "one released, one Absent",
    documents: identity("id-a", "  lifecycle: Absent") + identity("id-b", "  lifecycle: Released"),
    lines: ["detach vm-orders-1", "release tags -bindery-owner,-bindery-principal"],
    held: ["NotEmpty: delete id-a"],
  },
  { name: "no documents", documents: "", lines: [] },
];

const foreignNames = ["id-backup", "id-monitoring", "aks-orders-agentpool"];

/** Everything in the world that is not ours, in one text: it must be the same at the end as at the beginning. */
function foreignState(): string {
  const blocks = sandbox.world.resources.values().map((r) => {
    const map = r.identity?.userAssignedIdentities ?? {};
    const foreign = Object.keys(map).filter((id) => foreignNames.some((name) => id.endsWith(`/${name}`)));
    return [
      r.id.toLowerCase(),
      /SystemAssigned/.test(r.identity?.type ?? ""),
      r.identity?.principalId,
      foreign.map((f) => f.toLowerCase()).toSorted(byText),
    ];
  });
  const others = blocks.filter(([id]) => !/userassignedidentities\/id-(a|b)(\/|$)/.test(String(id)));
  const assignments = sandbox.world.roleAssignments
    .values()
    .filter((a) => !a.description?.startsWith("bindery-"));
  return JSON.stringify([
    others.map((o) => JSON.stringify(o)).toSorted(byText),
    assignments.map((a) => a.id).toSorted(byText),
  ]);
}

/** Moves the clock past every lag. */
function settle(): void {
  sandbox.advance(60_000);
}

function failuresOf({ passes }: Convergence): readonly string[] {
  return passes.flatMap((p) =>
    p.report.outcomes
      .filter((o) => o.state === "failed")
      .map((o) => `${o.change.id}: ${o.code} ${o.message}`),
  );
}

test("from state to state, and back to nothing", async () => {
  const before = foreignState();
  for (const { name, documents, lines, held = [] } of states) {
    const done = await bindery.apply(documents);
    const [first] = done.passes;
    expect(first && linesOf(first.plan), name).toEqual([...lines, ...held]);
    expect(failuresOf(done), name).toEqual([]);
    settle();
    const again = await bindery.plan(documents);
    expect(
      again.changes.map((c) => c.id),
      `second plan after: ${name}`,
    ).toEqual([]);
    expect(foreignState(), `foreign state after: ${name}`).toBe(before);
  }
  expect(sandbox.world.resources.get(idOf("id-a"))).toBeUndefined();
  expect(sandbox.world.resources.get(idOf("id-b"))?.tags).toEqual({});
  expect(vmOf("vm-orders-1")).toBeTruthy();
}, 300_000);
