// Resource Graph's answers: scope, rights, lag, formats, paging, quota, refusals.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { World } from "../world.ts";
import { type Answer, ask, first, put, second, tenantId, worldWith } from "./graph-world.ts";
import { createResourceGraphHandler } from "./handler.ts";
import { createQueryQuota } from "./quota.ts";

const start = Date.UTC(2026, 0, 1);

function smallWorld(): World {
  const world = worldWith({ now: start });
  put(world, { name: "vm-1", tags: { app: "orders" } });
  put(world, { name: "vm-2", subscription: second });
  put(world, {
    name: "id-1",
    type: "Microsoft.ManagedIdentity/userAssignedIdentities",
    properties: { principalId: "p" },
  });
  const group = `/subscriptions/${first}/resourceGroups/rg-Orders`;
  world.resourceGroups.set(group, {
    id: group,
    name: "rg-Orders",
    type: "Microsoft.Resources/resourceGroups",
    location: "westeurope",
    managedBy: "/subscriptions/x",
  });
  world.managementGroups.set("mg-top", { name: "mg-top", displayName: "Top", subscriptions: [] });
  world.managementGroups.set("mg-Prod", {
    name: "mg-Prod",
    displayName: "Production",
    parent: "mg-top",
    subscriptions: [first],
  });
  return world;
}

function names(answer: Answer): unknown[] {
  return answer.body.data.map((row) => row.name);
}

describe("the table resources", () => {
  test("has every column, lower-case type and group, Compute's group in lower case in the id", () => {
    const answer = ask({ world: smallWorld(), body: { query: "resources | where name == 'vm-1'" } });
    expect(answer.status).toBe(200);
    expect(answer.body.data).toEqual([
      {
        id: `/subscriptions/${first}/resourceGroups/rg-orders/providers/Microsoft.Compute/virtualMachines/vm-1`,
        name: "vm-1",
        type: "microsoft.compute/virtualmachines",
        tenantId,
        kind: "",
        location: "westeurope",
        resourceGroup: "rg-orders",
        subscriptionId: first,
        managedBy: "",
        sku: null,
        plan: null,
        properties: null,
        tags: { app: "orders" },
        identity: null,
        zones: null,
        extendedLocation: null,
      },
    ]);
  });

  test("keeps the casing of other ids", () => {
    const answer = ask({ world: smallWorld(), body: { query: "where name == 'id-1' | project id" } });
    expect(answer.body.data[0]?.id).toContain("/resourceGroups/rg-Orders/");
  });

  test("holds machines of flexible sets, no instances of uniform ones, no federated credentials", () => {
    const world = worldWith({ now: start });
    put(world, { name: "vmss_1" });
    put(world, { name: "vmss/virtualMachines/0", type: "Microsoft.Compute/virtualMachineScaleSets" });
    world.resources.set("uniform", {
      id: "/u",
      name: "0",
      type: "Microsoft.Compute/virtualMachineScaleSets/virtualMachines",
      location: "x",
    });
    world.resources.set("fic", {
      id: "/f",
      name: "f",
      type: "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials",
    });
    const answer = ask({ world, body: { query: "resources | project name" } });
    expect(names(answer)).toEqual(["vmss_1", "vmss/virtualMachines/0"]);
  });
});

