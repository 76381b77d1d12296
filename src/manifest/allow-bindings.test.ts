import { expect, test } from "vitest";
import { parseManifests } from "./parse-manifests.ts";

const head = "apiVersion: bindery.dev/v1alpha1";
const manifests = (allowed: string, from: string) => `${head}
kind: UserAssignedIdentity
metadata: { name: orders, namespace: team }
spec:
  subscriptionId: 00000000-0000-4000-8000-000000000001
  resourceGroup: rg
  prunePolicy: Additive
  allowBindingsFrom: ${allowed}
---
${head}
kind: IdentityBinding
metadata: { name: orders, namespace: ${from} }
spec: { identityRef: { name: orders, namespace: team } }
`;

test.each([
  ["its own namespace always may", "[]", "team", 0],
  ["one that is listed may", "[{ namespace: billing }, { namespace: guest }]", "guest", 0],
  ["one that is not listed may not, although another one is", "[{ namespace: billing }]", "guest", 1],
  ["one that begins alike may not", "[{ namespace: guest }]", "guest-2", 1],
  ["none is listed", "[]", "guest", 1],
])("who may bind an identity: %s", (_, allowed, from, errors) => {
  const bytes = new TextEncoder().encode(manifests(allowed, from));
  const { diagnostics } = parseManifests([{ path: "a.yaml", bytes }]);
  expect(diagnostics.filter((d) => d.severity === "error")).toHaveLength(errors);
});
