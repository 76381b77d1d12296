// A plan that is saved, reviewed and applied: what moves in between is told and not done. The real command line, as a process.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { policyText } from "../src/cli/policy-template.ts";
import { productionSubscriptionId as subscription } from "../src/sandbox/seed/default-world.ts";
import { type Sandbox, startSandbox } from "../src/sandbox/start.ts";
import { sandboxTenantId } from "../src/sandbox/tenant.ts";
import { type CliRun, cli, exportsOf } from "./cli-run.ts";
import { admin, attachedTo, resourcePath } from "./support/admin.ts";

const group = `/subscriptions/${subscription}/resourceGroups/rg-orders`;
const vmOf = (n: number) => `${group}/providers/Microsoft.Compute/virtualMachines/vm-orders-${n}`;
const identity = `/subscriptions/${subscription}/resourceGroups/rg-identities/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-orders`;

/** An identity on all web machines; `more` goes into its spec, `grants` into its binding's. */
const documents = (more = "", grants = "") => `apiVersion: bindery.dev/v1alpha1
kind: UserAssignedIdentity
metadata: { name: orders, namespace: team-orders }
spec: { subscriptionId: ${subscription}, resourceGroup: rg-identities, name: id-orders, location: westeurope, prunePolicy: Authoritative${more} }
---
apiVersion: bindery.dev/v1alpha1
kind: IdentityBinding
metadata: { name: orders, namespace: team-orders }
spec:
  identityRef: { name: orders }
  targets: [{ virtualMachines: { resourceGroups: [rg-orders], selector: { matchTags: { tier: web } } } }]
  grants: [${grants}]
`;
const contributor = `{ azureRole: { roleName: Contributor, scope: ${group} } }`;

const policy = policyText({
  owner: "test",
  tenantId: sandboxTenantId,
  tenantName: "",
  subscriptions: [
    { subscriptionId: subscription, displayName: "production", tenantId: sandboxTenantId, state: "" },
  ],
});

let sandbox: Sandbox;
let folder: string;
let env: Record<string, string>;

beforeEach(async () => {
  const none = { listLagInMs: 0, graphLagInMs: 0, roleLagInMs: 0, principalLagInMs: 0 };
  sandbox = await startSandbox({ settings: { ...none, operationInMs: 50 } });
  env = exportsOf(sandbox.ready.envFile);
  folder = mkdtempSync(join(tmpdir(), "bindery-saved-"));
  mkdirSync(join(folder, "manifests"));
  writeFileSync(join(folder, "policy.yaml"), policy);
});
afterEach(async () => {
  rmSync(folder, { recursive: true });
  await sandbox.close();
});

function run(...args: readonly string[]): Promise<CliRun> {
  return cli(args, { cwd: folder, env });
}

function write(text: string): void {
  writeFileSync(join(folder, "manifests/orders.yaml"), text);
}

function save(): Promise<CliRun> {
  return run("plan", "manifests", "--policy", "policy.yaml", "--out", "plan.json");
}

function apply(...args: readonly string[]): Promise<CliRun> {
  return run("apply", "manifests", "--policy", "policy.yaml", "--plan", "plan.json", ...args);
}

/** What a file says, changed. */
function tampered(change: (plan: SavedFile) => unknown): void {
  const path = join(folder, "plan.json");
  writeFileSync(path, JSON.stringify(change(JSON.parse(readFileSync(path, "utf8")) as SavedFile)));
}

interface SavedFile {
  readonly changes: readonly { readonly kind: string }[];
  readonly held: readonly { readonly digest: string; readonly change: unknown }[];
  readonly saved: { readonly at: string };
}

async function retag(machine: number, tier: string): Promise<void> {
  await admin(sandbox, "PATCH", resourcePath(vmOf(machine)), { tags: { app: "orders", tier } });
}

test("only what stands in the saved plan and is still to be done is done; the rest is told with what has moved", async () => {
  write(documents());
  expect((await save()).stdout).toContain("3 to attach");
  await retag(2, "worker");
  await retag(4, "web");
  const applied = await apply("--detailed-exitcode");
  expect(applied.stderr).toMatch(
    /^Only what stands in the plan of 20\S+Z \(digest [0-9a-f]{24}\) is done\.$/m,
  );
  expect(applied.stdout).toContain(`Not done, because of the saved plan (1)
  attach vm-orders-4
    NotInPlan: It has come up since the plan was saved`);
  expect(applied.stdout).toContain(`not needed any more (1)\n  attach vm-orders-2 (AlreadySo)\n`);
  expect(applied.stdout).toContain("Applied: 1 create, 1 update, 2 attach; 1 left out.");
  expect(applied.code).toBe(2);
  expect([1, 2, 3].map((n) => attachedTo(sandbox, vmOf(n)))).toEqual([["id-orders"], [], ["id-orders"]]);
  expect(attachedTo(sandbox, vmOf(4))).toEqual(["id-backup"]);

  const again = JSON.parse((await apply("--output", "json")).stdout) as object;
  expect(again).toMatchObject({
    savedPlan: { digest: expect.any(String), savedAt: expect.any(String) },
    leftOut: expect.arrayContaining([
      expect.objectContaining({ reason: "NotInPlan", missed: false }),
      expect.objectContaining({ reason: "AlreadySo" }),
    ]),
    summary: { applied: 0, leftOut: 6 },
  });
});

