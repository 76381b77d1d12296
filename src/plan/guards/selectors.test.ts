import { describe, expect, test } from "vitest";
import type { DesiredTarget } from "../../desired/desired.ts";
import { pruneTag } from "../../model/identity.ts";
import type { Target } from "../../model/target.ts";
import {
  binding,
  desired,
  document,
  group,
  identityId,
  linesOf,
  live,
  namedVm,
  observed,
  policy,
  subscription,
  vm,
  wanted,
} from "../fixtures.ts";
import { noReleases, planFor } from "../plan-for.ts";

const tags = { app: "orders" };

function selector(resourceGroups: readonly string[] = ["rg"], matchTags = tags): DesiredTarget {
  return {
    kind: "virtualMachines",
    subscriptionId: subscription,
    resourceGroups,
    matchTags,
    document: { ...document(), line: 7 },
  };
}

/** Machines "on": attached and matched; "off": attached, no longer matched; "new": matched, not attached yet. */
function machines(on: number, off: number, fresh = 0, change: Partial<Target> = {}): Target[] {
  const made = (count: number, name: string, attached: boolean, isTagged: boolean) =>
    Array.from({ length: count }, (_, i) =>
      vm(`${name}-${i}`, attached ? [identityId] : [], { ...(isTagged && { tags }), ...change }),
    );
  return [
    ...made(on, "on", true, true),
    ...made(off, "off", true, false),
    ...made(fresh, "new", false, true),
  ];
}

function planned(
  targets: readonly Target[],
  lines: readonly DesiredTarget[] = [selector()],
  change: Parameters<typeof wanted>[0] = {},
  identity = live(),
) {
  const want = wanted({ bindings: [binding(lines)], ...change });
  const seen = observed({ identities: [identity], targets });
  return (digests: readonly string[] = []) =>
    planFor(desired(want), seen, policy, { ...noReleases, digests: new Set(digests) });
}

const elsewhere = (name: string, isTagged: boolean, ids: readonly string[]): Target =>
  vm(name, ids, {
    id: `${group}-2/providers/Microsoft.Compute/virtualMachines/${name}`,
    ...(isTagged && { tags }),
  });