describe("the other tables", () => {
  test("subscriptions name their management groups, nearest first", () => {
    const query = `resourcecontainers | where type == 'microsoft.resources/subscriptions' and subscriptionId == '${first}' | project name, properties`;
    const answer = ask({ world: smallWorld(), body: { query } });
    expect(answer.body.data).toEqual([
      {
        name: "sub-1",
        properties: {
          state: "Enabled",
          managementGroupAncestorsChain: [
            { name: "mg-Prod", displayName: "Production" },
            { name: "mg-top", displayName: "Top" },
            { name: tenantId, displayName: "Tenant Root Group" },
          ],
        },
      },
    ]);
  });

  test("resource groups and management groups are containers", () => {
    const world = smallWorld();
    const groups = ask({
      world,
      body: {
        query:
          "resourcecontainers | where type endswith '/resourcegroups' | project name, resourceGroup, managedBy",
      },
    });
    expect(groups.body.data).toEqual([
      { name: "rg-Orders", resourceGroup: "rg-orders", managedBy: "/subscriptions/x" },
    ]);
    const managementGroups = ask({
      world,
      body: { query: "resourcecontainers | where type has 'management' | project name" },
    });
    expect(names(managementGroups)).toEqual([tenantId, "mg-top", "mg-Prod"]);
  });

  const assignments =
    "authorizationresources | where type =~ 'Microsoft.Authorization/roleAssignments' | project name";

  function worldWithRoles(): World {
    const world = smallWorld();
    const scopes = {
      root: "/",
      top: "/providers/Microsoft.Management/managementGroups/mg-top",
      prod: "/providers/Microsoft.Management/managementGroups/mg-Prod",
      one: `/subscriptions/${first}`,
      group: `/subscriptions/${first}/resourceGroups/rg-Orders`,
      two: `/subscriptions/${second}`,
    };
    for (const [name, scope] of Object.entries(scopes)) {
      const id = `${scope === "/" ? "" : scope}/providers/Microsoft.Authorization/roleAssignments/${name}`;
      world.roleAssignments.set(id, {
        id,
        name,
        scope,
        roleDefinitionId: `/subscriptions/${first}/providers/Microsoft.Authorization/roleDefinitions/reader`,
        principalId: "p",
        principalType: "ServicePrincipal",
        condition: null,
        conditionVersion: null,
        description: "d",
        delegatedManagedIdentityResourceId: null,
        createdOn: "2026-01-01T00:00:00.0000000Z",
        updatedOn: "2026-01-01T00:00:00.0000000Z",
        createdBy: null,
        updatedBy: null,
      });
    }
    world.roleDefinitions.set("reader", {
      name: "reader",
      roleName: "Reader",
      type: "BuiltInRole",
      description: "",
      assignableScopes: ["/"],
      permissions: [],
      createdOn: "",
      updatedOn: "",
    });
    return world;
  }

  test.each([
    [{}, ["root", "top", "prod", "one", "group", "two"]],
    [{ subscriptions: [first] }, ["one", "group"]],
    [{ subscriptions: [first], options: { authorizationScopeFilter: "AtScopeExact" } }, ["one"]],
    [
      { subscriptions: [first], options: { authorizationScopeFilter: "AtScopeAndAbove" } },
      ["root", "top", "prod", "one"],
    ],
    [
      { subscriptions: [first], options: { authorizationScopeFilter: "AtScopeAboveAndBelow" } },
      ["root", "top", "prod", "one", "group"],
    ],
    [{ managementGroups: ["MG-PROD"] }, ["prod", "one", "group"]],
    [{ managementGroups: ["mg-prod"], options: { authorizationScopeFilter: "AtScopeExact" } }, ["prod"]],
    [
      { managementGroups: ["mg-prod"], options: { authorizationScopeFilter: "AtScopeAndAbove" } },
      ["root", "top", "prod"],
    ],
  ])("role assignments of %j", (scope, expected) => {
    const answer = ask({ world: worldWithRoles(), body: { query: assignments, ...scope } });
    expect(names(answer)).toEqual(expected);
  });

  test("a role definition is found by the id that an assignment names", () => {
    const query = `authorizationresources | where type =~ 'microsoft.authorization/roleassignments' and name == 'one'
      | extend role = tolower(tostring(properties.roleDefinitionId))
      | join kind=inner (authorizationresources
        | where type =~ 'microsoft.authorization/roledefinitions' | project role = tolower(id), roleName = tostring(properties.roleName)) on role
      | project name, roleName, principalId = tostring(properties.principalId), description = properties.description`;
    const answer = ask({ world: worldWithRoles(), body: { query, subscriptions: [first] } });
    expect(answer.body.data).toEqual([
      { name: "one", roleName: "Reader", principalId: "p", description: "d" },
    ]);
  });

  test("a built-in role shows to whoever may read roles in a subscription", () => {
    const mayRead = (id: string) => id.startsWith(`/subscriptions/${second}`);
    const query = "authorizationresources | project name";
    expect(names(ask({ world: worldWithRoles(), body: { query }, mayRead }))).toEqual(["two", "reader"]);
  });
});

