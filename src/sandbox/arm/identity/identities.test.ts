import { beforeEach, describe, expect, test } from "vitest";
import { assign, groupId, putRole, subscriptionId, tenantId } from "../authorization/authorization-world.ts";
import { at, codeOf, putGroup, type Stage, stage } from "../provider-world.ts";

const base = `${groupId}/providers/Microsoft.ManagedIdentity/userAssignedIdentities`;
const storedId = `${base.replace("resourceGroups", "resourcegroups")}/id-1`;
const url = `${base}/id-1`;

let s: Stage;
beforeEach(() => {
  s = stage();
});

const create = (name = "id-1", body: unknown = { location: "westeurope" }) =>
  s.call("PUT", `${base}/${name}`, { body });
const principalIdOf = (body: unknown) => String(at(body, "properties", "principalId"));

describe("PUT", () => {
  test("creates with 201, a relative Location, small resourcegroups and a principal", async () => {
    const made = await create("id-1", { location: "West Europe", name: "id-1" });
    expect(made.status).toBe(201);
    expect(made.headers.get("location")).toBe(storedId);
    expect(made.body).toEqual({
      location: "westeurope",
      tags: {},
      id: storedId,
      name: "id-1",
      type: "Microsoft.ManagedIdentity/userAssignedIdentities",
      properties: {
        isolationScope: "None",
        tenantId,
        principalId: expect.stringMatching(/^[0-9a-f-]{36}$/),
        clientId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      },
    });
    expect(s.world.principals.get(principalIdOf(made.body))).toMatchObject({
      clientId: at(made.body, "properties", "clientId"),
      displayName: "id-1",
      kind: "ManagedIdentity",
      resourceId: storedId,
    });
  });

  test("again answers 200 with the same principal, and other tags replace the old ones", async () => {
    const made = await create("id-1", { location: "westeurope", tags: { a: "1" } });
    const again = await create("id-1", { location: "westeurope", tags: { b: "2" } });
    expect(again.status).toBe(200);
    expect(again.headers.get("location")).toBeNull();
    expect(at(again.body, "tags")).toEqual({ b: "2" });
    expect(principalIdOf(again.body)).toBe(principalIdOf(made.body));
  });

  test("after a DELETE makes new object and client ids", async () => {
    const made = await create();
    await s.call("DELETE", url);
    const remade = await create();
    expect(remade.status).toBe(201);
    expect(principalIdOf(remade.body)).not.toBe(principalIdOf(made.body));
    expect(at(remade.body, "properties", "clientId")).not.toBe(at(made.body, "properties", "clientId"));
  });

  test.each([
    ["no location", "id-1", { tags: {} }, 400, "LocationRequired"],
    ["an unknown location", "id-1", { location: "moon" }, 400, "LocationNotAvailableForResourceType"],
    ["a short name", "ab", { location: "westeurope" }, 400, "InvalidResourceName"],
    ["a name with a dot", "id.one", { location: "westeurope" }, 400, "InvalidResourceName"],
    ["a name that starts with a hyphen", "-id", { location: "westeurope" }, 400, "InvalidResourceName"],
    ["a list as body", "id-1", [], 400, "InvalidRequestContent"],
    [
      "too many tags",
      "id-1",
      {
        location: "westeurope",
        tags: Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`t${i}`, ""])),
      },
      400,
      "TooManyTags",
    ],
  ])("refuses %s", async (_, name, body, status, code) => {
    const answer = await create(name, body);
    expect([answer.status, codeOf(answer)]).toEqual([status, code]);
    expect(s.world.principals.values()).toEqual([]);
  });

  test("refuses another location with 409", async () => {
    await create();
    const moved = await create("id-1", { location: "northeurope" });
    expect([moved.status, codeOf(moved)]).toEqual([409, "InvalidResourceLocation"]);
  });
});

describe("the shape by api-version", () => {
  test.each([
    ["2018-11-30", ["id", "name", "type", "location", "tags", "properties"], false],
    ["2022-01-31-preview", ["id", "name", "type", "location", "tags", "properties"], false],
    ["2023-01-31", ["location", "tags", "id", "name", "type", "properties"], false],
    ["2024-11-30", ["location", "tags", "id", "name", "type", "properties"], true],
    ["2025-05-31-preview", ["location", "tags", "id", "name", "type", "properties"], true],
  ])("%s", async (version, keys, hasScope) => {
    await create();
    const read = await s.call("GET", url, { version });
    expect(Object.keys(read.body as object)).toEqual(keys);
    expect(at(read.body, "properties", "isolationScope")).toBe(hasScope ? "None" : undefined);
  });

  test("the oldest tells a secret URL", async () => {
    await create();
    const read = await s.call("GET", url, { version: "2015-08-31-preview" });
    expect(at(read.body, "properties", "clientSecretUrl")).toContain(`tid=${tenantId}`);
  });
});

