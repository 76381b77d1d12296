import { expect, test } from "vitest";
import { parseManifests } from "../manifest/parse-manifests.ts";
import { desiredFrom } from "./desired-from.ts";

const subscription = "00000000-0000-4000-8000-000000000001";
const other = "00000000-0000-4000-8000-000000000002";

const text = `apiVersion: bindery.dev/v1alpha1
kind: UserAssignedIdentity
metadata: { name: orders, namespace: team }
spec:
  subscriptionId: ${subscription}
  resourceGroup: rg-ids
  location: West Europe
  prunePolicy: Authoritative
  allowBindingsFrom: [{ namespace: billing }]
  tags: { cost: "42" }
---
apiVersion: bindery.dev/v1alpha1
kind: IdentityBinding
metadata: { name: orders, namespace: team }
spec:
  identityRef: { name: orders }
  targets:
    - virtualMachine: { resourceGroup: rg, name: vm-1 }
    - virtualMachines: { resourceGroups: ["*"], subscriptionId: ${other}, selector: { matchTags: { app: orders } } }
    - virtualMachineScaleSet: { resourceGroup: rg, name: set }
---
apiVersion: bindery.dev/v1alpha1
kind: IdentityBinding
metadata: { name: orders, namespace: billing }
spec:
  identityRef: { name: orders, namespace: team }
  suspend: true
  grants:
    - azureRole: { roleName: Reader, scope: /subscriptions/${subscription}/resourceGroups/rg }
    - azureRole: { roleDefinitionId: /providers/Microsoft.Authorization/roleDefinitions/ACDD72A7-3385-48EF-BD42-F606FBA81AE7, scope: /subscriptions/${subscription} }
`;

function read(yaml: string) {
  const { documents, diagnostics } = parseManifests([
    { path: "a.yaml", bytes: new TextEncoder().encode(yaml) },
  ]);
  expect(diagnostics.filter((d) => d.severity === "error")).toEqual([]);
  return desiredFrom(documents, "r1");
}

test("bindings of all namespaces meet at their identity, each line with its place", () => {
  const [identity, ...more] = read(text).identities;
  expect(more).toEqual([]);
  expect(identity).toMatchObject({
    id: `/subscriptions/${subscription}/resourceGroups/rg-ids/providers/Microsoft.ManagedIdentity/userAssignedIdentities/orders`,
    location: "westeurope",
    lifecycle: "Present",
    tags: { cost: "42" },
    document: { namespace: "team", name: "orders", file: "a.yaml", line: 1 },
  });
  expect(identity?.federatedCredentials).toBeUndefined();
  const vm = "Microsoft.Compute/virtualMachines/vm-1";
  const set = "Microsoft.Compute/virtualMachineScaleSets/set";
  expect(identity?.bindings).toMatchObject([
    {
      suspended: false,
      targets: [
        { id: `/subscriptions/${subscription}/resourceGroups/rg/providers/${vm}`, document: { line: 18 } },
        { subscriptionId: other, resourceGroups: "*", matchTags: { app: "orders" }, document: { line: 19 } },
        { id: `/subscriptions/${subscription}/resourceGroups/rg/providers/${set}`, instanceUpgrade: "Never" },
      ],
    },
    {
      suspended: true,
      document: { namespace: "billing" },
      grants: [{ role: { name: "Reader" } }, { role: { guid: "acdd72a7-3385-48ef-bd42-f606fba81ae7" } }],
    },
  ]);
});

test.each(["Absent", "Released"])("bindings of an identity that is %s are inert", (lifecycle) => {
  const inert = text.replace(
    "prunePolicy: Authoritative",
    `prunePolicy: Authoritative\n  lifecycle: ${lifecycle}`,
  );
  expect(read(inert).identities[0]?.bindings).toEqual([]);
});

test("an identity that nobody binds has no bindings", () => {
  expect(read(text.slice(0, text.indexOf("---"))).identities[0]?.bindings).toEqual([]);
});
