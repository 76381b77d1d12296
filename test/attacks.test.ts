// What a bad change of the documents, or somebody in Azure, would bring about, and what the guard rails make of it.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { linesOf } from "../src/plan/fixtures.ts";
import type { Plan } from "../src/plan/plan.ts";
import { type Sandbox, startSandbox } from "../src/sandbox/start.ts";
import { admin } from "./support/admin.ts";
import { type Harness, harnessFor } from "./support/harness.ts";

const speed = 20;
const S = "0b1f6471-0000-4000-8000-00000000a001";
const group = (name: string): string => `/subscriptions/${S}/resourceGroups/${name}`;
const vmId = (name: string): string => `${group("rg")}/providers/Microsoft.Compute/virtualMachines/${name}`;
const vault = `${group("rg")}/providers/Microsoft.KeyVault/vaults/kv`;
const ownId = `${group("rg-identities")}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-bindery`;
const issuer = "https://token.actions.githubusercontent.com";
const evil = "repo:evil/o:ref:refs/heads/main";

const seed = `
subscriptions: [{ subscriptionId: ${S}, displayName: production }]
resourceGroups:
  - { name: rg-identities, location: westeurope }
  - { name: rg, location: westeurope }
  - { name: rg-2, location: westeurope }
identities: [{ resourceGroup: rg-identities, name: id-bindery }]
virtualMachines:
  - { resourceGroup: rg, name: vm-1, tags: { app: a } }
  - { resourceGroup: rg, name: vm-2, tags: { app: a } }
  - { resourceGroup: rg, name: vm-3 }
resources:
  - { id: ${vault}, location: westeurope, properties: {} }
roleDefinitions:
  - roleName: Harmless Reader
    assignableScopes: [/subscriptions/${S}]
    permissions: [{ actions: ["*/read", "Microsoft.Auth*/role*"], notActions: ["Microsoft.Authorization/locks/*"] }]
`;

/** What a revision says of the one identity, where it differs from the good one. */
interface Revision {
  readonly name?: string;
  readonly app?: string;
  readonly subject?: string;
  /** The document says nothing of credentials. */
  readonly silent?: boolean;
  readonly role?: string;
  readonly scope?: string;
}

function documents({
  name = "id-a",
  app = "a",
  subject,
  silent,
  role = "Reader",
  scope = vault,
}: Revision = {}) {
  const main = "repo:c/o:ref:refs/heads/main";
  const credentials = [main, ...(subject === undefined ? [] : [subject])].map(
    (who, i) =>
      `{ name: fic-${i}, issuer: "${issuer}", subject: "${who}", audience: "api://AzureADTokenExchange" }`,
  );
  const trust = silent ? "" : `, federatedCredentials: [${credentials.join(", ")}]`;
  return `apiVersion: bindery.dev/v1alpha1
kind: UserAssignedIdentity
metadata: { name: ${name}, namespace: team }
spec: { subscriptionId: ${S}, resourceGroup: rg-identities, location: westeurope, prunePolicy: Authoritative${trust} }
---
apiVersion: bindery.dev/v1alpha1
kind: IdentityBinding
metadata: { name: ${name}, namespace: team }
spec:
  identityRef: { name: ${name} }
  targets:
    - { virtualMachines: { resourceGroups: [rg], selector: { matchTags: { app: ${app} } } } }
    - { virtualMachine: { resourceGroup: rg, name: vm-3 } }
  grants: [{ azureRole: { roleName: ${role}, scope: ${scope} } }]
`;
}

let sandbox: Sandbox;
let bindery: Harness;

beforeAll(async () => {
  sandbox = await startSandbox({ speed, seed: { text: seed, filename: "attacks.yaml" } });
  bindery = harnessFor(sandbox, speed);
  const allow = { issuer, subject: "repo:*/o:ref:refs/heads/main" };
  await bindery.apply(documents({ subject: evil }), { policy: { federatedCredentials: [allow] } });
  sandbox.advance(120_000);
}, 300_000);
afterAll(() => sandbox.close());

const heldOf = (plan: Plan): readonly string[] => linesOf({ ...plan, changes: [] });

describe("a change of the documents", () => {
  test("that renames an identity creates none beside the old one", async () => {
    const plan = await bindery.plan(documents({ name: "id-b" }));
    expect(plan.changes).toEqual([]);
    expect(heldOf(plan)).toContain("LooksLikeRename: create id-b");
    expect(plan.orphans.map((o) => o.identityId)).toEqual([expect.stringContaining("id-a")]);
  });

  test("that empties a selector detaches nothing", async () => {
    const plan = await bindery.plan(documents({ app: "b", subject: evil }));
    expect(linesOf(plan)).toEqual(["SelectorCollapsed: detach vm-1", "SelectorCollapsed: detach vm-2"]);
    expect(plan.selectors).toMatchObject([{ matched: 0, attached: 2, new: 0, leaving: 2 }]);
  });

  test("that empties the repository takes nothing away", async () => {
    const plan = await bindery.plan("");
    expect(linesOf(plan)).toEqual([]);
    expect(plan.orphans).toHaveLength(1);
  });

  test("that grants a role with an innocent name and the power to assign roles is held", async () => {
    const plan = await bindery.plan(documents({ role: "Harmless Reader", subject: evil }));
    expect(heldOf(plan)).toEqual(["Privileged: grant Harmless Reader"]);
  });

  test("that trusts its own fork is held", async () => {
    const fork = documents({ subject: "repo:fork/o:ref:refs/heads/main" });
    const plan = await bindery.plan(fork);
    expect(heldOf(plan)).toEqual(["FederatedTrust: update credential fic-1"]);
  });

  test("that grants a role at the identity that Bindery runs as is held", async () => {
    await admin(sandbox, "PATCH", `resources?id=${encodeURIComponent(ownId)}`, {
      properties: { principalId: ownPrincipal() },
    });
    sandbox.advance(120_000);
    const plan = await bindery.plan(documents({ scope: ownId, subject: evil }));
    expect(heldOf(plan)).toEqual(["OwnIdentity: grant Reader"]);
  });
});

describe("somebody in Azure", () => {
  test("who lets others act as an identity is noticed, though no document speaks of credentials", async () => {
    const plan = await bindery.plan(documents({ silent: true }));
    expect(linesOf(plan)).toEqual([]);
    const alarms = plan.warnings.filter((w) => w.code === "ForeignTrust");
    expect(alarms.map((w) => w.message)).toEqual([expect.stringContaining(evil)]);
  });

  test("who moves a machine does not make it lose its identity", async () => {
    await admin(sandbox, "POST", "move", { id: vmId("vm-3"), resourceGroup: group("rg-2") });
    sandbox.advance(120_000);
    const plan = await bindery.plan(documents({ subject: evil }));
    expect(linesOf(plan)).toEqual(["TargetNotFound: attach vm-3", "TargetMoved: detach vm-3"]);
  });
});

function ownPrincipal(): string {
  const { clientId } = sandbox.ready;
  const caller = sandbox.world.principals.values().find((p) => p.clientId === clientId);
  if (!caller) throw new Error("Bindery's caller has no principal.");
  return caller.objectId;
}
