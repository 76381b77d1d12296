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
const ref = "identityRef: { name: aaa }";
const whole = `subscriptionId: ${one}, resourceGroup: rg, prunePolicy: Additive`;
const scope = `/subscriptions/${one}/resourceGroups/rg`;
const roleId = "/providers/Microsoft.Authorization/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7";
const otherRoleId = roleId.replace("acdd72a7", "acdd72a8");
const vmOf = (spec: string) => `virtualMachine: { ${spec} }`;
const vm = (more = "") => vmOf(`resourceGroup: rg, name: vm${more}`);
const selector = (groups: string, tags: string, more = "") =>
  `virtualMachines: { resourceGroups: ${groups}, selector: { matchTags: { ${tags} } }${more} }`;
/** A binding of these targets, or of these roles at one scope. */
const targets = (...entries: string[]) =>
  binding("aaa", `${ref}, targets: [${entries.map((entry) => `{ ${entry} }`).join(", ")}]`);
const grants = (...roles: string[]) =>
  binding(
    "aaa",
    `${ref}, grants: [${roles.map((entry) => `{ azureRole: { ${entry}, scope: ${scope} } }`).join(", ")}]`,
  );
const same = (here: string, there: string) =>
  expect.stringContaining(` error spec.${here}: this is the same as spec.${there} of this binding`);
const mg = "/providers/Microsoft.Management/managementGroups";

