import { expect, test } from "vitest";
import { identityIdFrom } from "../model/arm-id.ts";
import { assignmentNameFor } from "../model/assignment-name.ts";
import { assignmentMarker, type RoleAssignment } from "../model/grant.ts";
import { type Identity, ownerTag, principalMark, principalTag } from "../model/identity.ts";
import {
  assignment,
  desired,
  identityId,
  linesOf,
  live,
  observed,
  policy,
  principal,
  reader,
  subscription,
  vaultScope,
  wanted,
} from "./fixtures.ts";
import { type Ownership, ownershipOf } from "./ownership.ts";
import { planFor } from "./plan-for.ts";

const dead = {
  principalId: "dddddddd-0000-4000-8000-000000000001",
  clientId: "eeeeeeee-0000-4000-8000-000000000001",
};
const otherId = identityIdFrom(subscription, "rg", "id-other");

/** What we gave to a principal that is dead, under the name that we give. */
function leftOf(id = identityId): RoleAssignment {
  const name = assignmentNameFor(vaultScope, dead.principalId, reader.guid);
  return assignment(reader, {
    id: `${vaultScope}/providers/Microsoft.Authorization/roleAssignments/${name}`,
    principalId: dead.principalId,
    description: assignmentMarker("prod", id),
  });
}

const owned = { [ownerTag]: "prod" };
const deadTag = { [principalTag]: principalMark(dead) };

test.each<[string, Identity["tags"], readonly RoleAssignment[], Partial<Ownership>]>([
  [
    "its own principal tag says that the owner tag was stripped, whatever the dead have left",
    { [principalTag]: principalMark(principal) },
    [leftOf()],
    { state: "Lost" },
  ],
  ["what the dead of another identity have left says nothing", {}, [leftOf(otherId)], { state: "Unowned" }],
  [
    "nor does it beside the owner tag alone",
    owned,
    [leftOf(otherId)],
    { state: "Unfinished", isBeingRepaired: false },
  ],
  [
    "a recreated one shows who was ours: by the tag",
    { ...owned, ...deadTag },
    [],
    { state: "Recreated", deadPrincipalId: dead.principalId, isBeingRepaired: true },
  ],
  ["or by what we gave it", owned, [leftOf()], { state: "Recreated", deadPrincipalId: dead.principalId }],
])("%s", (_, tags, assignments, expected) => {
  const seen = observed({ identities: [live({ tags })], assignments });
  expect(ownershipOf(identityId, "prod", seen)).toMatchObject(expected);
});

test("of ours nobody is dead, and what is not there needs no repair", () => {
  expect(ownershipOf(identityId, "prod", observed({ identities: [live()] }))).not.toHaveProperty(
    "deadPrincipalId",
  );
  expect(ownershipOf(identityId, "prod", observed())).toEqual({
    state: "Absent",
    prunePending: false,
    isBeingRepaired: false,
  });
});

test("a document takes away what the dead of its own identity have left, not what those of another have", () => {
  const plan = (left: RoleAssignment) =>
    linesOf(planFor(desired(wanted()), observed({ identities: [live()], assignments: [left] }), policy));
  expect(plan(leftOf())).toEqual(["revoke Reader"]);
  expect(plan(leftOf(otherId))).toEqual([]);
});
