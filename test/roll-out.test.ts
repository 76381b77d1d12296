// Which instances of a scale set are upgraded, whatever Azure shows of them: those that lack the identity, and only once.
import { beforeAll, beforeEach, expect, test } from "vitest";
import type { LogEntry } from "../src/sandbox/request-log.ts";
import { type EmbeddedAzure, embeddedAzure } from "./support/embedded-azure.ts";
import { type Harness, harnessOn } from "./support/harness.ts";

const S = "0b1f6471-0000-4000-8000-00000000a001";
const set = `/subscriptions/${S}/resourceGroups/rg/providers/Microsoft.Compute/virtualMachineScaleSets/vmss`;
const seedWith = (switches: string, policy = "Manual", listLagInMs = 500): string => `
subscriptions: [{ subscriptionId: ${S}, displayName: production }]
resourceGroups: [{ name: rg, location: westeurope }]
virtualMachineScaleSets: [{ resourceGroup: rg, name: vmss, mode: Uniform, instances: 2, upgradePolicy: ${policy} }]
switches: { ${switches} }
settings: { listLagInMs: ${listLagInMs} }
`;
const documents = `apiVersion: bindery.dev/v1alpha1
kind: UserAssignedIdentity
metadata: { name: id-a, namespace: team }
spec: { subscriptionId: ${S}, resourceGroup: rg, location: westeurope, prunePolicy: Authoritative }
---
apiVersion: bindery.dev/v1alpha1
kind: IdentityBinding
metadata: { name: id-a, namespace: team }
spec:
  identityRef: { name: id-a }
  targets: [{ virtualMachineScaleSet: { resourceGroup: rg, name: vmss, instanceUpgrade: Automatic } }]
`;

let azure: EmbeddedAzure;
let bindery: Harness;

beforeAll(async () => {
  azure = await embeddedAzure();
});
beforeEach(() => applied(seedWith("")));

async function applied(seed: string): Promise<void> {
  await azure.renew(seed);
  bindery = harnessOn(azure.wiring(() => 0.5));
  await bindery.apply(documents);
  azure.advance(120_000);
}

async function upgrades(): Promise<number> {
  const log = (await azure.admin("GET", "requests")) as LogEntry[];
  return log.filter(({ path }) => path.includes("/manualupgrade?")).length;
}

async function planned(): Promise<readonly string[]> {
  const { changes } = await bindery.plan(documents);
  return changes.map(({ kind, subject, reason }) => `${kind} ${subject.kind}: ${reason}`);
}

async function change(instance: number, body: object): Promise<void> {
  await azure.admin("PATCH", `resources?id=${set}/virtualMachines/${instance}`, body);
  azure.advance(120_000);
}

test.each([
  ["instances get the identity with the upgrade", 1, seedWith("")],
  ["instances get it at once", 0, seedWith("uniformInstanceIdentity: atOnce", "Manual", 0)],
  ["instances get it at once, and a list is late", 1, seedWith("uniformInstanceIdentity: atOnce")],
  ["instances do not tell their model", 1, seedWith("latestModelApplied: hidden")],
  ["Azure upgrades by itself", 0, seedWith("", "Automatic")],
])("where %s, nothing is left to do after one apply", async (_, expected, seed) => {
  await applied(seed);
  expect(await upgrades()).toBe(expected);
  expect(await planned()).toEqual([]);
});

test("what lags behind for somebody else's change, or is protected, is left alone", async () => {
  await change(0, { properties: { latestModelApplied: false } });
  const protectionPolicy = { protectFromScaleSetActions: true };
  await change(1, { identity: null, properties: { latestModelApplied: false, protectionPolicy } });
  expect(await planned()).toEqual([]);
});

test("what lacks the identity is brought to the model, and nothing else is", async () => {
  await change(0, { properties: { latestModelApplied: false } });
  await change(1, { identity: null, properties: { latestModelApplied: false } });
  expect(await planned()).toEqual([
    "update instances: 1 of 2 instances do not have it yet, and instanceUpgrade is Automatic",
  ]);
  await bindery.apply(documents);
  azure.advance(120_000);
  expect(await planned()).toEqual([]);
  const latest = [0, 1].map(
    (n) => azure.world.resources.get(`${set}/virtualMachines/${n}`)?.properties?.latestModelApplied,
  );
  expect(latest).toEqual([false, true]);
});

test.each(["taken", "refused"])(
  "a flexible set whose swap in one PATCH is %s loses one identity and gets the other",
  async (state) => {
    await azure.renew(seedWith(`flexibleSetSwap: ${state}`).replace("mode: Uniform", "mode: Flexible"));
    bindery = harnessOn(azure.wiring(() => 0.5));
    const naming = (name: string): string =>
      documents
        .replace(", instanceUpgrade: Automatic", "")
        .replace("identityRef: { name: id-a }", `identityRef: { name: ${name} }`)
        .concat(`---
apiVersion: bindery.dev/v1alpha1
kind: UserAssignedIdentity
metadata: { name: id-b, namespace: team }
spec: { subscriptionId: ${S}, resourceGroup: rg, location: westeurope, prunePolicy: Authoritative }
`);
    for (const name of ["id-a", "id-b"]) {
      const { passes } = await bindery.apply(naming(name));
      const outcomes = passes.flatMap((pass) => pass.report.outcomes);
      expect(outcomes.filter((o) => o.state !== "applied")).toEqual([]);
      azure.advance(120_000);
      const attached = Object.keys(azure.world.resources.get(set)?.identity?.userAssignedIdentities ?? {});
      expect(attached.map((id) => id.split("/").at(-1))).toEqual([name]);
      expect((await bindery.plan(naming(name))).changes).toEqual([]);
    }
  },
);
