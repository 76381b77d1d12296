import { describe, expect, test } from "vitest";
import { idKey } from "../../model/arm-id.ts";
import type { Observed } from "../../observed/observed.ts";
import { desired, identityId, linesOf, live, observed, policy, vm, vmId, wanted } from "../fixtures.ts";
import { planFor } from "../plan-for.ts";

const absent = desired(wanted({ lifecycle: "Absent" }));
const key = idKey(identityId);

function held(change: Partial<Observed>, targets: readonly ReturnType<typeof vm>[] = []) {
  const plan = planFor(absent, observed({ identities: [live()], targets }, change), policy);
  return plan.held.map(({ reason, message, cure }) => [reason, message, cure]);
}

test.each([
  ["it could not be asked", new Map([[key, { resourceIds: [], unknown: "403" }]]), "403"],
  ["it has not been asked", new Map(), "it has not been asked yet"],
])("an identity is not deleted while nobody can tell what else refers to it: %s", (_, references, why) => {
  expect(held({ references })).toEqual([
    [
      "ObservationIncomplete",
      `Nobody can tell what else refers to it: ${why}`,
      "Give Bindery Reader on the whole estate, so that Resource Graph shows it, or wait for the next pass.",
    ],
  ]);
});

describe("an identity is not deleted while something uses it that Bindery cannot detach", () => {
  const idsOf = (count: number) => Array.from({ length: count }, (_, i) => vmId(`site-${i}`));
  const cure = "Take the identity off these by hand; the deletion follows by itself.";

  test.each([
    [1, ""],
    [3, ""],
    [4, " and 1 more"],
    [9, " and 6 more"],
  ])("%i resources that refer to it", (count, more) => {
    const resourceIds = idsOf(count);
    const listed = resourceIds.slice(0, 3).join(", ");
    expect(held({ references: new Map([[key, { resourceIds }]]) })).toEqual([
      ["InUse", `It is still used by ${listed}${more}, which Bindery cannot detach.`, cure],
    ]);
  });

  test("what has it and refers to it is told once", () => {
    const [id = "", other = ""] = idsOf(2);
    const site = vm("site-0", [identityId], { kind: "other" });
    const references = new Map([[key, { resourceIds: [other, id.toUpperCase()] }]]);
    const [[, message = ""] = []] = held({ references }, [site]);
    expect(message).toBe(`It is still used by ${id.toUpperCase()}, ${other}, which Bindery cannot detach.`);
  });

  test("what uses another one does not count", () => {
    const site = vm("site-0", [vmId("another")], { kind: "other" });
    const plan = planFor(absent, observed({ identities: [live()], targets: [site] }), policy);
    expect(linesOf(plan)).toEqual(["delete id-orders"]);
  });
});
