import type { ChildProcess } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { productionSubscriptionId as subscription } from "../src/sandbox/seed/default-world.ts";
import { type Sandbox, startSandbox } from "../src/sandbox/start.ts";
import { type CliRun, type CliRunOptions, cli, exportsOf } from "./cli-run.ts";
import { adminOf } from "./sandbox-client.ts";

const group = `/subscriptions/${subscription}/resourceGroups/rg-orders`;
const machines = [1, 2, 3, 4].map((n) => `vm-orders-${n}`);
const documents = (names: readonly string[], extra = ""): string => `apiVersion: bindery.dev/v1alpha1
kind: UserAssignedIdentity
metadata: { name: orders, namespace: team-orders }
spec:
  subscriptionId: ${subscription}
  resourceGroup: rg-identities
  name: id-orders
  location: westeurope
  prunePolicy: Authoritative
---
apiVersion: bindery.dev/v1alpha1
kind: IdentityBinding
metadata: { name: orders, namespace: team-orders }
spec:
  identityRef: { name: orders }
  targets:
${names.map((name) => `    - virtualMachine: { resourceGroup: rg-orders, name: ${name} }`).join("\n")}
  grants:
    - azureRole:
        roleName: Key Vault Secrets User
        scope: ${group}/providers/Microsoft.KeyVault/vaults/kv-orders
${extra}`;
const privileged = `    - azureRole: { roleName: Contributor, scope: ${group} }\n`;

let sandbox: Sandbox;
let folder: string;
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
  folder = mkdtempSync(join(tmpdir(), "bindery-cli-"));
  await bindery(["init", "--output", "policy.yaml", "--owner", "test", "--subscription", subscription]);
});
afterEach(async () => {
  rmSync(folder, { recursive: true });
  await sandbox.close();
});

function bindery(args: readonly string[], options: CliRunOptions = {}): Promise<CliRun> {
  return cli(args, { cwd: folder, ...options, env: { ...env, ...options.env } });
}

/** Runs a command on documents from standard input. */
function on(
  text: string,
  [command = "", ...args]: readonly string[],
  options: CliRunOptions = {},
): Promise<CliRun> {
  return bindery([command, "-", "--policy", "policy.yaml", ...args], { input: text, ...options });
}

