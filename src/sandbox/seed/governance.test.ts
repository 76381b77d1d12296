import { describe, expect, test } from "vitest";
import { defaultSettings } from "../settings.ts";
import { emptyWorld, type World } from "../world.ts";
import { dumpWorld } from "./dump.ts";
import { loadSeed } from "./load.ts";
import { readSeed, SeedError } from "./read.ts";

const subscription = "/subscriptions/11111111-0000-4000-8000-000000000001";
const group = `${subscription}/resourceGroups/rg`;
const assignment = "aaaaaaaa-0000-4000-8000-000000000001";
const assignmentId = `${group}/providers/Microsoft.Authorization/roleAssignments/${assignment}`;

const base = `
subscriptions: [{ subscriptionId: 11111111-0000-4000-8000-000000000001 }]
resourceGroups: [{ name: rg, location: westeurope }]
identities: [{ resourceGroup: rg, name: id-a, principalId: bbbbbbbb-0000-4000-8000-000000000001 }]
roleAssignments: [{ name: ${assignment}, scope: ${group}, role: Reader, principal: id-a }]
`;

const all = `${base}
locks: [{ scope: ${group}, level: ReadOnly, notes: why }]
denyAssignments: [{ name: keep off, scope: ${group}, actions: ["*/write"], excludePrincipals: [operator, id-a] }]
policies:
  - { name: regions, scope: ${subscription}, effect: Deny, when: { locationNotIn: [westeurope] } }
  - { name: env, scope: ${subscription}, effect: Modify, when: {}, tags: [{ operation: add, name: env, value: prod }] }
roleSchedules: [{ roleAssignment: ${assignmentId}, endsInMs: 1000 }]
`;

function load(text: string): World {
  const world = emptyWorld("tenant", () => 1_000_000_000_000, { ...defaultSettings });
  loadSeed(world, readSeed(text, "seed.yaml"), "seed.yaml");
  return world;
}

test("locks, deny assignments, policies and schedules come into the world", () => {
  const world = load(all);
  expect(world.resources.get(`${group}/providers/Microsoft.Authorization/locks/lock`)).toMatchObject({
    properties: { level: "ReadOnly", notes: "why" },
  });
  const operator = world.principals.values().find((p) => p.displayName === "operator");
  expect(world.denyAssignments.values()).toMatchObject([
    {
      displayName: "keep off",
      principals: ["00000000-0000-0000-0000-000000000000"],
      excludePrincipals: [operator?.objectId, "bbbbbbbb-0000-4000-8000-000000000001"],
    },
  ]);
  expect(world.policies.values().map((p) => [p.id, p.displayName, p.effect])).toEqual([
    [`${subscription}/providers/Microsoft.Authorization/policyAssignments/regions`, "regions", "Deny"],
    [`${subscription}/providers/Microsoft.Authorization/policyAssignments/env`, "env", "Modify"],
  ]);
  expect(world.roleSchedules.get(assignmentId)).toMatchObject({
    assignmentType: "Activated",
    endsAt: world.now() + 1000,
  });
});

test("what is dumped loads into the same world", () => {
  const world = load(all);
  const again = load(JSON.stringify(dumpWorld(world)));
  for (const part of ["denyAssignments", "policies", "roleSchedules"] as const) {
    expect(again[part].values()).toEqual(world[part].values());
  }
  expect(again.resources.values().map((r) => r.id)).toEqual(world.resources.values().map((r) => r.id));
});

describe("mistakes", () => {
  test.each([
    ["a lock on nothing", `locks: [{ scope: ${group}-2, level: ReadOnly }]`, /there is no '.*rg-2'/],
    ["a level that is none", `locks: [{ scope: ${group}, level: Locked }]`, /CanNotDelete/],
    [
      "a principal that is nobody",
      `denyAssignments: [{ name: n, scope: /, actions: ["*"], principals: [x] }]`,
      /identity 'x'/,
    ],
    ["a deny assignment of nothing", "denyAssignments: [{ name: n, scope: /, actions: [] }]", /actions/],
    [
      "a modify policy that changes nothing",
      "policies: [{ name: p, scope: /, effect: Modify, when: {} }]",
      /must be stated for Modify/,
    ],
    [
      "a deny policy that changes tags",
      "policies: [{ name: p, scope: /, effect: Deny, when: {}, tags: [{ operation: add, name: a }] }]",
      /Modify only/,
    ],
    ["an unknown condition", "policies: [{ name: p, scope: /, effect: Deny, when: { sku: x } }]", /sku/],
    [
      "a schedule of nothing",
      `roleSchedules: [{ roleAssignment: ${group}/providers/Microsoft.Authorization/roleAssignments/x, endsInMs: 1 }]`,
      /no such role assignment/,
    ],
  ])("%s", (_, text, expected) => {
    const attempt = () => load(`${base}\n${text}\n`);
    expect(attempt).toThrow(SeedError);
    expect(attempt).toThrow(expected);
  });
});
