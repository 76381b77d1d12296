import { describe, expect, test } from "vitest";
import type { DesiredIdentity } from "../../desired/desired.ts";
import { ownerTag, principalMark, principalTag, pruneTag } from "../../model/identity.ts";
import {
  assignment,
  desired,
  linesOf,
  live,
  observed,
  policy,
  principal,
  reader,
  wanted,
} from "../fixtures.ts";
import { planFor } from "../plan-for.ts";

const dead = {
  principalId: "dddddddd-0000-4000-8000-000000000001",
  clientId: "eeeeeeee-0000-4000-8000-000000000001",
};
const ofDead = { [ownerTag]: "prod", [principalTag]: principalMark(dead) };
const away = "-bindery-owner,-bindery-principal";

describe("rule 14: a recreated identity is somebody else's, whatever the adoption policy", () => {
  const byHand = "Remove its tags that begin with bindery- by hand.";
  const first = "Delete it by hand, or say lifecycle: Present and take it over first.";
  test.each<[Partial<DesiredIdentity>, string, string]>([
    [{ lifecycle: "Absent", adoptionPolicy: "Additive" }, "delete id-orders", first],
    [{ lifecycle: "Absent", adoptionPolicy: "Never" }, "delete id-orders", first],
    [{ lifecycle: "Released", adoptionPolicy: "Additive" }, `release tags ${away}`, byHand],
    [{ lifecycle: "Released", adoptionPolicy: "Never" }, `release tags ${away}`, byHand],
  ])("%o", (want, line, cure) => {
    const plan = planFor(desired(wanted(want)), observed({ identities: [live({ tags: ofDead })] }), policy);
    expect(linesOf(plan)).toEqual([`Recreated: ${line}`]);
    expect(plan.held).toMatchObject([
      {
        releasable: false,
        message: `team/orders was deleted and created again by someone else: its principal is ${principal.principalId}, ours was ${dead.principalId}.`,
        cure,
      },
    ]);
  });
});

test("the lines for Terraform name the tags of Bindery, there or not, and no others", () => {
  const tags = {
    "bindery-sql-2": "x",
    "BINDERY-sql-1": "x",
    [pruneTag]: "pending",
    team: "x",
    "x-bindery-y": "x",
    "bindery-": "x",
    'bindery-a"]': "x",
    "bindery-a b": "x",
  };
  const seen = observed({ identities: [live({ tags })], assignments: [assignment(reader)] });
  const [first] = planFor(desired(wanted({ lifecycle: "Absent" })), seen, policy).held;
  expect([first?.reason, first?.snippet]).toEqual([
    "OwnershipLost",
    [
      "lifecycle {",
      "  ignore_changes = [",
      '    tags["bindery-owner"],',
      '    tags["bindery-principal"],',
      '    tags["bindery-prune"],',
      '    tags["BINDERY-sql-1"],',
      '    tags["bindery-sql-2"],',
      "  ]",
      "}",
    ],
  ]);
});
