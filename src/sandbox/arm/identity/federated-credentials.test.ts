import { beforeEach, describe, expect, test } from "vitest";
import { groupId } from "../authorization/authorization-world.ts";
import { at, codeOf, type Stage, stage } from "../provider-world.ts";

const identity = `${groupId}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-1`;
const list = `${identity}/federatedIdentityCredentials`;
const storedList = list.replace("resourceGroups", "resourcegroups");
const github = {
  issuer: "https://token.actions.githubusercontent.com",
  subject: "repo:a/b:ref:refs/heads/main",
  audiences: ["api://AzureADTokenExchange"],
};

let s: Stage;
beforeEach(async () => {
  s = stage({ credentialWriteInMs: 1 });
  await s.call("PUT", identity, { body: { location: "westeurope" } });
});

const put = (name: string, changes: object = {}) =>
  s.call("PUT", `${list}/${name}`, { body: { properties: { ...github, ...changes } } });

test("PUT creates with 201 and a relative Location, then updates with 200; GET shows it", async () => {
  const made = await put("main");
  expect(made.status).toBe(201);
  expect(made.headers.get("location")).toBe(`${storedList}/main`);
  expect(made.body).toEqual({
    id: `${storedList}/main`,
    name: "main",
    type: "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials",
    properties: github,
  });
  const changed = await put("main", { subject: "other" });
  expect([changed.status, at(changed.body, "properties", "subject")]).toEqual([200, "other"]);
  expect((await s.call("GET", `${list}/main`)).body).toEqual(changed.body);
});

test("the directory learns what tokens the principal is exchanged for, and forgets it", async () => {
  await put("main");
  const federated = () => s.world.principals.values().find((p) => p.displayName === "id-1")?.federated;
  const { audiences, ...rest } = github;
  expect(federated()).toEqual([{ ...rest, audience: audiences[0] }]);
  await s.call("DELETE", `${list}/main`);
  expect(federated()).toEqual([]);
});

test("LIST pages by $top and $skiptoken", async () => {
  expect((await s.call("GET", list)).body).toEqual({ value: [] });
  for (const name of ["one", "two", "three"]) await put(name, { subject: name });
  const first = await s.call("GET", `${list}?$top=2`);
  const second = await s.call("GET", String(at(first.body, "nextLink")));
  const names = [first, second].flatMap((p) => (at(p.body, "value") as object[]).map((c) => at(c, "name")));
  expect(names).toEqual(["one", "two", "three"]);
});

describe("refused", () => {
  test.each([
    ["two audiences", "main", { audiences: ["a", "b"] }, "must have exactly one audience"],
    ["no audience", "main", { audiences: [] }, "has empty properties"],
    ["an empty issuer", "main", { issuer: "" }, "has empty properties"],
    ["no subject", "main", { subject: null }, "has empty properties"],
    ["a short name", "ab", {}, "name 'ab' is invalid"],
    ["a name with a dot", "a.bc", {}, "is invalid"],
  ])("%s", async (_, name, changes, text) => {
    const answer = await put(name, changes);
    expect(answer.status).toBe(400);
    expect(at(answer.body, "error", "message")).toContain(text);
    expect((await s.call("GET", list)).body).toEqual({ value: [] });
  });

  test("a body without properties", async () => {
    expect((await s.call("PUT", `${list}/main`, { body: {} })).status).toBe(400);
  });

  test("the same issuer and subject under another name", async () => {
    await put("main");
    const twin = await put("twin");
    expect([twin.status, at(twin.body, "error", "message")]).toEqual([
      400,
      "Issuer and subject combination already exists for this Managed Identity.",
    ]);
    expect((await put("main")).status).toBe(200);
  });

  test("a twenty-first, while the twentieth may still be changed", async () => {
    for (let i = 0; i < 20; i++) expect((await put(`fic-${i}`, { subject: String(i) })).status).toBe(201);
    expect((await put("fic-20", { subject: "20" })).status).toBe(400);
    expect((await put("fic-19", { subject: "19b" })).status).toBe(200);
  });

  test("below a missing identity", async () => {
    await s.call("DELETE", identity);
    const missing = await put("main");
    expect([missing.status, codeOf(missing)]).toEqual([404, "ParentResourceNotFound"]);
    expect(codeOf(await s.call("GET", `${list}/main`))).toBe("ParentResourceNotFound");
  });
});

test("what is missing is told by the provider; its DELETE is 204", async () => {
  const missing = await s.call("GET", `${list}/main`);
  expect(missing.status).toBe(404);
  expect(missing.headers.get("x-ms-failure-cause")).toBeNull();
  expect(missing.body).toEqual({
    error: { code: "NotFound", message: `Resource '${storedList}/main' was not found.` },
  });
  expect((await s.call("DELETE", `${list}/main`)).status).toBe(204);
});

test("DELETE: 200 empty; with the identity all go", async () => {
  await put("main");
  await put("other", { subject: "other" });
  const gone = await s.call("DELETE", `${list}/main`);
  expect([gone.status, gone.body]).toEqual([200, undefined]);
  await s.call("DELETE", identity);
  await s.call("PUT", identity, { body: { location: "westeurope" } });
  expect((await s.call("GET", list)).body).toEqual({ value: [] });
});

test("two writes at once for one identity: one is refused with 409, for two identities none", async () => {
  const both = await Promise.all([put("one", { subject: "1" }), put("two", { subject: "2" })]);
  expect(both.map((a) => a.status).sort((a, b) => a - b)).toEqual([201, 409]);
  const refused = both.find((a) => a.status === 409);
  expect(refused && codeOf(refused)).toBe(
    "ConcurrentFederatedIdentityCredentialsWritesForSingleManagedIdentity",
  );
  expect(at(refused?.body, "error", "message")).toContain(
    "/providers/microsoft.managedidentity/userassignedidentities/id-1'",
  );
  const other = identity.replace("id-1", "id-2");
  await s.call("PUT", other, { body: { location: "westeurope" } });
  const apart = await Promise.all([
    put("three", { subject: "3" }),
    s.call("PUT", `${other}/federatedIdentityCredentials/one`, { body: { properties: github } }),
  ]);
  expect(apart.map((a) => a.status)).toEqual([201, 201]);
});

test("a DELETE collides with a write, too", async () => {
  await put("one", { subject: "1" });
  const both = await Promise.all([s.call("DELETE", `${list}/one`), put("two", { subject: "2" })]);
  expect(both.map((a) => a.status)).toContain(409);
});
