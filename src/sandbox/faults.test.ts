import { expect, test } from "vitest";
import { createFaults } from "./faults.ts";
import { patternOf } from "./path-pattern.ts";

test.each([
  ["/subscriptions/*/resourceGroups/*", "/SUBSCRIPTIONS/s/resourcegroups/g", true],
  ["/subscriptions/*", "/subscriptions/s/resourceGroups/g", false],
  ["**/virtualMachines/vm-1", "/subscriptions/s/providers/Microsoft.Compute/virtualMachines/vm-1", true],
  ["**/virtualMachines/vm-1", "/subscriptions/s/providers/Microsoft.Compute/virtualMachines/vm-10", false],
  ["/virtualMachines\\/vm-\\d$/", "/x/virtualMachines/vm-7", true],
  ["/virtualMachines\\/vm-\\d$/", "/x/virtualMachines/vm-77", false],
])("the pattern %s on %s: %s", (pattern, path, expected) => {
  expect(patternOf(pattern).test(path)).toBe(expected);
});

test("a fault strikes after some requests, so often as asked, and counts", () => {
  const faults = createFaults();
  faults.add({ method: "PATCH", path: "**", after: 1, times: 2, status: 500 });
  const struck = (method: string) => faults.strike(method, "/a") !== undefined;
  expect([struck("PATCH"), struck("GET"), struck("PATCH"), struck("PATCH"), struck("PATCH")]).toEqual([
    false,
    false,
    true,
    true,
    false,
  ]);
  expect(faults.list()).toMatchObject([{ seen: 4, hits: 2 }]);
});

test("what is removed strikes no more", () => {
  const faults = createFaults();
  const { id } = faults.add({ path: "**", status: 500 });
  expect(faults.remove(id)).toBe(true);
  expect(faults.strike("GET", "/a")).toBeUndefined();
});
