import { expect, test } from "vitest";
import { limitKeyOf, limits } from "../azure/limits.ts";
import { azureLimits, limitLabel, operationLabel, revisionLabel, statusLabel } from "./labels.ts";

test("the limits that have a label are those of the table of limits", () => {
  expect(new Set<string>(azureLimits)).toEqual(new Set(limits.map(limitKeyOf)));
  expect(limitLabel("compute/vm-orders/resource")).toBe("other");
});

test.each([
  ["microsoft.compute/VIRTUALMACHINES", "Microsoft.Compute/virtualMachines"],
  ["Microsoft.Compute/virtualMachines/vm-orders", "other"],
  ["__proto__", "other"],
  ["", "other"],
])("the operation %s is labelled %s", (operation, label) => {
  expect(operationLabel(operation)).toBe(label);
});

test.each([
  [200, "200"],
  [599, "599"],
  [0, "none"],
  [600, "none"],
  [200.5, "none"],
  [Number.NaN, "none"],
])("the status %d is labelled %s", (status, label) => {
  expect(statusLabel(status)).toBe(label);
});

const commit = "0123456789abcdef0123456789abcdef01234567";
test.each([
  [commit, "0123456789ab"],
  [`${commit}:teams/orders`, "0123456789ab"],
  [`sha256:${"ab".repeat(32)}`, "abababababab"],
])("the revision %s is labelled %s", (id, label) => {
  expect(revisionLabel(id)).toBe(label);
});

test.each(["team-orders", `${commit}z`, `${commit}${commit}`, ""])(
  "the revision %j is no commit: its label is of a hash",
  (id) => {
    expect(revisionLabel(id)).toMatch(/^[0-9a-f]{12}$/);
    expect(revisionLabel(id)).not.toBe(revisionLabel(`${id}x`));
  },
);
