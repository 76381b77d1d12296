import { describe, expect, test } from "vitest";
import type { DesiredIdentity, DesiredTarget } from "../../desired/desired.ts";
import { identityIdFrom, idKey } from "../../model/arm-id.ts";
import { ownerTag, pruneTag } from "../../model/identity.ts";
import type { Target } from "../../model/target.ts";
import type { Observed } from "../../observed/observed.ts";
import {
  binding,
  desired,
  document,
  grantOf,
  group,
  identityId,
  linesOf,
  live,
  namedVm,
  observed,
  policy,
  subscription,
  vm,
  vmId,
  wanted,
} from "../fixtures.ts";
import type { Plan } from "../plan.ts";
import { noReleases, planFor } from "../plan-for.ts";

const oneVm = [binding([namedVm("vm-1")])];
const elsewhere = (name: string, ids: readonly string[], change: Partial<Target> = {}) =>
  vm(name, ids, { id: `${group}-2/providers/Microsoft.Compute/virtualMachines/${name}`, ...change });

function planned(
  want: Partial<DesiredIdentity>,
  see: Parameters<typeof observed>[0],
  change: Partial<Observed> = {},
  digests: readonly string[] = [],
): Plan {
  return planFor(desired(wanted(want)), observed({ identities: [live()], ...see }, change), policy, {
    ...noReleases,
    digests: new Set(digests),
  });
}

describe("rule 15: a move is not a loss (TargetMoved)", () => {
  test.each<[string, Partial<DesiredIdentity>, readonly Target[], readonly string[]]>([
    [
      "the twin of a missing target stays",
      { bindings: oneVm },
      [elsewhere("VM-1", [identityId])],
      ["TargetNotFound: attach vm-1", "TargetMoved: detach VM-1"],
    ],
    [
      "another name is no twin",
      { bindings: oneVm },
      [elsewhere("vm-2", [identityId])],
      ["detach vm-2", "TargetNotFound: attach vm-1"],
    ],
    [
      "another type is no twin",
      { bindings: oneVm },
      [
        vm("vm-1", [identityId], {
          id: `${group}/providers/Microsoft.Compute/virtualMachineScaleSets/vm-1`,
          kind: "virtualMachineScaleSet",
        }),
      ],
      ["detach vm-1", "TargetNotFound: attach vm-1"],
    ],
    [
      "a target that is there has no twin",
      { bindings: oneVm },
      [vm("vm-1", [identityId]), elsewhere("vm-1", [identityId])],
      ["detach vm-1"],
    ],
    [
      "nothing leaves under Additive",
      { bindings: oneVm, prunePolicy: "Additive" },
      [elsewhere("vm-1", [identityId])],
      ["TargetNotFound: attach vm-1"],
    ],
  ])("%s", (_, want, targets, expected) => {
    expect(linesOf(planned(want, { targets }))).toEqual(expected);
  });

  test.each([1, 3, 4])("the attach says where it went, attached or not (%i may be it)", (count) => {
    const twins = Array.from({ length: count }, (_, i) =>
      vm("vm-1", [], { id: `${group}-${i}/providers/Microsoft.Compute/virtualMachines/vm-1` }),
    );
    const named = twins.slice(0, 3).map(({ id }) => id);
    const { held } = planned({ bindings: oneVm }, { targets: twins });
    expect(held.map((h) => h.cure)).toEqual([
      `If it was moved, correct the document: ${named.join(", ")} has its name and type.`,
    ]);
  });

  test("what comes to the twin comes", () => {
    const selector: DesiredTarget = {
      kind: "virtualMachines",
      subscriptionId: subscription,
      resourceGroups: ["rg-2"],
      matchTags: {},
      document: document(),
    };
    const bindings = [binding([namedVm("vm-1"), selector])];
    expect(linesOf(planned({ bindings }, { targets: [elsewhere("VM-1", [])] }))).toEqual([
      "attach VM-1",
      "TargetNotFound: attach vm-1",
    ]);
  });

  test("is released by its digest", () => {
    const see = { targets: [elsewhere("vm-1", [identityId])] };
    const digest = planned({ bindings: oneVm }, see).held.at(-1)?.digest ?? "";
    expect(linesOf(planned({ bindings: oneVm }, see, {}, [digest]))).toContain("detach vm-1");
  });

  test("needs no second release where an adoption's prune was released", () => {
    const see = {
      identities: [live({ tags: { ...live().tags, [pruneTag]: "pending" } })],
      targets: [elsewhere("vm-1", [identityId])],
    };
    const digest = planned({ bindings: oneVm }, see).held.at(-1)?.digest ?? "";
    expect(linesOf(planned({ bindings: oneVm }, see, {}, [digest]))).toContain("detach vm-1");
  });
});

