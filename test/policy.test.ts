// What the operator's policy says, obeyed by the real command line: tenants, folders and namespaces, releases.
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { policyText } from "../src/cli/policy-template.ts";
import {
  billingSubscriptionId,
  productionSubscriptionId as subscription,
} from "../src/sandbox/seed/default-world.ts";
import { type Sandbox, startSandbox } from "../src/sandbox/start.ts";
import { sandboxTenantId } from "../src/sandbox/tenant.ts";
import { type CliRun, cli, exportsOf } from "./cli-run.ts";

const group = `/subscriptions/${subscription}/resourceGroups/rg-orders`;

function identity(namespace: string, more = ""): string {
  return `apiVersion: bindery.dev/v1alpha1
kind: UserAssignedIdentity
metadata:
  name: id-${namespace}
  namespace: ${namespace}
spec: { subscriptionId: ${subscription}, resourceGroup: rg-identities, location: westeurope, prunePolicy: Additive${more} }
`;
}

function binding(namespace: string, spec: string): string {
  return `---
apiVersion: bindery.dev/v1alpha1
kind: IdentityBinding
metadata: { name: b, namespace: ${namespace} }
spec: { ${spec} }
`;
}

/** What `bindery init` writes, for these subscriptions. */
function policyOf(...subscriptions: readonly string[]): string {
  return policyText({
    owner: "test",
    tenantId: sandboxTenantId,
    tenantName: "",
    subscriptions: subscriptions.map((subscriptionId) => ({
      subscriptionId,
      displayName: "",
      tenantId: "",
      state: "",
    })),
  });
}

let sandbox: Sandbox;
let folder: string;

beforeAll(async () => {
  const none = { listLagInMs: 0, graphLagInMs: 0, roleLagInMs: 0, principalLagInMs: 0 };
  sandbox = await startSandbox({ settings: { ...none, operationInMs: 50 } });
});
afterAll(() => sandbox.close());
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "bindery-policy-"));
  write("policy.yaml", policyOf(subscription));
  return () => rmSync(folder, { recursive: true });
});

function write(path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}

function run(args: readonly string[], input = ""): Promise<CliRun> {
  return cli(args, { cwd: folder, env: exportsOf(sandbox.ready.envFile), input });
}

describe("folders and namespaces", () => {
  const bound = policyOf(subscription).replace(
    "namespaces: []",
    "namespaces: [{ folder: team-orders, namespace: orders }, { folder: team-billing, namespace: billing }]",
  );
  const validate = (path: string, input?: string) =>
    run(["validate", path, "--policy", "policy.yaml"], input);

  test("a team that claims another one's namespace is told where, what and how to mend it", async () => {
    write("policy.yaml", bound);
    write("m/team-orders/a.yaml", identity("orders"));
    write("m/team-billing/b.yaml", binding("orders", "identityRef: { name: id-orders }"));
    const claimed = await validate("m");
    expect(claimed.code).toBe(3);
    expect(claimed.stdout).toMatch(
      /^m\/team-billing\/b\.yaml:4:\d+ error metadata\.namespace {2}documents in the folder "team-billing" have the namespace "billing"/,
    );
    expect(claimed.stdout).toContain('→ write "namespace: billing", or move the document to "team-orders"');
    rmSync(join(folder, "m/team-billing/b.yaml"));
    expect(await validate("m")).toMatchObject({ code: 0, stdout: "" });
  });

  test("neither a link, nor a PATH further down, nor standard input makes it another folder", async () => {
    write("policy.yaml", bound);
    write("m/team-orders/a.yaml", identity("orders"));
    symlinkSync("team-orders", join(folder, "m", "linked"));
    expect(await validate("m")).toMatchObject({ code: 0, stdout: "" });
    const further = await validate("m/team-orders");
    expect(further.stdout).toContain('the namespace "orders" belongs to the folder "team-orders"');
    const piped = await validate("-", identity("orders"));
    expect(piped.code).toBe(3);
    expect(piped.stdout).toContain("this document lies in no folder of a PATH");
    expect(piped.stdout).toContain('give the folder above "team-orders" as the PATH');
  });

  test.each([
    [
      "joins another team's identity by a binding",
      binding("billing", "identityRef: { name: id-orders, namespace: orders }"),
      /^m\/team-billing\/b\.yaml:\d+:\d+ error spec\.identityRef {2}the identity "orders\/id-orders" does not allow bindings from the namespace "billing"/,
    ],
    [
      "describes another team's identity a second time, to be deleted",
      identity("billing", ", name: ID-Orders, lifecycle: Absent"),
      // Whichever is read second has the line; the other one is named in it.
      /^m\/team-orders\/a\.yaml:4:9 error metadata\.name {2}this identity in Azure is described already, by "billing\/id-billing" in m\/team-billing\/b\.yaml:1/,
    ],
  ])("attack: a pull request that %s is an error of the whole revision", async (_, text, why) => {
    write("policy.yaml", bound);
    write("m/team-orders/a.yaml", identity("orders"));
    write("m/team-billing/b.yaml", text);
    const before = JSON.stringify(sandbox.world.resources.values());
    const { code, stdout, stderr } = await run(["apply", "m", "--policy", "policy.yaml"]);
    expect({ code, stdout }).toEqual({ code: 3, stdout: "" });
    expect(stderr).toMatch(why);
    expect(stderr).toContain("a revision is applied whole or not at all");
    expect(JSON.stringify(sandbox.world.resources.values())).toBe(before);
  });

  test("validate without a policy says that nobody has looked", async () => {
    write("m/team-billing/a.yaml", identity("orders"));
    const { code, stderr } = await run(["validate", "m"]);
    expect(code).toBe(0);
    expect(stderr).toContain("whether folders keep to their namespaces");
  });
});

