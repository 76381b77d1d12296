import { beforeEach, describe, expect, test } from "vitest";
import { placePolicy, SeedPolicy } from "../../seed/governance.ts";
import { groupId, subscriptionId, vmId } from "../authorization/authorization-world.ts";
import {
  assignmentName,
  authorization,
  codeOf,
  type GovernedArm,
  governedArm,
  identityId,
} from "./governance-world.ts";

const subscription = `/subscriptions/${subscriptionId}`;
const vmType = "Microsoft.Compute/virtualMachines";
const tagsOf = (scope: string) => `${scope}/providers/Microsoft.Resources/tags/default`;
const attach = { identity: { type: "UserAssigned", userAssignedIdentities: { [identityId]: {} } } };
const merge = (tags: Record<string, string>) => ({ operation: "Merge", properties: { tags } });

let arm: GovernedArm;

beforeEach(() => {
  arm = governedArm();
});

function policy(parts: Record<string, unknown>) {
  return placePolicy(arm.world, SeedPolicy.parse({ name: "rule", scope: subscription, ...parts }));
}

describe("deny, for the machine in westeurope with app: orders", () => {
  test.each([
    ["its type", { types: [vmType.toLowerCase()] }, 403],
    ["another type", { types: ["Microsoft.Web/sites"] }, 200],
    ["a region that is not allowed", { types: [vmType], locationNotIn: ["northeurope"] }, 403],
    ["a region that is allowed", { types: [vmType], locationNotIn: ["West Europe"] }, 200],
    ["a missing tag", { tag: { name: "cost-center", exists: false } }, 403],
    ["a tag that is there", { types: [vmType], tag: { name: "APP", exists: false } }, 200],
    ["a tag with this value", { tag: { name: "app", equals: "Orders" } }, 403],
    ["a tag with another value", { types: [vmType], tag: { name: "app", notEquals: "billing" } }, 403],
    ["all conditions must hold", { types: [vmType], tag: { name: "app", equals: "billing" } }, 200],
  ])("%s", async (_, when, status) => {
    policy({ effect: "Deny", when });
    expect((await arm.send("PATCH", vmId, attach)).status).toBe(status);
  });

  test("reads, deletions, and what lies in notScopes go through", async () => {
    policy({ effect: "Deny", when: { types: [vmType] } });
    expect((await arm.send("GET", vmId)).status).toBe(200);
    policy({ effect: "Deny", when: { types: [vmType] }, notScopes: [groupId] });
    expect((await arm.send("PATCH", vmId, attach)).status).toBe(200);
    policy({ effect: "Deny", when: {} });
    expect((await arm.send("DELETE", identityId)).status).toBe(200);
  });

  test.each([
    ["a new identity", "PUT", `${identityId}-2`, { location: "westeurope" }],
    ["a resource group", "PUT", `${groupId}-2`, { location: "westeurope" }],
    ["tags", "PATCH", tagsOf(vmId), merge({ a: "b" })],
  ])("%s is looked at too", async (_, method, path, body) => {
    policy({ effect: "Deny", when: { tag: { name: "cost-center", exists: false } } });
    expect(codeOf(await arm.send(method, path, body))).toBe("RequestDisallowedByPolicy");
  });

  test("role assignments too, by type", async () => {
    policy({ effect: "Deny", when: { types: ["Microsoft.Authorization/roleAssignments"] } });
    const path = `${vmId}/${authorization}/roleAssignments/${assignmentName}`;
    const properties = {
      roleDefinitionId: `/${authorization}/roleDefinitions/eeeeeeee-0000-4000-8000-000000000001`,
      principalId: assignmentName,
      principalType: "ServicePrincipal",
    };
    expect(codeOf(await arm.send("PUT", path, { properties }))).toBe("RequestDisallowedByPolicy");
  });
});

test("the refusal is Azure's body, evaluation included for who may read policies", async () => {
  const { id } = policy({
    name: "regions",
    displayName: "Allowed regions",
    effect: "Deny",
    when: { locationNotIn: ["northeurope"] },
  });
  const answer = await arm.send("PATCH", vmId, attach);
  expect(answer.status).toBe(403);
  expect(answer.body).toMatchObject({
    error: {
      code: "RequestDisallowedByPolicy",
      target: "vm-1",
      message: `Resource 'vm-1' was disallowed by policy. Policy identifiers: '[{"policyAssignment":{"name":"Allowed regions","id":"${id}"},"policyDefinition":{"name":"Allowed regions","id":"${subscription}/${authorization}/policyDefinitions/regions"}}]'.`,
      additionalInfo: [
        {
          type: "PolicyViolation",
          info: {
            policyAssignmentId: id,
            policyDefinitionEffect: "Deny",
            evaluationDetails: {
              evaluatedExpressions: [
                { expression: "location", expressionValue: "westeurope", operator: "NotIn" },
              ],
            },
          },
        },
      ],
    },
  });
});

