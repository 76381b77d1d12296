import { describe, expect, test } from "vitest";
import { parseManifests } from "./parse-manifests.ts";

function parse(content: string) {
  const bytes = new TextEncoder().encode(content);
  return parseManifests([{ path: "a.yaml", bytes }], {});
}

const design = `apiVersion: bindery.dev/v1alpha1
kind: UserAssignedIdentity
metadata: { name: orders, namespace: team-orders, labels: {}, annotations: {} }
spec:
  subscriptionId: 00000000-0000-0000-0000-000000000001
  resourceGroup: rg-identities
  name: id-orders
  location: West Europe
  lifecycle: Present
  adoptionPolicy: Never
  prunePolicy: Authoritative
  ignore:
    roleAssignments: [{ scope: /subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/MC_aks }]
    targets: [{ scope: /subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/MC_aks }]
  allowBindingsFrom: [{ namespace: team-billing }]
  tags: { cost-center: "42" }
  federatedCredentials:
    - { name: github-main, issuer: https://token.actions.githubusercontent.com, subject: "repo:contoso/orders:ref:refs/heads/main", audience: api://AzureADTokenExchange }
---
apiVersion: bindery.dev/v1alpha1
kind: IdentityBinding
metadata: { name: orders, namespace: team-orders }
spec:
  identityRef: { name: orders }
  suspend: false
  targets:
    - virtualMachine: { resourceGroup: rg-orders, name: vm-orders-1 }
    - virtualMachines:
        resourceGroups: [rg-orders]
        selector: { matchTags: { app: orders } }
    - virtualMachineScaleSet: { resourceGroup: rg-orders, name: vmss-orders, instanceUpgrade: Never }
  grants:
    - azureRole:
        roleName: Key Vault Secrets User
        scope: /subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-orders/providers/Microsoft.KeyVault/vaults/kv-orders
`;

describe("documents that are right", () => {
  test("all fields come out typed, normalised and with their places", () => {
    const { documents, diagnostics } = parse(design);
    expect(diagnostics).toEqual([]);
    const [identity, binding] = documents;
    expect(identity).toMatchObject({
      kind: "UserAssignedIdentity",
      spec: { name: "id-orders", location: "westeurope", tags: { "cost-center": "42" } },
    });
    expect(binding).toMatchObject({
      kind: "IdentityBinding",
      spec: { identityRef: { name: "orders", namespace: "team-orders" }, targets: [{}, {}, {}] },
    });
    expect(identity?.originOf([])).toEqual({ file: "a.yaml", line: 1, column: 1 });
    expect(binding?.originOf([])).toEqual({ file: "a.yaml", line: 20, column: 1 });
    expect(binding?.originOf(["spec", "targets", 1])).toEqual({ file: "a.yaml", line: 28, column: 7 });
    expect(binding?.originOf(["spec", "grants", 0, "azureRole", "scope"])).toMatchObject({ line: 35 });
    expect(binding?.originOf(["spec", "grants", 7])).toMatchObject({ line: 32, column: 3 });
  });

  test("defaults are filled in, and none of them takes anything away", () => {
    const { documents, diagnostics } = parse(`apiVersion: bindery.dev/v1alpha1
kind: UserAssignedIdentity
metadata: { name: orders, namespace: team-orders }
spec: { subscriptionId: 00000000-0000-0000-0000-000000000001, resourceGroup: rg, prunePolicy: Additive }
`);
    expect(diagnostics).toEqual([]);
    expect(documents[0]?.spec).toEqual({
      subscriptionId: "00000000-0000-0000-0000-000000000001",
      resourceGroup: "rg",
      name: "orders",
      lifecycle: "Present",
      adoptionPolicy: "Never",
      prunePolicy: "Additive",
      ignore: { roleAssignments: [], targets: [] },
      allowBindingsFrom: [],
      tags: {},
    });
  });

  test("a List is its items, and text in JSON is YAML", () => {
    const item = {
      apiVersion: "bindery.dev/v1alpha1",
      kind: "UserAssignedIdentity",
      metadata: { name: "orders", namespace: "team-orders" },
      spec: {
        subscriptionId: "00000000-0000-0000-0000-000000000001",
        resourceGroup: "rg",
        prunePolicy: "Additive",
      },
    };
    const other = { ...item, metadata: { ...item.metadata, name: "other" } };
    const list = { apiVersion: "v1", kind: "List", metadata: { resourceVersion: "" }, items: [item, other] };
    const { documents, diagnostics } = parse(JSON.stringify(list, undefined, 2));
    expect(diagnostics).toEqual([]);
    expect(documents.map((document) => [document.metadata.name, document.originOf([]).line])).toEqual([
      ["orders", 8],
      ["other", 21],
    ]);
  });

  test("line breaks of Windows, empty parts and a byte order mark make no difference", () => {
    const content = `\ufeff---\n---\n${design}---\n`.replaceAll("\n", "\r\n");
    const { documents, diagnostics } = parse(content);
    expect(diagnostics).toEqual([]);
    expect(documents.map((document) => document.originOf([]).line)).toEqual([3, 22]);
  });
});

describe("documents that are not right are not handed on", () => {
  const right = `apiVersion: bindery.dev/v1alpha1
kind: UserAssignedIdentity
metadata: { name: orders, namespace: team-orders }
spec: { subscriptionId: 00000000-0000-0000-0000-000000000001, resourceGroup: rg, prunePolicy: Additive }
`;

  test.each([
    ["a key twice", right.replace("{ name: orders,", "{ name: orders, name: orders,")],
    ["a tag", right.replace("resourceGroup: rg", "resourceGroup: !!str rg")],
    ["a field of another type", right.replace("resourceGroup: rg", "resourceGroup: 1")],
    ["another version", right.replace("v1alpha1", "v1")],
  ])("%s", (_, text) => {
    const { documents, diagnostics } = parse(
      `${text}---\n${right.replace("orders", "other").replace("rg", "rg2")}`,
    );
    expect(diagnostics.map((d) => d.severity)).toEqual(["error"]);
    expect(documents.map((document) => document.metadata.name)).toEqual(["other"]);
  });

  test("a List may have our version; what is nothing in it is no document", () => {
    const list = (items: string) =>
      parse(`apiVersion: bindery.dev/v1alpha1\nkind: List\nitems: [${items}]\n`);
    expect(list("").diagnostics).toEqual([
      expect.objectContaining({ message: "there is no document in it" }),
    ]);
    expect(list("null, 1, []").diagnostics.map((d) => d.message)).toEqual(
      Array(3).fill("a document is a mapping, and this is none"),
    );
  });
});
