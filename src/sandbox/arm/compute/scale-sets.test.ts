import { beforeEach, describe, expect, test } from "vitest";
import { instanceBodies, type ScaleSetParts, scaleSetBody } from "../../seed/compute-bodies.ts";
import { groupId, subscriptionId } from "../authorization/authorization-world.ts";
import { type Answered, at, codeOf, type Stage, stage } from "../provider-world.ts";

const sets = `${groupId}/providers/Microsoft.Compute/virtualMachineScaleSets`;
const identity = `${groupId}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-a`;

let s: Stage;
beforeEach(async () => {
  s = stage();
  await s.call("PUT", identity, { body: { location: "westeurope" } });
  putSet("manual", { upgradePolicy: "Manual" });
  putSet("auto", { upgradePolicy: "Automatic" });
  putSet("flex", { mode: "Flexible" });
});

function putSet(name: string, changes: Partial<ScaleSetParts>): void {
  const parts: ScaleSetParts = {
    id: `${sets}/${name}`,
    name,
    location: "westeurope",
    tags: {},
    size: "Standard_DS1_v2",
    createdAt: "2026-01-01T00:00:00+00:00",
    mode: "Uniform",
    instances: 2,
    upgradePolicy: "Manual",
    ...changes,
  };
  for (const body of [scaleSetBody(parts), ...instanceBodies(parts)]) s.world.resources.set(body.id, body);
}

const attach = (name: string) =>
  s.call("PATCH", `${sets}/${name}`, {
    body: { identity: { type: "UserAssigned", userAssignedIdentities: { [identity]: {} } } },
  });
const upgrade = (name: string, ...instanceIds: readonly string[]) =>
  s.call("POST", `${sets}/${name}/manualupgrade`, { body: { instanceIds } });
const value = (answer: Answered) => at(answer.body, "value") as object[];
const latest = async (name: string) =>
  value(await s.call("GET", `${sets}/${name}/virtualMachines`)).map((i) => [
    at(i, "instanceId"),
    at(i, "properties", "latestModelApplied"),
  ]);

describe("PATCH", () => {
  test("is like a machine's, with its own rate header and an etag two higher when one is added", async () => {
    const patched = await attach("manual");
    expect(patched.status).toBe(200);
    expect(at(patched.body, "properties", "provisioningState")).toBe("Updating");
    expect(Object.keys(patched.body as object)).toEqual([
      ...["name", "id", "type", "location", "tags", "identity", "sku", "etag", "properties"],
    ]);
    expect(patched.headers.get("x-ms-ratelimit-remaining-resource")).toMatch(
      /^Microsoft.Compute\/VMScaleSetActionsSubscriptionMaximum;1499,Microsoft.Compute\/VMScaleSetActionsResource;11,/,
    );
    expect(patched.headers.get("etag")).toBe('"3"');
    s.advance(5000);
    const removed = await s.call("PATCH", `${sets}/manual`, { body: { identity: { type: "None" } } });
    expect(removed.headers.get("etag")).toBe('"4"');
  });

  test.each(["flex", "auto"])("fills the ids in when it ends (%s)", async (name) => {
    await attach(name);
    s.advance(5000);
    const read = await s.call("GET", `${sets}/${name}`);
    expect(at(read.body, "identity", "userAssignedIdentities", identity)).toHaveProperty("principalId");
    expect(read.headers.get("x-ms-ratelimit-remaining-resource")).toBe(
      "Microsoft.Compute/GetVMScaleSetSubscriptionMaximum;2399,Microsoft.Compute/GetVMScaleSetResource;35",
    );
  });

  test("of a flexible set leaves its machines alone", async () => {
    await attach("flex");
    s.advance(5000);
    const machines = value(await s.call("GET", `${groupId}/providers/Microsoft.Compute/virtualMachines`));
    expect(machines.map((m) => at(m, "properties", "virtualMachineScaleSet", "id"))).toEqual([
      `${sets}/flex`,
      `${sets}/flex`,
    ]);
    expect(machines.some((m) => at(m, "identity") !== undefined)).toBe(false);
  });
});

