// Identities, credentials, machines and scale sets of the sandbox, through Azure's own SDKs over real sockets.
import { ComputeManagementClient, type VirtualMachine, type VirtualMachineUpdate } from "@azure/arm-compute";
import { ManagedServiceIdentityClient } from "@azure/arm-msi";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { billingSubscriptionId, productionSubscriptionId } from "../src/sandbox/seed/default-world.ts";
import { type Sandbox, startSandbox } from "../src/sandbox/start.ts";
import { clientOf } from "./sandbox-client.ts";

const quick = { listLagInMs: 0, graphLagInMs: 0, roleLagInMs: 0, principalLagInMs: 0, operationInMs: 60 };
const identityGroup = "rg-identities";
const group = "rg-orders";
const location = "westeurope";
/** The SDK polls every two seconds unless told otherwise, and only when told with the operation. */
const soon = { updateIntervalInMs: 20 };

let sandbox: Sandbox;
let msi: ManagedServiceIdentityClient;
let compute: ComputeManagementClient;

beforeAll(async () => {
  sandbox = await startSandbox({ settings: { ...quick, throttled: false } });
  const { credential, options } = clientOf(sandbox, "operator");
  msi = new ManagedServiceIdentityClient(credential, productionSubscriptionId, options);
  compute = new ComputeManagementClient(credential, productionSubscriptionId, options);
});
afterAll(() => sandbox.close());

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

const makeIdentity = (name: string) =>
  msi.userAssignedIdentities.createOrUpdate(identityGroup, name, { location });

/** The id in the casing that attachments have: with a capital G. */
const attachable = (id: string | undefined) => (id ?? "").replace("/resourcegroups/", "/resourceGroups/");

/** The SDK's types do not know that null removes a key, though its serialiser sends it. */
function identityPatch(type: string, map: Readonly<Record<string, object | null>>): VirtualMachineUpdate {
  return { identity: { type, userAssignedIdentities: map } } as VirtualMachineUpdate;
}

const keysOf = ({ identity }: Pick<VirtualMachine, "identity">) =>
  Object.keys(identity?.userAssignedIdentities ?? {});

describe("@azure/arm-msi", () => {
  test("an identity from creation to deletion", async () => {
    const made = await msi.userAssignedIdentities.createOrUpdate(identityGroup, "id-life", {
      location,
      tags: { a: "1" },
    });
    expect(made).toMatchObject({
      location,
      tags: { a: "1" },
      isolationScope: "None",
      tenantId: sandbox.ready.tenantId,
    });
    expect(made.id).toContain(`/resourcegroups/${identityGroup}/`);
    const patched = await msi.userAssignedIdentities.update(identityGroup, "id-life", { tags: { b: "2" } });
    expect([patched.tags, patched.principalId]).toEqual([{ b: "2" }, made.principalId]);
    await msi.userAssignedIdentities.delete(identityGroup, "id-life");
    await msi.userAssignedIdentities.delete(identityGroup, "id-life");
    await expect(msi.userAssignedIdentities.get(identityGroup, "id-life")).rejects.toMatchObject({
      statusCode: 404,
      code: "ResourceNotFound",
    });
    const remade = await makeIdentity("id-life");
    expect(remade.principalId).not.toBe(made.principalId);
  });

  test("lists follow their pages", async () => {
    for (const name of ["id-p1", "id-p2", "id-p3"]) await makeIdentity(name);
    const all = await collect(msi.userAssignedIdentities.listBySubscription());
    sandbox.world.settings.pageSize = 2;
    const paged = await collect(msi.userAssignedIdentities.listBySubscription());
    sandbox.world.settings.pageSize = 1000;
    expect(paged.map((i) => i.id)).toEqual(all.map((i) => i.id));
    expect(paged.map((i) => i.name)).toEqual(
      expect.arrayContaining(["id-backup", "id-p1", "id-p2", "id-p3"]),
    );
    const inGroup = await collect(msi.userAssignedIdentities.listByResourceGroup(identityGroup));
    expect(inGroup.every((i) => i.id?.includes(`/${identityGroup}/`))).toBe(true);
  });

  test("federated credentials: create, update, list in pages, conflict, delete", async () => {
    await makeIdentity("id-fic");
    const put = (name: string, subject: string) =>
      msi.federatedIdentityCredentials.createOrUpdate(identityGroup, "id-fic", name, {
        issuer: "https://token.actions.githubusercontent.com",
        subject,
        audiences: ["api://AzureADTokenExchange"],
      });
    expect(await put("main", "one")).toMatchObject({ name: "main", subject: "one" });
    expect(await put("main", "two")).toMatchObject({ subject: "two" });
    await put("other", "three");
    const list = () => collect(msi.federatedIdentityCredentials.list(identityGroup, "id-fic", { top: 1 }));
    expect((await list()).map((c) => c.name)).toEqual(["main", "other"]);
    sandbox.world.settings.credentialWriteInMs = 100;
    const outcomes = await Promise.allSettled([put("x-1", "x1"), put("x-2", "x2")]);
    sandbox.world.settings.credentialWriteInMs = 1;
    expect(outcomes.map((o) => o.status).toSorted()).toEqual(["fulfilled", "rejected"]);
    expect(outcomes.find((o) => o.status === "rejected")?.reason).toMatchObject({
      statusCode: 409,
      code: "ConcurrentFederatedIdentityCredentialsWritesForSingleManagedIdentity",
    });
    await msi.federatedIdentityCredentials.delete(identityGroup, "id-fic", "main");
    await expect(msi.federatedIdentityCredentials.get(identityGroup, "id-fic", "main")).rejects.toMatchObject(
      {
        code: "NotFound",
      },
    );
  });

  test("the system-assigned identity of a machine", async () => {
    const vm = await compute.virtualMachines.get(group, "vm-orders-3");
    const read = await msi.systemAssignedIdentities.getByScope(vm.id ?? "");
    expect(read.principalId).toBe(vm.identity?.principalId);
  });
});

