import { expect, test } from "vitest";
import { group, identityId, subscription, vaultScope, vmId } from "../fixtures.ts";
import { namesFor, placeOf } from "./names.ts";

/** Another subscription that begins with the same eight characters. */
const twin = subscription.replace(/1$/, "2");
const inTwin = (id: string): string => id.replace(subscription, twin);
const managementGroup = "/providers/Microsoft.Management/managementGroups/mg-prod";
const definition = `/subscriptions/${subscription}/providers/Microsoft.Authorization/roleDefinitions/r`;
const vm = vmId("vm-1");
const scaleSet = vm.replace("virtualMachines", "virtualMachineScaleSets");

test.each<[string, readonly string[], string, string]>([
  ["a resource", [vaultScope, vm], vaultScope, "kv"],
  ["a resource in another spelling", [vaultScope.toUpperCase()], vaultScope, "kv"],
  ["two of one name in different groups", [vm, vmId("VM-1", "rg-b")], vmId("VM-1", "rg-b"), "rg-b/VM-1"],
  [
    "two of one name in different subscriptions",
    [vm, inTwin(vm).replace(twin, `1${twin.slice(1)}`)],
    vm,
    "00000000/rg/vm-1",
  ],
  ["two in subscriptions that begin alike", [vm, inTwin(vm)], vm, vm],
  ["two of different types", [vm, scaleSet], scaleSet, scaleSet],
  ["a resource group", [group, `${group}-b`], group, "resource group rg"],
  [
    "two groups of one name",
    [group, group.replace(subscription, `1${subscription.slice(1)}`)],
    group,
    "resource group 00000000/rg",
  ],
  ["two groups in subscriptions that begin alike", [group, inTwin(group)], group, group],
  [
    "a subscription",
    [`/subscriptions/${subscription}`],
    `/subscriptions/${subscription.toUpperCase()}`,
    "subscription 00000000",
  ],
  [
    "two subscriptions that begin alike",
    [`/subscriptions/${subscription}`, `/subscriptions/${twin}`],
    `/subscriptions/${twin}`,
    `subscription ${twin}`,
  ],
  ["what stands in a subscription and in no group", [definition], definition, definition],
  ["a management group", [managementGroup], managementGroup, "management group mg-prod"],
  ["the root", ["/"], "/", "/"],
  [
    "some other scope",
    ["/providers/Microsoft.Capacity"],
    "/providers/Microsoft.Capacity",
    "/providers/Microsoft.Capacity",
  ],
])("%s among %j: %s is called %s", (_, all, id, name) => {
  expect(namesFor(all)(id)).toBe(name);
});

test.each([
  ["group and subscription", [subscription], identityId, "rg, subscription 00000000"],
  [
    "all of a subscription's id where another begins alike",
    [subscription, twin],
    identityId,
    `rg, subscription ${subscription}`,
  ],
  ["the id itself where it is in no group", [], managementGroup, managementGroup],
])("a place is %s", (_, subscriptions, id, place) => {
  expect(placeOf(id, namesFor(subscriptions.map((one) => `/subscriptions/${one}`)))).toBe(place);
});
