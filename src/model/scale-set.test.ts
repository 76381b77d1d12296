import { describe, expect, test } from "vitest";
import { isBehind, isRolledOutByHand, lacks, type ScaleSetInstance } from "./scale-set.ts";
import type { Target } from "./target.ts";

const id =
  "/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-a";

function instance(change: Partial<ScaleSetInstance>, attached: readonly string[] = []): ScaleSetInstance {
  const attachments = { systemAssigned: false, userAssigned: attached.map((one) => ({ id: one })) };
  return { instanceId: "0", attachments, isProtected: false, hasLatestModel: false, ...change };
}

describe("an instance", () => {
  test.each<[string, ScaleSetInstance, boolean, boolean]>([
    ["without identity and latest model", instance({}), true, true],
    ["without identity, with the latest model", instance({ hasLatestModel: true }), true, false],
    ["with the identity, behind for somebody else's change", instance({}, [id.toUpperCase()]), false, false],
    ["with another identity only", instance({}, [`${id}-b`]), true, true],
    ["that is protected", instance({ isProtected: true }), false, false],
    ["that is coming", instance({ provisioningState: "Creating" }), false, false],
    ["that is going", instance({ provisioningState: "Deleting" }), false, false],
    ["that has failed", instance({ provisioningState: "Failed" }), true, true],
  ])("%s", (_, one, expectedLacks, expectedBehind) => {
    expect(lacks(one, id)).toBe(expectedLacks);
    expect(isBehind(one, id)).toBe(expectedBehind);
  });

  test("that does not tell its model is not known to be behind", () => {
    const { hasLatestModel: _, ...silent } = instance({});
    expect(lacks(silent, id)).toBe(true);
    expect(isBehind(silent, id)).toBe(false);
  });
});

describe("a set", () => {
  const uniform: Target = {
    id: "/set",
    kind: "virtualMachineScaleSet",
    type: "Microsoft.Compute/virtualMachineScaleSets",
    location: "",
    tags: {},
    attachments: { systemAssigned: false, userAssigned: [] },
    orchestrationMode: "Uniform",
  };
  test.each<[string, Partial<Target>, boolean]>([
    ["of manual policy", { upgradeMode: "Manual" }, true],
    ["that does not tell its policy", {}, true],
    ["of automatic policy", { upgradeMode: "Automatic" }, false],
    ["of rolling policy", { upgradeMode: "Rolling" }, false],
    ["that is flexible", { upgradeMode: "Manual", orchestrationMode: "Flexible" }, false],
    ["that is a machine", { kind: "virtualMachine" }, false],
  ])("%s", (_, change, expected) => {
    expect(isRolledOutByHand({ ...uniform, ...change })).toBe(expected);
  });
});
