import { beforeEach, describe, expect, test } from "vitest";
import { virtualMachineBody } from "../../seed/compute-bodies.ts";
import { assign, groupId, putRole, subscriptionId } from "../authorization/authorization-world.ts";
import { type Answered, at, codeOf, putGroup, type Stage, stage } from "../provider-world.ts";

const vmId = `${groupId}/providers/Microsoft.Compute/virtualMachines/vm-1`;
const identities = `${groupId}/providers/Microsoft.ManagedIdentity/userAssignedIdentities`;
const [a, b] = [`${identities}/id-a`, `${identities}/id-b`];
const stranger = "dddddddd-0000-4000-8000-000000000001";

let s: Stage;
beforeEach(async () => {
  s = stage();
  putVm(vmId, "vm-1");
  for (const id of [a, b]) await s.call("PUT", id, { body: { location: "westeurope" } });
});

function putVm(id: string, name: string): void {
  const createdAt = "2026-01-01T00:00:00+00:00";
  s.world.resources.set(
    id,
    virtualMachineBody({
      id,
      name,
      location: "westeurope",
      tags: { app: "orders" },
      size: "Standard_B2ms",
      createdAt,
    }),
  );
}

const patch = (identity: unknown, headers: Record<string, string> = {}) =>
  s.call("PATCH", vmId, { body: { identity }, headers });
const attach = (...ids: readonly string[]) =>
  patch({ type: "UserAssigned", userAssignedIdentities: Object.fromEntries(ids.map((id) => [id, {}])) });
const read = async () => (await s.call("GET", vmId)).body;
const entryOf = (body: unknown, id: string) => at(body, "identity", "userAssignedIdentities", id);
const stateOf = (body: unknown) => at(body, "properties", "provisioningState");
const pollUrl = (answer: Answered) => answer.headers.get("azure-asyncoperation") ?? "";
const idsOf = (id: string) => {
  const { principalId, clientId } = s.world.resources.get(id)?.properties ?? {};
  return { principalId, clientId };
};

