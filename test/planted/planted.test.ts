// The tests are tested: each planted fault must make one of the tests that are named as its judges fail.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { plantedFaults, plantedIn } from "./faults.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const timeoutInMs = 120_000;

interface Verdict {
  readonly passed: number;
  /** Names of the tests that failed; a file that could not even be loaded has none. */
  readonly failed: readonly string[];
}

interface Report {
  readonly numPassedTests: number;
  readonly testResults: readonly {
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

/** What these test files say of Bindery with a fault in it, or of Bindery as it is. */
async function verdictOf(judges: readonly string[], fault?: string): Promise<Verdict> {
  const folder = mkdtempSync(join(tmpdir(), "bindery-planted-"));
  const outputFile = join(folder, "report.json");
  const args = [
    "run",
    "--config=test/planted/vitest.config.ts",
    "--reporter=json",
    "--outputFile",
    outputFile,
  ];
  // This run collects exchanges; what a faulty Bindery says is no part of it.
  const { BINDERY_EXCHANGES: _, NODE_OPTIONS: __, ...env } = process.env;
  try {
    const child = spawn(
      process.execPath,
      [join(root, "node_modules/vitest/vitest.mjs"), ...args, ...judges],
      {
        cwd: root,
        env: { ...env, ...(fault !== undefined && { PLANTED_FAULT: fault }) },
        stdio: "ignore",
      },
    );
    await once(child, "exit");
    const report = JSON.parse(readFileSync(outputFile, "utf8")) as Report;
    const tests = report.testResults.flatMap((file) => file.assertionResults);
    return {
      passed: report.numPassedTests,
      failed: tests.filter((t) => t.status === "failed").map((t) => t.fullName),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("without a fault every judge is content", { timeout: timeoutInMs }, async () => {
  const judges = [...new Set(plantedFaults.flatMap((fault) => fault.judges))];
  const { passed, failed } = await verdictOf(judges);
  expect(failed).toEqual([]);
  expect(passed).toBeGreaterThan(judges.length);
});

test.each(plantedFaults)("a Bindery that $name is caught", { timeout: timeoutInMs }, async (fault) => {
  for (const { file } of fault.edits) {
    const source = readFileSync(join(root, file), "utf8");
    expect(plantedIn(file, source, fault)).not.toBe(source);
  }
  const { failed } = await verdictOf(fault.judges, fault.name);
  expect(failed, `${fault.judges} have not noticed`).not.toEqual([]);
});
