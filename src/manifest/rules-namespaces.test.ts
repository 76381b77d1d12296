import { describe, expect, test } from "vitest";
import { parseManifests } from "./parse-manifests.ts";
import { parsePolicy } from "./parse-policy.ts";

const id = "00000000-0000-0000-0000-000000000001";
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

function identity(namespace: string): string {
  return `{ apiVersion: bindery.dev/v1alpha1, kind: UserAssignedIdentity, metadata: { name: a, namespace: ${namespace} }, spec: { subscriptionId: ${id}, resourceGroup: rg-${namespace}, name: id-a, prunePolicy: Additive } }\n`;
}

function binding(namespace: string, of: string): string {
  return `{ apiVersion: bindery.dev/v1alpha1, kind: IdentityBinding, metadata: { name: b, namespace: ${namespace} }, spec: { identityRef: { name: a, namespace: ${of} } } }\n`;
}

function policyWith(namespaces: string) {
  const text = `{ apiVersion: bindery.dev/v1alpha1, kind: Policy, metadata: { name: prod }, spec: { owner: prod, tenantId: ${id}, estate: { subscriptions: [${id}] }, namespaces: [${namespaces}] } }\n`;
  return parsePolicy({ path: "policy.yaml", bytes: bytesOf(text) });
}

interface Placed {
  readonly folder?: string;
  readonly text: string;
}

function mistakesIn(files: readonly Placed[], namespaces: string): string[] {
  const { policy, diagnostics } = policyWith(namespaces);
  expect(diagnostics).toEqual([]);
  const sources = files.map(({ text, ...place }, i) => ({
    path: `${i}.yaml`,
    bytes: bytesOf(text),
    ...place,
  }));
  return parseManifests(sources, policy ? { policy } : {}).diagnostics.map(
    (d) => `${d.file}:${d.line}:${d.column} ${d.severity} ${d.path}: ${d.message} → ${d.cure}`,
  );
}

const orders = "{ folder: team-orders, namespace: orders }";
const nested = "{ folder: teams, namespace: shared }, { folder: teams/orders, namespace: orders }";
const ownRule = /0\.yaml:1:\d+ error metadata\.namespace: documents in the folder/;
const otherRule = /0\.yaml:1:\d+ error metadata\.namespace: the namespace "orders" belongs to the folder/;

