import { describe, expect, test } from "vitest";
import { modelPolicyFrom, parsePolicy } from "./parse-policy.ts";

const id = "00000000-0000-0000-0000-000000000001";
const vm = `/subscriptions/${id}/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/vm-dc-1`;

function policy(
  more: string,
  fixed = `owner: prod\n  tenantId: ${id}\n  estate: { subscriptions: [${id}] }`,
): string {
  return `apiVersion: bindery.dev/v1alpha1
kind: Policy
metadata: { name: production }
spec:
  ${fixed}
${more}`;
}

function parse(text: string) {
  return parsePolicy({ path: "policy.yaml", bytes: new TextEncoder().encode(text) });
}

describe("a policy that is right", () => {
  test("comes out with defaults that allow nothing", () => {
    const { policy: read, diagnostics } = parse(policy(""));
    expect(diagnostics).toEqual([]);
    expect(read && modelPolicyFrom(read)).toEqual({
      owner: "prod",
      tenantId: id,
      estate: { subscriptions: [id], managementGroups: [] },
      namespaces: [],
      limits: { removals: { count: 10, percent: 20 }, additions: { count: 500 } },
      wholeSubscriptionSelectors: "Deny",
      privileged: [],
      federatedCredentials: [],
      sqlServers: [],
      protected: [],
      releases: [],
    });
  });

  test("comes out with all that it says", () => {
    const { policy: read, diagnostics } = parse(
      policy(`  selectors: { wholeSubscription: Allow }
  privileged: { allow: [{ identity: team/orders, roleName: Contributor, scope: /subscriptions/${id} }] }
  protected: [${vm}]
  namespaces: [{ folder: teams/orders, namespace: team-orders }]
  limits: { removals: { count: 3 } }
  federatedCredentials: { allow: [{ issuer: https://i, subject: "repo:o/*" }] }
  sqlServers: { allow: ["sql-*.database.windows.net"] }
  releases: [0123456789abcdef01234567]
  lease: { blobUrl: https://store1.blob.core.windows.net/bindery/prod, durationSeconds: 30 }
  source: { acceptRevision: 8f3c2a1b0d9e7f6a5b4c3d2e1f0a9b8c7d6e5f4a }
`),
    );
    expect(diagnostics).toEqual([]);
    expect(read && modelPolicyFrom(read)).toMatchObject({
      wholeSubscriptionSelectors: "Allow",
      privileged: [{ identity: "team/orders", roleName: "Contributor", scope: `/subscriptions/${id}` }],
      protected: [vm],
      namespaces: [{ folder: "teams/orders", namespace: "team-orders" }],
      limits: { removals: { count: 3, percent: 20 }, additions: { count: 500 } },
      federatedCredentials: [{ issuer: "https://i", subject: "repo:o/*" }],
      sqlServers: ["sql-*.database.windows.net"],
      releases: ["0123456789abcdef01234567"],
      lease: { blobUrl: "https://store1.blob.core.windows.net/bindery/prod", durationInSeconds: 30 },
    });
  });
});

describe("a policy with a mistake is no policy", () => {
  test.each([
    [
      "all that is missing",
      policy("", "{}"),
      [
        "4:1 spec.estate: estate is missing",
        "4:1 spec.owner: owner is missing",
        "4:1 spec.tenantId: tenantId is missing",
      ],
    ],
    [
      "an empty estate",
      policy("", `owner: prod\n  tenantId: ${id}\n  estate: { subscriptions: [] }`),
      ["7:11 spec.estate: the estate is empty"],
    ],
    [
      "an owner that is no DNS label",
      policy("", `owner: Prod!\n  tenantId: ${id}\n  estate: { subscriptions: [${id}] }`),
      ['5:10 spec.owner: "Prod!" is not a DNS label'],
    ],
    [
      "a revision to accept that is none",
      policy("  source: { acceptRevision: 8f3c2a1 }\n"),
      ['8:29 spec.source.acceptRevision: "8f3c2a1" is not the full id of a commit'],
    ],
    [
      "a source that says nothing, and one that says where it is",
      policy("  source: { url: https://h/r }\n"),
      [
        "8:3 spec.source.acceptRevision: acceptRevision is missing",
        '8:13 spec.source.url: unknown key "url"',
      ],
    ],
    [
      "a lease that cannot be kept",
      policy("  lease: { blobUrl: http://a/b/c, durationSeconds: 5 }\n"),
      [
        '8:21 spec.lease.blobUrl: "http://a/b/c" is not the URL of a blob',
        "8:52 spec.lease.durationSeconds: less than 15",
      ],
    ],
    [
      "a lease with a secret in its URL",
      policy("  lease: { blobUrl: 'https://store1.blob.core.windows.net/bindery/prod?sig=1' }\n"),
      [expect.stringMatching(/^8:21 spec.lease.blobUrl: .* is not the URL of a blob$/)],
    ],
    [
      "limits, folders and digests that are none",
      policy(
        "  limits: { removals: { percent: 101, count: -1 } }\n  namespaces: [{ folder: ../x, namespace: a }]\n  releases: [yes]\n",
      ),
      [
        "8:34 spec.limits.removals.percent: more than 100",
        "8:46 spec.limits.removals.count: less than 0",
        '9:26 spec.namespaces[0].folder: "../x" is not a folder',
        '10:14 spec.releases[0]: "yes" is not a digest',
      ],
    ],
    ["an unknown key", policy("  protect: []\n"), ['8:3 spec.protect: unknown key "protect"']],
    [
      "a protected id that is none",
      policy("  protected: [vm-dc-1]\n"),
      ['8:15 spec.protected[0]: "vm-dc-1" is not a resource id'],
    ],
    [
      "an allowance without a role",
      policy(`  privileged: { allow: [{ identity: orders, scope: /subscriptions/${id} }] }\n`),
      [
        "8:25 spec.privileged.allow[0]: this names no role",
        '8:37 spec.privileged.allow[0].identity: "orders" is not namespace/name of an identity\'s document',
      ],
    ],
    [
      "a namespace",
      policy("").replace("{ name: production }", "{ name: production, namespace: x }"),
      ['3:31 metadata.namespace: unknown key "namespace"'],
    ],
    ["nothing", "", ["1:1 : no Policy in this file", "1:1 : there is no document in it"]],
    [
      "another kind",
      "apiVersion: bindery.dev/v1alpha1\nkind: IdentityBinding\nmetadata: { name: a, namespace: b }\nspec: { identityRef: { name: a } }\n",
      ["2:7 kind: this is no Policy"],
    ],
    [
      "a policy behind another kind",
      `apiVersion: bindery.dev/v1alpha1\nkind: IdentityBinding\nmetadata: { name: a, namespace: b }\nspec: { identityRef: { name: a } }\n---\n${policy("")}`,
      ["2:7 kind: this is no Policy"],
    ],
    [
      "an estate without anything in it",
      policy("", `owner: prod\n  tenantId: ${id}\n  estate:`),
      ['7:3 spec.estate: "estate" has no value'],
    ],
    ["two policies", `${policy("")}---\n${policy("")}`, ["10:7 kind: a second Policy"]],
  ])("%s", (_, text, mistakes) => {
    const { policy: read, diagnostics } = parse(text);
    expect(diagnostics.map((d) => `${d.line}:${d.column} ${d.path}: ${d.message}`)).toEqual(mistakes);
    expect(read).toBeUndefined();
  });
});