test("an identity is deleted in a later pass if the saved plan lists its deletion as waiting, and not otherwise", async () => {
  write(documents());
  await run("apply", "manifests", "--policy", "policy.yaml");
  write(documents(", lifecycle: Absent"));
  expect((await save()).stdout).toContain("NotEmpty");
  const saved = readFileSync(join(folder, "plan.json"), "utf8");
  tampered((plan) => ({ ...plan, held: [] }));
  const emptied = await apply();
  expect(emptied.stdout).toContain("Applied: 3 detach; 1 left out.");
  expect(sandbox.world.resources.get(identity)).toBeDefined();
  writeFileSync(join(folder, "plan.json"), saved);
  const deleted = await apply("--detailed-exitcode");
  expect(deleted).toMatchObject({ code: 0 });
  expect(deleted.stdout).toContain("Applied: 1 delete.");
  expect(sandbox.world.resources.get(identity)).toBeUndefined();
});

describe("a file that somebody has changed", () => {
  test("lets nothing happen that the fresh plan holds", async () => {
    write(documents("", contributor));
    await save();
    tampered((plan) => ({
      ...plan,
      held: [],
      changes: [...plan.changes, ...plan.held.map((h) => h.change)],
    }));
    const applied = await apply("--detailed-exitcode");
    expect(applied.code).toBe(2);
    expect(applied.stdout).toContain("NowHeld: It is held now (Privileged)");
    const granted = [...sandbox.world.roleAssignments.values()].filter((a) => a.scope === group);
    expect(granted).toEqual([]);
  });

  test("may take away, and what needs it goes with it", async () => {
    write(documents());
    await save();
    tampered((plan) => ({ ...plan, changes: plan.changes.filter(({ kind }) => kind !== "create") }));
    const applied = await apply();
    expect(applied.code).toBe(1);
    expect(applied.stdout).toContain("NeedLeftOut: It needs another change that is left out (NotInPlan).");
    expect(applied.stdout).toContain("Nothing was applied; 5 left out.");
  });

  test("is bad input if it is no saved plan", async () => {
    write(documents());
    writeFileSync(join(folder, "plan.json"), "{}");
    const applied = await apply();
    expect(applied).toMatchObject({ code: 3, stdout: "" });
    expect(applied.stderr).toContain("plan.json is no saved plan of this version of Bindery: apiVersion: ");
    expect(applied.stderr).toContain("bindery plan PATH --out FILE");
    rmSync(join(folder, "plan.json"));
    expect((await apply()).stderr).toContain("The plan plan.json cannot be read: there is no such file");
  });
});

test("a held set of the saved plan goes with its release", async () => {
  write(documents("", contributor));
  await save();
  const { held } = JSON.parse(readFileSync(join(folder, "plan.json"), "utf8")) as SavedFile;
  const applied = await apply("--release", held[0]?.digest ?? "", "--detailed-exitcode");
  expect(applied).toMatchObject({ code: 0 });
  expect(applied.stdout).toContain("Applied: 1 create, 1 update, 3 attach, 1 grant.");
});

describe("a saved plan is refused (exit code 4)", () => {
  test("for other documents, and for another policy or owner", async () => {
    write(documents());
    await save();
    write(documents(", tags: { a: b }"));
    await refused(/The manifests have changed since: they were "sha256:.*", and are "sha256:/);
    write(documents());
    writeFileSync(join(folder, "policy.yaml"), policy.replace("owner: test", "owner: other"));
    await refused(/for the owner "test", and this is "other"\.\nThe policy has changed since\./);
    writeFileSync(join(folder, "policy.yaml"), policy.replace("count: 10", "count: 11"));
    await refused(/applied\.\nThe policy has changed since\.\n {2}→ Save a new plan with/);
  });

  test("when it is too old, and for another cloud or tenant", async () => {
    write(documents());
    await save();
    tampered((plan) => ({ ...plan, saved: { ...plan.saved, at: "2026-01-01T00:00:00Z" } }));
    await refused(/It was saved at 2026-01-01T00:00:00Z, more than 24 hours ago\./);
    await refused(/more than 90 minutes ago\./, "--plan-max-age", "90m");
    tampered((plan) => ({ ...plan, tenantId: "other", cloud: "china" }));
    await refused(/for the cloud "china", and this is "sandbox"\.\nIt was saved for the tenant "other"/);
    expect(sandbox.world.resources.get(identity)).toBeUndefined();
  });

  async function refused(why: RegExp, ...args: readonly string[]): Promise<void> {
    const applied = await apply(...args);
    expect(applied).toMatchObject({ code: 4, stdout: "" });
    expect(applied.stderr).toMatch(why);
  }
});
