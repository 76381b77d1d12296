// `bindery permissions` as people use it: its outputs, its exit codes, and its script in the hands of an administrator.
import { execFile } from "node:child_process";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Sandbox, startSandbox } from "../src/sandbox/start.ts";
import { type CliRun, cli, exportsOf } from "./cli-run.ts";

const root = join(import.meta.dirname, "..");
const manifests = ["manifests/teams", "--policy", "manifests/policy.yaml"];
const secretsUser = "4633458b-17de-408a-b874-0445c86b69e6";

let sandbox: Sandbox;
let env: Record<string, string>;

beforeEach(async () => {
  const settings = {
    listLagInMs: 0,
    graphLagInMs: 0,
    roleLagInMs: 0,
    principalLagInMs: 0,
    operationInMs: 50,
  };
  sandbox = await startSandbox({ settings });
  env = exportsOf(sandbox.ready.envFile);
});
afterEach(() => sandbox.close());

function bindery(args: readonly string[], more: Record<string, string> = env): Promise<CliRun> {
  return cli(args, { cwd: root, env: more });
}

function permissions(...args: readonly string[]): Promise<CliRun> {
  return bindery(["permissions", ...manifests, ...args]);
}

/** Takes roles off Bindery's caller: all of them, or the one with this name. */
function strip(roleName?: string): void {
  const { principals, roleDefinitions, roleAssignments } = sandbox.world;
  const caller = principals.values().find((p) => p.clientId === sandbox.ready.clientId);
  const role = roleDefinitions.values().find((r) => r.roleName === roleName);
  const own = roleAssignments.values().filter((a) => a.principalId === caller?.objectId);
  const gone = own.filter((a) => roleName === undefined || a.roleDefinitionId.endsWith(role?.name ?? "none"));
  expect(gone.length).toBeGreaterThan(0);
  for (const { id } of gone) roleAssignments.delete(id);
}

describe("what it prints", () => {
  test("rights, role definitions and SQL need no Azure", async () => {
    const text = await bindery(["permissions", ...manifests], {});
    expect(text.code, text.stderr).toBe(0);
    expect(text.stdout).toContain(
      "Microsoft.Compute/virtualMachineScaleSets/write  to change which identities a scale set has: vmss-orders (team-orders/orders, manifests/teams/orders/orders.yaml:",
    );
    const sql = await bindery(["permissions", ...manifests, "--output", "sql", "--sql-user", "o]x"], {});
    expect(sql.stdout).toContain("ALTER ROLE [db_owner] ADD MEMBER [o]]x];");
    const plan = await bindery(["permissions", ...manifests, "--output", "role", "--for", "plan"], {});
    const roles: { Name: string; Actions: string[] }[] = JSON.parse(plan.stdout);
    expect(roles.map(({ Name }) => Name)).toEqual(["Bindery sandbox (plan)"]);
    expect(roles[0]?.Actions.filter((action) => !action.endsWith("/read"))).toEqual([]);
  });

  test("JSON has everything, with the GUIDs of the documents' roles in the conditions", async () => {
    const { stdout, stderr, code } = await permissions("--output", "json");
    expect(code, stderr).toBe(0);
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({
      apiVersion: "bindery.dev/permissions/v1",
      owner: "sandbox",
      for: "apply",
    });
    const assignments: { scope: string; condition?: string }[] = report.roles.flatMap(
      (role: { assignments: unknown }) => role.assignments,
    );
    const vault = assignments.find(({ scope }) => scope.endsWith("/kv-orders"));
    expect(vault?.condition).toContain(`GuidEquals {${secretsUser}}`);
  });

  test("a role that nobody knows, and outputs that a check has not, are bad input", async () => {
    const nameless = await bindery(["permissions", ...manifests, "--output", "sql", "--sql-user", ""], {});
    expect([nameless.code, nameless.stderr]).toEqual([3, expect.stringContaining("1 to 128 characters")]);
    const wrong = await permissions("--check", "--output", "sql");
    expect([wrong.code, wrong.stderr]).toEqual([3, expect.stringContaining('--check has no output "sql".')]);
    const nobody = await permissions("--output", "az");
    expect([nobody.code, nobody.stderr]).toEqual([3, expect.stringContaining("go together")]);
    for (const { name, roleName } of sandbox.world.roleDefinitions.values()) {
      if (roleName === "Key Vault Secrets User") sandbox.world.roleDefinitions.delete(name);
    }
    const unknown = await permissions("--output", "json");
    expect(unknown.code).toBe(3);
    expect(unknown.stderr).toContain('No role called "Key Vault Secrets User" can be assigned at');
  });
});

