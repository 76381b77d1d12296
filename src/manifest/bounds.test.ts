// How much of a file is read, exactly, and how much is said about it.
import { describe, expect, test } from "vitest";
import { bounds } from "../model/source.ts";
import { parseManifests } from "./parse-manifests.ts";

function parse(content: string) {
  return parseManifests([{ path: "a.yaml", bytes: new TextEncoder().encode(content) }], {});
}

/** The first and the last diagnostic as `line:column path: message`. */
function endsOf(content: string): string[] {
  const all = parse(content).diagnostics.map((d) => `${d.line}:${d.column} ${d.path}: ${d.message}`);
  return [all.slice(0, 1), all.slice(1).slice(-1)].flat();
}

const flowOf = (depth: number): string => "[".repeat(depth) + "]".repeat(depth);
const noHeader = ["1:1 apiVersion: apiVersion is missing", "1:1 kind: kind is missing"];
const noMapping = "a document is a mapping, and this is none";
/** The mapping, its first list with what stands in it, the second list, and as many aliases as fit: 101 values each. */
const valuesOf = (count: number): string => {
  const [aliases, rest] = [Math.floor((count - 102) / 101), (count - 102) % 101];
  return `{ a: &a [${"x,".repeat(99)}], b: [${"*a,".repeat(aliases)}${"x,".repeat(rest)}] }`;
};

describe("as much as there may be is read, one more is not", () => {
  test.each<readonly [string, (more: number) => string, string[], string[]]>([
    [
      "lists and mappings inside each other",
      (more) => `{ a: ${flowOf(bounds.yamlDepth + more)} }`,
      noHeader,
      [`1:38 a${"[0]".repeat(32)}: lists and mappings more than 32 deep inside each other`],
    ],
    [
      "values, aliases written out",
      (more) => valuesOf(bounds.yamlValues + more),
      noHeader,
      ["1:3200 b[998]: more than 100000 values in one file, aliases written out"],
    ],
    [
      "documents",
      (more) => `${"--- 1\n".repeat(bounds.documentsInFile + more)}`,
      [`1:5 : ${noMapping}`, "101:5 : 900 more mistakes from here on in this file"],
      ["1001:1 : more than 1000 documents in one file"],
    ],
    [
      "items of a List",
      (more) => `{ apiVersion: v1, kind: List, items: [${"1,".repeat(bounds.documentsInFile + more)}] }`,
      [`1:39 : ${noMapping}`, "1:239 : 900 more mistakes from here on in this file"],
      [
        "1:38 items: more than 1000 documents in one file",
        "1:237 : 901 more mistakes from here on in this file",
      ],
    ],
    [
      "bytes",
      (more) => `1\n${"#".repeat(bounds.fileBytes - 2 + more)}`,
      [`1:1 : ${noMapping}`],
      ["1:1 : larger than 1048576 bytes, the bound for one file"],
    ],
  ])("%s", (_, content, fitting, oneMore) => {
    expect([0, 1].map((more) => endsOf(content(more)))).toEqual([fitting, oneMore]);
  });

  test("what nests far too deep is not read at all", () => {
    expect(endsOf(flowOf(60))).toEqual(["1:37 : lists and mappings more than 32 deep inside each other"]);
  });
});

describe("floods", () => {
  test("a flood of mistakes is cut, and says how many are left", () => {
    const { diagnostics } = parse(`apiVersion: bindery.dev/v1alpha1
kind: UserAssignedIdentity
metadata: { name: orders, namespace: team-orders }
spec:
  subscriptionId: 00000000-0000-0000-0000-000000000001
  resourceGroup: rg
  prunePolicy: Additive
${Array.from({ length: 500 }, (_, i) => `  unknown-${i}: x`).join("\n")}
`);
    expect(diagnostics).toHaveLength(bounds.diagnosticsInFile + 1);
    expect(diagnostics.at(-1)).toMatchObject({
      severity: "error",
      message: "400 more mistakes from here on in this file",
    });
  });

  const header = "apiVersion: bindery.dev/v1alpha1, metadata:";
  const absent = `{ ${header} { name: a, namespace: team }, kind: UserAssignedIdentity, spec: { subscriptionId: 00000000-0000-0000-0000-000000000001, resourceGroup: rg, name: id-a, prunePolicy: Additive, lifecycle: Absent } }`;
  const inert = (name: string): string =>
    `--- { ${header} { name: ${name}, namespace: team }, kind: IdentityBinding, spec: { identityRef: { name: a } } }\n`;
  const warnings = (count: number): string =>
    `${absent}\n${Array.from({ length: count }, (_, i) => inert(`b-${i}`)).join("")}`;

  test("a flood of warnings is a warning, and the documents can be applied", () => {
    const { documents, diagnostics } = parse(warnings(103));
    expect(documents).toHaveLength(104);
    expect(diagnostics).toHaveLength(bounds.diagnosticsInFile + 1);
    expect(diagnostics.every((d) => d.severity === "warning")).toBe(true);
    expect(diagnostics.at(-1)?.message).toBe("3 more mistakes from here on in this file");
  });

  test("one error behind a flood of warnings is an error", () => {
    const { diagnostics } = parse(`${warnings(103)}${inert("Wrong!")}`);
    expect(diagnostics.filter((d) => d.severity === "error")).toEqual([diagnostics.at(-1)]);
  });

  test("as many mistakes as are listed are not cut, in each file", () => {
    const bytes = new TextEncoder().encode("--- 1\n".repeat(bounds.diagnosticsInFile));
    const { diagnostics } = parseManifests(
      ["a.yaml", "b.yaml"].map((path) => ({ path, bytes })),
      {},
    );
    expect(diagnostics.map((d) => d.message)).toEqual(
      Array(2 * bounds.diagnosticsInFile).fill("a document is a mapping, and this is none"),
    );
  });
});
