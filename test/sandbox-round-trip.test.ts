// The whole way of a reconciler through the sandbox, as Bindery's own client, with the real SDKs over sockets.
import { randomUUID } from "node:crypto";
import { AuthorizationManagementClient } from "@azure/arm-authorization";
import { ComputeManagementClient } from "@azure/arm-compute";
import { ManagedServiceIdentityClient } from "@azure/arm-msi";
import { ResourceGraphClient } from "@azure/arm-resourcegraph";
import { afterAll, beforeAll, expect, test } from "vitest";
import { productionSubscriptionId } from "../src/sandbox/seed/default-world.ts";
import { type Sandbox, startSandbox } from "../src/sandbox/start.ts";
import { adminOf, clientOf } from "./sandbox-client.ts";

const vault = `subscriptions/${productionSubscriptionId}/resourceGroups/rg-orders/providers/Microsoft.KeyVault/vaults/kv-orders`;
const secretsUser = "4633458b-17de-408a-b874-0445c86b69e6";

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox({ settings: { operationInMs: 200 } });
});
afterAll(() => sandbox.close());

test("create an identity, attach it, grant it a role, find all of it in Resource Graph, take it back", async () => {
  const { credential, options } = clientOf(sandbox);
  const msi = new ManagedServiceIdentityClient(credential, productionSubscriptionId, options);
  const compute = new ComputeManagementClient(credential, productionSubscriptionId, options);
  const authorization = new AuthorizationManagementClient(credential, productionSubscriptionId, options);
  const graph = new ResourceGraphClient(credential, options);

  const created = await msi.userAssignedIdentities.createOrUpdate("rg-identities", "id-orders", {
    location: "westeurope",
  });
  expect(created.id).toContain("/resourcegroups/rg-identities/");
  const id = `/subscriptions/${productionSubscriptionId}/resourceGroups/rg-identities/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-orders`;

  const before = await compute.virtualMachines.get("rg-orders", "vm-orders-5");
  const after = await compute.virtualMachines.update(
    "rg-orders",
    "vm-orders-5",
    { identity: { type: "SystemAssigned, UserAssigned", userAssignedIdentities: { [id]: {} } } },
    { ...(before.etag !== undefined && { ifMatch: before.etag }), updateIntervalInMs: 50 },
  );
  const fresh = await compute.virtualMachines.get("rg-orders", "vm-orders-5");
  const keys = Object.keys(fresh.identity?.userAssignedIdentities ?? {});
  expect(keys).toHaveLength(3);
  expect(fresh.identity?.principalId).toBe(before.identity?.principalId);
  expect(fresh.identity?.userAssignedIdentities?.[id]?.principalId).toBe(created.principalId);
  expect(after.name).toBe("vm-orders-5");

  const assignment = await authorization.roleAssignments.create(vault, randomUUID(), {
    roleDefinitionId: `/subscriptions/${productionSubscriptionId}/providers/Microsoft.Authorization/roleDefinitions/${secretsUser}`,
    principalId: created.principalId ?? "",
    principalType: "ServicePrincipal",
    description: "round trip",
  });
  expect(assignment.scope).toBe(`/${vault}`);

  const query = (text: string) =>
    graph.resources({
      subscriptions: [productionSubscriptionId],
      query: text,
      options: { resultFormat: "objectArray" },
    });
  const attached = `resources | where isnotempty(identity.userAssignedIdentities) | mv-expand key = bag_keys(identity.userAssignedIdentities) | where tostring(key) =~ '${id}' | project id, name`;
  expect((await query(attached)).data).toEqual([]);
  await adminOf(sandbox)("POST", "clock", { advanceInMs: 5000 });
  expect((await query(attached)).data).toMatchObject([{ name: "vm-orders-5" }]);
  const roles = await query(
    `authorizationresources | where type =~ 'microsoft.authorization/roleassignments' | where properties.principalId =~ '${created.principalId}' | project id, scope = tostring(properties.scope)`,
  );
  expect(roles.data).toMatchObject([{ scope: expect.stringMatching(/kv-orders$/) }]);

  // biome-ignore lint/suspicious/noExplicitAny: the SDK's type has no null, which detaches
  const detached = { [id]: null } as any;
  await compute.virtualMachines.update(
    "rg-orders",
    "vm-orders-5",
    { identity: { type: "SystemAssigned, UserAssigned", userAssignedIdentities: detached } },
    { updateIntervalInMs: 50 },
  );
  const last = await compute.virtualMachines.get("rg-orders", "vm-orders-5");
  expect(Object.keys(last.identity?.userAssignedIdentities ?? {})).toHaveLength(2);
  await authorization.roleAssignments.deleteById(assignment.id?.slice(1) ?? "");
  await msi.userAssignedIdentities.delete("rg-identities", "id-orders");
  await expect(msi.userAssignedIdentities.get("rg-identities", "id-orders")).rejects.toMatchObject({
    code: "ResourceNotFound",
  });
});

test("a uniform scale set rolls out to its instances when it is told to", async () => {
  const { credential, options } = clientOf(sandbox);
  const compute = new ComputeManagementClient(credential, productionSubscriptionId, options);
  const poll = { updateIntervalInMs: 50 };
  const id = `/subscriptions/${productionSubscriptionId}/resourceGroups/rg-shared/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-backup`;
  await compute.virtualMachineScaleSets.update(
    "rg-orders",
    "vmss-orders",
    { identity: { type: "UserAssigned", userAssignedIdentities: { [id]: {} } } },
    poll,
  );
  const latest = async () => {
    const applied: (boolean | undefined)[] = [];
    for await (const vm of compute.virtualMachineScaleSetVMs.list("rg-orders", "vmss-orders"))
      applied.push(vm.latestModelApplied);
    return applied;
  };
  await adminOf(sandbox)("POST", "clock", { advanceInMs: 1000 });
  expect(await latest()).toEqual([false, false, false]);
  await compute.virtualMachineScaleSets.updateInstances(
    "rg-orders",
    "vmss-orders",
    { instanceIds: ["*"] },
    poll,
  );
  await adminOf(sandbox)("POST", "clock", { advanceInMs: 1000 });
  expect(await latest()).toEqual([true, true, true]);
});

test("the system identity of a machine, and the identities of a subscription", async () => {
  const { credential, options } = clientOf(sandbox);
  const msi = new ManagedServiceIdentityClient(credential, productionSubscriptionId, options);
  const systemIdentity = await msi.systemAssignedIdentities.getByScope(
    `subscriptions/${productionSubscriptionId}/resourceGroups/rg-orders/providers/Microsoft.Compute/virtualMachines/vm-orders-3`,
  );
  expect(systemIdentity.principalId).toMatch(/^[0-9a-f-]{36}$/);
  const names: string[] = [];
  for await (const one of msi.userAssignedIdentities.listBySubscription()) names.push(one.name ?? "");
  expect(names).toContain("id-backup");
});
