import { describe, expect, test } from "vitest";
import { type ApiOptions, apiApp } from "./api.ts";

const token = "0123456789abcdef0123456789abcdef";

function api(change: Partial<ApiOptions> = {}) {
  return apiApp({
    host: "127.0.0.1",
    status: () => ({ revision: "r1" }),
    document: ({ kind, namespace, name }) =>
      name === "orders" ? { is: `${kind}/${namespace}/${name}` } : undefined,
    onBug: (error) => expect(error).toBeUndefined(),
    ...change,
  });
}

async function get(path: string, headers: Record<string, string>, change: Partial<ApiOptions> = {}) {
  const answer = await api(change).request(path, { headers });
  return { status: answer.status, json: await answer.json(), headers: answer.headers };
}

const here = { Host: "127.0.0.1:8082" };

test("the status", async () => {
  const { status, json, headers } = await get("/api/v1/status", here);
  expect([status, json]).toEqual([200, { revision: "r1" }]);
  expect(headers.get("content-type")).toBe("application/json");
  expect(headers.get("cache-control")).toBe("no-store");
  expect(headers.get("x-content-type-options")).toBe("nosniff");
  expect(headers.get("access-control-allow-origin")).toBeNull();
});

test("what Azure and manifests say cannot steer a terminal", async () => {
  const hostile = { message: "\u001b[2J \u202e \u0007" };
  const answer = await api({ status: () => hostile }).request("/api/v1/status", { headers: here });
  const text = await answer.text();
  expect(JSON.parse(text)).toEqual(hostile);
  expect(text).toMatch(/^[\x20-\x7e]*$/);
});

test.each([
  ["IdentityBinding/team-orders/orders", 200],
  ["UserAssignedIdentity/team-orders/orders", 200],
  ["IdentityBinding/team-orders/other", 404],
  ["Policy/team-orders/orders", 404],
  ["IdentityBinding/orders", 404],
  ["__proto__/team-orders/orders", 404],
])("the document %s: %d", async (path, expected) => {
  const { status, json } = await get(`/api/v1/documents/${path}`, here);
  expect(status).toBe(expected);
  if (expected === 200) expect(json).toEqual({ is: path });
});

test.each(["POST", "PUT", "DELETE", "PATCH"])("%s is nothing", async (method) => {
  expect((await api().request("/api/v1/status", { method, headers: here })).status).toBe(404);
});

describe("on loopback", () => {
  test.each(["127.0.0.1", "127.0.0.1:8082", "localhost:8082", "LOCALHOST", "[::1]:8082", "127.0.0.53:1"])(
    "%s is asked for",
    async (host) => {
      expect((await get("/api/v1/status", { Host: host })).status).toBe(200);
    },
  );
  test.each([
    "evil.example",
    "evil.example:8082",
    "127.0.0.1.evil.example:8082",
    "localhost.evil.example",
    "evil.example:127.0.0.1",
    "10.0.0.1",
    "127.0.0.1:8082, evil.example",
    "",
  ])("%j is another name that was made to point here", async (host) => {
    const { status, json } = await get("/api/v1/status", { Host: host });
    expect([status, json]).toEqual([421, { error: expect.any(String) }]);
  });
  test("a request without a name is refused", async () => {
    expect((await get("/api/v1/status", {})).status).toBe(421);
  });
  test("a token is asked for where there is one", async () => {
    expect((await get("/api/v1/status", here, { token })).status).toBe(401);
    const bearer = { ...here, Authorization: `Bearer ${token}` };
    expect((await get("/api/v1/status", bearer, { token })).status).toBe(200);
  });
});

describe("elsewhere", () => {
  const host = "0.0.0.0";
  const there = { Host: "bindery.internal:8082" };
  test.each(["0.0.0.0", "::", "10.0.0.1", "bindery.internal", "", "127.0.0.1.evil.example"])(
    "on %j there is no API without a token",
    (address) => {
      expect(() => api({ host: address })).toThrow(
        expect.objectContaining({ details: { code: "UnprotectedApi" } }),
      );
    },
  );
  test("nor with one that can be guessed", () => {
    expect(() => api({ host, token: "short" })).toThrow(
      expect.objectContaining({ details: { code: "WeakSecret" } }),
    );
  });
  test.each([`Bearer ${token}`, `bearer ${token}`])("%s opens", async (authorization) => {
    const { status } = await get(
      "/api/v1/status",
      { ...there, Authorization: authorization },
      { host, token },
    );
    expect(status).toBe(200);
  });
  test.each<readonly [string, Record<string, string>]>([
    ["nothing", {}],
    ["another token", { Authorization: `Bearer ${token}0` }],
    ["the beginning of it", { Authorization: `Bearer ${token.slice(0, -1)}` }],
    ["no scheme", { Authorization: token }],
    ["basic", { Authorization: `Basic ${btoa(`:${token}`)}` }],
    ["an empty token", { Authorization: "Bearer " }],
  ])("%s does not, whatever is asked for", async (_, headers) => {
    for (const path of ["/api/v1/status", "/api/v1/documents/IdentityBinding/a/orders", "/nothing"]) {
      const answer = await get(path, { ...there, ...headers }, { host, token });
      expect([answer.status, answer.headers.get("www-authenticate")]).toEqual([401, "Bearer"]);
    }
  });
});