const rows: Row[] = [
  [
    "one name for an identity and a binding is fine, and so is one name in two namespaces",
    [identity("aaa"), binding("aaa", ref), identity("aaa", "resourceGroup: other", "team2")],
    [],
  ],
  [
    "a name twice is one mistake, not two",
    [identity("aaa"), identity("aaa")],
    [
      expect.stringMatching(
        /^1\.yaml:1:\d+ error metadata\.name: UserAssignedIdentity "team\/aaa" is declared already, in 0\.yaml:1$/,
      ),
    ],
  ],
  [
    "documents without a name, or without a namespace, are not told to be the same",
    [
      document("UserAssignedIdentity", "namespace: team", whole),
      document("UserAssignedIdentity", "namespace: team", `${whole}, name: id-1`),
      document("UserAssignedIdentity", "name: aaa", `${whole}, name: id-2`),
      document("UserAssignedIdentity", "name: aaa", `${whole}, name: id-3`),
    ],
    [
      expect.stringMatching(/^0\.yaml.* metadata\.name: name is missing$/),
      expect.stringMatching(/^1\.yaml.* metadata\.name: name is missing$/),
      expect.stringMatching(/^2\.yaml.* metadata\.namespace: namespace is missing$/),
      expect.stringMatching(/^3\.yaml.* metadata\.namespace: namespace is missing$/),
    ],
  ],
  [
    "an identity in Azure twice, in other case",
    [
      identity("aaa", "resourceGroup: rg, name: id-orders"),
      identity("bbb", "resourceGroup: RG, name: ID-Orders"),
    ],
    [
      expect.stringMatching(
        /^1\.yaml:1:\d+ error spec\.name: this identity in Azure is described already, by "team\/aaa" in 0\.yaml:1$/,
      ),
    ],
  ],
  [
    "an identity in Azure twice, once by default of its name",
    [identity("orders"), identity("other", "resourceGroup: rg, name: orders")],
    [expect.stringContaining('by "team/orders" in 0.yaml:1')],
  ],
  [
    "an identity in Azure twice, the second by default of its name",
    [identity("other", "resourceGroup: rg, name: orders"), identity("orders")],
    [expect.stringMatching(/^1\.yaml:1:\d+ error metadata\.name: .* by "team\/other" in 0\.yaml:1$/)],
  ],
  [
    "identities of one name of which it is not said where they lie",
    [identity("aaa", "name: id-a"), identity("bbb", "name: id-a")],
    [
      expect.stringContaining("resourceGroup is missing"),
      expect.stringContaining("resourceGroup is missing"),
    ],
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
    [identity("orders"), binding("aaa", "identityRef: { name: oders }")],
    [
      expect.stringMatching(
        /^1\.yaml:1:\d+ error spec\.identityRef\.name: no document declares the identity "team\/oders"$/,
      ),
    ],
  ],
  [
    "a reference counts what could not be read",
    ["a: [\n", binding("aaa", ref)],
    [
      expect.stringContaining("not valid YAML"),
      expect.stringContaining('no readable document (1 could not be read) declares the identity "team/aaa"'),
    ],
  ],
  [
    "a binding without a reference is not compared with others",
    [binding("aaa", role()), binding("bbb", role(', condition: "x"'))],
    [
      expect.stringMatching(/^0\.yaml.* spec\.identityRef: identityRef is missing$/),
      expect.stringMatching(/^1\.yaml.* spec\.identityRef: identityRef is missing$/),
    ],
  ],
  [
    "a reference to an identity whose document has another mistake is no mistake",
    [identity("aaa", "resourceGroup: 42"), binding("aaa", ref)],
    [expect.stringContaining("42 is a number")],
  ],
  [
    "a reference into another namespace that does not allow it",
    [identity("aaa"), binding("aaa", "identityRef: { name: aaa, namespace: team }", "guest")],
    [
      expect.stringMatching(
        /^1\.yaml:1:\d+ error spec\.identityRef: the identity "team\/aaa" does not allow bindings from the namespace "guest"$/,
      ),
    ],
  ],
  [
    "a reference into another namespace that allows it",
    [
      identity("aaa", "resourceGroup: rg, allowBindingsFrom: [{ namespace: guest }]"),
      binding("aaa", "identityRef: { name: aaa, namespace: team }", "guest"),
    ],
    [],
  ],
  [
    "a binding of an identity that goes away is inert",
    [
      identity("aaa", "resourceGroup: rg, lifecycle: Absent"),
      identity("bbb", "resourceGroup: rg, lifecycle: Released"),
      binding("aaa", ref),
      binding("bbb", "identityRef: { name: bbb }"),
    ],
    [
      expect.stringMatching(
        /^2\.yaml:1:\d+ warning spec\.identityRef\.name: this binding does nothing: the lifecycle of the identity "team\/aaa" is Absent$/,
      ),
      expect.stringMatching(/^3\.yaml.*warning.*is Released$/),
    ],
  ],
  [
    "bindings that disagree on instanceUpgrade, once by default and once in other case",
    [
      identity("aaa"),
      binding("aaa", `${ref}, ${vmss()}`),
      binding("bbb", `${ref}, ${vmss(", instanceUpgrade: Automatic").replace("name: vmss", "name: VMSS")}`),
    ],
    [
      expect.stringMatching(
        /^2\.yaml:1:\d+ error spec\.targets\[0\]\.virtualMachineScaleSet\.instanceUpgrade: .* "team\/aaa" in 1\.yaml:1, "Never"$/,
      ),
    ],
  ],
  [
    "bindings that agree, and bindings of two identities that need not",
    [
      identity("aaa"),
      identity("bbb"),
      binding("aaa", `${ref}, ${vmss(", instanceUpgrade: Automatic")}`),
      binding("bbb", `${ref}, ${vmss(", instanceUpgrade: Automatic")}`),
      binding("c", `identityRef: { name: bbb }, ${vmss()}`),
    ],
    [],
  ],
  [
    "a target twice in one binding, once by default of its subscription and once in other case",
    [identity("aaa"), targets(vm(), vm(`, subscriptionId: ${one}`).replace("rg", "RG"))],
    [same("targets[1].virtualMachine", "targets[0]")],
  ],
  [
    "targets of one name in two subscriptions, two groups, or of two kinds are two",
    [
      identity("aaa"),
      targets(
        vm(),
        vm(`, subscriptionId: ${two}`),
        vm().replace("rg", "rg2"),
        vm().replace("name: vm", "name: vm2"),
        vm().replace("virtualMachine", "virtualMachineScaleSet"),
      ),
    ],
    [],
  ],
  [
    "targets of which the name, or the group, is missing are not told to be the same",
    [
      identity("aaa"),
      targets(...["name: vm", "name: vm", "resourceGroup: rg", "resourceGroup: rg"].map(vmOf)),
    ],
    [0, 1, 2, 3].map((index) =>
      expect.stringMatching(
        new RegExp(`spec\\.targets\\[${index}\\]\\.virtualMachine\\.\\w+: \\w+ is missing$`),
      ),
    ),
  ],
  [
    "a selector twice in one binding, in another order and case",
    [
      identity("aaa"),
      targets(
        selector("[rg-1, rg-2, rg-3]", "a: x, b: y, c: z"),
        selector("[RG-3, rg-1, rg-2]", `C: z, A: x, b: y`, `, subscriptionId: ${one}`),
      ),
    ],
    [same("targets[1].virtualMachines", "targets[0]")],
  ],
  [
    "selectors of other groups, tags, values or subscriptions are others",
    [
      identity("aaa"),
      targets(
        selector("[rg-1]", "a: x"),
        selector("[rg-1, rg-2]", "a: x"),
        selector("[rg-1]", "b: x"),
        selector("[rg-1]", "a: X"),
        selector("[rg-1]", "a: x, b: y"),
        selector("[rg-1]", "a: x", `, subscriptionId: ${two}`),
        "virtualMachines: { resourceGroups: [rg-1] }",
      ),
    ],
    [],
  ],
  [
    "a role twice in one binding, by its name in other case and by its id in two forms",
    [
      identity("aaa"),
      grants(
        "roleName: Reader",
        "roleName: READER",
        `roleDefinitionId: ${roleId}`,
        `roleDefinitionId: /subscriptions/${one}${roleId.toUpperCase()}`,
      ),
    ],
    [same("grants[1].azureRole", "grants[0]"), same("grants[3].azureRole", "grants[2]")],
  ],
  [
    "two roles at a scope are two, and so are those of which it is not said which",
    [
      identity("aaa"),
      grants(
        "roleName: Reader",
        "roleName: Owner",
        `roleDefinitionId: ${roleId}`,
        `roleDefinitionId: ${otherRoleId}`,
      ),
      binding(
        "b",
        `${ref}, grants: [{ azureRole: { scope: ${scope} } }, { azureRole: { scope: ${scope} } }]`,
      ),
    ],
    [expect.stringContaining("this names no role"), expect.stringContaining("this names no role")],
  ],
  [
    "what stands twice in one binding is one mistake, although the two disagree",
    [
      identity("aaa"),
      binding(
        "a",
        `${ref}, grants: [{ azureRole: { roleName: Reader, scope: ${scope} } }, { azureRole: { roleName: Reader, scope: ${scope}, condition: "x" } }]`,
      ),
    ],
    [same("grants[1].azureRole", "grants[0]")],
  ],
  [
    "one user name for two identities in a database, whatever its case",
    [
      identity("aaa"),
      identity("bbb"),
      binding("aaa", `${ref}, ${sql()}`),
      binding("bbb", `identityRef: { name: bbb }, ${sql(", userName: AAA", "ORDERS")}`),
    ],
    [
      expect.stringMatching(
        /^3\.yaml:1:\d+ error spec\.grants\[0\]\.sqlDatabase\.userName: the identity "team\/aaa" has a user of this name in this database already, by "team\/aaa" in 2\.yaml:1$/,
      ),
    ],
  ],
  [
    "a mistake in what tells two entries apart, or in what they must agree on, is told once",
    [
      identity("aaa", "resourceGroup: rg, name: id-a"),
      identity("bbb", "resourceGroup: rg2, name: id-a"),
      binding("aaa", `${ref}, ${vmss(", instanceUpgrade: Automatic")}`),
      binding("bbb", `${ref}, ${vmss(", instanceUpgrade:")}`),
      binding("c", `${ref}, ${vmss(", instanceUpgrade: 1")}`),
      targets(vm(), vm(", subscriptionId: 1")).replace("name: aaa, n", "name: d, n"),
      binding("e", `${ref}, ${sql()}`),
      binding("f", `identityRef: { name: bbb }, ${sql(", userName: 1")}`),
      binding("g", `identityRef: { name: bbb }, ${sql(", userName:")}`),
    ],
    [
      expect.stringMatching(/^3\.yaml.*instanceUpgrade: "instanceUpgrade" has no value$/),
      expect.stringMatching(/^4\.yaml.*instanceUpgrade: 1 is none of the choices$/),
      expect.stringMatching(/^5\.yaml.*subscriptionId: 1 is a number, and text is meant here$/),
      expect.stringMatching(/^7\.yaml.*userName: 1 is a number, and text is meant here$/),
      expect.stringMatching(/^8\.yaml.*userName: "userName" has no value$/),
    ],
  ],
  [
    "a first entry with such a mistake is not what others disagree with",
    [
      identity("aaa"),
      binding("aaa", `${ref}, ${vmss(", instanceUpgrade: 1")}`),
      binding("bbb", `${ref}, ${vmss(", instanceUpgrade: Automatic")}`),
    ],
    [expect.stringMatching(/^1\.yaml.*instanceUpgrade: 1 is none of the choices$/)],
  ],
  [
    "fields of another kind of entry are unknown there, and nothing more",
    [
      identity("aaa", "resourceGroup: rg, name: id-a"),
      identity("bbb", "resourceGroup: rg2, name: id-a"),
      binding("aaa", `${ref}, targets: [{ ${vm(", instanceUpgrade: Automatic")} }]`),
      binding("bbb", `${ref}, targets: [{ ${vm()} }]`),
      ...["aaa", "bbb"].map((name) =>
        binding(
          `pg-${name}`,
          `identityRef: { name: ${name} }, grants: [{ postgresDatabase: { server: s, database: d } }]`,
        ),
      ),
    ],
    [
      expect.stringContaining('unknown key "instanceUpgrade"'),
      expect.stringContaining('"postgresDatabase" is not in this version'),
      expect.stringContaining('"postgresDatabase" is not in this version'),
    ],
  ],
  [
    "names that are the same in capitals only are two",
    [
      identity("aaa", "resourceGroup: rg-ß, name: id-1"),
      identity("bbb", "resourceGroup: rg-ss, name: id-1"),
      targets(
        vmOf("resourceGroup: ß, name: vm"),
        vmOf("resourceGroup: ss, name: vm"),
        selector("[ß]", "a: x"),
        selector("[ss]", "a: x"),
        selector("[rg]", "ß: x"),
        selector("[rg]", "ss: x"),
      ),
      grants("roleName: ß", "roleName: ss").replace("name: aaa, n", "name: bbb, n"),
      binding("c", `${ref}, ${sql(", userName: ß")}`),
      binding("d", `identityRef: { name: bbb }, ${sql(", userName: ss")}`),
    ],
    [],
  ],
  [
    "one user name for two identities in a database, both by default of the name in Azure",
    [
      identity("aaa", "resourceGroup: rg, name: id-a"),
      identity("bbb", "resourceGroup: rg2, name: ID-A"),
      binding("aaa", `${ref}, ${sql()}`),
      binding("bbb", `identityRef: { name: bbb }, ${sql()}`),
    ],
    [
      expect.stringMatching(
        /^3\.yaml:1:\d+ error spec\.grants\[0\]\.sqlDatabase: the identity "team\/aaa" has a user of this name/,
      ),
    ],
  ],
  [
    "identities of one name may have the same role, and no database stands for another that is not named",
    [
      identity("aaa", "resourceGroup: rg, name: id-a"),
      identity("bbb", "resourceGroup: rg2, name: id-a"),
      binding("aaa", `${ref}, ${role()}`),
      binding("bbb", `identityRef: { name: bbb }, ${role()}`),
      binding("c", `${ref}, ${sql().replace("database: orders, ", "")}`),
      binding("d", `identityRef: { name: bbb }, ${sql().replace("database: orders, ", "")}`),
    ],
    [expect.stringContaining("database is missing"), expect.stringContaining("database is missing")],
  ],
  [
    "one user name in two databases is fine, and so are two names in one",
    [
      identity("aaa"),
      identity("bbb"),
      binding("aaa", `${ref}, ${sql()}`),
      binding("bbb", `identityRef: { name: bbb }, ${sql(", userName: aaa", "billing")}`),
      binding("c", `identityRef: { name: bbb }, ${sql()}`),
    ],
    [],
  ],
  [
    "bindings that disagree on a database's user",
    [
      identity("aaa"),
      binding("aaa", `${ref}, ${sql(", userName: x, userFrom: ExternalProvider")}`),
      binding("bbb", `${ref}, ${sql(", userName: x")}`),
    ],
    [
      expect.stringMatching(
        /^2\.yaml:1:\d+ error spec\.grants\[0\]\.sqlDatabase\.userFrom: this userFrom is not the one of the same sqlDatabase in "team\/aaa" in 1\.yaml:1, "ExternalProvider"$/,
      ),
    ],
  ],
  [
    "the same database twice in one binding",
    [identity("aaa"), binding("aaa", `${ref}, ${sql().replace(/\[(.*)\]$/, "[$1, $1]")}`)],
    [expect.stringMatching(/this is the same as spec\.grants\[0\] of this binding$/)],
  ],
  [
    "bindings that disagree on a condition",
    [
      identity("aaa"),
      binding("aaa", `${ref}, ${role()}`),
      binding("bbb", `${ref}, ${role(', condition: "x"').replace("Reader", "READER")}`),
    ],
    [
      expect.stringMatching(
        /^2\.yaml:1:\d+ error spec\.grants\[0\]\.azureRole\.condition: .* in "team\/aaa" in 1\.yaml:1, which has none$/,
      ),
    ],
  ],
  [
    "names inside the estate, in any case",
    [identity("aaa"), binding("aaa", `${ref}, ${role()}`)],
    [],
    policy(`estate: { subscriptions: [${one}] }`),
  ],
  [
    "names outside the estate",
    [
      identity("aaa", `subscriptionId: ${two}, resourceGroup: rg`),
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
      identity("aaa", `subscriptionId: ${two}, resourceGroup: rg`),
      binding("aaa", `${ref}, grants: [{ azureRole: { roleName: Reader, scope: ${mg}/MG-Prod } }]`),
    ],
    [],
    policy("estate: { managementGroups: [mg-prod] }"),
  ],
  [
    "a subscription that is none is one mistake, not two",
    [identity("aaa", "subscriptionId: mine, resourceGroup: rg")],
    [expect.stringContaining('"mine" is not a GUID')],
    policy(`estate: { subscriptions: [${one}] }`),
  ],
  [
    "a whole subscription that the policy does not allow",
    [identity("aaa"), binding("aaa", `${ref}, targets: [{ virtualMachines: { resourceGroups: ["*"] } }]`)],
    [
      expect.stringMatching(
        /^1\.yaml:1:\d+ error .*resourceGroups: a selector over a whole subscription is not allowed by the policy "production"$/,
      ),
    ],
    policy(`estate: { subscriptions: [${one}] }`),
  ],
  [
    "a whole subscription that the policy allows",
    [identity("aaa"), binding("aaa", `${ref}, targets: [{ virtualMachines: { resourceGroups: ["*"] } }]`)],
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
    const long = "n".repeat(500);
    expect(
      parse(identity("aaa"), binding("aaa", "identityRef: { name: aaa, namespace: team }", long)),
    ).toContain(`its owners can add { namespace: ${"n".repeat(79)}… } to spec.allowBindingsFrom in 0.yaml:1`);
    const cure = 'did you mean "team/orders"? Otherwise add its UserAssignedIdentity document';
    expect(parse(identity("orders"), binding("aaa", "identityRef: { name: oders }"))).toEqual([cure]);
    expect(parse(identity("orders"), binding("aaa", "identityRef: { name: orders }", "guest"))).toEqual([
      cure,
    ]);
    expect(
      parse(
        identity("orders"),
        identity("ordering", undefined, "accounting"),
        binding("aaa", "identityRef: { name: orders }", "accounting"),
      ),
    ).toEqual([cure]);
    expect(parse(identity("orders"), binding("aaa", "identityRef: { name: payments }"))).toEqual([
      "add its UserAssignedIdentity document, or correct the name",
    ]);
  });

  test("without a policy the estate counts as not checked, with one as checked", () => {
    const bytes = new TextEncoder().encode(policy(`estate: { subscriptions: [${one}] }`));
    const { policy: read } = parsePolicy({ path: "policy.yaml", bytes });
    expect(parseManifests([], {}).isEstateChecked).toBe(false);
    expect(read && parseManifests([], { policy: read }).isEstateChecked).toBe(true);
  });
});
