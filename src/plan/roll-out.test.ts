import { describe, expect, test } from "vitest";
import type { DesiredTarget } from "../desired/desired.ts";
import { idKey } from "../model/arm-id.ts";
import type { ScaleSetInstance } from "../model/scale-set.ts";
import { armTypeOf, type Target } from "../model/target.ts";
import {
  binding,
  desired,
  document,
  identityId,
  linesOf,
  live,
  observed,
  policy,
  vm,
  vmId,
  wanted,
} from "./fixtures.ts";
import { planFor } from "./plan-for.ts";

const kind = "virtualMachineScaleSet";
const late: ScaleSetInstance = {
  instanceId: "0",
  attachments: { systemAssigned: false, userAssigned: [] },
  isProtected: false,
  hasLatestModel: false,
};
const upToDate: ScaleSetInstance = { ...late, instanceId: "1", hasLatestModel: true };

function named(instanceUpgrade: "Automatic" | "Never"): DesiredTarget {
  return { kind, id: vmId("set"), instanceUpgrade, document: document() };
}

function set(attached: readonly string[], change: Partial<Target> = {}): Target {
  const uniform = {
    kind,
    type: armTypeOf[kind],
    upgradeMode: "Manual",
    orchestrationMode: "Uniform",
  } as const;
  return vm("set", attached, { ...uniform, ...change });
}

function plan(
  target: Target,
  instances: readonly ScaleSetInstance[],
  want = named("Automatic"),
  isOff = false,
) {
  const documents = desired(wanted({ bindings: [binding([want], [], isOff)] }));
  const seen = { instances: new Map([[idKey(vmId("set")), instances]]) };
  return planFor(documents, observed({ identities: [live()], targets: [target] }, seen), policy);
}

describe("instances that a document wants up to date", () => {
  test.each<[string, Parameters<typeof plan>, readonly string[]]>([
    ["are updated after an attach", [set([]), []], ["attach set", "update instances of set"]],
    ["are updated if they lag behind", [set([identityId]), [late, upToDate]], ["update instances of set"]],
    ["are left alone if they do not", [set([identityId]), [upToDate]], []],
    ["are left alone where nobody has seen them", [set([identityId]), []], []],
    ["are not wanted by a line that says Never", [set([identityId]), [late], named("Never")], []],
    [
      "are Azure's affair where it rolls out itself",
      [set([], { upgradeMode: "Rolling" }), []],
      ["attach set"],
    ],
    [
      "are Azure's affair also if they lag behind",
      [set([identityId], { upgradeMode: "Automatic" }), [late]],
      [],
    ],
    ["of flexible sets cannot be updated", [set([], { orchestrationMode: "Flexible" }), []], ["attach set"]],
    [
      "are held with a suspended binding",
      [set([identityId]), [late], named("Automatic"), true],
      ["Suspended: update instances of set"],
    ],
  ])("%s", (_, case_, lines) => {
    expect(linesOf(plan(...case_))).toEqual(lines);
  });

  test("say why, and what it means for everything else that has changed", () => {
    const { changes, warnings, operations } = plan(set([identityId]), [late, upToDate]);
    expect(changes[0]?.reason).toBe("1 of 2 instances do not have it yet, and instanceUpgrade is Automatic");
    expect(warnings.map((w) => w.code)).toEqual(["InstanceRollOut"]);
    expect(operations.map((o) => o.action)).toEqual([{ kind: "upgradeInstances", targetId: vmId("set") }]);
  });
});
