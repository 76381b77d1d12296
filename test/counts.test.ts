// What Bindery costs in requests: pages, not machines, when nothing changes; three writes' worth of calls per changed target.
import { afterEach, expect, test } from "vitest";
import { type Sandbox, startSandbox } from "../src/sandbox/start.ts";
import { type Harness, harnessFor } from "./support/harness.ts";

const speed = 20;
const P = "0b1f6471-0000-4000-8000-00000000a001";

let sandbox: Sandbox | undefined;
afterEach(async () => {
  await sandbox?.close();
  sandbox = undefined;
});

async function start(seed: string): Promise<Harness> {
  sandbox = await startSandbox({ speed, seed: { text: seed, filename: "counts.yaml" } });
  return harnessFor(sandbox, speed);
}

function seedWith(machines: readonly string[]): string {
  return `subscriptions: [{ subscriptionId: ${P}, displayName: one }]
resourceGroups: [{ name: rg-identities, location: westeurope }, { name: rg, location: westeurope }]
virtualMachines:
${machines.join("\n")}
`;
}

function identityNamed(name: string): string {
  return `apiVersion: bindery.dev/v1alpha1
kind: UserAssignedIdentity
metadata: { name: ${name}, namespace: team }
spec: { subscriptionId: ${P}, resourceGroup: rg-identities, location: westeurope, prunePolicy: Authoritative }
---
`;
}

function boundTo(name: string, ...targets: readonly string[]): string {
  return `apiVersion: bindery.dev/v1alpha1
kind: IdentityBinding
metadata: { name: ${name}, namespace: team }
spec: { identityRef: { name: ${name} }, targets: [${targets.join(", ")}] }
---
`;
}

test("a plan without changes over 1,000 machines costs pages, not machines", async () => {
  const machines = Array.from(
    { length: 1000 },
    (_, i) => `  - { resourceGroup: rg, name: vm-${i}, tags: { n: "${i}" } }`,
  );
  const bindery = await start(seedWith(machines));
  const documents =
    identityNamed("id-a") + boundTo("id-a", "{ virtualMachine: { resourceGroup: rg, name: vm-1 } }");
  await bindery.apply(documents);
  sandbox?.advance(60_000);
  bindery.requests();
  const plan = await bindery.plan(documents);
  expect(plan.changes).toEqual([]);
  const sent = bindery.requests();
  expect(sent.length).toBeLessThanOrEqual(12);
  expect(sent.filter((r) => r.operation === "Microsoft.Compute/virtualMachines")).toEqual([]);
});

test("several identities on one machine cost one GET before, one PATCH, its polls and one GET after", async () => {
  const bindery = await start(seedWith(["  - { resourceGroup: rg, name: vm-1 }"]));
  const names = ["id-a", "id-b", "id-c", "id-d", "id-e"];
  const target = "{ virtualMachine: { resourceGroup: rg, name: vm-1 } }";
  await bindery.apply(names.map(identityNamed).join(""));
  sandbox?.advance(60_000);
  bindery.requests();
  const done = await bindery.apply(names.map((n) => identityNamed(n) + boundTo(n, target)).join(""));
  expect(done.passes[0]?.report.outcomes.map((o) => o.state)).toEqual(names.map(() => "applied"));
  const onMachine = bindery
    .requests()
    .filter((r) => r.operation.toLowerCase() === "microsoft.compute/virtualmachines");
  const first = onMachine.map((r) => r.method).slice(0, 3);
  expect(first).toEqual(["GET", "PATCH", "GET"]);
  expect(onMachine.filter((r) => r.method === "PATCH")).toHaveLength(1);
});
