import { expect, test } from "vitest";
import {
  binding,
  desired,
  grantOf,
  group,
  live,
  namedVm,
  observed,
  policy,
  vm,
  wanted,
} from "../plan/fixtures.ts";
import { planFor } from "../plan/plan-for.ts";
import { releaseLines, releasesIn } from "./releases.ts";

const zeros = "0".repeat(24);
const document = wanted({
  bindings: [binding([namedVm("vm-1"), namedVm("vm-2")], [grantOf("Owner", group)])],
});
const world = {
  desired: desired(document),
  observed: observed({ identities: [live()], targets: [vm("vm-1"), vm("vm-2")] }),
};

/** The digests of what can be released under a policy, by reason. */
function heldUnder(strict: typeof policy): Readonly<Record<string, string>> {
  const { held } = planFor(world.desired, world.observed, strict);
  return Object.fromEntries(held.filter((h) => h.releasable).map((h) => [h.reason, h.digest]));
}

test("releases that let something go are told apart from those that name nothing", () => {
  const { Privileged: digest = "" } = heldUnder(policy);
  expect(digest).toMatch(/^[0-9a-f]{24}$/);
  const use = releasesIn({ ...world, policy: { ...policy, releases: [digest, zeros] } }, [zeros]);
  expect(use.used).toEqual([{ digest, by: "policy" }]);
  expect(releaseLines(use)).toEqual([
    `Released by the policy: ${digest}.`,
    `warning: --release ${zeros} names nothing that is held now, and releases nothing.`,
    `warning: the policy releases ${zeros}, which names nothing that is held now: take it out of spec.releases.`,
  ]);
});

test("what is held for a second reason once the first is released counts too", () => {
  const strict = { ...policy, limits: { ...policy.limits, additions: { count: 2 } } };
  const { Privileged: first = "" } = heldUnder(strict);
  const { TooManyAdditions: second = "" } = heldUnder({ ...strict, releases: [first] });
  expect(second).not.toBe("");
  const use = releasesIn({ ...world, policy: { ...strict, releases: [second, first] } });
  expect(use.unused).toEqual([]);
});

test("without a release there is nothing to tell", () => {
  expect(releaseLines(releasesIn({ ...world, policy }))).toEqual([]);
});
