// Whatever somebody writes, a diagnostic quotes at most 80 characters of it: in its message, its cure and its path.
import { expect, test } from "vitest";
import { parseDocument, type Scalar, visit } from "yaml";
import type { Diagnostic } from "../model/diagnostic.ts";
import { quotedLength } from "../model/text.ts";
import { parseManifests } from "./parse-manifests.ts";
import { parsePolicy } from "./parse-policy.ts";

const subscription = "00000000-0000-4000-8000-000000000001";
const identity = `apiVersion: bindery.dev/v1alpha1
kind: UserAssignedIdentity
metadata: { name: orders, namespace: team, labels: { a: b } }
spec:
  subscriptionId: ${subscription}
  resourceGroup: rg-ids
  name: id-orders
  location: westeurope
  lifecycle: Present
  adoptionPolicy: Never
  prunePolicy: Authoritative
  ignore: { roleAssignments: [{ scope: /subscriptions/${subscription} }] }
  allowBindingsFrom: [{ namespace: billing }]
  tags: { cost: "42" }
  federatedCredentials:
    - { name: main, issuer: "https://i.example", subject: "repo:x", audience: api://AzureADTokenExchange }
`;
const binding = `apiVersion: bindery.dev/v1alpha1
kind: IdentityBinding
metadata: { name: orders, namespace: team }
spec:
  identityRef: { name: orders, namespace: team }
  suspend: false
  targets:
    - virtualMachine: { subscriptionId: ${subscription}, resourceGroup: rg, name: vm-1 }
    - virtualMachines: { resourceGroups: [rg], selector: { matchTags: { app: orders } } }
    - virtualMachineScaleSet: { resourceGroup: rg, name: set, instanceUpgrade: Never }
  grants:
    - azureRole: { roleName: Reader, scope: /subscriptions/${subscription}/resourceGroups/rg, condition: c }
    - azureRole: { roleDefinitionId: /providers/Microsoft.Authorization/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7, scope: /subscriptions/${subscription} }
`;
const policy = `apiVersion: bindery.dev/v1alpha1
kind: Policy
metadata: { name: test }
spec:
  owner: test
  tenantId: ${subscription}
  estate: { subscriptions: [${subscription}], managementGroups: [mg] }
  namespaces: [{ folder: team, namespace: team }]
  limits: { removals: { count: 10, percent: 20 }, additions: { count: 500 } }
  selectors: { wholeSubscription: Deny }
  privileged: { allow: [{ identity: team/orders, roleName: Owner, scope: /subscriptions/${subscription} }] }
  federatedCredentials: { allow: [{ issuer: "https://i.example", subject: "repo:*" }] }
  protected: [/subscriptions/${subscription}/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/vm]
  releases: [0123456789abcdef01234567]
  source: { acceptRevision: 8f3c2a1b0d9e7f6a5b4c3d2e1f0a9b8c7d6e5f4a }
`;

/** The text once for each of its keys and values, with a long one in its place. */
function variantsOf(text: string, long: string): readonly string[] {
  const variants: string[] = [];
  const count = scalarsOf(text).length;
  for (let i = 0; i < count; i++) {
    const document = parseDocument(text);
    const scalar = scalarsIn(document)[i];
    if (scalar) scalar.value = long;
    variants.push(document.toString({ lineWidth: 0 }));
  }
  return variants;
}

function scalarsOf(text: string): readonly Scalar[] {
  return scalarsIn(parseDocument(text));
}

function scalarsIn(document: ReturnType<typeof parseDocument>): readonly Scalar[] {
  const found: Scalar[] = [];
  visit(document, { Scalar: (_, scalar) => void found.push(scalar) });
  return found;
}

function tooLong(diagnostics: readonly Diagnostic[], character: string): readonly string[] {
  const run = new RegExp(`${character}{${quotedLength + 1}}`, "u");
  return diagnostics
    .flatMap(({ message, cure, path }) => [message, cure, path])
    .filter((text) => run.test(text));
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const manifests = (text: string) => parseManifests([{ path: "a.yaml", bytes: bytes(text) }]).diagnostics;
const policies = (text: string) => parsePolicy({ path: "policy.yaml", bytes: bytes(text) }).diagnostics;

test("the documents are good before anything in them is made long", () => {
  expect(manifests(`${identity}---\n${binding}`)).toEqual([]);
  expect(policies(policy)).toEqual([]);
});

test.each([
  ["an identity", identity, (text: string) => manifests(`${text}---\n${binding}`)],
  ["a binding", binding, (text: string) => manifests(`${identity}---\n${text}`)],
  ["a policy", policy, policies],
])("of %s with something long in it at most 80 characters are quoted", (_, text, diagnose) => {
  for (const character of ["ж", "x", "/"]) {
    const found = variantsOf(text, character.repeat(500)).map(diagnose);
    expect(found.flatMap((diagnostics) => tooLong(diagnostics, character))).toEqual([]);
    expect(found.filter((diagnostics) => diagnostics.length > 0).length).toBeGreaterThan(5);
  }
});

test.each([
  ["YAML that is broken", `a: [${"ж".repeat(500)}`],
  ["a key that stands twice", `${"ж".repeat(500)}: 1\n${"ж".repeat(500)}: 2\n`],
  ["an anchor without a node", `a: *${"ж".repeat(500)}\n`],
  ["a tag that nobody knows", `a: !${"x".repeat(500)} 1\n`],
  ["a directive", `%${"x".repeat(500)} 1\n---\na: 1\n`],
])("%s is told in at most 80 characters of it", (_, text) => {
  const diagnostics = [...manifests(text), ...policies(text)];
  expect(diagnostics.length).toBeGreaterThan(0);
  expect([...tooLong(diagnostics, "ж"), ...tooLong(diagnostics, "x")]).toEqual([]);
});
