import { expect, test } from "vitest";
import { parseManifests } from "../manifest/parse-manifests.ts";
import { desiredFrom } from "./desired-from.ts";

const subscription = "00000000-0000-4000-8000-000000000001";
const group = `/subscriptions/${subscription}/resourceGroups/rg`;
const text = `---
# a comment before the document
apiVersion: bindery.dev/v1alpha1
kind: UserAssignedIdentity
metadata: { name: orders, namespace: team }
spec:
  subscriptionId: ${subscription}
  resourceGroup: rg
  name: id-orders
  adoptionPolicy: Additive
  prunePolicy: Additive
  ignore:
    roleAssignments: [{ scope: ${group} }]
    targets: [{ scope: ${group}-2 }]
  federatedCredentials:
    - { name: main, issuer: https://issuer.example, subject: some one, audience: api://x }
---
apiVersion: bindery.dev/v1alpha1
kind: IdentityBinding
metadata: { name: all, namespace: team }
spec:
  identityRef: { name: orders }
  targets:
    - virtualMachine: { resourceGroup: rg, name: vm }
    - virtualMachineScaleSet: { resourceGroup: rg, name: set, instanceUpgrade: Automatic }
    - virtualMachines: { resourceGroups: [rg, rg-2], selector: { matchTags: { app: orders } } }
  grants:
    - azureRole: { roleName: Reader, scope: ${group}, condition: "(1 = 1)" }
    - sqlDatabase:
        server: SQL-Orders.database.windows.net
        database: Orders
        roles: [db_datareader]
        permissions:
          - { grant: [EXECUTE, SELECT], securable: "schema::a::b" }
          - { grant: [ALTER], securable: "object::dbo.a.b" }
          - { grant: [CONTROL], securable: database }
        replaceUserWithSid: "0xabcdef16655887799AABBCCDDEEFF00a"
    - sqlDatabase: { server: s.database.windows.net, database: d, userName: other, userFrom: ExternalProvider, roles: [r] }
`;

function read() {
  const bytes = new TextEncoder().encode(text);
  const { documents, diagnostics } = parseManifests([{ path: "a.yaml", bytes }]);
  expect(diagnostics).toEqual([]);
  return desiredFrom(documents, "r1");
}

const at = (line: number) => ({
  ...{ kind: "IdentityBinding", namespace: "team", name: "all", file: "a.yaml", line },
});

test("the state is of its revision", () => {
  const { revision, identities } = read();
  expect(revision).toBe("r1");
  expect(identities).toHaveLength(1);
});

test("an identity has what its document says and nothing else", () => {
  const { bindings, ...identity } = read().identities[0] ?? { bindings: [] };
  expect(bindings).toHaveLength(1);
  expect(identity).toEqual({
    id: `${group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-orders`,
    document: { kind: "UserAssignedIdentity", namespace: "team", name: "orders", file: "a.yaml", line: 3 },
    lifecycle: "Present",
    adoptionPolicy: "Additive",
    prunePolicy: "Additive",
    tags: {},
    federatedCredentials: [
      { name: "main", issuer: "https://issuer.example", subject: "some one", audience: "api://x" },
    ],
    ignore: { roleAssignments: [group], targets: [`${group}-2`] },
  });
});

test("a binding has what its document says and nothing else, each line with its place", () => {
  const compute = `${group}/providers/Microsoft.Compute`;
  expect(read().identities[0]?.bindings).toEqual([
    {
      document: at(18),
      suspended: false,
      targets: [
        { kind: "virtualMachine", id: `${compute}/virtualMachines/vm`, document: at(24) },
        {
          kind: "virtualMachineScaleSet",
          id: `${compute}/virtualMachineScaleSets/set`,
          instanceUpgrade: "Automatic",
          document: at(25),
        },
        {
          kind: "virtualMachines",
          subscriptionId: subscription,
          resourceGroups: ["rg", "rg-2"],
          matchTags: { app: "orders" },
          document: at(26),
        },
      ],
      grants: [
        { kind: "azureRole", scope: group, role: { name: "Reader" }, condition: "(1 = 1)", document: at(28) },
      ],
      databases: [
        {
          ref: { server: "sql-orders.database.windows.net", database: "Orders" },
          userName: "id-orders",
          userFrom: "Sid",
          roles: ["db_datareader"],
          permissions: [
            { permission: "EXECUTE", securable: { class: "schema", schema: "a::b" } },
            { permission: "SELECT", securable: { class: "schema", schema: "a::b" } },
            { permission: "ALTER", securable: { class: "object", schema: "dbo", object: "a.b" } },
            { permission: "CONTROL", securable: { class: "database" } },
          ],
          replaceUserWithSid: "0xABCDEF16655887799AABBCCDDEEFF00A",
          document: at(29),
        },
        {
          ref: { server: "s.database.windows.net", database: "d" },
          userName: "other",
          userFrom: "ExternalProvider",
          roles: ["r"],
          permissions: [],
          document: at(38),
        },
      ],
    },
  ]);
});