describe("modify", () => {
  const cases = [
    [
      "adds what is missing",
      [{ operation: "add", name: "env", value: "prod" }],
      { app: "orders", env: "prod" },
    ],
    ["add leaves what is there", [{ operation: "add", name: "App", value: "x" }], { app: "orders" }],
    ["replaces, whatever the casing", [{ operation: "addOrReplace", name: "App", value: "x" }], { App: "x" }],
    ["removes", [{ operation: "remove", name: "APP" }], {}],
  ] as const;
  test.each(cases)("%s, when something else is written", async (_, tags, expected) => {
    policy({ effect: "Modify", when: { types: [vmType] }, tags });
    expect((await arm.send("PATCH", vmId, attach)).status).toBe(200);
    expect(arm.world.resources.get(vmId)?.tags).toEqual(expected);
  });

  test.each([
    ["PATCH", merge({ "bindery-owner": "prod" })],
    ["PUT", { properties: { tags: { "bindery-owner": "prod" } } }],
  ])("a tag comes back different after %s of the tags API", async (method, body) => {
    const tags = [{ operation: "addOrReplace", name: "bindery-owner", value: "nobody" }];
    policy({ effect: "Modify", when: {}, tags });
    const answer = await arm.send(method, tagsOf(identityId), body);
    expect(answer).toMatchObject({
      status: 200,
      body: { properties: { tags: { "bindery-owner": "nobody" } } },
    });
    arm.world.switches.policyOnTagsApi = "blind";
    await arm.send(method, tagsOf(identityId), body);
    expect(arm.world.resources.get(identityId)?.tags).toEqual({ "bindery-owner": "prod" });
  });

  test("a removed tag comes back at once, and tags of a new identity are changed", async () => {
    policy({ effect: "Modify", when: {}, tags: [{ operation: "add", name: "env", value: "prod" }] });
    const removal = { operation: "Delete", properties: { tags: { env: "" } } };
    await arm.send("PATCH", tagsOf(identityId), removal);
    expect(arm.world.resources.get(identityId)?.tags).toEqual({ env: "prod" });
    const created = await arm.send("PUT", `${identityId}-2`, { location: "westeurope", tags: { a: "b" } });
    expect(created).toMatchObject({ status: 201, body: { tags: { a: "b", env: "prod" } } });
  });

  test("deny sees what modify left", async () => {
    policy({ effect: "Deny", when: { tag: { name: "env", exists: false } } });
    expect((await arm.send("PATCH", vmId, attach)).status).toBe(403);
    policy({
      name: "other",
      effect: "Modify",
      when: {},
      tags: [{ operation: "add", name: "env", value: "p" }],
    });
    expect((await arm.send("PATCH", vmId, attach)).status).toBe(200);
  });
});

test("fifty tags are the limit on every way to write tags, a policy's own included", async () => {
  const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`t${i}`, "v"]));
  const ways: readonly (readonly [string, string, (tags: Record<string, string>) => unknown])[] = [
    ["PUT", `${identityId}-3`, (tags) => ({ location: "westeurope", tags })],
    ["PATCH", identityId, (tags) => ({ tags })],
    ["PATCH", vmId, (tags) => ({ tags })],
    ["PUT", `${groupId}-3`, (tags) => ({ location: "westeurope", tags })],
    ["PATCH", groupId, (tags) => ({ tags })],
    ["PATCH", tagsOf(identityId), merge],
    ["PUT", tagsOf(vmId), (tags) => ({ properties: { tags } })],
    ["PATCH", tagsOf(subscription), merge],
  ];
  for (const [method, path, body] of ways) {
    const refused = await arm.send(method, path, body(many(51)));
    expect([path, codeOf(refused)]).toEqual([path, "TooManyTags"]);
    expect([path, (await arm.send(method, path, body(many(50)))).status < 300]).toEqual([path, true]);
  }
  policy({ effect: "Modify", when: {}, tags: [{ operation: "add", name: "one-more", value: "v" }] });
  expect(codeOf(await arm.send("PATCH", identityId, { tags: many(50) }))).toBe("TooManyTags");
});
