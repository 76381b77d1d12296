import { expect, test } from "vitest";
import type { DesiredIdentity } from "../desired/desired.ts";
import { identityIdFrom, idKey } from "../model/arm-id.ts";
import { type FederatedCredential, type Identity, ownerTag } from "../model/identity.ts";
import type { TrustAllowance } from "../model/policy.ts";
import { desired, identityId, live, observed, policy, subscription, wanted } from "./fixtures.ts";
import { planFor } from "./plan-for.ts";

const issuer = "https://token.actions.githubusercontent.com";
const main: FederatedCredential = { name: "main", issuer, subject: "repo:contoso/orders", audience: "a" };
const foreign: FederatedCredential = { name: "x", issuer, subject: "repo:evil/fork", audience: "a" };
const evil: TrustAllowance = { issuer, subject: "repo:evil/*" };
const orphanId = identityIdFrom(subscription, "rg", "id-old");

function alarms(
  want: Partial<DesiredIdentity>,
  there: readonly FederatedCredential[],
  allow: readonly TrustAllowance[] = [],
  identity: Partial<Identity> = {},
): readonly string[] {
  const see = { identities: [live(identity)] };
  const credentials = new Map([[idKey(identity.id ?? identityId), there]]);
  const plan = planFor(desired(wanted(want)), observed(see, { credentials }), {
    ...policy,
    federatedCredentials: allow,
  });
  return plan.warnings.filter((w) => w.code === "ForeignTrust").map((w) => w.message);
}

const one = [expect.stringContaining("repo:evil/fork")];

test.each<[string, Partial<DesiredIdentity>, readonly TrustAllowance[], readonly unknown[]]>([
  ["a document that says nothing of credentials", {}, [], one],
  ["that one under Additive", { prunePolicy: "Additive" }, [], one],
  ["what the policy allows, where no document manages them", {}, [evil], []],
  ["one that stays under Additive", { prunePolicy: "Additive", federatedCredentials: [main] }, [], one],
  ["even if the policy allows it", { prunePolicy: "Additive", federatedCredentials: [main] }, [evil], one],
  ["one that is listed", { prunePolicy: "Additive", federatedCredentials: [foreign] }, [], []],
  ["one of two that are listed", { prunePolicy: "Additive", federatedCredentials: [main, foreign] }, [], []],
  [
    "what another issuer says of a listed subject",
    { prunePolicy: "Additive", federatedCredentials: [{ ...foreign, name: "y", issuer: "https://other" }] },
    [],
    one,
  ],
  ["one that is listed under another name", { federatedCredentials: [{ ...foreign, name: "y" }] }, [], []],
  ["one that this plan takes away", { federatedCredentials: [main] }, [], []],
  [
    "one that this plan would overwrite, if that is held",
    { federatedCredentials: [{ ...main, name: "x" }] },
    [],
    one,
  ],
  [
    "one that this plan overwrites",
    { federatedCredentials: [{ ...main, name: "X" }] },
    [{ issuer, subject: main.subject }],
    [],
  ],
  ["an identity that is to go", { lifecycle: "Absent" }, [], []],
])("%s", (_, want, allow, expected) => {
  expect(alarms(want, [foreign], allow)).toEqual(expected);
});

test("an identity that is not ours is not ours to judge", () => {
  expect(alarms({}, [foreign], [], { tags: {} })).toEqual([]);
  expect(alarms({}, [foreign], [], { tags: { [ownerTag]: "test" } })).toEqual([]);
});

test("the alarm points at the document of the identity", () => {
  const want = wanted();
  const credentials = new Map([[idKey(identityId), [foreign]]]);
  const { warnings } = planFor(desired(want), observed({ identities: [live()] }, { credentials }), policy);
  expect(warnings.map((w) => w.document)).toEqual([want.document]);
});

test("what another owner has and no document names is no orphan of ours", () => {
  expect(alarms({}, [foreign], [], { id: orphanId, tags: { [ownerTag]: "test" } })).toEqual([]);
});

test("an orphan is ours too", () => {
  expect(alarms({}, [foreign], [], { id: orphanId })).toEqual([expect.stringContaining("the orphan id-old")]);
  expect(alarms({}, [foreign], [evil], { id: orphanId })).toEqual([]);
});
