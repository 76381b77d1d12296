import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { defaultSettings } from "../settings.ts";
import { emptyWorld, type World } from "../world.ts";
import { defaultWorld, productionSubscriptionId } from "./default-world.ts";
import { dumpWorld } from "./dump.ts";
import { loadSeed } from "./load.ts";
import { readSeed, SeedError } from "./read.ts";

const s1 = "00000000-0000-4000-8000-000000000001";

function worldFrom(text: string): World {
  const world = emptyWorld("tenant", () => 1_000_000_000_000, { ...defaultSettings });
  loadSeed(world, readSeed(text, "seed.yaml"), "seed.yaml");
  return world;
}

function mistakesOf(text: string): string[] {
  try {
    worldFrom(text);
  } catch (error) {
    if (error instanceof SeedError)
      return error.mistakes.map((m) => `${m.line}:${m.column} ${m.path}: ${m.message}`);
    throw error;
  }
  return [];
}

test("the built-in world loads: machines with foreign and system identities, both kinds of scale set", () => {
  const world = worldFrom(defaultWorld);
  const byType = Map.groupBy(world.resources.values(), (r) => r.type);
  expect(byType.get("Microsoft.Compute/virtualMachines")).toHaveLength(12 + 2);
  expect(byType.get("Microsoft.Compute/virtualMachineScaleSets/virtualMachines")).toHaveLength(3 + 2);
  const vm = world.resources.get(
    `/subscriptions/${productionSubscriptionId}/resourceGroups/rg-orders/providers/Microsoft.Compute/virtualMachines/vm-orders-5`,
  );
  expect(vm?.identity?.type).toBe("SystemAssigned, UserAssigned");
  const values = Object.values(vm?.identity?.userAssignedIdentities ?? {});
  expect(values).toHaveLength(2);
  for (const { principalId } of values) expect(world.principals.has(principalId ?? "")).toBe(true);
  expect(world.principals.has(vm?.identity?.principalId ?? "")).toBe(true);
});

test("Bindery has six roles at each subscription and nothing above; the operator is Owner of all", () => {
  const world = worldFrom(defaultWorld);
  const applications = world.principals.values().filter((p) => p.kind === "Application");
  const scopes = (name: string) => {
    const id = applications.find((p) => p.displayName === name)?.objectId;
    return world.roleAssignments
      .values()
      .filter((a) => a.principalId === id)
      .map((a) => a.scope);
  };
  expect(scopes("operator")).toEqual(["/"]);
  expect(scopes("bindery")).toHaveLength(12);
  expect(scopes("bindery").every((s) => /^\/subscriptions\/[^/]+$/.test(s))).toBe(true);
});

test("a world written out as a seed loads into the same world", () => {
  const dump = dumpWorld(worldFrom(defaultWorld));
  expect(dumpWorld(worldFrom(JSON.stringify(dump)))).toEqual(dump);
});

test("a body recorded of real Azure comes back unchanged", () => {
  const { identity: _, ...recorded } = {
    identity: null,
    name: "vm1",
    id: `/subscriptions/${s1}/resourceGroups/G/providers/Microsoft.Compute/virtualMachines/vm1`,
    type: "Microsoft.Compute/virtualMachines",
    location: "westus",
    tags: {},
    properties: { vmId: "5dc326a3-e6a3-44d4-8c5e-a0b40bc193f4", strange: { deep: [1, null, { a: "b" }] } },
    etag: '"2"',
    unknownToAll: [{ x: 1 }],
  };
  const seed = {
    subscriptions: [{ subscriptionId: s1 }],
    resourceGroups: [{ name: "g", location: "westus" }],
    resources: [recorded],
  };
  expect(worldFrom(JSON.stringify(seed)).resources.get(recorded.id)).toEqual(recorded);
});

describe("every mistake is named with its line", () => {
  test.each([
    ["subscriptions: []", ["1:16 subscriptions: Too small: expected array to have >=1 items"]],
    [
      `subscriptions:\n  - { subscriptionId: nope }`,
      ["2:23 subscriptions[0].subscriptionId: must be a GUID"],
    ],
    [
      `subscriptions:\n  - { subscriptionId: ${s1} }\nvirtualMachine: []`,
      ["3:17 virtualMachine: is not a key that a seed knows"],
    ],
    [
      `subscriptions:\n  - { subscriptionId: ${s1} }\nvirtualMachines:\n  - { resourceGroup: g, name: vm, identities: [x] }`,
      [
        `4:5 virtualMachines[0]: there is no resource group '/subscriptions/${s1}/resourceGroups/g'`,
        "4:48 virtualMachines[0].identities[0]: there is no identity 'x'",
      ],
    ],
    [
      `subscriptions:\n  - { subscriptionId: ${s1} }\nroleAssignments:\n  - { scope: /, role: Nope, principal: bindery }`,
      ["4:23 roleAssignments[0].role: there is no role 'Nope'"],
    ],
    ["a: 1\na: 2", ["2:1 : Map keys must be unique at line 2, column 1:"]],
  ])("%s", (text, expected) => expect(mistakesOf(text)).toEqual(expected));
});

test("the built-in roles file has 84 full definitions and no id twice", () => {
  const file = JSON.parse(readFileSync(new URL("../roles/built-in-roles.json", import.meta.url), "utf8"));
  const full = file.definitions.map((d: { name: string }) => d.name);
  expect(full).toHaveLength(84);
  expect(new Set([...full, ...Object.keys(file.namesOnly)]).size).toBe(499);
});

test("a secret that is made up can be given on a command line: it never begins with a dash", () => {
  const names = Array.from({ length: 200 }, (_, n) => `  caller-${n}: {}`);
  const world = worldFrom(`subscriptions: [{ subscriptionId: ${s1} }]\ncallers:\n${names.join("\n")}\n`);
  const secrets = [...world.principals.values()].map((p) => p.secret ?? "");
  expect(secrets).toHaveLength(202);
  for (const secret of secrets) expect(secret).toMatch(/^[a-z][\w-]{32}$/);
});