describe("rule 15: a selector that collapses takes nothing away (SelectorCollapsed)", () => {
  test.each<[string, readonly Target[], readonly DesiredTarget[], readonly string[]]>([
    ["half of what is attached may leave", machines(1, 1), [selector()], ["detach off-0"]],
    [
      "more than half may not",
      machines(1, 2),
      [selector()],
      ["SelectorCollapsed: detach off-0", "SelectorCollapsed: detach off-1"],
    ],
    [
      "the one machine that is left of none",
      machines(0, 1),
      [selector()],
      ["SelectorCollapsed: detach off-0"],
    ],
    [
      "new matches do not make up for lost ones",
      machines(0, 1, 2),
      [selector()],
      ["attach new-0", "attach new-1", "SelectorCollapsed: detach off-0"],
    ],
    [
      "a selector that matches nothing holds what another line lost",
      [vm("named", [identityId]), vm("was-named", [identityId])],
      [selector(), namedVm("named")],
      ["SelectorCollapsed: detach was-named"],
    ],
    [
      "one of two selectors has collapsed",
      [...machines(3, 0), elsewhere("b-0", false, [identityId]), elsewhere("b-1", true, [])],
      [selector(), selector(["rg-2"])],
      ["attach b-1", "SelectorCollapsed: detach b-0"],
    ],
    [
      "a selector that was pointed at another group",
      [...machines(0, 2), elsewhere("b-0", true, [])],
      [selector(["rg-2"])],
      ["attach b-0", "SelectorCollapsed: detach off-0", "SelectorCollapsed: detach off-1"],
    ],
    [
      "each machine is matched by one of two selectors",
      [...machines(2, 1), elsewhere("b-0", true, [identityId]), elsewhere("b-1", true, [identityId])],
      [selector(), selector(["rg-2"])],
      ["detach off-0"],
    ],
    [
      "a selector that matches nothing holds what another one lost",
      machines(3, 1),
      [selector(), selector(["rg-2"])],
      ["SelectorCollapsed: detach off-0"],
    ],
    [
      "named lines are no selectors: what they lose goes",
      machines(0, 3),
      [namedVm("off-0")],
      ["detach off-1", "detach off-2"],
    ],
    [
      "what is named is not counted as lost",
      machines(1, 2),
      [selector(), namedVm("off-0"), namedVm("off-1")],
      [],
    ],
    [
      "managed machines do not count as attached",
      [...machines(1, 1), vm("aks", [identityId], { managedBy: "/aks" })],
      [selector()],
      ["detach off-0"],
    ],
    [
      "flexible instances do not count as matched",
      [...machines(0, 1), vm("flex", [identityId], { tags, scaleSetId: "/set" })],
      [selector()],
      ["SelectorCollapsed: detach off-0"],
    ],
    [
      "a scale set never came by a selector",
      [vm("set", [identityId], { kind: "virtualMachineScaleSet" })],
      [selector()],
      ["detach set"],
    ],
  ])("%s", (_, targets, lines, expected) => {
    expect(linesOf(planned(targets, lines)())).toEqual(expected);
  });

  test.each<[string, readonly Target[], readonly DesiredTarget[]]>([
    [
      "The selector of team/orders (orders.yaml:7) still matches 1 of the 3 machines that are attached by it.",
      machines(1, 2),
      [selector()],
    ],
    ["The selector of team/orders (orders.yaml:7) matches no machine.", machines(0, 2), [selector()]],
    [
      "The selectors of team/orders still match 0 of the 2 machines that it is attached to and that no line names.",
      [...machines(0, 2), elsewhere("b-0", true, [])],
      [selector(["rg-2"])],
    ],
  ])("%s", (message, targets, lines) => {
    expect(planned(targets, lines)().held[0]?.message).toBe(message);
  });

  test("is released by its digest, limits included, and only for that very set", () => {
    const planOf = planned(machines(1, 6));
    const digest = planOf().held[0]?.digest ?? "";
    expect(linesOf(planOf([digest]))).toEqual([0, 1, 2, 3, 4, 5].map((n) => `detach off-${n}`));
    expect(planned(machines(1, 7))([digest]).changes).toEqual([]);
  });

  test("needs no second release where an adoption's prune was released", () => {
    const planOf = planned(
      machines(1, 2),
      [selector()],
      {},
      live({ tags: { ...live().tags, [pruneTag]: "pending" } }),
    );
    const { held } = planOf();
    expect(held.map((h) => h.reason)).toEqual(["AdoptionPending", "AdoptionPending"]);
    expect(planOf([held[0]?.digest ?? ""]).held).toEqual([]);
  });

  test("a suspended selector still says what leaves", () => {
    const want = wanted({ bindings: [binding([selector()], [], true)] });
    const seen = observed({ identities: [live()], targets: machines(0, 1) });
    expect(linesOf(planFor(desired(want), seen, policy))).toEqual(["SelectorCollapsed: detach off-0"]);
  });
});

describe("what each selector matches, before and after", () => {
  const figures = (plan: ReturnType<ReturnType<typeof planned>>) =>
    plan.selectors.map(({ matched, attached, new: fresh, leaving, document: { line } }) => [
      line,
      matched,
      attached,
      fresh,
      leaving,
    ]);

  test.each<[string, readonly Target[], Parameters<typeof wanted>[0], readonly number[]]>([
    ["nothing", [], {}, [7, 0, 0, 0, 0]],
    ["what stays, comes and leaves", machines(3, 2, 4), {}, [7, 7, 5, 4, 2]],
    [
      "what leaves out of its reach is none of its own",
      [...machines(3, 2), elsewhere("b-0", false, [identityId])],
      {},
      [7, 3, 5, 0, 2],
    ],
    ["what is not pruned does not leave", machines(3, 2, 4), { prunePolicy: "Additive" }, [7, 7, 3, 4, 0]],
    ["managed machines are left out", machines(3, 2, 4, { managedBy: "/aks" }), {}, [7, 0, 0, 0, 0]],
    [
      "what others may do is left out",
      machines(1, 2),
      { ignore: { targets: [group], roleAssignments: [] } },
      [7, 1, 1, 0, 0],
    ],
  ])("%s", (_, targets, change, expected) => {
    expect(figures(planned(targets, [selector()], change)())).toEqual([expected]);
  });
});
