import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bounds } from "../model/source.ts";
import { parseManifests } from "./parse-manifests.ts";

function parse(content: string | Uint8Array) {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  return parseManifests([{ path: "a.yaml", bytes }], {});
}

const design = `apiVersion: bindery.dev/v1alpha1
kind: UserAssignedIdentity
metadata: { name: orders, namespace: team-orders, labels: {}, annotations: {} }
spec:
  subscriptionId: 00000000-0000-0000-0000-000000000001
  resourceGroup: rg-identities
  name: id-orders
  location: West Europe
  lifecycle: Present
  adoptionPolicy: Never
  prunePolicy: Authoritative
  ignore:
    roleAssignments: [{ scope: /subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/MC_aks }]
    targets: [{ scope: /subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/MC_aks }]
  allowBindingsFrom: [{ namespace: team-billing }]
  tags: { cost-center: "42" }
  federatedCredentials:
    - { name: github-main, issuer: https://token.actions.githubusercontent.com, subject: "repo:contoso/orders:ref:refs/heads/main", audience: api://AzureADTokenExchange }
---
apiVersion: bindery.dev/v1alpha1
kind: IdentityBinding
metadata: { name: orders, namespace: team-orders }
spec:
  identityRef: { name: orders }
  suspend: false
  targets:
    - virtualMachine: { resourceGroup: rg-orders, name: vm-orders-1 }
    - virtualMachines:
        resourceGroups: [rg-orders]
        selector: { matchTags: { app: orders } }
    - virtualMachineScaleSet: { resourceGroup: rg-orders, name: vmss-orders, instanceUpgrade: Never }
  grants:
    - azureRole:
        roleName: Key Vault Secrets User
        scope: /subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-orders/providers/Microsoft.KeyVault/vaults/kv-orders
`;

describe("documents that are right", () => {
  test("all fields come out typed, normalised and with their places", () => {
    const { documents, diagnostics } = parse(design);
    expect(diagnostics).toEqual([]);
    const [identity, binding] = documents;
    expect(identity).toMatchObject({
      kind: "UserAssignedIdentity",
      origin: { file: "a.yaml", line: 1, column: 1 },
      spec: { name: "id-orders", location: "westeurope", tags: { "cost-center": "42" } },
    });
    expect(binding).toMatchObject({
      kind: "IdentityBinding",
      origin: { file: "a.yaml", line: 20, column: 1 },
      spec: { identityRef: { name: "orders", namespace: "team-orders" }, targets: [{}, {}, {}] },
    });
    expect(binding?.originOf(["spec", "targets", 1])).toEqual({ file: "a.yaml", line: 28, column: 7 });
    expect(binding?.originOf(["spec", "grants", 0, "azureRole", "scope"])).toMatchObject({ line: 35 });
    expect(binding?.originOf(["spec", "grants", 7])).toMatchObject({ line: 32, column: 3 });
  });

  test("defaults are filled in, and none of them takes anything away", () => {
    const { documents, diagnostics } = parse(`apiVersion: bindery.dev/v1alpha1
kind: UserAssignedIdentity
metadata: { name: orders, namespace: team-orders }
spec: { subscriptionId: 00000000-0000-0000-0000-000000000001, resourceGroup: rg, prunePolicy: Additive }
`);
    expect(diagnostics).toEqual([]);
    expect(documents[0]?.spec).toEqual({
      subscriptionId: "00000000-0000-0000-0000-000000000001",
      resourceGroup: "rg",
      name: "orders",
      lifecycle: "Present",
      adoptionPolicy: "Never",
      prunePolicy: "Additive",
      ignore: { roleAssignments: [], targets: [] },
      allowBindingsFrom: [],
      tags: {},
    });
  });

  test("a List is its items, and text in JSON is YAML", () => {
    const item = {
      apiVersion: "bindery.dev/v1alpha1",
      kind: "UserAssignedIdentity",
      metadata: { name: "orders", namespace: "team-orders" },
      spec: {
        subscriptionId: "00000000-0000-0000-0000-000000000001",
        resourceGroup: "rg",
        prunePolicy: "Additive",
      },
    };
    const other = { ...item, metadata: { ...item.metadata, name: "other" } };
    const list = { apiVersion: "v1", kind: "List", metadata: { resourceVersion: "" }, items: [item, other] };
    const { documents, diagnostics } = parse(JSON.stringify(list, undefined, 2));
    expect(diagnostics).toEqual([]);
    expect(documents.map((document) => [document.metadata.name, document.origin.line])).toEqual([
      ["orders", 8],
      ["other", 21],
    ]);
  });

  test("line breaks of Windows, empty parts and a byte order mark make no difference", () => {
    const content = `\ufeff---\n---\n${design}---\n`.replaceAll("\n", "\r\n");
    const { documents, diagnostics } = parse(content);
    expect(diagnostics).toEqual([]);
    expect(documents.map((document) => document.origin.line)).toEqual([3, 22]);
  });
});

describe("bombs", () => {
  const flowOf = (depth: number): string => `${"[".repeat(depth)}${"]".repeat(depth)}`;
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

  test("what is exactly at the depth bound is read", () => {
    expect(parse(`a: ${flowOf(bounds.yamlDepth - 1)}`).diagnostics.map((d) => d.message)).not.toContainEqual(
      expect.stringMatching(/deep/),
    );
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
});

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