test("a policy that can be exchanged by a link among the manifests is refused", async () => {
  write("m/a.yaml", identity("orders"));
  write("real/policy.yaml", policyOf(subscription));
  symlinkSync("../real/policy.yaml", join(folder, "m", "inner"));
  symlinkSync("m/inner", join(folder, "policy-link.yaml"));
  const { code, stderr } = await run(["plan", "m", "--policy", "policy-link.yaml"]);
  expect(code).toBe(3);
  expect(stderr).toContain("lies among the manifests, or a link on the way to it does");
});

test("rule 6: a subscription of another tenant in the estate is refused (exit code 4)", async () => {
  write("m/a.yaml", identity("orders"));
  write("policy.yaml", policyOf(subscription, billingSubscriptionId));
  const seen = sandbox.world.subscriptions.values().find((s) => s.subscriptionId === billingSubscriptionId);
  if (!seen) throw new Error("no subscription");
  sandbox.world.subscriptions.set(billingSubscriptionId, {
    ...seen,
    tenantId: "00000000-0000-4000-8000-0000000000ff",
  });
  try {
    const { code, stdout, stderr } = await run(["apply", "m", "--policy", "policy.yaml"]);
    expect({ code, stdout }).toEqual({ code: 4, stdout: "" });
    expect(stderr).toContain(`ForeignTenant: Subscription ${billingSubscriptionId} is of tenant 00000000-`);
    expect(stderr).toContain("name only its subscriptions in `estate`");
  } finally {
    sandbox.world.subscriptions.set(billingSubscriptionId, seen);
  }
});

test("releases in the policy: which are used, and which name nothing any more", async () => {
  const grant = `azureRole: { roleName: Contributor, scope: ${group} }`;
  write(
    "m/a.yaml",
    identity("orders") + binding("orders", `identityRef: { name: id-orders }, grants: [{ ${grant} }]`),
  );
  const first = await run(["apply", "m", "--policy", "policy.yaml"]);
  const planned = await run(["plan", "m", "--policy", "policy.yaml"]);
  const digest = /--release ([0-9a-f]{24})/.exec(planned.stdout)?.[1] ?? "none";
  expect(first.stdout).toContain("1 held");
  const [none] = ["0".repeat(24)];
  write("policy.yaml", policyOf(subscription).replace("releases: []", `releases: [${digest}, "${none}"]`));
  const applied = await run(["apply", "m", "--policy", "policy.yaml"]);
  expect(applied.stdout).toContain("Applied: 1 grant.");
  expect(applied.stdout).toContain("(released)");
  expect(applied.stderr).toContain(`Released by the policy: ${digest}.\n`);
  expect(applied.stderr).toContain(
    `warning: the policy releases ${none}, which names nothing that is held now`,
  );
  const after = await run(["plan", "m", "--policy", "policy.yaml"]);
  expect(after.stderr).toContain(
    `the policy releases ${digest}, which names nothing that is held now: take it out`,
  );
});
