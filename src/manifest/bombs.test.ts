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
});