describe("@azure/arm-compute: machines", () => {
  test("one PATCH, polled to its end: foreign and system identities survive, ids are there", async () => {
    const identity = await makeIdentity("id-swap");
    const id = attachable(identity.id);
    const before = await compute.virtualMachines.get(group, "vm-orders-5");
    expect(before.identity?.type).toBe("SystemAssigned, UserAssigned");
    await compute.virtualMachines.update(
      group,
      "vm-orders-5",
      identityPatch("SystemAssigned, UserAssigned", { [id]: {} }),
      { ifMatch: before.etag ?? "", ...soon },
    );
    const after = await compute.virtualMachines.get(group, "vm-orders-5");
    expect(keysOf(after)).toEqual([...keysOf(before), id]);
    expect(after.identity?.userAssignedIdentities?.[id]).toMatchObject({
      principalId: identity.principalId,
      clientId: identity.clientId,
    });
    expect(after.identity?.principalId).toBe(before.identity?.principalId);
    expect([after.provisioningState, after.etag]).not.toContain(before.etag);
  });

  test("null detaches; the last one needs another type", async () => {
    const id = attachable((await makeIdentity("id-last")).id);
    await compute.virtualMachines.update(
      group,
      "vm-orders-1",
      identityPatch("UserAssigned", { [id]: {} }),
      soon,
    );
    await expect(
      compute.virtualMachines.update(
        group,
        "vm-orders-1",
        identityPatch("UserAssigned", { [id]: null }),
        soon,
      ),
    ).rejects.toMatchObject({ statusCode: 400, code: "FailedIdentityOperation" });
    await compute.virtualMachines.update(group, "vm-orders-1", { identity: { type: "None" } }, soon);
    expect((await compute.virtualMachines.get(group, "vm-orders-1")).identity).toBeUndefined();
  });

  test("a stale etag is 412, a write beside another 409", async () => {
    await expect(
      compute.virtualMachines.update(group, "vm-orders-2", { tags: {} }, { ifMatch: '"99"', ...soon }),
    ).rejects.toMatchObject({ statusCode: 412, code: "PreconditionFailed" });
    const first = compute.virtualMachines.update(
      group,
      "vm-orders-2",
      {
        identity: { type: "SystemAssigned" },
      },
      soon,
    );
    await first.submitted();
    await expect(
      compute.virtualMachines.update(group, "vm-orders-2", { tags: {} }, soon),
    ).rejects.toMatchObject({
      statusCode: 409,
      code: "Conflict",
    });
    await first;
  });

  test("a failed operation rejects the poller and leaves the old state", async () => {
    const id = attachable((await makeIdentity("id-vanishing")).id);
    const poller = compute.virtualMachines.update(
      group,
      "vm-orders-6",
      identityPatch("UserAssigned", { [id]: {} }),
      soon,
    );
    await poller.submitted();
    await msi.userAssignedIdentities.delete(identityGroup, "id-vanishing");
    await expect(poller).rejects.toThrow(/FailedIdentityOperation.*id-vanishing' was not found/);
    expect((await compute.virtualMachines.get(group, "vm-orders-6")).identity).toBeUndefined();
  });

  test("lists by subscription have the group in capitals, by group not", async () => {
    const all = await collect(compute.virtualMachines.listAll());
    expect(all.every((vm) => /\/resourceGroups\/[A-Z_-]+\//.test(vm.id ?? ""))).toBe(true);
    const inGroup = await collect(compute.virtualMachines.list(group));
    expect(inGroup.map((vm) => vm.name)).toContain("vm-jumpbox");
    expect(inGroup.every((vm) => vm.id?.includes(`/${group}/`))).toBe(true);
  });

  test("a machine is created and deleted", async () => {
    await compute.virtualMachines.createOrUpdate(
      group,
      "vm-new",
      {
        location,
        hardwareProfile: { vmSize: "Standard_B2ms" },
      },
      soon,
    );
    expect(await compute.virtualMachines.get(group, "vm-new")).toMatchObject({
      provisioningState: "Succeeded",
    });
    await compute.virtualMachines.delete(group, "vm-new", soon);
    await expect(compute.virtualMachines.get(group, "vm-new")).rejects.toMatchObject({
      code: "ResourceNotFound",
    });
  });
});

describe("@azure/arm-compute: scale sets", () => {
  test("instances of a manual set have the latest model again after manualupgrade", async () => {
    const id = attachable((await makeIdentity("id-set")).id);
    const latest = async () =>
      (await collect(compute.virtualMachineScaleSetVMs.list(group, "vmss-orders"))).map(
        (i) => i.latestModelApplied,
      );
    expect(await latest()).toEqual([true, true, true]);
    await compute.virtualMachineScaleSets.update(
      group,
      "vmss-orders",
      identityPatch("UserAssigned", { [id]: {} }),
      soon,
    );
    expect(await latest()).toEqual([false, false, false]);
    await compute.virtualMachineScaleSets.updateInstances(group, "vmss-orders", { instanceIds: ["*"] }, soon);
    expect(await latest()).toEqual([true, true, true]);
    const set = await compute.virtualMachineScaleSets.get(group, "vmss-orders");
    expect(set.identity?.userAssignedIdentities?.[id]?.clientId).toMatch(/^[0-9a-f-]{36}$/);
  });

  test("a flexible set is listed with its mode; its members are machines that name it", async () => {
    const { credential, options } = clientOf(sandbox, "operator");
    const billing = new ComputeManagementClient(credential, billingSubscriptionId, options);
    const [set] = await collect(billing.virtualMachineScaleSets.list("rg-billing"));
    expect(set?.orchestrationMode).toBe("Flexible");
    const machines = await collect(billing.virtualMachines.list("rg-billing"));
    const members = machines.filter(
      (vm) => vm.virtualMachineScaleSet?.id?.toLowerCase() === set?.id?.toLowerCase(),
    );
    expect(members).toHaveLength(2);
  });
});

test("Bindery's own, least privileged caller may attach what it made", async () => {
  const { credential, options } = clientOf(sandbox, "bindery");
  const ownMsi = new ManagedServiceIdentityClient(credential, productionSubscriptionId, options);
  const ownCompute = new ComputeManagementClient(credential, productionSubscriptionId, options);
  const made = await ownMsi.userAssignedIdentities.createOrUpdate(identityGroup, "id-own", { location });
  const id = attachable(made.id);
  await ownCompute.virtualMachines.update(
    group,
    "vm-jumpbox",
    identityPatch("UserAssigned", { [id]: {} }),
    soon,
  );
  expect(keysOf(await ownCompute.virtualMachines.get(group, "vm-jumpbox"))).toEqual([id]);
});
