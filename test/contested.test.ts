// Somebody keeps detaching what Bindery attaches: Bindery stops, names who it is, and tries again later.
import { readFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { ClientSecretCredential } from "@azure/identity";
import { afterEach, describe, expect, test } from "vitest";
import type { Outcome } from "../src/apply/outcome.ts";
import { parseCloudFile } from "../src/azure/cloud.ts";
import { connectAzure } from "../src/azure/connect.ts";
import { type Contested, contestedMemory, explainedBy } from "../src/controller/contested.ts";
import { convergeOn } from "../src/controller/converge.ts";
import { desiredFrom } from "../src/desired/desired-from.ts";
import { parseManifests } from "../src/manifest/parse-manifests.ts";
import type { Clock, ReadPorts, WritePorts } from "../src/model/ports.ts";
import { type Sandbox, startSandbox } from "../src/sandbox/start.ts";

const speed = 20;
const minute = 60_000;
const S = "0b1f6471-0000-4000-8000-00000000c001";
const group = `/subscriptions/${S}/resourceGroups/rg`;
const vmId = `${group}/providers/Microsoft.Compute/virtualMachines/vm-1`;
const identityId = `${group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/orders`;

const seed = `subscriptions: [{ subscriptionId: ${S}, displayName: one }]
resourceGroups: [{ name: rg, location: westeurope }]
virtualMachines: [{ resourceGroup: rg, name: vm-1 }]
settings: { operationInMs: 1000, tokenLifetimeInMs: 864000000 }
`;

const documents = `apiVersion: bindery.dev/v1alpha1
kind: UserAssignedIdentity
metadata: { name: orders, namespace: team }
spec: { subscriptionId: ${S}, resourceGroup: rg, location: westeurope, prunePolicy: Authoritative }
---
apiVersion: bindery.dev/v1alpha1
kind: IdentityBinding
metadata: { name: orders, namespace: team }
spec:
  identityRef: { name: orders }
  targets: [{ virtualMachine: { resourceGroup: rg, name: vm-1 } }]
`;

let sandbox: Sandbox | undefined;
afterEach(async () => {
  await sandbox?.close();
  sandbox = undefined;
});

const signal = AbortSignal.timeout(120_000);
const noDatabases = () => Promise.reject(new Error("There are no databases here."));

interface Stage {
  readonly world: Sandbox["world"];
  /** One turn of a loop; what became of each change of its last pass. */
  turn(): Promise<readonly Outcome[]>;
  /** Takes the identity off the machine, as somebody else. */
  revert(): void;
  advance(minutes: number): void;
  /** PATCHes of the machine since the last call. */
  patches(): number;
}

/** A sandbox, and Bindery on it as a loop would run it. */
async function staged(change: (sandbox: Sandbox) => void = () => undefined): Promise<Stage> {
  const started = await startSandbox({ speed, seed: { text: seed, filename: "contested.yaml" } });
  sandbox = started;
  change(started);
  const { ready, world } = started;
  const { cloud } = parseCloudFile(readFileSync(started.cloudFile, "utf8"));
  if (!cloud) throw new Error("The sandbox wrote no cloud file.");
  const ca = readFileSync(ready.caFile, "utf8");
  const clock: Clock = {
    now: world.now,
    sleep: (inMs, until) => setTimeout(inMs / speed, undefined, { signal: until }),
  };
  const credential = new ClientSecretCredential(ready.tenantId, ready.clientId, ready.clientSecret, {
    authorityHost: cloud.authorityHost,
    disableInstanceDiscovery: true,
    tlsOptions: { ca },
  });
  let patched = 0;
  const azure = connectAzure({
    cloud,
    credential,
    dryRun: false,
    clock,
    ca,
    onRequest: ({ method, operation }) => {
      if (method === "PATCH" && operation === "Microsoft.Compute/virtualMachines") patched += 1;
    },
  });
  const ports: ReadPorts & WritePorts = {
    ...azure.read,
    ...azure.write,
    readDatabase: noDatabases,
    changeDatabase: noDatabases,
  };
  const contested: Contested = explainedBy(azure.activityLog, contestedMemory());
  const intent = await intentOf(ready.tenantId, await azure.self(signal));
  return {
    world,
    advance: (minutes) => started.advance(minutes * minute),
    async turn() {
      const { passes } = await convergeOn(intent, ports, {
        clock,
        random: Math.random,
        audit: async () => undefined,
        postponed: (wanted) => contested.verdictOn(wanted, clock.now()),
        onPass: ({ report }) => contested.note(report.outcomes, clock.now()),
      });
      // As late as the log is.
      started.advance(5_000);
      await contested.ask?.(signal);
      return passes.flatMap(({ report }) => report.outcomes);
    },
    revert() {
      const deed = started.secondClient.act({ kind: "detachForeign", resourceId: vmId, identityId });
      if (!deed) throw new Error("There is nothing to revert.");
      // As late as Resource Graph is.
      started.advance(5_000);
    },
    patches() {
      const count = patched;
      patched = 0;
      return count;
    },
  };
}

async function intentOf(
  tenantId: string,
  self: Awaited<ReturnType<ReturnType<typeof connectAzure>["self"]>>,
) {
  const parsed = parseManifests([{ path: "test.yaml", bytes: new TextEncoder().encode(documents) }]);
  expect(parsed.diagnostics.filter((d) => d.severity === "error")).toEqual([]);
  return {
    desired: desiredFrom(parsed.documents, "one"),
    self,
    releases: { digests: new Set<string>(), changes: new Set<string>() },
    policy: {
      owner: "test",
      tenantId,
      estate: { subscriptions: [S], managementGroups: [] },
      namespaces: [],
      limits: { removals: { count: 100, percent: 100 }, additions: { count: 100 } },
      wholeSubscriptionSelectors: "Deny" as const,
      privileged: [],
      federatedCredentials: [],
      sqlServers: [],
      protected: [],
      releases: [],
    },
  };
}

const attached = ({ world }: Stage): boolean =>
  world.resources.get(vmId)?.identity?.userAssignedIdentities !== undefined;
const briefly = (outcomes: readonly Outcome[]): readonly string[] =>
  outcomes.map(({ change, state, code }) => `${change.kind} ${code ?? state}`);

/** Three attachments, the second and the third because somebody took off the one before. */
async function fought(stage: Stage): Promise<void> {
  await stage.turn();
  for (const _ of ["second", "third"]) {
    stage.revert();
    stage.advance(5);
    expect(briefly(await stage.turn())).toEqual(["attach applied"]);
  }
  expect(stage.patches()).toBe(3);
}

test("what is reverted twice is left alone then, with the name of who did it, and tried again after a while", async () => {
  const stage = await staged();
  await fought(stage);
  stage.revert();
  stage.advance(5);
  const [outcome, ...more] = await stage.turn();
  expect(more).toEqual([]);
  expect(outcome).toMatchObject({ state: "skipped", code: "Contested", change: { kind: "attach" } });
  expect(outcome?.message).toMatch(
    /^Somebody keeps reverting this: it was applied 3 times since .* The Activity Log names somebody-else@contoso\.com: Microsoft\.Compute\/virtualMachines\/write at /,
  );
  expect([stage.patches(), attached(stage)]).toEqual([0, false]);
  stage.advance(60);
  expect(briefly(await stage.turn())).toEqual(["attach applied"]);
  expect([stage.patches(), attached(stage)]).toEqual([1, true]);
  // Reverted once more: it waits for longer, although it had waited for an hour.
  stage.revert();
  stage.advance(20);
  expect(briefly(await stage.turn())).toEqual(["attach Contested"]);
  stage.advance(11);
  expect(briefly(await stage.turn())).toEqual(["attach applied"]);
  // It stays for an hour: then it is as if nothing had been.
  stage.advance(61);
  expect(await stage.turn()).toEqual([]);
  stage.revert();
  expect(briefly(await stage.turn())).toEqual(["attach applied"]);
});

describe("where the log tells nothing, the change is left alone all the same", () => {
  test.each<[string, (started: Sandbox) => void]>([
    [
      "it may not be read",
      ({ faults }) =>
        faults.add({
          path: "**/eventtypes/**",
          status: 403,
          body: { error: { code: "AuthorizationFailed", message: "No." } },
        }),
    ],
    [
      "it is out of order",
      ({ faults }) => faults.add({ path: "**/eventtypes/**", answer: "internalServerError" }),
    ],
    [
      "it is an hour late",
      ({ world }) => {
        world.settings.activityLagInMs = 60 * minute;
      },
    ],
  ])("%s", async (_, change) => {
    const stage = await staged(change);
    await fought(stage);
    stage.revert();
    const [outcome] = await stage.turn();
    expect(outcome).toMatchObject({ state: "skipped", code: "Contested" });
    expect(outcome?.message).not.toContain("Activity Log");
  });
});

test("under the other behaviours of the log it names the same one, and never Bindery itself", async () => {
  const stage = await staged(({ world }) => {
    Object.assign(world.switches, { activityCaller: "clientId", activityResourceUri: "andBelow" });
  });
  await fought(stage);
  stage.revert();
  const [outcome] = await stage.turn();
  expect(outcome?.message).toContain("somebody-else@contoso.com");
});
