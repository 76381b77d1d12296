import { expect, test } from "vitest";
import { parsePolicy } from "../manifest/parse-policy.ts";
import { leftBy, type PolicyReading, policyVerdictOn } from "./revision-decision.ts";

test.each<readonly [answered: boolean, inForce: boolean, noted: boolean, left: string]>([
  [true, true, true, "stays"],
  [true, true, false, "stays"],
  [false, true, true, "stays"],
  [false, true, false, "stays"],
  [true, false, true, "fetched"],
  [true, false, false, "nothing"],
  [false, false, true, "nothing"],
  [false, false, false, "nothing"],
])("answered %s, in force %s, noted %s: %s", (hasAnswered, isInForce, isNoted, left) => {
  expect(leftBy({ hasAnswered }, { isInForce, isNoted })).toBe(left);
});

const id = (last: number): string => `00000000-0000-0000-0000-00000000000${last}`;

function reading(more = "", { owner = "prod", tenant = 1 } = {}): PolicyReading {
  const text = `apiVersion: bindery.dev/v1alpha1
kind: Policy
metadata: { name: p }
spec:
  owner: ${owner}
  tenantId: ${id(tenant)}
  estate: { subscriptions: [${id(1)}] }
${more}`;
  return parsePolicy({ path: "policy.yaml", bytes: new TextEncoder().encode(text) });
}

const lease = (name: string, seconds = 60): string =>
  `  lease: { blobUrl: https://store1.blob.core.windows.net/leases/${name}, durationSeconds: ${seconds} }\n`;

const anew = (names: string): string =>
  `PolicyNeedsRestart: The policy has another ${names}, which cannot change while Bindery runs. The last good policy stays in force. Start Bindery anew, or set it back.`;

test.each<readonly [name: string, reading: PolicyReading, expected: string]>([
  ["the same", reading(lease("a")), "take"],
  ["the same lease, with what is its default left out", reading(lease("a").replace(/, d.*\d/, "")), "take"],
  ["other limits", reading(`${lease("a")}  limits: { additions: { count: 1 } }\n`), "take"],
  ["another estate", reading(`${lease("a")}  protected: []\n`), "take"],
  ["other servers", reading(`${lease("a")}  sqlServers: { allow: ["*.example.net"] }\n`), "take"],
  ["another owner", reading(lease("a"), { owner: "test" }), anew("spec.owner")],
  [
    "another owner and tenant",
    reading(lease("a"), { owner: "b", tenant: 2 }),
    anew("spec.owner, spec.tenantId"),
  ],
  ["another lease", reading(lease("b")), anew("spec.lease")],
  ["a shorter lease", reading(lease("a", 15)), anew("spec.lease")],
  ["no lease any more", reading(), anew("spec.lease")],
  [
    "mistakes",
    reading("  limit: {}\n"),
    'BrokenPolicy: The policy has 1 mistake: policy.yaml:8:3: unknown key "limit" (did you mean limits?). The last good policy stays in force.',
  ],
  [
    "a file that is gone",
    { trouble: "The policy p cannot be read: gone." },
    "BrokenPolicy: The policy p cannot be read: gone. The last good policy stays in force.",
  ],
])("a policy with %s", (_, now, expected) => {
  const opened = reading(lease("a"));
  if ("trouble" in opened || opened.policy === undefined)
    throw new Error("the policy of the test has mistakes");
  const verdict = policyVerdictOn(now, opened.policy);
  expect(verdict.kind === "take" ? "take" : `${verdict.reason}: ${verdict.message}`).toBe(expected);
});
