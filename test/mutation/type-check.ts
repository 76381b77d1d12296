// Which mutants the type checker refuses: no test has to notice what `npm run check` does not let pass.
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Mutant, mutatedSource } from "./report.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Those that can be checked without the SDKs, which take the checker ten times as long. */
const checked = ["model", "manifest", "desired", "observed", "plan", "apply", "status"];

interface Project {
  readonly compilerOptions: Readonly<Record<string, unknown>>;
}

/**
 * The mutants whose source does not compile. All are checked at once, each in a copy of its file beside the file
 * itself. Throws if the source as it is does not compile either.
 */
export function refusedByTypes(mutants: readonly Mutant[]): ReadonlySet<Mutant> {
  if (mutants.length === 0) return new Set();
  const folder = copyOfSources();
  try {
    for (const [i, mutant] of mutants.entries()) {
      writeFileSync(join(folder, mutant.file.replace(/\.ts$/, `.mutant-${i}.ts`)), mutatedSource(mutant));
    }
    const errors = typeErrorsIn(folder);
    const numbers = errors.map((error) => /^\S+\.mutant-(\d+)\.ts\(/.exec(error)?.[1]);
    if (numbers.includes(undefined)) throw new Error(`The sources do not compile:\n${errors.join("\n")}`);
    const refused = new Set(numbers.map(Number));
    return new Set(mutants.filter((_, i) => refused.has(i)));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function copyOfSources(): string {
  const folder = mkdtempSync(join(tmpdir(), "bindery-mutants-"));
  for (const name of checked) {
    const source = join("src", name);
    cpSync(join(root, source), join(folder, source), { recursive: true });
  }
  const { compilerOptions } = JSON.parse(readFileSync(join(root, "tsconfig.json"), "utf8")) as Project;
  const project = {
    // What is merely not used any more is for tests to notice.
    compilerOptions: {
      ...compilerOptions,
      noUnusedLocals: false,
      noUnusedParameters: false,
      allowUnreachableCode: true,
    },
    include: ["src"],
    exclude: ["**/*.test.ts", "**/fixtures.ts"],
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(project));
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  return folder;
}

/** What the type checker says, a line for each error. */
function typeErrorsIn(folder: string): readonly string[] {
  const args = ["--project", folder, "--pretty", "false"];
  const { stdout, error } = spawnSync(join(root, "node_modules/.bin/tsc"), args, {
    cwd: folder,
    encoding: "utf8",
    maxBuffer: 2 ** 28,
  });
  if (error) throw error;
  return stdout.split("\n").filter((line) => line !== "" && !line.startsWith(" "));
}