describe("TargetGone", () => {
  const confirmed = new Set([idKey(vmId("vm-1"))]);

  test.each<[string, Partial<Observed>, string]>([
    ["a fresh read that answered 404 says so", { confirmed }, "TargetGone"],
    ["a list says nothing", {}, "TargetNotFound"],
    [
      "nothing is known where the rest cannot be read",
      { confirmed, unknown: new Map([[subscription, "403"]]) },
      "TargetNotFound",
    ],
    [
      "what may not be read is neither",
      { unreadable: new Map([[idKey(vmId("vm-1")), "403"]]) },
      "ObservationIncomplete",
    ],
  ])("%s", (_, change, reason) => {
    expect(linesOf(planned({ bindings: oneVm }, {}, change))).toEqual([`${reason}: attach vm-1`]);
  });
});

describe("rule 3: no identity is created beside its orphan (LooksLikeRename)", () => {
  const orphan = live({ id: identityIdFrom(subscription, "rg", "id-old") });
  const machines = (...names: string[]) => names.map((name) => vm(name, [orphan.id]));
  const renamed = (targets: readonly Target[], change: Partial<DesiredIdentity> = {}, identity = orphan) =>
    planned(
      { bindings: [binding([namedVm("vm-1"), namedVm("vm-2")], [grantOf("Reader")])], ...change },
      { identities: [identity], targets: [...targets, vm("vm-2", []), vm("vm-1", [])].toReversed() },
    );
  const held = [
    "LooksLikeRename: create id-orders",
    "DependencyHeld: update tags principal",
    "DependencyHeld: attach vm-1",
    "DependencyHeld: attach vm-2",
    "DependencyHeld: grant Reader",
  ];
  const made = ["create id-orders", "update tags principal", "attach vm-1", "attach vm-2", "grant Reader"];

  test.each<[string, () => Plan, readonly string[]]>([
    ["the same targets", () => renamed(machines("vm-1", "vm-2")), held],
    ["half of them", () => renamed(machines("vm-1", "vm-3")), held],
    ["less than half", () => renamed(machines("vm-1", "vm-3", "vm-4")), made],
    ["none", () => renamed(machines("vm-3")), made],
    ["an orphan without targets", () => renamed([]), made],
    [
      "another owner's identity",
      () => renamed(machines("vm-1"), {}, { ...orphan, tags: { [ownerTag]: "x" } }),
      made,
    ],
  ])("%s", (_, plan, expected) => {
    expect(linesOf(plan())).toEqual(expected);
  });

  test("an identity with a document of its own is no orphan", () => {
    const old = wanted({
      id: orphan.id,
      document: document("UserAssignedIdentity", "old"),
      lifecycle: "Absent",
    });
    const plan = planFor(
      desired(wanted({ bindings: oneVm }), old),
      observed({ identities: [orphan], targets: machines("vm-1") }),
      policy,
    );
    expect(linesOf(plan)).toContain("create id-orders");
  });

  test("is released by its digest, with all that needs it", () => {
    const see = { identities: [orphan], targets: machines("vm-1") };
    const digest = planned({ bindings: oneVm }, see).held[0]?.digest ?? "";
    expect(linesOf(planned({ bindings: oneVm }, see, {}, [digest]))).toEqual([
      "create id-orders",
      "update tags principal",
      "attach vm-1",
    ]);
  });
});