describe("from init to an empty plan", () => {
  test("init writes a policy for what it sees, once, and only for its user", async () => {
    const text = readFileSync(join(folder, "policy.yaml"), "utf8");
    expect(text).toContain("owner: test");
    expect(text).toContain(`- ${subscription}   # contoso-production`);
    expect(statSync(join(folder, "policy.yaml")).mode & 0o077).toBe(0);
    const again = await bindery(["init", "--output", "policy.yaml"]);
    expect(again.code).toBe(3);
    expect(again.stderr).toContain("policy.yaml exists.");
    expect(readFileSync(join(folder, "policy.yaml"), "utf8")).toBe(text);
    const shown = await bindery(["init", "--output", "-"]);
    expect(shown.stdout).toMatch(/^ {2}owner: bindery-[0-9a-f]{8}$/m);
    expect((await bindery(["init", "--output", "policy.yaml", "--force"])).code).toBe(0);
  });

  test("plan, apply, plan: header and audit on stderr, results on stdout", async () => {
    const plan = await on(documents(machines), ["plan", "--detailed-exitcode", "--out", "plan.json"]);
    expect(plan.code).toBe(2);
    expect(plan.stdout).toContain("Plan: 1 to create, 1 to update, 4 to attach, 1 to grant");
    expect(plan.stderr).toBe(
      `Azure: cloud sandbox (the embedded Azure), tenant ${sandbox.ready.tenantId}, owner test, read only\n`,
    );
    const written = JSON.parse(readFileSync(join(folder, "plan.json"), "utf8")) as { digest: string };
    expect(plan.stdout).toContain(`(digest ${written.digest})`);

    const apply = await on(documents(machines), ["apply", "--detailed-exitcode"]);
    expect(apply.code).toBe(0);
    expect(apply.stdout).toContain("Applied: 1 create, 1 update, 4 attach, 1 grant.");
    expect(apply.stdout).not.toContain("\u001b");
    const lines = apply.stderr.trimEnd().split("\n");
    const audit = lines
      .filter((line) => line.startsWith("{"))
      .map((line) => JSON.parse(line) as { phase: string });
    expect(audit.filter(({ phase }) => phase === "intent")).toHaveLength(7);
    expect(audit.filter(({ phase }) => phase === "outcome")).toHaveLength(7);
    expect(lines).toContain("applied      attach vm-orders-1 (team-orders/orders)");

    const second = await on(documents(machines), ["plan", "--detailed-exitcode"]);
    expect(second).toMatchObject({ code: 0, stdout: "Nothing to do.\n" });
  });

  test("a plan sends nothing that writes", async () => {
    const admin = adminOf(sandbox);
    await on(documents(machines), ["plan", "--output", "json"]);
    const requests = (await admin("GET", "requests")) as { method: string; path: string }[];
    const writes = requests.filter(
      ({ method, path }) => method !== "GET" && !/oauth2|ResourceGraph/i.test(path),
    );
    expect(writes).toEqual([]);
  });

  test("plan as Markdown and JSON", async () => {
    const markdown = await on(documents(machines), ["plan", "--output", "markdown"]);
    expect(markdown.stdout).toMatch(/^## Bindery plan for `test` in `sandbox`\n/);
    const json = JSON.parse((await on(documents(machines), ["plan", "--output", "json"])).stdout) as object;
    expect(json).toMatchObject({ apiVersion: "bindery.dev/plan/v1", summary: { attach: 4, held: 0 } });
  });

  test("audit lines go to a file when asked for", async () => {
    const first = await on(documents(["vm-orders-1"]), ["apply", "--audit", "audit.jsonl"]);
    expect(first.stderr).not.toContain('"phase"');
    const lines = readFileSync(join(folder, "audit.jsonl"), "utf8").trimEnd().split("\n");
    expect(lines.length).toBe(8);
    const nowhere = await on(documents(["vm-orders-1"]), ["apply", "--audit", "no/such/file"]);
    expect(nowhere.code).toBe(3);
    expect(nowhere.stderr).toContain("ENOENT");
  });
});

describe("what is held", () => {
  test("is released by its digest, and by no other", async () => {
    const text = documents(["vm-orders-1"], privileged);
    const apply = await on(text, ["apply", "--detailed-exitcode"]);
    expect(apply.code).toBe(2);
    expect(apply.stdout).toContain("1 held");
    const digest = /--release ([0-9a-f]{24})/.exec(apply.stdout)?.[1] ?? "";
    const wrong = await on(text, ["apply", "--release", "0".repeat(24), "--detailed-exitcode"]);
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toContain(`--release ${"0".repeat(24)} names nothing that is held now`);
    const plan = await on(text, ["plan"]);
    const current = /--release ([0-9a-f]{24})/.exec(plan.stdout)?.[1] ?? digest;
    const right = await on(text, ["apply", "--release", current, "--detailed-exitcode"]);
    expect(right.code).toBe(0);
    expect(right.stdout).toContain("Applied: 1 grant.");
    expect(right.stdout).toContain("(released)");
  });
});

describe("explain", () => {
  test("names document and line, or nobody", async () => {
    await on(documents(machines), ["apply"]);
    const machine = await bindery(["explain", "vm-orders-4", "-", "--policy", "policy.yaml"], {
      input: documents(machines),
    });
    expect(machine.stdout).toMatch(/id-orders {2}listed by team-orders\/orders \(<stdin>:20\)/);
    expect(machine.stdout).toContain("id-backup  not ours");
    const rest = documents(machines.slice(0, 1));
    const json = await bindery(
      ["explain", "vm-orders-4", "-", "--policy", "policy.yaml", "--output", "json"],
      {
        input: rest,
      },
    );
    expect(JSON.parse(json.stdout)).toMatchObject({
      kind: "target",
      attachments: expect.arrayContaining([
        expect.objectContaining({ standing: "Undeclared", owner: "test" }),
      ]),
    });
    const nothing = await bindery(["explain", "vm-nobody", "-", "--policy", "policy.yaml"], { input: rest });
    expect(nothing.code).toBe(3);
    expect(nothing.stderr).toContain("Nothing in the estate or the documents is called vm-nobody");
  });
});

describe("trouble", () => {
  test("a tenant that is not the policy's is refused", async () => {
    const other = "00000000-0000-4000-8000-00000000000a";
    const text = readFileSync(join(folder, "policy.yaml"), "utf8");
    writeFileSync(join(folder, "policy.yaml"), text.replace(sandbox.ready.tenantId, other));
    const run = await on(documents(machines), ["plan"]);
    expect(run).toMatchObject({ code: 4, stdout: "" });
    expect(run.stderr).toContain("takes only its reserved tenant");
  });

  test("a credential that Azure does not take fails without a stack trace", async () => {
    const run = await on(documents(machines), ["plan"], { env: { AZURE_CLIENT_SECRET: "wrong" } });
    expect(run).toMatchObject({ code: 1, stdout: "" });
    expect(run.stderr).toMatch(/^error: /m);
    expect(run.stderr).not.toMatch(/\n\s+at /);
  });

  test("a failure of Azure is told with code and correlation id; the rest is done", async () => {
    await adminOf(sandbox)("POST", "faults", {
      method: "PATCH",
      path: "**/virtualMachines/vm-orders-2",
      status: 409,
      headers: { "x-ms-correlation-request-id": "11111111-0000-4000-8000-000000000001" },
      body: { error: { code: "ScopeLocked", message: "The scope is locked.\u001b[31m" } },
    });
    const run = await on(documents(machines), ["apply"]);
    expect(run.code).toBe(1);
    expect(run.stdout).toMatch(
      /Failed \(1\)\n {2}attach vm-orders-2 .*\n {4}ScopeLocked: The scope is locked.*correlation id 1{8}-/,
    );
    expect(run.stdout).not.toContain("\u001b");
    expect(run.stdout).toContain("3 attach");
    const json = await on(documents(machines), ["apply", "--output", "json"]);
    expect(json.code).toBe(1);
    expect(JSON.parse(json.stdout)).toMatchObject({
      apiVersion: "bindery.dev/apply/v1",
      summary: { applied: 0, failed: 1 },
      outcomes: [{ state: "failed", code: "ScopeLocked" }],
    });
  });
});

describe("Ctrl-C", () => {
  /** Sends the signal as soon as stderr says so, once. */
  function signalling(when: RegExp, signal: NodeJS.Signals = "SIGINT") {
    let isSent = false;
    return (child: ChildProcess, stderr: string): void => {
      if (!isSent && when.test(stderr)) isSent = child.kill(signal);
    };
  }
  const slow = { method: "PATCH", path: "**/virtualMachines/*", delayInMs: 1_500 };

  test.each(["SIGINT", "SIGTERM"] as const)(
    "%s lets what runs end and says what was not done",
    async (signal) => {
      await adminOf(sandbox)("POST", "faults", slow);
      const onStderr = signalling(/"intent".*patchTarget/, signal);
      const run = await on(documents(machines), ["apply", "--concurrency", "1"], { onStderr });
      expect(run.code).toBe(1);
      expect(run.stderr).toContain(`Stopping (${signal})`);
      expect(run.stdout).toContain("Not done (3)");
      expect(run.stdout).toContain("1 attach, 1 grant; 3 not done. Stopped before it was finished");
    },
  );

  test("a second one ends at once", async () => {
    await adminOf(sandbox)("POST", "faults", { ...slow, delayInMs: 20_000 });
    const first = signalling(/"intent".*patchTarget/);
    const second = signalling(/Stopping/);
    let stoppedAt = 0;
    const run = await on(documents(machines), ["apply"], {
      onStderr: (child, text) => {
        first(child, text);
        second(child, text);
        if (stoppedAt === 0 && text.includes("Stopping")) stoppedAt = Date.now();
      },
    });
    expect(run.code).toBe(130);
    // What it was waiting for takes five seconds longer than this.
    expect(Date.now() - stoppedAt).toBeLessThan(15_000);
  });

  test("a timeout stops as Ctrl-C does", async () => {
    await adminOf(sandbox)("POST", "faults", {
      path: "**/Microsoft.ResourceGraph/resources",
      delayInMs: 20_000,
    });
    const run = await on(documents(machines), ["plan", "--timeout", "2s"]);
    expect(run).toMatchObject({ code: 1, stdout: "" });
    expect(run.stderr).toContain("Stopped (the timeout). Nothing was written to Azure.");
    const apply = await on(documents(machines), ["apply", "--timeout", "2s"]);
    expect(apply.code).toBe(1);
    expect(apply.stderr).toContain("Stopping (the timeout)");
    expect(apply.stdout).toBe("Nothing was applied. Stopped before it was finished: apply again to go on.\n");
  });
});
