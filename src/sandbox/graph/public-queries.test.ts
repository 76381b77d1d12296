// Queries of public repositories run, and give what their authors want from them.
import { expect, test } from "vitest";
import { ask, first, put, worldWith } from "./graph-world.ts";

const identityId = `/subscriptions/${first}/resourcegroups/rg/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-A`;

function world() {
  const made = worldWith({ now: Date.UTC(2026, 0, 1) });
  put(made, {
    name: "vm-1",
    identity: {
      type: "UserAssigned",
      userAssignedIdentities: { [identityId]: { principalId: "p", clientId: "c" } },
    },
  });
  put(made, { name: "vm-2", identity: { type: "SystemAssigned", principalId: "x" } });
  put(made, {
    type: "Microsoft.ManagedIdentity/userAssignedIdentities",
    name: "id-A",
    tags: { owner: "prod" },
    properties: { clientId: "c", principalId: "p" },
  });
  const id = `/subscriptions/${first}/providers/Microsoft.Authorization/roleAssignments/ra`;
  made.roleAssignments.set(id, {
    id,
    name: "ra",
    scope: `/subscriptions/${first}`,
    roleDefinitionId: "/providers/Microsoft.Authorization/roleDefinitions/reader",
    principalId: "p",
    principalType: "ServicePrincipal",
    condition: null,
    conditionVersion: null,
    description: null,
    delegatedManagedIdentityResourceId: null,
    createdOn: "",
    updatedOn: "",
    createdBy: null,
    updatedBy: null,
  });
  return made;
}

const cases: readonly [string, string, readonly unknown[]][] = [
  [
    "attachments",
    `resources | where isnotempty(identity.userAssignedIdentities)
    | mv-expand uamiId = bag_keys(identity.userAssignedIdentities)
    | project id, type, uamiId = tolower(tostring(uamiId)), subscriptionId, resourceGroup | order by id asc`,
    [
      {
        id: `/subscriptions/${first}/resourceGroups/rg-orders/providers/Microsoft.Compute/virtualMachines/vm-1`,
        type: "microsoft.compute/virtualmachines",
        uamiId: identityId.toLowerCase(),
        subscriptionId: first,
        resourceGroup: "rg-orders",
      },
    ],
  ],
  [
    "identities",
    `resources | where type =~ 'microsoft.managedidentity/userassignedidentities'
    | project id, name, tags, location, clientId=properties.clientId, principalId=properties.principalId`,
    [
      {
        id: `/subscriptions/${first}/resourceGroups/rg-Orders/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-A`,
        name: "id-A",
        tags: { owner: "prod" },
        location: "westeurope",
        clientId: "c",
        principalId: "p",
      },
    ],
  ],
  [
    "assignments",
    `authorizationresources | where type =~ 'microsoft.authorization/roleassignments'
    | project id, principalId=tostring(properties.principalId), principalType=tostring(properties.principalType), roleDefinitionId=tostring(properties.roleDefinitionId), scope=tostring(properties.scope), subscriptionId`,
    [
      {
        id: `/subscriptions/${first}/providers/Microsoft.Authorization/roleAssignments/ra`,
        principalId: "p",
        principalType: "ServicePrincipal",
        roleDefinitionId: "/providers/Microsoft.Authorization/roleDefinitions/reader",
        scope: `/subscriptions/${first}`,
        subscriptionId: first,
      },
    ],
  ],
  [
    "count by type",
    "summarize count() by type | order by count_ desc | take 1",
    [{ type: "microsoft.compute/virtualmachines", count_: 2 }],
  ],
  [
    "resources with the name of their subscription",
    `Resources | where type == 'microsoft.compute/virtualmachines' and name == 'vm-2' | project name, subscriptionId
    | join (ResourceContainers | where type=='microsoft.resources/subscriptions' | project SubName=name, subscriptionId) on subscriptionId
    | project name, SubName | limit 1`,
    [{ name: "vm-2", SubName: "sub-1" }],
  ],
];

test.each(cases)("%s", (_, query, expected) => {
  const answer = ask({ world: world(), body: { query, subscriptions: [first] } });
  expect(answer.body.data).toEqual(expected);
});
