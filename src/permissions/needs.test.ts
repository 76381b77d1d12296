import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { DesiredIdentity, DesiredTarget } from "../desired/desired.ts";
import { resourceIdFrom } from "../model/arm-id.ts";
import { armTypeOf } from "../model/target.ts";
import {
  binding,
  desired,
  document,
  grantOf,
  group,
  identityId,
  namedVm,
  policy,
  subscription,
  vaultScope,
  vmId,
  wanted,
} from "../plan/fixtures.ts";
import { needsOf, type Purpose } from "./needs.ts";
import { type Work, works } from "./work.ts";

const root = `/subscriptions/${subscription}`;
const setId = resourceIdFrom(subscription, "rg", armTypeOf.virtualMachineScaleSet, "vmss");
const credential = { name: "main", issuer: "https://i", subject: "repo:x", audience: "api://a" };
const set = (instanceUpgrade: "Never" | "Automatic"): DesiredTarget => ({
  kind: "virtualMachineScaleSet",
  id: setId,
  instanceUpgrade,
  document: document(),
});
const selector = (resourceGroups: readonly string[] | "*"): DesiredTarget => ({
  kind: "virtualMachines",
  subscriptionId: subscription,
  resourceGroups,
  matchTags: { app: "orders" },
  document: document(),
});

/** The needs as "action at scope", without the provider's name and the subscription. */
function lines(identity: DesiredIdentity, purpose: Purpose = "apply"): readonly string[] {
  const read = new Set(needsOf(desired(), policy, "plan").map(({ action }) => action));
  return needsOf(desired(identity), policy, purpose)
    .filter(({ action }) => !read.has(action))
    .map(({ action, scope }) => `${action.replace(/^Microsoft\./, "")} at ${scope.replace(root, "")}`);
}

const own = (...actions: readonly string[]) => actions.map((one) => `${one} at /resourceGroups/rg`);
const identity = "ManagedIdentity/userAssignedIdentities";
const basis = own(`${identity}/write`, "Resources/tags/write");
const machine = "Compute/virtualMachines/write";
const at = (id: string) => id.replace(root, "");

describe("writing needs", () => {
  test.each<readonly [string, DesiredIdentity, readonly string[]]>([
    ["an identity", wanted(), basis],
    ["one that only exists", wanted({ location: undefined } as never), own("Resources/tags/write")],
    ["one that is released", wanted({ lifecycle: "Released" }), own("Resources/tags/write")],
    [
      "credentials",
      wanted({ federatedCredentials: [credential] }),
      own(
        `${identity}/federatedIdentityCredentials/delete`,
        `${identity}/federatedIdentityCredentials/write`,
        `${identity}/write`,
        "Resources/tags/write",
      ),
    ],
    [
      "no credentials",
      wanted({ federatedCredentials: [] }),
      own(`${identity}/federatedIdentityCredentials/delete`, `${identity}/write`, "Resources/tags/write"),
    ],
    [
      "credentials that are only added",
      wanted({ federatedCredentials: [credential], prunePolicy: "Additive" }),
      own(`${identity}/federatedIdentityCredentials/write`, `${identity}/write`, "Resources/tags/write"),
    ],
    [
      "a machine",
      wanted({ bindings: [binding([namedVm("vm")])] }),
      [
        ...own(`${identity}/assign/action`, ...[`${identity}/write`, "Resources/tags/write"]),
        `${machine} at ${at(vmId("vm"))}`,
      ],
    ],
    [
      "a suspended binding, whose scopes are read all the same",
      wanted({ bindings: [binding([namedVm("vm")], [grantOf("Reader")], true)] }),
      ["KeyVault/vaults/read at ", ...basis],
    ],
    [
      "a machine whose group a selector names, once",
      wanted({ bindings: [binding([namedVm("vm"), selector(["rg", "other"])])] }),
      [
        `${machine} at /resourceGroups/other`,
        ...own(machine, `${identity}/assign/action`, `${identity}/write`, "Resources/tags/write"),
      ],
    ],
    [
      "machines of a subscription",
      wanted({ bindings: [binding([selector("*")])] }),
      [`${machine} at `, ...own(`${identity}/assign/action`, `${identity}/write`, "Resources/tags/write")],
    ],
    [
      "a roll-out",
      wanted({ bindings: [binding([set("Automatic")])] }),
      [
        "Compute/virtualMachineScaleSets/virtualMachines/read at ",
        ...own(`${identity}/assign/action`, `${identity}/write`, "Resources/tags/write"),
        `Compute/virtualMachineScaleSets/manualUpgrade/action at ${at(setId)}`,
        `Compute/virtualMachineScaleSets/write at ${at(setId)}`,
      ],
    ],
    [
      "a grant below and one above: each at its own scope",
      wanted({ bindings: [binding([], [grantOf("Reader"), grantOf("Reader", group)])] }),
      [
        "KeyVault/vaults/read at ",
        ...own("Authorization/roleAssignments/delete", "Authorization/roleAssignments/write"),
        ...basis,
        `Authorization/roleAssignments/delete at ${at(vaultScope)}`,
        `Authorization/roleAssignments/write at ${at(vaultScope)}`,
      ],
    ],
    [
      "a grant that is only added",
      wanted({ prunePolicy: "Additive", bindings: [binding([], [grantOf("Reader")])] }),
      ["KeyVault/vaults/read at ", ...basis, `Authorization/roleAssignments/write at ${at(vaultScope)}`],
    ],
  ])("%s", (_, one, expected) => {
    expect(lines(one)).toEqual(expected);
  });
});

test("planning takes only reads, at every scope of the estate", () => {
  const estate = { subscriptions: [subscription], managementGroups: ["mg"] };
  const needs = needsOf(desired(wanted({ bindings: [binding([namedVm("vm")])] })), { estate }, "plan");
  expect(needs.filter(({ action }) => !action.endsWith("/read"))).toEqual([]);
  const scopes = [...new Set(needs.map(({ scope }) => scope))];
  expect(scopes).toEqual(["/providers/Microsoft.Management/managementGroups/mg", root]);
});

test("what is to be deleted takes every read, which is all the others", () => {
  expect(
    needsOf(desired(wanted({ lifecycle: "Absent" })), policy, "plan").map(({ action }) => action),
  ).toEqual(["*/read"]);
});

test("every need has the lines that it is for", () => {
  const two = wanted({ bindings: [binding([namedVm("vm-1")]), binding([namedVm("vm-2")])] });
  const assign = needsOf(desired(two), policy, "apply").find(({ work }) => work === "assignIdentity");
  expect(assign?.reasons).toEqual(
    Array(2).fill({ what: identityId.split("/").at(-1), document: document() }),
  );
});

test("every row of the table says by whom it is known, and no two have the same action", () => {
  const rows: readonly Work[] = Object.values(works);
  expect(rows.filter(({ source, what }) => source === "" || what === "")).toEqual([]);
  const actions = rows.flatMap(({ actions: all }) => [...all]);
  expect(new Set<string>(actions).size).toBe(actions.length);
});

test("docs/permissions.md tells of every action", () => {
  const page = readFileSync(new URL("../../docs/permissions.md", import.meta.url), "utf8");
  const ends = Object.values(works).flatMap(({ actions }) =>
    actions.map((one) => one.split("/").slice(-2).join("/")),
  );
  expect(ends.filter((end) => !page.includes(`${end}\``))).toEqual([]);
});
