import { ComputeManagementClient } from "@azure/arm-compute";
import { ResourceManagementClient } from "@azure/arm-resources";
import { afterEach, beforeEach, expect, test } from "vitest";
import { productionSubscriptionId } from "../src/sandbox/seed/default-world.ts";
import { type Sandbox, startSandbox } from "../src/sandbox/start.ts";
import { adminOf, clientOf } from "./sandbox-client.ts";

const group = `/subscriptions/${productionSubscriptionId}/resourceGroups/rg-orders`;
const vm = `${group}/providers/Microsoft.Compute/virtualMachines/vm-orders-4`;
const identity = `/subscriptions/${productionSubscriptionId}/resourceGroups/rg-shared/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-backup`;

let sandbox: Sandbox;
beforeEach(async () => {
  sandbox = await startSandbox({ speed: 20, settings: { listLagInMs: 0 } });
});
afterEach(() => sandbox.close());

function compute() {
  const { credential, options } = clientOf(sandbox, "operator");
  return new ComputeManagementClient(credential, productionSubscriptionId, options);
}

const attaching = { identity: { type: "UserAssigned", userAssignedIdentities: { [identity]: {} } } } as const;
const update = (ifMatch?: string) =>
  compute().virtualMachines.update(
    "rg-orders",
    "vm-orders-4",
    attaching,
    ifMatch === undefined ? {} : { ifMatch },
  );

async function namesOf(): Promise<readonly string[]> {
  const names: string[] = [];
  for await (const { name } of compute().virtualMachines.list("rg-orders")) names.push(name ?? "");
  return names;
}

test("a list of uneven and empty pages is whole for the SDK, and fails where its last page does", async () => {
  const whole = await namesOf();
  const admin = adminOf(sandbox);
  await admin("PATCH", "settings", { pages: "uneven" });
  expect(await namesOf()).toEqual(whole);
  await admin("POST", "faults", {
    path: "**/virtualMachines",
    query: "skiptoken",
    times: 1,
    answer: "html503",
  });
  await expect(namesOf()).rejects.toMatchObject({ statusCode: 503 });
  await admin("PATCH", "settings", { lastPageFails: true });
  await expect(namesOf()).rejects.toMatchObject({ statusCode: 500 });
});

test("somebody enables the system identity between a read and the write that relies on it", async () => {
  const deed = { kind: "enableSystemIdentity", resourceId: vm };
  await adminOf(sandbox)("POST", "second-client/hooks", { path: "**/virtualMachines/vm-orders-4", deed });
  const read = await compute().virtualMachines.get("rg-orders", "vm-orders-4");
  expect(read.identity?.principalId).toBeUndefined();
  await expect(update(read.etag)).rejects.toMatchObject({ statusCode: 412 });
  expect(sandbox.secondClient.lost()).toEqual([]);
  await update();
  expect(sandbox.secondClient.lost()).toMatchObject([{ kind: "systemIdentity", resourceId: vm }]);
});

test("an operation fails over the wire as it was told to", async () => {
  const error = { code: "VMExtensionProvisioningError", message: "VM has reported a failure." };
  await adminOf(sandbox)("POST", "operation-modes", {
    path: "**/vm-orders-4",
    mode: "failed",
    times: 1,
    error,
  });
  await expect(update()).rejects.toThrow("VM has reported a failure.");
  await expect(update()).resolves.toMatchObject({ provisioningState: "Succeeded" });
});

test("a revoked token costs one 401 and a new token; the request succeeds all the same", async () => {
  const { credential, options } = clientOf(sandbox);
  const groups = new ResourceManagementClient(credential, productionSubscriptionId, options).resourceGroups;
  await groups.get("rg-orders");
  const admin = adminOf(sandbox);
  await admin("DELETE", "requests");
  sandbox.revokeTokens("revoked");
  await expect(groups.get("rg-orders")).resolves.toMatchObject({ name: "rg-orders" });
  const sent = (await admin("GET", "requests")).filter((e: { path: string }) => e.path.includes("rg-orders"));
  expect(sent.map((e: { status: number }) => e.status)).toEqual([401, 200]);
});

test("switches, modes and a second client come with the seed and the options of the start", async () => {
  const text = `
subscriptions: [{ subscriptionId: ${productionSubscriptionId} }]
resourceGroups: [{ name: rg, location: westeurope }]
virtualMachines: [{ resourceGroup: rg, name: vm-1, power: deallocated }]
switches: { computeEtag: absent, ifMatch: ignored }
operationModes: [{ path: "**", mode: endless }]
`;
  const other = await startSandbox({
    seed: { text, filename: "seed.yaml" },
    switches: { ifMatch: "honoured" },
    operationModes: [{ path: "**", mode: "late" }],
    secondClient: { seed: 3, rate: 1, most: 1, kinds: ["addLock"] },
  });
  try {
    expect(other.world.switches).toMatchObject({ computeEtag: "absent", ifMatch: "honoured" });
    expect(other.world.operationModes.list().map((m) => m.mode)).toEqual(["endless", "late"]);
    const { credential, options } = clientOf(other);
    const machines = new ComputeManagementClient(credential, productionSubscriptionId, options)
      .virtualMachines;
    const { etag, instanceView } = await machines.get("rg", "vm-1", { expand: "instanceView" });
    expect([etag, instanceView?.statuses?.at(-1)?.code]).toEqual([undefined, "PowerState/deallocated"]);
    await machines.get("rg", "vm-1");
    expect(other.secondClient.deeds().map((d) => d.kind)).toEqual(["addLock"]);
  } finally {
    await other.close();
  }
});