describe("scope and rights", () => {
  const query = "resources | project name";

  test.each([
    [{}, ["vm-1", "vm-2", "id-1"]],
    [{ subscriptions: [second] }, ["vm-2"]],
    [{ subscriptions: [second.toUpperCase()] }, ["vm-2"]],
    [{ subscriptions: [second, "33333333-0000-4000-8000-000000000003"] }, ["vm-2"]],
    [{ managementGroups: ["mg-top"] }, ["vm-1", "id-1"]],
    [{ managementGroups: [tenantId] }, ["vm-1", "vm-2", "id-1"]],
    [{ managementGroups: null, subscriptions: null }, ["vm-1", "vm-2", "id-1"]],
  ])("%j", (scope, expected) => {
    expect(names(ask({ world: smallWorld(), body: { query, ...scope } }))).toEqual(expected);
  });

  test("rows that the caller may not read are missing, with 200", () => {
    const mayRead = (id: string) => id.startsWith(`/subscriptions/${second}`);
    const answer = ask({ world: smallWorld(), body: { query, subscriptions: [first, second] }, mayRead });
    expect([answer.status, answer.body.totalRecords, names(answer)]).toEqual([200, 1, ["vm-2"]]);
  });

  test("rights on one resource are enough to see it", () => {
    const mayRead = (id: string) => id.endsWith("/vm-1");
    const answer = ask({ world: smallWorld(), body: { query, subscriptions: [first] }, mayRead });
    expect(names(answer)).toEqual(["vm-1"]);
  });

  test.each([
    {},
    { subscriptions: [first] },
    { managementGroups: ["mg-top"] },
    { managementGroups: ["nobody"] },
  ])("nothing readable in %j is 403", (scope) => {
    const answer = ask({ world: smallWorld(), body: { query, ...scope }, mayRead: () => false });
    expect(answer.status).toBe(403);
    expect(answer.body.error.code).toBe("AccessDenied");
    expect(answer.body.error.details).toEqual([
      {
        code: "AccessDenied",
        message: "Access is denied to the requested resource. The user might not have enough permission.",
      },
    ]);
  });

  test("only subscriptions that do not exist are refused by name", () => {
    const body = { query, subscriptions: ["33333333-0000-4000-8000-000000000003"] };
    const answer = ask({ world: smallWorld(), body });
    expect([answer.status, answer.body.error.details[0]?.code]).toEqual([
      400,
      "NoValidSubscriptionsInQueryRequest",
    ]);
  });
});

test("rows are as they were before the lag", () => {
  const clock = { now: start };
  const world = worldWith(clock);
  const id = put(world, { name: "old" });
  clock.now += 60_000;
  put(world, { name: "new" });
  world.resources.delete(id);
  const at = (lagInMs: number) => names(ask({ world, body: { query: "resources | project name" }, lagInMs }));
  expect(at(30_000)).toEqual(["old"]);
  expect(at(0)).toEqual(["new"]);
});

describe("formats", () => {
  const query = "resources | where name == 'vm-1' | project id, tags, n = 1, b = true, r = 0.5";
  const row = [
    `/subscriptions/${first}/resourceGroups/rg-orders/providers/Microsoft.Compute/virtualMachines/vm-1`,
    { app: "orders" },
    1,
    true,
    0.5,
  ];
  const table = {
    columns: [
      { name: "id", type: "string" },
      { name: "tags", type: "object" },
      { name: "n", type: "integer" },
      { name: "b", type: "boolean" },
      { name: "r", type: "number" },
    ],
    rows: [row],
  };
  const objects = [{ id: row[0], tags: row[1], n: 1, b: true, r: 0.5 }];

  test.each([
    ["2019-04-01", undefined, table],
    ["2020-04-01-preview", undefined, table],
    ["2019-04-01", "objectArray", objects],
    ["2021-03-01", undefined, objects],
    ["2024-04-01", undefined, objects],
    ["2024-04-01", "table", table],
  ])("api-version %s, resultFormat %s", (apiVersion, resultFormat, expected) => {
    const body = { query, subscriptions: [first], options: { resultFormat } };
    expect(ask({ world: smallWorld(), body, apiVersion }).body).toEqual({
      totalRecords: 1,
      count: 1,
      data: expected,
      facets: [],
      resultTruncated: "false",
    });
  });
});