describe("PATCH of the identity", () => {
  test("answers 200 and Updating with {} for the new key; ids come when the operation has ended", async () => {
    const patched = await attach(a);
    expect(patched.status).toBe(200);
    expect(stateOf(patched.body)).toBe("Updating");
    expect(entryOf(patched.body, a)).toEqual({});
    expect(Object.keys(patched.body as object)).toEqual([
      ...["name", "id", "type", "location", "tags", "identity", "properties", "etag"],
    ]);
    s.advance(4999);
    expect(await read()).toEqual(patched.body);
    s.advance(1);
    const after = await read();
    expect([stateOf(after), entryOf(after, a)]).toEqual(["Succeeded", idsOf(a)]);
  });

  test("sends Compute's headers: an opaque operation URL, no Location, no Retry-After", async () => {
    const { headers } = await attach(a);
    const url = new URL(headers.get("azure-asyncoperation") ?? "");
    expect(url.origin).toBe("https://management.localhost");
    expect(url.pathname).toMatch(
      new RegExp(
        `^/subscriptions/${subscriptionId}/providers/Microsoft.Compute/locations/westeurope/operations/[0-9a-f-]{36}$`,
      ),
    );
    expect([...url.searchParams.keys()]).toEqual(["p", "api-version", "t", "c", "s", "h"]);
    expect(headers.get("azure-asyncnotification")).toBe("Enabled");
    expect(headers.get("location")).toBeNull();
    expect(headers.get("retry-after")).toBeNull();
    expect(headers.get("etag")).toBe('"2"');
    expect(headers.get("x-ms-ratelimit-remaining-resource")).toBe(
      "Microsoft.Compute/UpdateVMSubscriptionMaximum;1499,Microsoft.Compute/UpdateVMResource;11",
    );
  });

  test("merges: adds and removes at once, keeps what is not named", async () => {
    await attach(a);
    s.advance(5000);
    await patch({ type: "UserAssigned", userAssignedIdentities: { [a.toLowerCase()]: null, [b]: {} } });
    s.advance(5000);
    expect(at(await read(), "identity")).toEqual({
      type: "UserAssigned",
      userAssignedIdentities: { [b]: idsOf(b) },
    });
  });

  test("None takes the member away", async () => {
    await attach(a);
    s.advance(5000);
    const patched = await patch({ type: "None" });
    expect(patched.body).not.toHaveProperty("identity");
    s.advance(5000);
    expect(await read()).not.toHaveProperty("identity");
  });

  test("a system identity has a principal of its own, which goes with it", async () => {
    const patched = await patch({ type: "SystemAssigned" });
    const principalId = String(at(patched.body, "identity", "principalId"));
    expect(s.world.principals.get(principalId)).toMatchObject({ kind: "ManagedIdentity", resourceId: vmId });
    s.advance(5000);
    await patch({ type: "SystemAssigned, UserAssigned", userAssignedIdentities: { [a]: {} } });
    s.advance(5000);
    expect(at(await read(), "identity", "principalId")).toBe(principalId);
    await patch({ type: "UserAssigned" });
    s.advance(5000);
    expect(at(await read(), "identity", "principalId")).toBeUndefined();
    expect(s.world.principals.has(principalId)).toBe(false);
  });

  test("a refused request changes nothing and starts no operation", async () => {
    const before = await read();
    const refused = await attach(a, `${identities}/missing`);
    expect([refused.status, codeOf(refused)]).toEqual([400, "FailedIdentityOperation"]);
    expect(await read()).toEqual(before);
    expect(s.world.operations.values()).toEqual([]);
  });

  test.each(["gone", "kept"] as const)(
    "an identity deleted and made anew stays bound to the dead principal, whose ids are %s, until it is removed and added",
    async (ids) => {
      s.world.switches.deletedIdentityIds = ids;
      await attach(a, b);
      s.advance(5000);
      const dead = ids === "kept" ? idsOf(a) : {};
      await s.call("DELETE", a);
      expect(entryOf(await read(), a)).toEqual(dead);
      expect(codeOf(await attach(a))).toBe("FailedIdentityOperation");
      await s.call("PUT", a, { body: { location: "westeurope" } });
      expect((await attach(a)).status).toBe(200);
      s.advance(5000);
      expect(entryOf(await read(), a)).toEqual(dead);
      await patch({ type: "UserAssigned", userAssignedIdentities: { [a]: null } });
      s.advance(5000);
      await attach(a);
      s.advance(5000);
      expect(entryOf(await read(), a)).toEqual(idsOf(a));
      expect(idsOf(a)).not.toEqual(dead);
    },
  );

  test("a dangling key is removed by null, and fails others only where that is set", async () => {
    await attach(a, b);
    s.advance(5000);
    await s.call("DELETE", a);
    const c = `${identities}/id-c`;
    await s.call("PUT", c, { body: { location: "westeurope" } });
    s.world.switches.danglingIdentity = "poisons";
    expect(codeOf(await attach(c))).toBe("FailedIdentityOperation");
    s.world.switches.danglingIdentity = "tolerated";
    expect((await attach(c)).status).toBe(200);
    s.advance(5000);
    expect((await patch({ type: "UserAssigned", userAssignedIdentities: { [a]: null } })).status).toBe(200);
    s.advance(5000);
    expect(Object.keys(at(await read(), "identity", "userAssignedIdentities") as object)).toEqual([b, c]);
  });

  test("an identity that goes away meanwhile fails the operation and brings the old block back", async () => {
    await attach(b);
    s.advance(5000);
    const patched = await patch({
      type: "SystemAssigned, UserAssigned",
      userAssignedIdentities: { [a]: {} },
    });
    await s.call("DELETE", a);
    s.advance(5000);
    const polled = await s.call("GET", pollUrl(patched));
    expect(polled.body).toMatchObject({ status: "Failed", error: { code: "FailedIdentityOperation" } });
    const after = await read();
    expect([stateOf(after), at(after, "identity")]).toEqual([
      "Failed",
      { type: "UserAssigned", userAssignedIdentities: { [b]: idsOf(b) } },
    ]);
    expect(s.world.principals.has(String(at(patched.body, "identity", "principalId")))).toBe(false);
  });
});

