import { expect, test } from "vitest";
import { factsOf } from "./request-facts.ts";

const arm = "https://management.azure.com";
const sub = "/subscriptions/S1";
const group = `${sub}/resourceGroups/RG`;
const vm = `${group}/providers/Microsoft.Compute/virtualMachines/VM`;
const low = (text: string): string => text.toLowerCase();

test.each([
  [
    "GET",
    vm,
    { operation: "reads", type: "microsoft.compute/virtualmachines", path: low(vm), isList: false },
  ],
  ["PATCH", `${vm}?x=1`, { operation: "writes", type: "microsoft.compute/virtualmachines", path: low(vm) }],
  [
    "GET",
    `${sub}/providers/Microsoft.Compute/virtualMachines`,
    { operation: "reads", type: "microsoft.compute/virtualmachines", isList: true, subscriptionId: "s1" },
  ],
  [
    "POST",
    `${group}/providers/Microsoft.Compute/virtualMachineScaleSets/set/manualupgrade`,
    {
      operation: "writes",
      type: "microsoft.compute/virtualmachinescalesets",
      path: low(`${group}/providers/Microsoft.Compute/virtualMachineScaleSets/set`),
      isList: false,
    },
  ],
  [
    "PATCH",
    `${vm}/providers/Microsoft.Resources/tags/default`,
    { type: "microsoft.resources/tags", isList: false },
  ],
  [
    "DELETE",
    `${group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/i/federatedIdentityCredentials/f`,
    {
      operation: "deletes",
      type: "microsoft.managedidentity/userassignedidentities/federatedidentitycredentials",
    },
  ],
  ["POST", "/providers/Microsoft.ResourceGraph/resources", { type: "microsoft.resourcegraph" }],
  ["GET", "/subscriptions", { type: "", path: "/subscriptions", isList: false }],
  ["GET", `${group}/`, { type: "", subscriptionId: "s1", path: low(group) }],
])("%s %s", (method, path, expected) => {
  expect(factsOf(method, `${arm}${path}`)).toMatchObject(expected);
});

test("what stands above the subscriptions has none", () => {
  for (const path of ["/subscriptions", "/providers/Microsoft.ResourceGraph/resources", "/tenants"]) {
    expect(factsOf("GET", `${arm}${path}`).subscriptionId).toBeUndefined();
  }
});