describe("paging", () => {
  function worldOf(count: number): World {
    const world = worldWith({ now: start });
    for (let n = 0; n < count; n += 1) put(world, { name: `vm-${String(n).padStart(4, "0")}` });
    return world;
  }

  function summary({ body }: Answer): unknown[] {
    return [body.totalRecords, body.count, body.resultTruncated, body.$skipToken !== undefined];
  }

  test.each([
    ["resources | project id", {}, [250, 100, "false", true]],
    ["resources | project id", { $top: 1000 }, [250, 250, "false", false]],
    ["resources | project id", { $top: 100, $skip: 200 }, [250, 50, "false", false]],
    ["resources | project name", { $top: 100 }, [250, 100, "true", false]],
    ["resources | project name", { $top: 250 }, [250, 250, "false", false]],
    ["resources | take 200 | project id", { $top: 100 }, [200, 100, "true", false]],
    ["resources | take 2 | project id", { $skip: 1 }, [2, 2, "false", false]],
    ["resources | top 150 by id asc | project id", {}, [150, 100, "false", true]],
  ])("%s with %j", (query, options, expected) => {
    expect(summary(ask({ world: worldOf(250), body: { query, options } }))).toEqual(expected);
  });

  test("says that results are truncated while there is a token, if it is told to", () => {
    const question = { world: worldOf(250), body: { query: "resources | project id" } };
    const peculiar = { isTruncatedWhilePaging: true };
    expect(summary(ask({ ...question, peculiar }))).toEqual([250, 100, "true", true]);
    const whole = { ...question.body, options: { $top: 1000 } };
    expect(summary(ask({ ...question, body: whole, peculiar }))).toEqual([250, 250, "false", false]);
  });

  test("pages may be shorter than asked for, and the last may fail", () => {
    const world = worldOf(20);
    const query = "resources | order by name asc | project id, name";
    const sizes: number[] = [];
    const found: unknown[] = [];
    let options: object = { $top: 10 };
    for (;;) {
      const { body } = ask({ world, body: { query, options }, peculiar: { hasUnevenPages: true } });
      sizes.push(body.count);
      found.push(...body.data.map((row) => row.name));
      if (body.$skipToken === undefined) break;
      options = { $skipToken: body.$skipToken };
    }
    expect(sizes).toEqual([1, 3, 10, 6]);
    expect(new Set(found).size).toBe(20);
    const failing = ask({ world, body: { query, options }, peculiar: { lastPageFails: true } });
    expect([failing.status, failing.body.error.code]).toEqual([500, "InternalServerError"]);
  });

  test("the token keeps the page size, $top and $skip go before it", () => {
    const world = worldOf(50);
    const query = "resources | order by name asc | project id, name";
    const at = (options: object) => ask({ world, body: { query, options } });
    const $skipToken = at({ $top: 10 }).body.$skipToken;
    expect([at({ $skipToken }).body.count, names(at({ $skipToken }))[0]]).toEqual([10, "vm-0010"]);
    expect(at({ $skipToken, $top: 3 }).body.count).toBe(3);
    expect(names(at({ $skipToken, $skip: 42 }))[0]).toBe("vm-0042");
  });

  test("a token belongs to its query and scope", () => {
    const world = worldOf(5);
    const { $skipToken } = ask({
      world,
      body: { query: "resources | project id", options: { $top: 2 } },
    }).body;
    const others = [
      { query: "resources | project id, name", options: { $skipToken } },
      { query: "resources | project id", subscriptions: [first], options: { $skipToken } },
      { query: "resources | project id", options: { $skipToken: "nonsense" } },
    ];
    for (const body of others) {
      const answer = ask({ world, body });
      expect([answer.status, answer.body.error.details[0]?.code]).toEqual([400, "InvalidSkipToken"]);
    }
  });

  test("every row comes once, in order, whatever the page size", () => {
    const world = worldOf(83);
    const all = ask({ world, body: { query: "resources | project name" } });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100 }), fc.constantFrom("asc", "desc"), ($top, direction) => {
        const query = `resources | order by name ${direction} | project id, name`;
        const seen: unknown[] = [];
        let $skipToken: string | undefined;
        do {
          const answer = ask({ world, body: { query, options: $skipToken ? { $skipToken } : { $top } } });
          expect(answer.body.totalRecords).toBe(83);
          seen.push(...names(answer));
          $skipToken = answer.body.$skipToken;
        } while ($skipToken !== undefined);
        expect(seen).toEqual(direction === "asc" ? names(all) : names(all).reverse());
      }),
      { numRuns: 40 },
    );
  });
});

