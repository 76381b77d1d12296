// Long-running operations that go wrong in every way seen in Azure: what a read shows is what counts, and it ends.
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { AuditEvent } from "../src/apply/audit.ts";
import type { Convergence } from "../src/controller/converge.ts";
import type { OperationModeRule } from "../src/sandbox/operation-modes.ts";
import type { LogEntry } from "../src/sandbox/request-log.ts";
import { type Sandbox, startSandbox } from "../src/sandbox/start.ts";
import { admin, attachedTo } from "./support/admin.ts";
import { type Harness, harnessFor } from "./support/harness.ts";

/** A quarter of an hour, after which an operation is given up, takes nine seconds. */
const speed = 100;
const S = "0b1f6471-0000-4000-8000-00000000a001";
const group = `/subscriptions/${S}/resourceGroups/rg`;
const vm = `${group}/providers/Microsoft.Compute/virtualMachines/vm`;
const vault = `${group}/providers/Microsoft.KeyVault/vaults/kv`;
const seed = `subscriptions: [{ subscriptionId: ${S}, displayName: one }]
resourceGroups: [{ name: rg, location: westeurope }]
identities: [{ resourceGroup: rg, name: id-foreign }]
virtualMachines: [{ resourceGroup: rg, name: vm, identities: [id-foreign] }]
resources: [{ id: ${vault}, location: westeurope, properties: {} }]
`;

const identity = `apiVersion: bindery.dev/v1alpha1
kind: UserAssignedIdentity
metadata: { name: id-a, namespace: team }
spec: { subscriptionId: ${S}, resourceGroup: rg, location: westeurope, prunePolicy: Authoritative }
---
`;
const bound = `${identity}apiVersion: bindery.dev/v1alpha1
kind: IdentityBinding
metadata: { name: id-a, namespace: team }
spec:
  identityRef: { name: id-a }
  targets: [{ virtualMachine: { resourceGroup: rg, name: vm } }]
  grants: [{ azureRole: { roleName: Reader, scope: ${vault} } }]
`;

let sandbox: Sandbox;
let bindery: Harness;

beforeEach(async () => {
  sandbox = await startSandbox({ speed, seed: { text: seed, filename: "operations.yaml" } });
  bindery = harnessFor(sandbox, speed);
});
afterEach(() => sandbox.close());

/** The outcomes of the attach, pass by pass. */
function attaches({ passes }: Convergence): string[] {
  return passes.flatMap((pass) =>
    pass.report.outcomes
      .filter((o) => o.change.kind === "attach")
      .map((o) => (o.code === undefined ? o.state : `${o.state} ${o.code}`)),
  );
}

async function log(): Promise<readonly LogEntry[]> {
  return (await admin(sandbox, "GET", "requests")) as readonly LogEntry[];
}

async function patches(): Promise<number> {
  return (await log()).filter((e) => e.method === "PATCH" && e.path.startsWith(`${vm}?`)).length;
}

async function leftOver(): Promise<readonly string[]> {
  sandbox.advance(120_000);
  return (await bindery.plan(bound)).changes.map((change) => change.id);
}

