import { describe, expect, test } from "vitest";
import { idKey } from "../../model/arm-id.ts";
import type { FederatedCredential } from "../../model/identity.ts";
import type { TrustAllowance } from "../../model/policy.ts";
import { desired, identityId, linesOf, live, observed, policy, wanted } from "../fixtures.ts";
import type { Plan } from "../plan.ts";
import { noReleases, planFor } from "../plan-for.ts";

const github = "https://token.actions.githubusercontent.com";

function trust(subject: string, change: Partial<FederatedCredential> = {}): FederatedCredential {
  return { name: "main", issuer: github, subject, audience: "api://AzureADTokenExchange", ...change };
}

interface Case {
  readonly listed?: readonly FederatedCredential[];
  readonly there?: readonly FederatedCredential[];
  readonly allow?: readonly TrustAllowance[];
  readonly digests?: readonly string[];
  readonly identities?: readonly ReturnType<typeof live>[];
}

function planned({ listed = [], there = [], allow = [], digests = [], identities = [live()] }: Case): Plan {
  return planFor(
    desired(wanted({ federatedCredentials: listed })),
    observed({ identities }, { credentials: new Map([[idKey(identityId), there]]) }),
    { ...policy, federatedCredentials: allow },
    { ...noReleases, digests: new Set(digests) },
  );
}

const main = trust("repo:contoso/orders:ref:refs/heads/main");
const held = ["FederatedTrust: update credential main"];
const made = ["update credential main"];

describe("rule 16: whom an identity trusts is the operator's word (FederatedTrust)", () => {
  test.each<[string, readonly TrustAllowance[], readonly string[]]>([
    ["nothing is allowed", [], held],
    ["exactly this", [{ issuer: github, subject: main.subject }], made],
    ["another case of the subject", [{ issuer: github, subject: main.subject.toUpperCase() }], held],
    ["another issuer", [{ issuer: `${github}/x`, subject: main.subject }], held],
    ["a repository by pattern", [{ issuer: github, subject: "repo:contoso/*:ref:refs/heads/main" }], made],
    ["another organisation", [{ issuer: github, subject: "repo:contos/*:ref:refs/heads/main" }], held],
    ["a star that would have to cross", [{ issuer: github, subject: "repo:*:ref:refs/heads/main" }], held],
    ["two stars that may", [{ issuer: github, subject: "repo:**:ref:refs/heads/main" }], made],
    [
      "issuer and subject of two lines are not one allowance",
      [
        { issuer: github, subject: "repo:x/y" },
        { issuer: "https://other", subject: main.subject },
      ],
      held,
    ],
  ])("%s", (_, allow, expected) => {
    expect(linesOf(planned({ listed: [main], allow }))).toEqual(expected);
  });

  test("a fork's subject is held although the repository's own is allowed", () => {
    const fork = trust("repo:evil/orders:ref:refs/heads/main");
    const allow = [{ issuer: github, subject: "repo:contoso/*:ref:refs/heads/main" }];
    expect(linesOf(planned({ listed: [fork], there: [main], allow }))).toEqual(held);
  });

  test("one that is there already is no new trust, and one that goes needs no word", () => {
    expect(linesOf(planned({ listed: [main], there: [main] }))).toEqual([]);
    expect(linesOf(planned({ there: [main] }))).toEqual(["update no credential main"]);
  });

  test("an identity that is to be created is, without it", () => {
    expect(linesOf(planned({ listed: [main], identities: [] }))).toEqual([
      "create id-orders",
      "update tags principal",
      ...held,
    ]);
  });

  test("is released by its digest, which fits no other subject", () => {
    const digests = [planned({ listed: [main] }).held[0]?.digest ?? ""];
    expect(linesOf(planned({ listed: [main], digests }))).toEqual(made);
    expect(linesOf(planned({ listed: [trust("repo:contoso/x")], digests }))).toEqual(held);
  });

  test("without issuer or subject it is never allowed", () => {
    const allow = [{ issuer: "**", subject: "**" }];
    expect(linesOf(planned({ listed: [trust("")], allow }))).toEqual(held);
    expect(linesOf(planned({ listed: [trust("x", { issuer: "" })], allow }))).toEqual(held);
  });
});
