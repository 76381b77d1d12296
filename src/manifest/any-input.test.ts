import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseManifests } from "./parse-manifests.ts";

function parse(content: string | Uint8Array) {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  return parseManifests([{ path: "a.yaml", bytes }], {});
}

/** YAML of any shape, from the words of our documents and from words that are trouble. */
const yamlText = fc
  .array(
    fc.tuple(
      fc.constantFrom("", "  ", "    ", "      ", "\t"),
      fc.constantFrom(
        "apiVersion: bindery.dev/v1alpha1",
        "kind: UserAssignedIdentity",
        "kind: IdentityBinding",
        "kind: List",
        "kind: Policy",
        "items:",
        "metadata: { name: a, namespace: b }",
        "metadata:",
        "spec:",
        "- virtualMachine:",
        "targets:",
        "grants: [{ azureRole: { scope: / } }]",
        "targets: [{ virtualMachines: { selector: [] } }, 1, null, [x]]",
        "tags: { __proto__: { a: b }, constructor: 1 }",
        "federatedCredentials: [1, { name: a }, { name: a }]",
        "identityRef: { name: [] }",
        "&a [*a]",
        "*a",
        "<<: *a",
        "? x",
        "!!binary x",
        "---",
        "...",
        "%YAML 1.1",
        "'",
        '"',
        "- - -",
        "{ ",
        "] ",
        "|",
        ">-",
        "0x1F: .inf",
      ),
    ),
    { maxLength: 25 },
  )
  .map((lines) => lines.map(([indent, text]) => `${indent}${text}\n`).join(""));

/** Values of the shape that our schema reads, of any type. */
const almostDocument = fc.record(
  {
    apiVersion: fc.oneof(fc.constant("bindery.dev/v1alpha1"), fc.jsonValue()),
    kind: fc.constantFrom("UserAssignedIdentity", "IdentityBinding", "Policy", "List", "Other"),
    metadata: fc.oneof(fc.constant({ name: "a", namespace: "b" }), fc.jsonValue()),
    items: fc.jsonValue(),
    spec: fc.oneof(
      fc.jsonValue(),
      fc.dictionary(
        fc.constantFrom(
          "targets",
          "grants",
          "tags",
          "identityRef",
          "ignore",
          "estate",
          "name",
          "federatedCredentials",
        ),
        fc.oneof(
          fc.jsonValue(),
          fc.array(fc.dictionary(fc.constantFrom("azureRole", "virtualMachines", "name"), fc.jsonValue())),
        ),
      ),
    ),
  },
  { requiredKeys: [] },
);

describe("whatever comes in, there is an answer", () => {
  function isAnswered(content: string | Uint8Array): void {
    const { documents, diagnostics } = parse(content);
    expect(documents.length + diagnostics.length).toBeGreaterThan(0);
    for (const diagnostic of diagnostics) {
      expect(diagnostic.message.length).toBeGreaterThan(0);
      expect(diagnostic.cure.length).toBeGreaterThan(0);
      expect(diagnostic.line).toBeGreaterThan(0);
      expect(diagnostic.column).toBeGreaterThan(0);
    }
  }

  test("to a list of nothing", () => {
    isAnswered('{ "apiVersion": "bindery.dev/v1alpha1", "kind": "List", "items": [] }');
  });

  test("to any bytes", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), isAnswered), { numRuns: 500 });
  });

  test("to any text", () => {
    fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 200 }), isAnswered), { numRuns: 500 });
  });

  test("to any YAML", () => {
    fc.assert(fc.property(yamlText, isAnswered), { numRuns: 500 });
  });

  test("to values of any type where our fields are", () => {
    fc.assert(
      fc.property(almostDocument, (value) => isAnswered(JSON.stringify(value))),
      { numRuns: 500 },
    );
  });
});