describe("an operation", () => {
  test.each<readonly [string, Omit<OperationModeRule, "path">, readonly string[], number]>([
    ["that is late", { mode: "late", durationInMs: 90_000 }, ["applied"], 1],
    ["that fails though it is applied", { mode: "failedThoughApplied", times: 1 }, ["applied"], 1],
    [
      "that says it has succeeded before anybody can see it",
      { mode: "succeededBeforeVisible", visibleAfterInMs: 8_000, times: 1 },
      ["applied"],
      1,
    ],
    ["whose URL is gone (404)", { mode: "urlGone404", times: 1 }, ["applied"], 1],
    ["whose URL is gone (410)", { mode: "urlGone410", times: 1 }, ["applied"], 1],
    ["of which the answer says nothing", { mode: "withoutHeader", times: 1 }, ["applied"], 1],
    ["that is cancelled is tried again", { mode: "cancelled", times: 1 }, ["applied"], 2],
    [
      "that fails for a passing reason is tried again",
      { mode: "failed", times: 1, error: { code: "InternalExecutionError", message: "Please retry later." } },
      ["applied"],
      2,
    ],
  ])("%s", async (_, rule, expected, writes) => {
    await bindery.apply(identity);
    await admin(sandbox, "POST", "operation-modes", { path: vm, ...rule });
    const done = await bindery.apply(bound);
    expect(attaches(done)).toEqual(expected);
    expect(await patches()).toBe(writes);
    expect(attachedTo(sandbox, vm)).toEqual(["id-a", "id-foreign"]);
    expect(await leftOver()).toEqual([]);
  });

  test("that fails for good is told, not repeated, and mended by the next apply", async () => {
    await bindery.apply(identity);
    const error = { code: "VMExtensionProvisioningError", message: "The extension has failed." };
    await admin(sandbox, "POST", "operation-modes", { path: vm, mode: "failed", times: 1, error });
    const done = await bindery.apply(bound);
    expect(new Set(attaches(done))).toEqual(new Set(["failed VMExtensionProvisioningError"]));
    expect(await patches()).toBe(1);
    expect(attachedTo(sandbox, vm)).toEqual(["id-foreign"]);
    expect(attaches(await bindery.apply(bound))).toEqual(["applied"]);
    expect(await leftOver()).toEqual([]);
  });

  test("that never ends is given up after a quarter of an hour and not written over", async () => {
    await bindery.apply(identity);
    await admin(sandbox, "POST", "operation-modes", { path: vm, mode: "endless" });
    const startedAt = sandbox.world.now();
    const done = await bindery.apply(bound);
    expect(new Set(attaches(done))).toEqual(new Set(["propagating InProgress"]));
    expect(done.passes.every((pass) => pass.report.outcomes.every((o) => o.state !== "failed"))).toBe(true);
    expect(sandbox.world.now() - startedAt).toBeLessThan(25 * 60_000);
    expect(await patches()).toBe(1);
    await bindery.apply(bound);
    expect(await patches()).toBe(1);
    await admin(sandbox, "DELETE", "operation-modes");
    sandbox.advance(60_000);
    await bindery.apply(bound);
    expect(await patches()).toBe(1);
    expect(await leftOver()).toEqual([]);
  });

  test("whose polls do not get through has not failed", async () => {
    await bindery.apply(identity);
    const polls = { method: "GET", path: "**/locations/*/operations/*" };
    await admin(sandbox, "POST", "faults", { ...polls, status: 503, times: 2 });
    await admin(sandbox, "POST", "faults", { ...polls, cut: "before", times: 1 });
    expect(attaches(await bindery.apply(bound))).toEqual(["applied"]);
    expect(await patches()).toBe(1);
  });
});

describe("no write is repeated behind apply's back", () => {
  test.each<readonly [string, object]>([
    ["503 with Retry-After", { status: 503, headers: { "retry-after": "1" } }],
    ["503 although it was applied", { status: 503, applied: true }],
    ["429 with Retry-After", { status: 429, headers: { "retry-after": "1" } }],
    ["500", { status: 500 }],
    ["408", { status: 408 }],
    ["a redirect", { status: 307, headers: { location: vm } }],
    ["a connection that is cut before", { cut: "before" }],
    ["a connection that is cut after", { cut: "after" }],
  ])("%s", async (_, fault) => {
    for (const method of ["PUT", "PATCH", "DELETE", "POST"]) {
      await admin(sandbox, "POST", "faults", {
        method,
        path: "/subscriptions/**",
        times: 3,
        ...fault,
      });
    }
    bindery.requests();
    await bindery.apply(bound);
    const isWrite = ({ method }: { method: string }): boolean => method !== "GET" && method !== "HEAD";
    const attempts = bindery.requests().filter((e) => isWrite(e) && !/ResourceGraph/i.test(e.operation));
    const seen = (await log()).filter((e) => isWrite(e) && e.path.startsWith("/subscriptions/"));
    // A redirect is refused for good, so that nothing follows the first write.
    expect(seen.length).toBeGreaterThanOrEqual("status" in fault && fault.status === 307 ? 1 : 3);
    expect(seen.map((e) => e.method).toSorted()).toEqual(attempts.map((e) => e.method).toSorted());
  });
});

test("Azure's log of writes and polls names the operation of the audit trail that each is part of", async () => {
  const events: AuditEvent[] = [];
  await bindery.apply(bound, { onAudit: (event) => events.push(event) });
  const byId = Map.groupBy(events, (event) => event.correlationId);
  expect([...byId.values()].map((pair) => pair.map((event) => event.phase))).toEqual(
    [...byId].map(() => ["intent", "outcome"]),
  );
  const actions = (await log())
    .filter(({ method, path }) => /PUT|PATCH/.test(method) || path.includes("/operations/"))
    .map(({ correlationId }) => byId.get(correlationId)?.[0]?.action);
  expect(new Set(actions)).toEqual(new Set(["createIdentity", "mergeTags", "putAssignment", "patchTarget"]));
});