describe("rights on the identities", () => {
  const assignAction = "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action";
  const attachAs = (ids: readonly (string | [string, null])[]) =>
    s.call("PATCH", vmId, {
      as: stranger,
      body: {
        identity: {
          type: "UserAssigned",
          userAssignedIdentities: Object.fromEntries(
            ids.map((id) => (typeof id === "string" ? [id, {}] : id)),
          ),
        },
      },
    });

  beforeEach(() => {
    putRole(s.world, "vm-writer", { actions: ["Microsoft.Compute/virtualMachines/*"] });
    putRole(s.world, "operator", { actions: [assignAction] });
    assign(s.world, { scope: groupId, role: "vm-writer", principalId: stranger });
  });

  test("one error names all new ids that the caller may not assign, missing ones too", async () => {
    assign(s.world, { scope: b, role: "operator", principalId: stranger });
    const missing = `${identities}/missing`;
    const refused = await attachAs([a, b, missing]);
    expect(refused.status).toBe(403);
    expect(refused.body).toEqual({
      error: {
        code: "LinkedAuthorizationFailed",
        message: `The client 'client' with object id '${stranger}' has permission to perform action 'Microsoft.Compute/virtualMachines/write' on scope '${vmId}'; however, it does not have permission to perform action '${assignAction}' on the linked scope(s) '${a},${missing}' or the linked scope(s) are invalid.`,
      },
    });
  });

  test("what is attached already, or removed, takes no right", async () => {
    await attach(a, b);
    s.advance(5000);
    expect((await attachAs([a, [b, null]])).status).toBe(200);
  });

  test("without the right to write the machine nothing is said of identities", async () => {
    const refused = await s.call("PATCH", vmId, { as: "nobody", body: {} });
    expect([refused.status, codeOf(refused)]).toEqual([403, "AuthorizationFailed"]);
  });

  test("an operation may be polled by its whole URL, without rights on the subscription; a clipped URL takes them", async () => {
    assign(s.world, { scope: a, role: "operator", principalId: stranger });
    const url = pollUrl(await attachAs([a]));
    expect((await s.call("GET", url, { as: stranger })).status).toBe(200);
    const clipped = url.replace(/&t=.*/, "");
    expect((await s.call("GET", clipped, { as: stranger })).status).toBe(403);
    expect((await s.call("GET", clipped)).status).toBe(200);
  });
});

describe("operations", () => {
  test("InProgress, then Succeeded, with up to seven decimals", async () => {
    const url = pollUrl(await attach(a));
    const running = await s.call("GET", url);
    const name = new URL(url).pathname.split("/").at(-1);
    expect(running.body).toEqual({ startTime: "2026-01-12T04:07:13.416+00:00", status: "InProgress", name });
    expect(running.headers.get("retry-after")).toBeNull();
    s.advance(5000);
    expect((await s.call("GET", url)).body).toEqual({
      startTime: "2026-01-12T04:07:13.416+00:00",
      endTime: "2026-01-12T04:07:18.416+00:00",
      status: "Succeeded",
      name,
    });
  });

  test("an unknown one is 404, and so is one of another region", async () => {
    const url = new URL(pollUrl(await attach(a)));
    for (const path of [
      url.pathname.replace(/[0-9a-f-]{36}$/, "unknown"),
      url.pathname.replace("westeurope", "westus"),
    ]) {
      expect((await s.call("GET", path)).status).toBe(404);
    }
  });

  test("a second write while one runs is 409", async () => {
    await attach(a);
    const second = await attach(b);
    expect([second.status, codeOf(second)]).toEqual([409, "Conflict"]);
    expect((await s.call("DELETE", vmId)).status).toBe(409);
    s.advance(5000);
    expect((await attach(b)).status).toBe(200);
  });

  test("tags set by others while it runs are kept", async () => {
    await attach(a);
    const tags = `${vmId}/providers/Microsoft.Resources/tags/default`;
    await s.call("PATCH", tags, {
      version: "2021-04-01",
      body: { operation: "Merge", properties: { tags: { late: "1" } } },
    });
    s.advance(5000);
    expect(at(await read(), "tags")).toEqual({ app: "orders", late: "1" });
  });

  test("other parts of ARM see the end without anybody polling", async () => {
    await attach(a);
    s.advance(5000);
    const list = await s.call("GET", `${groupId}/resources?api-version=2021-04-01`);
    const vm = (at(list.body, "value") as object[]).find((r) => at(r, "name") === "vm-1");
    expect(entryOf(vm, a)).toEqual(idsOf(a));
  });
});

describe("etags", () => {
  test.each([
    ["if-match", '"1"', 200],
    ["if-match", "1", 200],
    ["if-match", "*", 200],
    ["if-match", '"7", "1"', 200],
    ["if-match", '"7"', 412],
    ["if-none-match", '"7"', 200],
    ["if-none-match", '"1"', 412],
    ["if-none-match", "*", 412],
  ])("%s %s: %i", async (header, value, status) => {
    const answer = await patch({ type: "SystemAssigned" }, { [header]: value });
    expect(answer.status).toBe(status);
    if (status === 412) expect(codeOf(answer)).toBe("PreconditionFailed");
    expect(at(await read(), "etag")).toBe(status === 412 ? '"1"' : '"2"');
  });

  test("the text of a mismatch is Compute's", async () => {
    const { body } = await patch({ type: "None" }, { "if-match": '"7"' });
    expect(at(body, "error", "message")).toBe(
      'Etag provided in if-match header "7" does not match etag "1" of resource.',
    );
  });

  test("it grows by one with each write and stands in body and header", async () => {
    for (const etag of ['"2"', '"3"', '"4"']) {
      const answer = await s.call("PATCH", vmId, { body: { tags: {} } });
      expect([answer.headers.get("etag"), at(answer.body, "etag")]).toEqual([etag, etag]);
      s.advance(5000);
    }
  });
});

