import { describe, expect, test } from "vitest";
import { parseManifests } from "./parse-manifests.ts";
import { parsePolicy } from "./parse-policy.ts";

const one = "00000000-0000-0000-0000-000000000001";
const two = "00000000-0000-0000-0000-000000000002";

/** A document in one line, so that its line in a file is easy to tell. */
function document(kind: string, metadata: string, spec: string): string {
  return `{ apiVersion: bindery.dev/v1alpha1, kind: ${kind}, metadata: { ${metadata} }, spec: { ${spec} } }\n`;
}

function identity(name: string, spec = `resourceGroup: rg`, namespace = "team"): string {
  const fixed = spec.includes("subscriptionId") ? "" : `subscriptionId: ${one}, `;
  return document(
    "UserAssignedIdentity",
    `name: ${name}, namespace: ${namespace}`,
    `${fixed}prunePolicy: Additive, ${spec}`,
  );
}

function binding(name: string, spec: string, namespace = "team"): string {
  return document("IdentityBinding", `name: ${name}, namespace: ${namespace}`, spec);
}

function policy(spec: string): string {
  return document("Policy", "name: production", `owner: prod, tenantId: ${one}, ${spec}`);
}

/** Diagnostics as `file:line path: message`, of documents that stand in files of one line each. */
function mistakesIn(documents: readonly string[], policyText?: string): string[] {
  const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
  const files = documents.map((text, index) => ({ path: `${index}.yaml`, bytes: encode(text) }));
  const parsed =
    policyText === undefined ? {} : parsePolicy({ path: "policy.yaml", bytes: encode(policyText) });
  if (policyText !== undefined) {
    expect(parsed).toMatchObject({ policy: { kind: "Policy" }, diagnostics: [] });
  }
  return parseManifests(files, parsed).diagnostics.map(
    (d) => `${d.file}:${d.line}:${d.column} ${d.severity} ${d.path}: ${d.message}`,
  );
}

type Row = readonly [
  name: string,
  documents: readonly string[],
  mistakes: readonly unknown[],
  policy?: string,
];

const vmss = (more = "") => `targets: [{ virtualMachineScaleSet: { resourceGroup: rg, name: vmss${more} } }]`;
const role = (more = "") =>
  `grants: [{ azureRole: { roleName: Reader, scope: /subscriptions/${one}/resourceGroups/rg${more} } }]`;
const sql = (more = "", database = "orders") =>
  `grants: [{ sqlDatabase: { server: sql-a.database.windows.net, database: ${database}, roles: [db_datareader]${more} } }]`;
const ref = "identityRef: { name: a }";
const mg = "/providers/Microsoft.Management/managementGroups";

