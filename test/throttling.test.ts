// Ten identities on a hundred machines: Bindery stays within the limits of an Azure that enforces them.
import { afterEach, expect, test, vi } from "vitest";
import { type Sandbox, startSandbox } from "../src/sandbox/start.ts";

/** Slow enough for requests on the loopback to outrun Azure's limits. */
const speed = 4;
const S = "0b1f6471-0000-4000-8000-00000000a001";
const names = Array.from({ length: 10 }, (_, i) => `id-${i}`);
const machines = Array.from({ length: 100 }, (_, i) => `vm-${i}`);

const seed = `subscriptions: [{ subscriptionId: ${S}, displayName: one }]
resourceGroups: [{ name: rg-identities, location: westeurope }, { name: rg, location: westeurope }]
virtualMachines:
${machines.map((name) => `  - { resourceGroup: rg, name: ${name}, tags: { app: a } }`).join("\n")}
settings: { operationInMs: 1000 }
`;

const documents = names
  .map(
    (name) => `apiVersion: bindery.dev/v1alpha1
kind: UserAssignedIdentity
metadata: { name: ${name}, namespace: team }
spec: { subscriptionId: ${S}, resourceGroup: rg-identities, location: westeurope, prunePolicy: Authoritative }
---
apiVersion: bindery.dev/v1alpha1
kind: IdentityBinding
metadata: { name: ${name}, namespace: team }
spec:
  identityRef: { name: ${name} }
  targets: [{ virtualMachines: { resourceGroups: [rg], selector: { matchTags: { app: a } } } }]
---
`,
  )
  .join("");

let sandbox: Sandbox | undefined;
afterEach(async () => {
  await sandbox?.close();
  sandbox = undefined;
  vi.doUnmock("../src/azure/throttle.ts");
  vi.resetModules();
});

/** Applies the documents; how many requests there were, and how many of them Azure refused as too many. */
async function applied(): Promise<{ requests: number; refused: number; attached: number }> {
  const { harnessFor } = await import("./support/harness.ts");
  sandbox = await startSandbox({ speed, seed: { text: seed, filename: "throttling.yaml" } });
  const bindery = harnessFor(sandbox, speed);
  const { world } = sandbox;
  await bindery.apply(documents);
  const sent = bindery.requests();
  const attached = world.resources
    .values()
    .flatMap((r) => Object.keys(r.identity?.userAssignedIdentities ?? {})).length;
  return { requests: sent.length, refused: sent.filter((r) => r.status === 429).length, attached };
}

test("next to no request is one too many", async () => {
  const { refused, attached } = await applied();
  expect(attached).toBe(names.length * machines.length);
  expect(refused).toBeLessThanOrEqual(2);
}, 180_000);

test("without the buckets many are", async () => {
  vi.doMock("../src/azure/throttle.ts", () => ({
    throttlePolicy: () => ({
      name: "none",
      sendRequest: (request: unknown, next: (request: unknown) => unknown) => next(request),
    }),
  }));
  const { refused } = await applied();
  expect(refused).toBeGreaterThan(20);
}, 180_000);