describe("PATCH of the rest", () => {
  test("tags are replaced, properties merged, what Compute writes itself is not", async () => {
    const patched = await s.call("PATCH", vmId, {
      body: { tags: { x: "1" }, properties: { hardwareProfile: { vmSize: "Standard_D2" }, vmId: "mine" } },
    });
    expect(at(patched.body, "tags")).toEqual({ x: "1" });
    expect(at(patched.body, "properties", "hardwareProfile")).toEqual({ vmSize: "Standard_D2" });
    expect(at(patched.body, "properties", "vmId")).not.toBe("mine");
    expect(at(patched.body, "properties", "osProfile", "computerName")).toBe("vm-1");
  });

  test.each([
    ["an unknown member", { identities: {} }, 400, "InvalidRequestContent"],
    ["another location", { location: "westus" }, 409, "PropertyChangeNotAllowed"],
    ["properties that are none", { properties: [] }, 400, "InvalidRequestContent"],
  ])("%s is refused", async (_, body, status, code) => {
    const answer = await s.call("PATCH", vmId, { body });
    expect([answer.status, codeOf(answer)]).toEqual([status, code]);
  });
});

describe("PUT and DELETE", () => {
  const other = vmId.replace("vm-1", "vm-2");

  test("PUT creates with 201, Creating, then Succeeded with its identities", async () => {
    const made = await s.call("PUT", other, {
      body: {
        location: "West Europe",
        identity: { type: "UserAssigned", userAssignedIdentities: { [a]: {} } },
        properties: { hardwareProfile: { vmSize: "Standard_B2ms" } },
      },
    });
    expect([made.status, stateOf(made.body), made.headers.get("retry-after")]).toEqual([
      201,
      "Creating",
      "1",
    ]);
    s.advance(5000);
    const after = (await s.call("GET", other)).body;
    expect(after).toMatchObject({ id: other, location: "westeurope", etag: '"1"' });
    expect([stateOf(after), entryOf(after, a)]).toEqual(["Succeeded", idsOf(a)]);
  });

  test("PUT over one replaces what is sent, keeps its id and an identity that is not mentioned", async () => {
    await attach(a);
    s.advance(5000);
    const before = await read();
    const put = await s.call("PUT", vmId, {
      body: { location: "westeurope", properties: { licenseType: "None" } },
    });
    expect([put.status, put.headers.get("retry-after")]).toEqual([200, null]);
    expect(at(put.body, "properties", "vmId")).toBe(at(before, "properties", "vmId"));
    expect(at(put.body, "properties", "osProfile")).toBeUndefined();
    expect(at(put.body, "identity")).toEqual(at(before, "identity"));
    expect(put.body).not.toHaveProperty("tags");
  });

  test("a PUT's map is the whole truth, and null in it is refused", async () => {
    await attach(a);
    s.advance(5000);
    const identity = { type: "UserAssigned", userAssignedIdentities: { [a]: null, [b]: {} } };
    expect(codeOf(await s.call("PUT", vmId, { body: { location: "westeurope", identity } }))).toBe(
      "InvalidIdentityValues",
    );
    const onlyB = { type: "UserAssigned", userAssignedIdentities: { [b]: {} } };
    const put = await s.call("PUT", vmId, { body: { location: "westeurope", identity: onlyB } });
    expect(at(put.body, "identity")).toEqual(onlyB);
  });

  test("If-None-Match: * keeps a PUT from replacing", async () => {
    const put = await s.call("PUT", vmId, {
      body: { location: "westeurope" },
      headers: { "if-none-match": "*" },
    });
    expect(put.status).toBe(412);
  });

  test("DELETE is 202 with both URLs; the machine and its principal go when it ends, then 204", async () => {
    const patched = await patch({ type: "SystemAssigned" });
    s.advance(5000);
    const gone = await s.call("DELETE", vmId);
    expect([gone.status, gone.body]).toEqual([202, undefined]);
    const location = gone.headers.get("location") ?? "";
    expect(location).toContain("monitor=true");
    expect(stateOf(await read())).toBe("Deleting");
    expect((await s.call("GET", location)).status).toBe(202);
    s.advance(5000);
    const ended = await s.call("GET", location);
    expect([ended.status, ended.body]).toEqual([200, undefined]);
    expect(codeOf(await s.call("GET", vmId))).toBe("ResourceNotFound");
    expect(s.world.principals.has(String(at(patched.body, "identity", "principalId")))).toBe(false);
    expect((await s.call("DELETE", vmId)).status).toBe(204);
  });

  test("actions that are not there are refused, not ignored", async () => {
    expect((await s.call("POST", `${vmId}/start`)).status).toBe(405);
  });
});