describe("rule 21: a folder speaks for its own namespace only", () => {
  test.each<readonly [string, string | undefined, string, string, RegExp | undefined]>([
    ["its own", "team-orders", orders, "orders", undefined],
    ["its own, further down", "team-orders/prod/eu", orders, "orders", undefined],
    ["another one, bound or not", "team-orders", orders, "billing", ownRule],
    ["from a folder that only begins so", "team-orders-2", orders, "orders", otherRule],
    ["from another case of the folder", "Team-Orders", orders, "orders", otherRule],
    ["from a folder of that name elsewhere", "billing/team-orders", orders, "orders", otherRule],
    ["from the PATH itself", "", orders, "orders", otherRule],
    ["from standard input or a file that is named", undefined, orders, "orders", otherRule],
    [
      "from standard input, whatever folders are called",
      undefined,
      "{ folder: undefined, namespace: orders }",
      "orders",
      otherRule,
    ],
    ["a namespace that nobody has bound, outside", "common", orders, "common", undefined],
    ["a namespace that nobody has bound, from standard input", undefined, orders, "common", undefined],
    ["the longest folder wins", "teams/orders/eu", nested, "orders", undefined],
    ["the longest folder wins over the one above", "teams/orders", nested, "shared", ownRule],
    ["the one above has what is beside", "teams/billing", nested, "shared", undefined],
    ["and it does not speak for the one below", "teams", nested, "orders", ownRule],
    ["no folder is bound", "anything", "", "orders", undefined],
  ])("%s", (_, folder, namespaces, namespace, expected) => {
    const file = { text: identity(namespace), ...(folder !== undefined && { folder }) };
    expect(mistakesIn([file], namespaces)).toEqual(expected ? [expect.stringMatching(expected)] : []);
  });

  test.each([
    [
      "team-billing",
      `${orders}, { folder: team-billing, namespace: billing }`,
      'documents in the folder "team-billing" have the namespace "billing": the policy "prod" says so → write "namespace: billing", or move the document to "team-orders"',
    ],
    [
      "team-billing",
      "{ folder: team-billing, namespace: billing }",
      'write "namespace: billing", or move the document to another folder',
    ],
    [
      "elsewhere",
      `${orders}, { folder: more/orders, namespace: orders }`,
      'the namespace "orders" belongs to the folder "team-orders" or "more/orders" by the policy "prod", and this one lies elsewhere → move the document to "team-orders" or "more/orders", or choose another namespace',
    ],
    [
      undefined,
      orders,
      'the namespace "orders" belongs to the folder "team-orders" by the policy "prod", and this document lies in no folder of a PATH → give the folder above "team-orders" as the PATH, instead of a file or standard input',
    ],
  ])("the message says what is wrong and what to do: %s", (folder, namespaces, words) => {
    const [mistake] = mistakesIn(
      [{ text: identity("orders"), ...(folder !== undefined && { folder }) }],
      namespaces,
    );
    expect(mistake).toMatch(/^0\.yaml:1:\d+ error metadata\.namespace: /);
    expect(mistake).toContain(words);
  });

  test("documents of a List, and bindings, are held to it too", () => {
    const list = `{ apiVersion: v1, kind: List, items: [${identity("billing").trim()}] }\n`;
    const [first, second] = mistakesIn(
      [
        { folder: "team-orders", text: list },
        { folder: "elsewhere", text: binding("orders", "billing") },
      ],
      orders,
    );
    expect(first).toMatch(ownRule);
    expect(second).toMatch(/^1\.yaml.* the namespace "orders" belongs to the folder "team-orders"/);
  });

  test("a Policy among the manifests is told once, whatever its namespace", () => {
    const text = `{ apiVersion: bindery.dev/v1alpha1, kind: Policy, metadata: { name: p, namespace: orders }, spec: { owner: prod, tenantId: ${id}, estate: { subscriptions: [${id}] } } }\n`;
    expect(mistakesIn([{ folder: "elsewhere", text }], orders)).toEqual([
      expect.stringContaining("a Policy among the manifests"),
      expect.stringContaining('unknown key "namespace"'),
    ]);
  });

  test("two folders that differ in case only are a mistake of the policy", () => {
    const { diagnostics } = policyWith(
      "{ folder: teams/a, namespace: a }, { folder: Teams/A, namespace: b }",
    );
    expect(diagnostics.map((d) => d.message)).toEqual([
      expect.stringContaining("the same folder as in entry 0"),
    ]);
  });

  test("folders that are the same in capitals only are two", () => {
    expect(policyWith("{ folder: ß, namespace: a }, { folder: ss, namespace: b }").diagnostics).toEqual([]);
  });

  test.each(["..", "a/..", "./a", "/a", "a/", "a//b", "a\\\\b"])("%j is no folder", (folder) => {
    const { diagnostics } = policyWith(`{ folder: "${folder}", namespace: a }`);
    expect(diagnostics.map((d) => d.message)).toEqual([expect.stringContaining("is not a folder")]);
  });
});

describe("nobody gets at another team's identity", () => {
  const two = "{ folder: orders, namespace: orders }, { folder: billing, namespace: billing }";
  const theirs = { folder: "orders", text: identity("orders") };
  const allowing = {
    ...theirs,
    text: theirs.text.replace("prunePolicy", "allowBindingsFrom: [{ namespace: billing }], prunePolicy"),
  };
  const notAllowed = /does not allow bindings from the namespace "billing"/;
  const described = /this identity in Azure is described already, by "orders\/a"/;
  const same = (spec: string) =>
    identity("billing").replace("resourceGroup: rg-billing, name: id-a", `${spec}, name: ID-a`);

  test.each<readonly [string, readonly Placed[], RegExp[]]>([
    [
      "by a binding from its own namespace",
      [theirs, { folder: "billing", text: binding("billing", "orders") }],
      [notAllowed],
    ],
    ["unless its owners allow it", [allowing, { folder: "billing", text: binding("billing", "orders") }], []],
    [
      "nor by a binding that claims the namespace",
      [theirs, { folder: "billing", text: binding("orders", "orders") }],
      [/documents in the folder "billing" have the namespace "billing"/],
    ],
    [
      "nor by a second document in other case",
      [theirs, { folder: "billing", text: same("resourceGroup: RG-Orders") }],
      [described],
    ],
    [
      "nor by one that says Absent",
      [theirs, { folder: "billing", text: same("resourceGroup: rg-orders, lifecycle: Absent") }],
      [described],
    ],
    [
      "nor by one that says Released",
      [theirs, { folder: "billing", text: same("resourceGroup: rg-orders, lifecycle: Released") }],
      [described],
    ],
  ])("%s", (_, files, expected) => {
    expect(mistakesIn(files, two)).toEqual(expected.map((one) => expect.stringMatching(one)));
  });
});