const rows: Row[] = [
  [
    "one name for an identity and a binding is fine, and so is one name in two namespaces",
    [identity("a"), binding("a", ref), identity("a", "resourceGroup: other", "team2")],
    [],
  ],
  [
    "a name twice is one mistake, not two",
    [identity("a"), identity("a")],
    [
      expect.stringMatching(
        /^1\.yaml:1:\d+ error metadata\.name: UserAssignedIdentity "team\/a" is declared already, in 0\.yaml:1$/,
      ),
    ],
  ],
  [
    "an identity in Azure twice, in other case",
    [
      identity("a", "resourceGroup: rg, name: id-orders"),
      identity("b", "resourceGroup: RG, name: ID-Orders"),
    ],
    [
      expect.stringMatching(
        /^1\.yaml:1:\d+ error spec\.name: this identity in Azure is described already, by "team\/a" in 0\.yaml:1$/,
      ),
    ],
  ],
  [
    "an identity in Azure twice, once by default of its name",
    [identity("orders"), identity("other", "resourceGroup: rg, name: orders")],
    [expect.stringContaining('by "team/orders" in 0.yaml:1')],
  ],
  [
    "a second document for one identity is found although both have other mistakes",
    [
      identity("abc", "resourceGroup: rg, zzzzzzzzz: 1"),
      identity("abd", "resourceGroup: rg, name: ABC, tags: []"),
    ],
    [
      expect.stringContaining("unknown key"),
      expect.stringContaining("is described already"),
      expect.stringContaining("this is a list"),
    ],
  ],
  [
    "a reference to nothing, with the nearest",
    [identity("orders"), binding("a", "identityRef: { name: oders }")],
    [
      expect.stringMatching(
        /^1\.yaml:1:\d+ error spec\.identityRef\.name: no document declares the identity "team\/oders"$/,
      ),
    ],
  ],
  [
    "a reference counts what could not be read",
    ["a: [\n", binding("a", ref)],
    [
      expect.stringContaining("not valid YAML"),
      expect.stringContaining('no readable document (1 could not be read) declares the identity "team/a"'),
    ],
  ],
  [
    "a reference to an identity whose document has another mistake is no mistake",
    [identity("a", "resourceGroup: 42"), binding("a", ref)],
    [expect.stringContaining("42 is a number")],
  ],
  [
    "a reference into another namespace that does not allow it",
    [identity("a"), binding("a", "identityRef: { name: a, namespace: team }", "guest")],
    [
      expect.stringMatching(
        /^1\.yaml:1:\d+ error spec\.identityRef: the identity "team\/a" does not allow bindings from the namespace "guest"$/,
      ),
    ],
  ],
  [
    "a reference into another namespace that allows it",
    [
      identity("a", "resourceGroup: rg, allowBindingsFrom: [{ namespace: guest }]"),
      binding("a", "identityRef: { name: a, namespace: team }", "guest"),
    ],
    [],
  ],
  [
    "a binding of an identity that goes away is inert",
    [
      identity("a", "resourceGroup: rg, lifecycle: Absent"),
      identity("b", "resourceGroup: rg, lifecycle: Released"),
      binding("a", ref),
      binding("b", "identityRef: { name: b }"),
    ],
    [
      expect.stringMatching(
        /^2\.yaml:1:\d+ warning spec\.identityRef\.name: this binding does nothing: the lifecycle of the identity "team\/a" is Absent$/,
      ),
      expect.stringMatching(/^3\.yaml.*warning.*is Released$/),
    ],
  ],
  [
    "bindings that disagree on instanceUpgrade, once by default and once in other case",
    [
      identity("a"),
      binding("a", `${ref}, ${vmss()}`),
      binding("b", `${ref}, ${vmss(", instanceUpgrade: Automatic").replace("name: vmss", "name: VMSS")}`),
    ],
    [
      expect.stringMatching(
        /^2\.yaml:1:\d+ error spec\.targets\[0\]\.virtualMachineScaleSet\.instanceUpgrade: .* "team\/a" in 1\.yaml:1, "Never"$/,
      ),
    ],
  ],
  [
    "bindings that agree, and bindings of two identities that need not",
    [
      identity("a"),
      identity("b"),
      binding("a", `${ref}, ${vmss(", instanceUpgrade: Automatic")}`),
      binding("b", `${ref}, ${vmss(", instanceUpgrade: Automatic")}`),
      binding("c", `identityRef: { name: b }, ${vmss()}`),
    ],
    [],
  ],
  [
    "one user name for two identities in a database, whatever its case",
    [
      identity("a"),
      identity("b"),
      binding("a", `${ref}, ${sql()}`),
      binding("b", `identityRef: { name: b }, ${sql(", userName: A", "ORDERS")}`),
    ],
    [
      expect.stringMatching(
        /^3\.yaml:1:\d+ error spec\.grants\[0\]\.sqlDatabase\.userName: the identity "team\/a" has a user of this name in this database already, by "team\/a" in 2\.yaml:1$/,
      ),
    ],
  ],
  [
    "one user name in two databases is fine, and so are two names in one",
    [
      identity("a"),
      identity("b"),
      binding("a", `${ref}, ${sql()}`),
      binding("b", `identityRef: { name: b }, ${sql(", userName: a", "billing")}`),
      binding("c", `identityRef: { name: b }, ${sql()}`),
    ],
    [],
  ],
  [
    "bindings that disagree on a database's user",
    [
      identity("a"),
      binding("a", `${ref}, ${sql(", userName: x, userFrom: ExternalProvider")}`),
      binding("b", `${ref}, ${sql(", userName: x")}`),
    ],
    [
      expect.stringMatching(
        /^2\.yaml:1:\d+ error spec\.grants\[0\]\.sqlDatabase\.userFrom: this userFrom is not the one of the same sqlDatabase in "team\/a" in 1\.yaml:1, "ExternalProvider"$/,
      ),
    ],
  ],
  [
    "the same database twice in one binding",
    [identity("a"), binding("a", `${ref}, ${sql().replace(/\[(.*)\]$/, "[$1, $1]")}`)],
    [expect.stringMatching(/this is the same as spec\.grants\[0\] of this binding$/)],
  ],
  [
    "bindings that disagree on a condition",
    [
      identity("a"),
      binding("a", `${ref}, ${role()}`),
      binding("b", `${ref}, ${role(', condition: "x"').replace("Reader", "READER")}`),
    ],
    [
      expect.stringMatching(
        /^2\.yaml:1:\d+ error spec\.grants\[0\]\.azureRole\.condition: .* in "team\/a" in 1\.yaml:1, which has none$/,
      ),
    ],
  ],
  [
    "names inside the estate, in any case",
    [identity("a"), binding("a", `${ref}, ${role()}`)],
    [],
    policy(`estate: { subscriptions: [${one}] }`),
  ],
  [
    "names outside the estate",
    [
      identity("a", `subscriptionId: ${two}, resourceGroup: rg`),
      binding(
        "a",
        `${ref}, targets: [{ virtualMachine: { subscriptionId: ${two}, resourceGroup: rg, name: vm } }],
         grants: [{ azureRole: { roleName: Reader, scope: /Subscriptions/${two} } }, { azureRole: { roleName: Reader, scope: ${mg}/all } }]`,
      ),
    ],
    [
      expect.stringMatching(
        /^0\.yaml:1:\d+ error spec\.subscriptionId: the subscription "0{8}-.*2" is outside the estate of the policy "production"$/,
      ),
      expect.stringMatching(/^1\.yaml:1:\d+ error spec\.targets\[0\]\.virtualMachine\.subscriptionId: /),
      expect.stringMatching(/^1\.yaml:2:\d+ error spec\.grants\[0\]\.azureRole\.scope: /),
      expect.stringMatching(
        /^1\.yaml:2:\d+ error spec\.grants\[1\]\.azureRole\.scope: the management group "all" is outside/,
      ),
    ],
    policy(`estate: { subscriptions: [${one}] }`),
  ],
  [
    "only Azure knows which subscriptions a management group holds",
    [
      identity("a", `subscriptionId: ${two}, resourceGroup: rg`),
      binding("a", `${ref}, grants: [{ azureRole: { roleName: Reader, scope: ${mg}/MG-Prod } }]`),
    ],
    [],
    policy("estate: { managementGroups: [mg-prod] }"),
  ],
  [
    "a whole subscription that the policy does not allow",
    [identity("a"), binding("a", `${ref}, targets: [{ virtualMachines: { resourceGroups: ["*"] } }]`)],
    [
      expect.stringMatching(
        /^1\.yaml:1:\d+ error .*resourceGroups: a selector over a whole subscription is not allowed by the policy "production"$/,
      ),
    ],
    policy(`estate: { subscriptions: [${one}] }`),
  ],
  [
    "a whole subscription that the policy allows",
    [identity("a"), binding("a", `${ref}, targets: [{ virtualMachines: { resourceGroups: ["*"] } }]`)],
    [],
    policy(`estate: { subscriptions: [${one}] }, selectors: { wholeSubscription: Allow }`),
  ],
];

describe("rules across documents", () => {
  for (const [name, documents, mistakes, policyText] of rows) {
    test(name, () => {
      expect(mistakesIn(documents, policyText)).toEqual(mistakes);
    });
  }

  test("the nearest identity, also of another namespace, is in the cure", () => {
    const parse = (...texts: string[]) =>
      parseManifests(
        texts.map((text, index) => ({ path: `${index}.yaml`, bytes: new TextEncoder().encode(text) })),
        {},
      ).diagnostics.map((d) => d.cure);
    const cure = 'did you mean "team/orders"? Otherwise add its UserAssignedIdentity document';
    expect(parse(identity("orders"), binding("a", "identityRef: { name: oders }"))).toEqual([cure]);
    expect(parse(identity("orders"), binding("a", "identityRef: { name: orders }", "guest"))).toEqual([cure]);
    expect(parse(identity("orders"), binding("a", "identityRef: { name: payments }"))).toEqual([
      "add its UserAssignedIdentity document, or correct the name",
    ]);
  });

  test("without a policy the estate counts as not checked", () => {
    expect(parseManifests([], {}).isEstateChecked).toBe(false);
  });
});