describe("what it says of the caller", () => {
  test("0 where nothing is missing, 2 with what is, and the plan says so beside the changes", async () => {
    expect((await permissions("--check")).code).toBe(0);
    strip("Tag Contributor");
    const { code, stdout } = await permissions("--check");
    expect(code).toBe(2);
    expect(stdout).toMatch(
      /^Missing at \/subscriptions\/.*\/rg-identities\n {2}Microsoft.Resources\/tags\/write/,
    );
    expect(stdout).toContain("2 missing.");
    const json = JSON.parse((await permissions("--check", "--output", "json")).stdout);
    expect(json.missing.map((need: { action: string }) => need.action)).toEqual(
      Array(2).fill("Microsoft.Resources/tags/write"),
    );
    const plan = await bindery(["plan", ...manifests]);
    expect(plan.code, plan.stderr).toBe(0);
    expect(plan.stdout).toMatch(
      /~ update {2}tag bindery-principal +records its principal \(PermissionMissing: Microsoft.Resources\/tags\/write\)/,
    );
    const planned = JSON.parse((await bindery(["plan", ...manifests, "--output", "json"])).stdout);
    const [warning] = planned.warnings.filter((w: { code: string }) => w.code === "PermissionMissing");
    expect(planned.changes.map((c: { id: string }) => c.id)).toEqual(expect.arrayContaining(warning.changes));
    expect(warning.changes.length).toBeGreaterThan(0);
  });

  test("1 where nobody can tell", async () => {
    sandbox.faults.add({ path: "**/providers/Microsoft.Authorization/permissions", status: 403, body: {} });
    expect((await permissions("--check")).code).toBe(1);
  });
});

describe("the script, run by an administrator", () => {
  test("gives just what is needed, and can be repeated", async () => {
    const on = (...args: readonly string[]): Promise<CliRun> =>
      cli([...args, "-", "--policy", "manifests/policy.yaml"], { cwd: root, env, input: documents });
    const script = (await on("permissions", "--output", "az", "--principal-id", binderyId())).stdout;
    strip();
    expect((await on("permissions", "--check")).code).toBe(2);
    const blocks = script.split("\n\n");
    expect(blocks.filter((block) => block.startsWith("define '"))).toHaveLength(4);
    const run = await ran(`az() { "$NODE" "$AZ" "$@"; }\n${script}\n${script}`);
    expect(run.code, run.stderr).toBe(0);
    expect((await on("permissions", "--check")).code).toBe(0);
    const applied = await on("apply", "--detailed-exitcode");
    expect(applied.code, applied.stdout + applied.stderr).toBe(0);
  }, 300_000);

  const P = "0b1f6471-0000-4000-8000-00000000a001";
  const documents = `apiVersion: bindery.dev/v1alpha1
kind: UserAssignedIdentity
metadata: { name: id-a, namespace: team-try }
spec: { subscriptionId: ${P}, resourceGroup: rg-identities, location: westeurope, prunePolicy: Authoritative }
---
apiVersion: bindery.dev/v1alpha1
kind: IdentityBinding
metadata: { name: id-a, namespace: team-try }
spec:
  identityRef: { name: id-a }
  targets: [{ virtualMachine: { resourceGroup: rg-orders, name: vm-orders-1 } }]
  grants: [{ azureRole: { roleName: Key Vault Secrets User, scope: /subscriptions/${P}/resourceGroups/rg-orders/providers/Microsoft.KeyVault/vaults/kv-orders } }]
`;

  function binderyId(): string {
    const { ready, world } = sandbox;
    return world.principals.values().find((p) => p.clientId === ready.clientId)?.objectId ?? "";
  }

  function ran(text: string): Promise<{ readonly code: unknown; readonly stderr: string }> {
    const { arm, tenantId, caFile, operatorClientId, operatorClientSecret } = sandbox.ready;
    const administrator = {
      ARM: arm,
      TENANT: tenantId,
      OPERATOR: operatorClientId,
      SECRET: operatorClientSecret,
    };
    const client = {
      NODE: process.execPath,
      AZ: join(root, "test/clients/az-roles.ts"),
      NODE_EXTRA_CA_CERTS: caFile,
    };
    const { PATH = "" } = process.env;
    return new Promise((resolve) => {
      execFile("sh", ["-c", text], { env: { PATH, ...client, ...administrator } }, (error, _, stderr) =>
        resolve({ code: error === null ? 0 : error.code, stderr }),
      );
    });
  }
});