describe("PATCH, GET, DELETE", () => {
  test("PATCH replaces the whole map of tags and leaves the rest", async () => {
    const made = await create("id-1", { location: "westeurope", tags: { a: "1", b: "2" } });
    const patched = await s.call("PATCH", url, { body: { tags: { c: "3" } } });
    expect(patched.status).toBe(200);
    expect(patched.body).toEqual({ ...(made.body as object), tags: { c: "3" } });
    const untouched = await s.call("PATCH", url, { body: {} });
    expect(at(untouched.body, "tags")).toEqual({ c: "3" });
  });

  test("what the provider does not know comes back unchanged", async () => {
    await create();
    const stored = s.world.resources.get(storedId);
    if (stored === undefined) throw new Error("not stored");
    s.world.resources.set(storedId, { ...stored, properties: { ...stored.properties, restriction: ["x"] } });
    const patched = await s.call("PATCH", url, { body: { tags: {} } });
    expect(at(patched.body, "properties", "restriction")).toEqual(["x"]);
  });

  test("paths are found in any case", async () => {
    await create();
    expect((await s.call("GET", url.toLowerCase())).status).toBe(200);
    expect((await s.call("GET", url.toUpperCase())).status).toBe(200);
  });

  test("DELETE: 200 empty, then 204; the principal goes, its role assignments stay", async () => {
    const made = await create();
    putRole(s.world, "reader", { actions: ["*/read"] });
    const assignment = assign(s.world, {
      scope: groupId,
      role: "reader",
      principalId: principalIdOf(made.body),
    });
    const gone = await s.call("DELETE", url);
    expect([gone.status, gone.body]).toEqual([200, undefined]);
    expect((await s.call("DELETE", url)).status).toBe(204);
    expect(s.world.principals.has(principalIdOf(made.body))).toBe(false);
    expect(s.world.roleAssignments.has(assignment)).toBe(true);
  });

  test("what is missing is told by the front door", async () => {
    for (const method of ["GET", "PATCH"]) {
      const missing = await s.call(method, url, method === "PATCH" ? { body: {} } : {});
      expect(missing.headers.get("x-ms-failure-cause")).toBe("gateway");
      expect(missing.body).toEqual({
        error: {
          code: "ResourceNotFound",
          message:
            "The Resource 'Microsoft.ManagedIdentity/userAssignedIdentities/id-1' under resource group 'rg-orders' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix",
        },
      });
    }
  });
});

describe("lists", () => {
  test("by group and by subscription, in pages", async () => {
    const other = `/subscriptions/${subscriptionId}/resourceGroups/rg-other`;
    putGroup(s.world, other);
    for (const name of ["id-1", "id-2", "id-3"]) await create(name);
    await s.call("PUT", `${base.replace(groupId, other)}/id-4`, { body: { location: "westeurope" } });
    const inGroup = await s.call("GET", base);
    expect(namesIn(inGroup.body)).toEqual(["id-1", "id-2", "id-3"]);
    s.world.settings.pageSize = 3;
    const list = `/subscriptions/${subscriptionId}/providers/Microsoft.ManagedIdentity/userAssignedIdentities`;
    const first = await s.call("GET", list);
    const second = await s.call("GET", String(at(first.body, "nextLink")));
    expect([...namesIn(first.body), ...namesIn(second.body)]).toEqual(["id-1", "id-2", "id-3", "id-4"]);
    expect(at(second.body, "nextLink")).toBeUndefined();
  });

  test("lists of uneven pages are whole, with empty pages in between, and their last page may fail", async () => {
    for (let n = 1; n <= 7; n++) await create(`id-${n}`);
    s.world.settings.pages = "uneven";
    const sizes: number[] = [];
    const found: unknown[] = [];
    let url: unknown = base;
    let last: unknown;
    while (typeof url === "string") {
      const { body } = await s.call("GET", url);
      sizes.push(namesIn(body).length);
      found.push(...namesIn(body));
      [last, url] = [url, at(body, "nextLink")];
    }
    expect(sizes).toEqual([1, 0, 4, 0, 2]);
    expect(new Set(found).size).toBe(7);
    s.world.settings.lastPageFails = true;
    expect(await s.call("GET", String(last))).toMatchObject({ status: 500 });
    s.world.settings.pages = "even";
    expect(await s.call("GET", base)).toMatchObject({ status: 200 });
  });

  function namesIn(body: unknown): unknown[] {
    const value = at(body, "value");
    return Array.isArray(value) ? value.map((item) => at(item, "name")) : [];
  }
});

test("a system-assigned identity can be read below its resource", async () => {
  const vm = `${groupId}/providers/Microsoft.Compute/virtualMachines/vm-1`;
  s.world.resources.set(vm, {
    id: vm,
    name: "vm-1",
    type: "Microsoft.Compute/virtualMachines",
    location: "westeurope",
  });
  const path = `${vm}/providers/Microsoft.ManagedIdentity/identities/default`;
  expect(codeOf(await s.call("GET", path))).toBe("ResourceNotFound");
  const patched = await s.call("PATCH", vm, { body: { identity: { type: "SystemAssigned" } } });
  const read = await s.call("GET", path);
  expect(at(read.body, "properties", "principalId")).toBe(at(patched.body, "identity", "principalId"));
});

test("the provider throttles with code 429 and Retry-After, but only where quotas are enforced", async () => {
  await create();
  const statuses = async () => {
    const answers = [];
    for (let i = 0; i < 12; i++) answers.push(await s.call("GET", url));
    return answers;
  };
  expect((await statuses()).every((a) => a.status === 200)).toBe(true);
  s.world.settings.throttled = true;
  const last = (await statuses()).at(-1);
  expect(last?.status).toBe(429);
  expect(last?.headers.get("retry-after")).toBe("2");
  expect(at(last?.body, "error", "code")).toBe("429");
  s.advance(2000);
  expect((await s.call("GET", url)).status).toBe(200);
});

test("a new identity answers its GET with 404 for a while, if it is told to", async () => {
  s.world.settings.identityLagInMs = 3000;
  const { status } = await create("id-1");
  const read = async () => (await s.call("GET", `${base}/id-1`)).status;
  expect([status, await read()]).toEqual([201, 404]);
  s.advance(3000);
  expect(await read()).toBe(200);
});
