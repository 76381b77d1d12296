// Keeps the layout: which folder may import which, and which packages each may see.
import { globSync, readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { dirname, join, relative } from "node:path";
import { parseSync, Visitor } from "vite";
import { expect, test } from "vitest";

interface Rule {
  /** Folders of ours. */
  readonly folders: readonly string[];
  /** Packages from outside, by prefix; "node:" stands for Node's own modules. */
  readonly packages: readonly string[];
}

const core = [
  "model",
  "manifest",
  "desired",
  "observed",
  "plan",
  "permissions",
  "apply",
  "status",
  "controller",
];
const rules: Readonly<Record<string, Rule>> = {
  model: { folders: [], packages: ["fastest-levenshtein", "uuid"] },
  source: { folders: ["model"], packages: ["node:"] },
  manifest: { folders: ["model"], packages: ["zod", "yaml", "fastest-levenshtein", "string-width"] },
  desired: { folders: ["model", "manifest"], packages: [] },
  observed: { folders: ["model", "desired"], packages: [] },
  plan: {
    folders: ["model", "desired", "observed"],
    packages: ["@noble/hashes", "string-width", "fastest-levenshtein"],
  },
  permissions: { folders: ["model", "desired", "plan"], packages: [] },
  apply: { folders: ["model", "plan"], packages: [] },
  status: { folders: ["model", "desired", "plan", "apply"], packages: [] },
  controller: { folders: core, packages: [] },
  azure: { folders: ["model"], packages: ["@azure/", "node:", "uuid", "zod"] },
  sql: { folders: ["model"], packages: ["tedious", "p-limit", "node:"] },
  telemetry: {
    folders: ["model", "status"],
    packages: ["node:", "pino", "prom-client", "hono", "@hono/", "@opentelemetry/", "zod"],
  },
  sandbox: {
    folders: [],
    packages: [
      "node:",
      "hono",
      "@hono/",
      "jose",
      "@peculiar/x509",
      "reflect-metadata",
      "@kusto/",
      "yaml",
      "zod",
    ],
  },
  cli: {
    folders: [...core, "source", "azure", "sql", "telemetry", "sandbox"],
    packages: ["node:", "commander", "pino", "log-update", "string-width", "zod"],
  },
  "main.ts": { folders: ["cli"], packages: ["node:"] },
};

const files = globSync("src/**/*.ts").filter(
  (file) => !file.endsWith(".test.ts") && !file.endsWith("fixtures.ts"),
);

function folderOf(file: string): string {
  return relative("src", file).split("/")[0] ?? "";
}

/** Every module that a file names: static, re-exported, type-only and dynamic alike. */
function importsOf(file: string): readonly string[] {
  const { program, module } = parseSync(file, readFileSync(file, "utf8"));
  const reExports = module.staticExports.flatMap((e) => e.entries.map((x) => x.moduleRequest?.value));
  const dynamic: string[] = [];
  new Visitor({
    ImportExpression({ source }) {
      dynamic.push(source.type === "Literal" ? String(source.value) : `not a literal in ${file}`);
    },
  }).visit(program);
  const named = [...module.staticImports.map((i) => i.moduleRequest.value), ...reExports];
  return [...named.filter((name) => name !== undefined), ...dynamic];
}

function isAllowed(file: string, name: string): boolean {
  const rule = rules[folderOf(file)];
  if (name.startsWith(".")) {
    const to = folderOf(join(dirname(file), name));
    return to === folderOf(file) || rule?.folders.includes(to) === true;
  }
  const spelled = builtinModules.includes(name) ? `node:${name}` : name;
  return rule?.packages.some((allowed) => spelled.startsWith(allowed)) === true;
}

test("there are files to read, and a rule for every folder", () => {
  expect(files.length).toBeGreaterThan(50);
  expect([...new Set(files.map(folderOf))].filter((folder) => !(folder in rules))).toEqual([]);
});

test.each(files)("%s imports only what its folder may", (file) => {
  expect(importsOf(file).filter((name) => !isAllowed(file, name))).toEqual([]);
});

test("a forbidden import would be found, whatever its form", () => {
  expect(isAllowed("src/plan/a.ts", "@azure/arm-msi")).toBe(false);
  expect(isAllowed("src/plan/a.ts", "../azure/clients.ts")).toBe(false);
  expect(isAllowed("src/model/a.ts", "fs")).toBe(false);
  expect(isAllowed("src/sandbox/a.ts", "../model/arm-id.ts")).toBe(false);
  expect(isAllowed("src/sandbox/arm/a.ts", "../store.ts")).toBe(true);
});