describe("quota", () => {
  test("15 queries in five seconds for each caller, refused queries included", () => {
    const clock = { now: start };
    const world = worldWith(clock);
    const quota = createQueryQuota();
    const at = (objectId: string, query = "resources") =>
      ask({ world, body: { query }, throttled: true, quota, objectId });
    const remaining = Array.from(
      { length: 15 },
      (_, n) => at("a", n === 3 ? "where where" : undefined).headers["x-ms-user-quota-remaining"],
    );
    expect(remaining).toEqual(Array.from({ length: 15 }, (_, n) => String(14 - n)));
    clock.now += 1_500;
    const refused = at("a");
    expect(refused.status).toBe(429);
    expect(refused.body.error.code).toBe("RateLimiting");
    const peculiar = { throttleCode: "TooManyRequests" };
    const otherwise = ask({
      world,
      body: { query: "resources" },
      throttled: true,
      quota,
      objectId: "a",
      peculiar,
    });
    expect([otherwise.status, otherwise.body.error.code]).toEqual([429, "TooManyRequests"]);
    expect(refused.headers).toEqual({
      "x-ms-ratelimit-remaining-tenant-resource-requests": "0",
      "x-ms-user-quota-remaining": "0",
      "x-ms-user-quota-resets-after": "00:00:04",
    });
    expect(at("b").status).toBe(200);
    clock.now += 3_500;
    expect(at("a").status).toBe(200);
  });

  test("is not enforced when switched off, and the headers stay", () => {
    const world = worldWith({ now: start });
    const answers = Array.from({ length: 20 }, () => ask({ world, body: { query: "resources" } }));
    expect(new Set(answers.map((a) => a.status))).toEqual(new Set([200]));
    expect(answers[19]?.headers["x-ms-user-quota-remaining"]).toBe("14");
  });
});

describe("refusals", () => {
  test.each([
    [undefined, "2024-04-01"],
    [{}, "2024-04-01"],
    [{ query: 1 }, "2024-04-01"],
    [{ query: "resources", subscription: [first] }, "2024-04-01"],
    [{ query: "resources", options: { $top: 0 } }, "2024-04-01"],
    [{ query: "resources", options: { $top: 1001 } }, "2024-04-01"],
    [{ query: "resources", options: { $skip: -1 } }, "2024-04-01"],
    [{ query: "resources", options: { top: 5 } }, "2024-04-01"],
    [{ query: "resources", options: { resultFormat: "csv" } }, "2024-04-01"],
    [{ query: "resources", facets: [{ expression: "type" }] }, "2024-04-01"],
    [{ query: "resources", subscriptions: [first], managementGroups: ["mg-top"] }, "2024-04-01"],
    [{ query: "resources", managementGroupId: "mg-top" }, "2024-04-01"],
    [{ query: "resources" }, "2019-04-01"],
    [{ query: "resources", subscriptions: ["nonsense"] }, "2024-04-01"],
  ])("%j with %s", (body, apiVersion) => {
    const answer = ask({ world: smallWorld(), body, apiVersion });
    expect([answer.status, answer.body.error.code]).toEqual([400, "BadRequest"]);
    expect(answer.headers["x-ms-user-quota-remaining"]).toBe("14");
  });

  test("one management group by its old name", () => {
    const body = {
      query: "resources | project name",
      managementGroupId: "mg-top",
      options: { resultFormat: "objectArray" },
    };
    expect(names(ask({ world: smallWorld(), body, apiVersion: "2020-04-01-preview" }))).toEqual([
      "vm-1",
      "id-1",
    ]);
  });
});

test("the handler asks with the caller's rights and the world's settings", async () => {
  const world = smallWorld();
  world.settings.throttled = true;
  const handler = createResourceGraphHandler(
    (_, principalId) => (id) => principalId === "me" && id.includes(second),
  );
  const request = {
    method: "POST" as const,
    url: new URL("https://localhost/providers/Microsoft.ResourceGraph/resources"),
    path: { path: "/providers/Microsoft.ResourceGraph/resources" } as never,
    apiVersion: "2024-04-01",
    headers: new Headers(),
    body: { query: "resources | project name" },
    caller: { objectId: "me", clientId: "c" },
    origin: "https://localhost",
  };
  const answer = await handler(request, world);
  expect(answer).toMatchObject({ status: 200, body: { data: [{ name: "vm-2" }] } });
  await handler(request, world);
  expect(await handler(request, world)).toMatchObject({ headers: { "x-ms-user-quota-remaining": "12" } });
});