describe("instances", () => {
  test("fall behind under a manual policy when the identity has changed, not before and not for tags", async () => {
    await s.call("PATCH", `${sets}/manual`, { body: { tags: { a: "1" } } });
    s.advance(5000);
    expect(await latest("manual")).toEqual([
      ["0", true],
      ["1", true],
    ]);
    await attach("manual");
    expect(await latest("manual")).toEqual([
      ["0", true],
      ["1", true],
    ]);
    s.advance(5000);
    expect(await latest("manual")).toEqual([
      ["0", false],
      ["1", false],
    ]);
    expect(at((await s.call("GET", `${sets}/manual/virtualMachines/1`)).body, "name")).toBe("manual_1");
  });

  test("follow under an automatic one, and carry the set's identities", async () => {
    await attach("auto");
    s.advance(5000);
    expect(await latest("auto")).toEqual([
      ["0", true],
      ["1", true],
    ]);
    const instance = await s.call("GET", `${sets}/auto/virtualMachines/0`);
    const set = await s.call("GET", `${sets}/auto`);
    expect(at(instance.body, "identity")).toEqual(at(set.body, "identity"));
  });

  test("of a flexible set are its machines; one that is missing is 404", async () => {
    expect(value(await s.call("GET", `${sets}/flex/virtualMachines`))).toHaveLength(2);
    expect(codeOf(await s.call("GET", `${sets}/manual/virtualMachines/7`))).toBe("ResourceNotFound");
    expect((await s.call("GET", `${sets}/missing/virtualMachines`)).status).toBe(404);
  });
});

describe("manualupgrade", () => {
  beforeEach(async () => {
    await attach("manual");
    s.advance(5000);
  });

  test("is 200 where the answer is to name no operation, and ends all the same", async () => {
    s.world.operationModes.add({ path: "**", mode: "withoutHeader", after: 0, times: 1 });
    const { status, headers } = await upgrade("manual", "*");
    expect([status, headers.get("location"), headers.get("azure-asyncoperation")]).toEqual([200, null, null]);
    s.advance(5000);
    expect(await latest("manual")).toEqual([
      ["0", true],
      ["1", true],
    ]);
  });

  test("is 202 with both URLs, raises the etag, and brings instances up to date when it ends", async () => {
    const answer = await upgrade("manual", "*");
    expect([answer.status, answer.body]).toEqual([202, undefined]);
    const location = answer.headers.get("location") ?? "";
    expect(answer.headers.get("azure-asyncoperation")).toContain("/operations/");
    expect((await s.call("GET", location)).status).toBe(202);
    expect(await latest("manual")).toEqual([
      ["0", false],
      ["1", false],
    ]);
    s.advance(5000);
    const ended = await s.call("GET", location);
    expect([ended.status, ended.body]).toEqual([200, undefined]);
    expect(await latest("manual")).toEqual([
      ["0", true],
      ["1", true],
    ]);
    expect(at((await s.call("GET", `${sets}/manual`)).body, "etag")).toBe('"4"');
  });

  test("of one instance leaves the other behind", async () => {
    await upgrade("manual", "1");
    s.advance(5000);
    expect(await latest("manual")).toEqual([
      ["0", false],
      ["1", true],
    ]);
  });

  test("while a write runs is 409", async () => {
    await s.call("PATCH", `${sets}/manual`, { body: { tags: {} } });
    const refused = await upgrade("manual", "*");
    expect([refused.status, codeOf(refused)]).toEqual([409, "Conflict"]);
  });

  test.each([
    ["an unknown instance", "manual", ["7"], 400],
    ["no instance", "manual", [], 400],
    ["a flexible set", "flex", ["*"], 409],
    ["a missing set", "missing", ["*"], 404],
  ])("refuses %s", async (_, name, ids, status) => {
    expect((await upgrade(name, ...ids)).status).toBe(status);
  });
});

test("lists by group, and by subscription with the group in capitals", async () => {
  const all = await s.call(
    "GET",
    `/subscriptions/${subscriptionId}/providers/Microsoft.Compute/virtualMachineScaleSets`,
  );
  expect(value(all).map((v) => at(v, "id"))).toEqual(
    ["manual", "auto", "flex"].map((n) => `${sets}/${n}`.replace("rg-orders", "RG-ORDERS")),
  );
  expect(value(await s.call("GET", sets)).map((v) => at(v, "name"))).toEqual(["manual", "auto", "flex"]);
});

test("a PUT creates one, and may not switch the orchestration of one that is there", async () => {
  const body = {
    location: "westeurope",
    sku: { name: "Standard_B2ms", capacity: 0 },
    properties: { orchestrationMode: "Flexible" },
  };
  expect((await s.call("PUT", `${sets}/new`, { body })).status).toBe(201);
  expect((await s.call("PUT", `${sets}/manual`, { body })).status).toBe(409);
});
