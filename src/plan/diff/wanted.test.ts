import { describe, expect, test } from "vitest";
import type { DesiredBinding, DesiredTarget } from "../../desired/desired.ts";
import { resourceIdFrom } from "../../model/arm-id.ts";
import { armTypeOf, type Target } from "../../model/target.ts";
import {
  binding,
  desired,
  document,
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
import { planFor } from "../plan-for.ts";

const second = "00000000-0000-4000-8000-000000000002";
const tags = { app: "orders" };
const elsewhere = resourceIdFrom(second, "rg", armTypeOf.virtualMachine, "vm-1");
const set = { kind: "virtualMachineScaleSet", type: armTypeOf.virtualMachineScaleSet } as const;
const selector = (resourceGroups: readonly string[] | "*"): DesiredTarget => ({
  kind: "virtualMachines",
  subscriptionId: subscription,
  resourceGroups,
  matchTags: tags,
  document: document(),
});

function planned(bindings: readonly DesiredBinding[], targets: readonly Target[]) {
  const subscriptions = { subscriptions: new Set([subscription, second]) };
  return planFor(
    desired(wanted({ bindings })),
    observed({ identities: [live()], targets }, subscriptions),
    policy,
  );
}

describe("a selector", () => {
  test.each<[string, Partial<Target>, readonly string[]]>([
    ["attaches to a machine with the tags in one of its groups", {}, ["attach vm-1"]],
    ["in no other subscription", { id: elsewhere }, []],
    ["in no other group", { id: vmId("vm-1", "rg-3") }, []],
    ["to no machine that is being deleted", { provisioningState: "Deleting" }, []],
    ["to no instance of a flexible set", { scaleSetId: "/set" }, []],
    ["to no machine that something else manages", { managedBy: "/aks" }, []],
    ["to no scale set", set, []],
    ["to no scale set that is being deleted", { ...set, provisioningState: "Deleting" }, []],
    ["to nothing of a type that is only shown", { kind: "other", type: "Microsoft.Web/sites" }, []],
  ])("%s", (_, change, lines) => {
    const plan = planned([binding([selector(["rg-2", "RG"])])], [vm("vm-1", [], { tags, ...change })]);
    expect(linesOf(plan)).toEqual(lines);
  });
});

describe("several lines want one attachment", () => {
  const name = binding([namedVm("vm-1")]);
  const off = binding([namedVm("vm-1")], [], true);
  const narrow = binding([selector(["rg"])]);
  const narrowOff = binding([selector(["rg"])], [], true);
  const whole = binding([selector("*")]);
  const held = ["WholeSubscription: attach vm-1"];
  const made = ["attach vm-1"];
  const named = "listed by team/orders";
  const matched = "matches the selector of team/orders";
  test.each<[string, DesiredBinding, DesiredBinding, readonly string[], string]>([
    ["a name and a selector", name, narrow, made, named],
    ["a name and a selector over a whole subscription", name, whole, made, named],
    ["a narrow selector and one over a whole subscription", narrow, whole, made, matched],
    ["a suspended name and a selector", off, narrow, made, matched],
    ["a suspended name and a selector over a whole subscription", off, whole, held, matched],
    ["a suspended selector and one over a whole subscription", narrowOff, whole, held, matched],
    ["a suspended name and a name", off, name, made, named],
    ["a suspended name and a suspended selector", off, narrowOff, ["Suspended: attach vm-1"], named],
  ])("%s", (_, one, other, lines, reason) => {
    for (const bindings of [
      [one, other],
      [other, one],
    ]) {
      const plan = planned(bindings, [vm("vm-1", [], { tags })]);
      expect(linesOf(plan)).toEqual(lines);
      expect([...plan.changes, ...plan.held.map((h) => h.change)][0]?.reason).toBe(reason);
    }
  });

  test("one by name holds what its target may have become, a scale set's too (TargetMoved)", () => {
    const idIn = (resourceGroup: string) => resourceIdFrom(subscription, resourceGroup, set.type, "set");
    const line = { kind: set.kind, id: idIn("rg"), instanceUpgrade: "Never", document: document() } as const;
    const moved = vm("set", [identityId], { ...set, id: idIn("rg-2") });
    expect(linesOf(planned([binding([line])], [moved]))).toEqual([
      "TargetNotFound: attach set",
      "TargetMoved: detach set",
    ]);
  });

  test("of equal ones the first counts", () => {
    const line = { ...namedVm("vm-1"), document: document("IdentityBinding", "later") };
    const [change] = planned([name, binding([line])], [vm("vm-1")]).changes;
    expect(change?.document.name).toBe("orders");
  });
});