describe("lists", () => {
  const value = (answer: Answered) => at(answer.body, "value") as Record<string, unknown>[];

  test("by subscription with the group in capitals, by group as it is; identity keys keep theirs", async () => {
    await attach(a);
    s.advance(5000);
    const all = await s.call(
      "GET",
      `/subscriptions/${subscriptionId}/providers/Microsoft.Compute/virtualMachines`,
    );
    expect(value(all).map((v) => v.id)).toEqual([vmId.replace("rg-orders", "RG-ORDERS")]);
    expect(entryOf(value(all)[0], a)).toEqual(idsOf(a));
    expect(all.headers.get("x-ms-ratelimit-remaining-resource")).toBe(
      "Microsoft.Compute/HighCostGetSubscriptionMaximum;899",
    );
    const inGroup = await s.call("GET", `${groupId}/providers/Microsoft.Compute/virtualMachines`);
    expect(value(inGroup).map((v) => v.id)).toEqual([vmId]);
  });

  test("show the world as it was a while ago, and all pages the same instant", async () => {
    s.world.settings.listLagInMs = 1000;
    s.world.settings.pageSize = 1;
    s.advance(2000);
    const group = `/subscriptions/${subscriptionId}/resourceGroups/rg-2`;
    putGroup(s.world, group);
    putVm(vmId.replace("vm-1", "vm-2"), "vm-2");
    const list = `${groupId}/providers/Microsoft.Compute/virtualMachines`;
    expect(value(await s.call("GET", list)).map((v) => v.name)).toEqual(["vm-1"]);
    s.advance(1000);
    const first = await s.call("GET", list);
    s.world.resources.delete(vmId);
    const second = await s.call("GET", String(at(first.body, "nextLink")));
    expect([...value(first), ...value(second)].map((v) => v.name)).toEqual(["vm-1", "vm-2"]);
  });

  test("the members of a flexible set by filter, ids in capitals; other filters are refused", async () => {
    const setId = `${groupId}/providers/Microsoft.Compute/virtualMachineScaleSets/flex`;
    const vm = s.world.resources.get(vmId);
    if (vm === undefined) throw new Error("no machine");
    s.world.resources.set(vmId, {
      ...vm,
      properties: { ...vm.properties, virtualMachineScaleSet: { id: setId } },
    });
    putVm(vmId.replace("vm-1", "vm-2"), "vm-2");
    const list = `${groupId}/providers/Microsoft.Compute/virtualMachines`;
    const filter = encodeURIComponent(`'virtualMachineScaleSet/id' eq '${setId}'`);
    const members = value(await s.call("GET", `${list}?$filter=${filter}`));
    expect(members.map((v) => v.id)).toEqual([vmId.replace("rg-orders", "RG-ORDERS")]);
    expect(at(members[0], "properties", "virtualMachineScaleSet", "id")).toBe(
      setId.replace("rg-orders", "RG-ORDERS"),
    );
    expect((await s.call("GET", `${list}?$filter=name%20eq%20'x'`)).status).toBe(400);
  });
});

test("a throttled machine answers 429 without an envelope, and takes writes again after a while", async () => {
  s.world.settings.throttled = true;
  s.world.settings.operationInMs = 0;
  const answers = [];
  for (let i = 0; i < 13; i++) answers.push(await s.call("PATCH", vmId, { body: { tags: {} } }));
  expect(answers.map((x) => x.status)).toEqual([...Array.from({ length: 12 }, () => 200), 429]);
  const last = answers.at(-1);
  expect(last?.headers.get("retry-after")).toBe("15");
  expect(last?.body).toMatchObject({
    code: "OperationNotAllowed",
    details: [{ target: "UpdateVMResource" }],
  });
  s.advance(15_000);
  expect((await s.call("PATCH", vmId, { body: { tags: {} } })).status).toBe(200);
});

test("$expand=instanceView shows a running machine", async () => {
  const { body } = await s.call("GET", `${vmId}?$expand=instanceView`);
  const statuses = at(body, "properties", "instanceView", "statuses") as object[];
  expect(statuses.map((x) => at(x, "code"))).toEqual(["ProvisioningState/succeeded", "PowerState/running"]);
});
