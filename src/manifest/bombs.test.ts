import { describe, expect, test } from "vitest";
import { bounds } from "../model/source.ts";
import { parseManifests } from "./parse-manifests.ts";

function parse(content: string) {
  return parseManifests([{ path: "a.yaml", bytes: new TextEncoder().encode(content) }], {});
}

describe("bombs", () => {
  const flowOf = (depth: number, inside = ""): string => `${"[".repeat(depth)}${inside}${"]".repeat(depth)}`;
  const billion = `a: &a [x, x, x, x, x, x, x, x, x, x]
${Array.from({ length: 9 }, (_, i) => {
  const [name, before] = [String.fromCharCode(98 + i), String.fromCharCode(97 + i)];
  return `${name}: &${name} [${Array(10).fill(`*${before}`).join(", ")}]`;
}).join("\n")}
`;

  test.each([
    ["depth in flow", flowOf(200_000), "1:3", /more than 32 deep/],
    [
      "depth in blocks",
      Array.from({ length: 500 }, (_, i) => `${" ".repeat(i)}a:`).join("\n"),
      ":",
      /more than 32 deep/,
    ],
    ["depth in lists", "- ".repeat(200_000), "1:", /more than 32 deep/],
    [
      "depth by aliases",
      `a: &a ${flowOf(20)}\nb: ${"[".repeat(20)}*a${"]".repeat(20)}\n`,
      "",
      /more than 32 deep/,
    ],
    ["aliases of aliases", billion, "", /more than 100000 values/],
    ["values", `a: [${"x,".repeat(bounds.yamlValues)}]`, "1:", /more than 100000 values/],
    ["documents", "--- {}\n".repeat(bounds.documentsInFile + 1), "", /more than 1000 documents/],
    [
      "items of a List",
      `{ apiVersion: v1, kind: List, items: [${"{},".repeat(bounds.documentsInFile + 1)}] }`,
      "",
      /more than 1000 documents/,
    ],
    ["bytes", "#".repeat(bounds.fileBytes + 1), "1:1", /larger than 1048576 bytes/],
  ])("%s", (_, content, place, message) => {
    const { documents, diagnostics } = parse(content);
    expect(documents).toEqual([]);
    const found = diagnostics.filter((diagnostic) => message.test(diagnostic.message));
    expect(found).toHaveLength(1);
    expect(`${found[0]?.line}:${found[0]?.column}`).toContain(place);
    expect(diagnostics.length).toBeLessThanOrEqual(bounds.diagnosticsInFile + 1);
  });

  test.each<readonly [string, (more: number) => string, RegExp]>([
    ["depth", (more) => `a: ${flowOf(bounds.yamlDepth - 1 + more, "x")}`, /deep/],
    ["documents", (more) => "--- {}\n".repeat(bounds.documentsInFile + more), /more than 1000 documents/],
    [
      "items of a List",
      (more) => `{ apiVersion: v1, kind: List, items: [${"{},".repeat(bounds.documentsInFile + more)}] }`,
      /more than 1000 documents/,
    ],
    // The mapping and the list count too.
    ["values", (more) => `a: [${"x,".repeat(bounds.yamlValues - 2 + more)}]`, /more than 100000 values/],
    ["bytes", (more) => "#".repeat(bounds.fileBytes + more), /larger than/],
  ])("%s: exactly as much as there may be is read, one more is not", (_, content, message) => {
    const found = [0, 1].map((more) =>
      parse(content(more)).diagnostics.filter((d) => message.test(d.message)),
    );
    expect(found.map((all) => all.length)).toEqual([0, 1]);
  });

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
