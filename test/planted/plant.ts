// Plants each fault in a copy of the tree and runs tests against it: a fault that none of them catches ends with 1.
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type PlantedFault, plantedFaults } from "./faults.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** The tests in the order in which they are asked; the first that fails has caught the fault. */
const judges: readonly { readonly name: string; readonly args: readonly string[] }[] = [
  {
    name: "tables",
    args: ["--project", "unit", "src/model", "src/plan", "src/observed", "src/apply", "src/azure"],
  },
  { name: "adversity", args: ["--project", "sandbox", "test/adversity.test.ts", "-t", "in process"] },
];

/** What the tests above read. */
const copied = ["src", "test", "docs", "manifests", "package.json", "tsconfig.json", "vitest.config.ts"];

function copyOfTree(): string {
  const folder = mkdtempSync(join(tmpdir(), "bindery-planted-"));
  for (const name of copied) {
    cpSync(join(root, name), join(folder, name), { recursive: true });
  }
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  return folder;
}

/** Plants a fault; throws if the source is no longer what the fault was written for. */
function plant(folder: string, { name, edits }: PlantedFault): void {
  for (const { file, text, instead } of edits) {
    const source = readFileSync(join(folder, file), "utf8");
    const found = source.split(text).length - 1;
    if (found !== 1) throw new Error(`"${name}": the text to replace stands ${found} times in ${file}.`);
    writeFileSync(
      join(folder, file),
      source.replace(text, () => instead),
    );
  }
}

function passes(folder: string, args: readonly string[]): boolean {
  const env = { ...process.env, ADVERSITY_RUNS: process.env.PLANTED_RUNS ?? "60" };
  const vitest = join(root, "node_modules/vitest/vitest.mjs");
  return spawnSync(process.execPath, [vitest, "run", ...args], { cwd: folder, env }).status === 0;
}

/** Who caught the fault; undefined: nobody. */
function judgeOf(fault: PlantedFault | undefined): string | undefined {
  const folder = copyOfTree();
  try {
    if (fault) plant(folder, fault);
    return judges.find(({ args }) => !passes(folder, args))?.name;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const only = process.argv[2] ?? "";
const healthy = judgeOf(undefined);
if (healthy !== undefined)
  throw new Error(`Without a fault ${healthy} fails: nothing can be learned from faults.`);
let escaped = 0;
for (const fault of plantedFaults.filter(({ name }) => name.includes(only))) {
  const judge = judgeOf(fault);
  if (judge === undefined) escaped += 1;
  process.stdout.write(`${judge === undefined ? "ESCAPED" : `caught by ${judge}`}: ${fault.name}\n`);
}
process.exitCode = escaped === 0 ? 0 : 1;
