// The page for newcomers, followed line by line: its marked blocks run in one shell, against a sandbox.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { productionSubscriptionId as subscription } from "../src/sandbox/seed/default-world.ts";
import { startSandbox } from "../src/sandbox/start.ts";
import { exportsOf } from "./cli-run.ts";
import { attachedTo } from "./support/admin.ts";
import { programsIn, ran } from "./support/workflow.ts";

const root = join(import.meta.dirname, "..");
const page = readFileSync(join(root, "docs/getting-started.md"), "utf8");
const blocks = [...page.matchAll(/^```sh( bindery)?\n(.*?)^```$/gms)].map(([, mark, text = ""]) => ({
  isRun: mark !== undefined,
  text,
}));
const machine = `/subscriptions/${subscription}/resourceGroups/rg-orders/providers/Microsoft.Compute/virtualMachines/vm-orders-1`;

test("every command of Bindery stands in a block that is run, and no other program's does but the shell's", () => {
  const lines = (isRun: boolean): string =>
    blocks.flatMap((b) => (b.isRun === isRun ? [b.text] : [])).join("");
  expect(lines(false)).not.toMatch(/^\s*bindery /m);
  expect(lines(true)).not.toMatch(/^\s*(az|gh|git|npm) /m);
  expect(lines(true).match(/^bindery \w+/gm)).toEqual([
    ..."version init validate plan apply plan explain permissions permissions plan apply"
      .split(" ")
      .map((command) => `bindery ${command}`),
  ]);
});

test("from nothing to a binding, to rights, and back", async () => {
  const none = { listLagInMs: 0, graphLagInMs: 0, roleLagInMs: 0, principalLagInMs: 0 };
  const sandbox = await startSandbox({ settings: { ...none, operationInMs: 50 } });
  const folder = mkdtempSync(join(tmpdir(), "bindery-start-"));
  try {
    const { arm, tenantId, operatorClientId, operatorClientSecret } = sandbox.ready;
    const principals = new Map(sandbox.world.principals.values().map((p) => [p.displayName, p.objectId]));
    const az = `#!/bin/sh\nexec '${process.execPath}' '${join(root, "test/clients/az-roles.ts")}' "$@"\n`;
    const env = {
      ...exportsOf(sandbox.ready.envFile),
      PATH: await programsIn(join(folder, ".bin"), { az }),
      // Whoever follows the page is Owner.
      AZURE_CLIENT_ID: operatorClientId,
      AZURE_CLIENT_SECRET: operatorClientSecret,
      // What the commands of other programs have set.
      SUBSCRIPTION: subscription,
      LOCATION: "westeurope",
      GROUP: "rg-orders",
      VM: "vm-orders-1",
      PLAN: principals.get("id-monitoring") ?? "",
      APPLY: principals.get("id-backup") ?? "",
      ARM: arm,
      TENANT: tenantId,
      OPERATOR: operatorClientId,
      SECRET: operatorClientSecret,
    };
    const marked = blocks.filter(({ isRun }) => isRun).map(({ text }) => text);
    const [back = "", ...before] = marked.toReversed();
    const there = await ran(before.toReversed().join("\n"), { strict: true, cwd: folder, env });
    expect(there.code, there.stdout + there.stderr).toBe(0);
    expect(there.stdout).toContain("Plan: 1 to create, 1 to update, 1 to attach, 1 to grant");
    expect(there.stdout).toContain("Nothing to do.");
    expect(there.stdout).toMatch(/id-first {2}listed by team-first\/first \(teams\/first\/first\.yaml:\d+\)/);
    expect(attachedTo(sandbox, machine)).toEqual(["id-first"]);
    const roles = sandbox.world.roleDefinitions.values().map((role) => role.roleName);
    expect([...roles].filter((name) => name.startsWith("Bindery prod"))).toContain("Bindery prod (plan)");
    const end = await ran(back, { strict: true, cwd: join(folder, "identities"), env });
    expect(end.code, end.stdout + end.stderr).toBe(0);
    expect(attachedTo(sandbox, machine)).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true });
    await sandbox.close();
  }
}, 300_000);
