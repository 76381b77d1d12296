import { beforeEach, describe, expect, test } from "vitest";
import type { OperationMode } from "../../operation-modes.ts";
import { virtualMachineBody } from "../../seed/compute-bodies.ts";
import { groupId } from "../authorization/authorization-world.ts";
import { type Answered, at, codeOf, type Stage, stage } from "../provider-world.ts";
import { endEndlessOperations } from "./compute-operations.ts";

const vmId = `${groupId}/providers/Microsoft.Compute/virtualMachines/vm-1`;
const identities = `${groupId}/providers/Microsoft.ManagedIdentity/userAssignedIdentities`;
const [a, b] = [`${identities}/id-a`, `${identities}/id-b`];

let s: Stage;
beforeEach(async () => {
  s = stage();
  const createdAt = "2026-01-01T00:00:00+00:00";
  const [name, location, size] = ["vm-1", "westeurope", "Standard_B2ms"];
  s.world.resources.set(vmId, virtualMachineBody({ id: vmId, name, location, tags: {}, size, createdAt }));
  for (const id of [a, b]) await s.call("PUT", id, { body: { location: "westeurope" } });
  await attach(a);
  s.advance(5000);
});

const attach = (id: string) =>
  s.call("PATCH", vmId, {
    body: { identity: { type: "UserAssigned", userAssignedIdentities: { [id]: {} } } },
  });
const pollUrl = (answer: Answered) => answer.headers.get("azure-asyncoperation") ?? "";
const poll = async (answer: Answered) => {
  const { status, body } = await s.call("GET", pollUrl(answer));
  return status === 200 ? at(body, "status") : status;
};
const attached = async () => {
  const map = at((await s.call("GET", vmId)).body, "identity", "userAssignedIdentities");
  return Object.keys(map as object).map((id) => id.slice(-4));
};
const state = async () => at((await s.call("GET", vmId)).body, "properties", "provisioningState");
const rule = (mode: OperationMode, more: object = {}) =>
  s.world.operationModes.add({ path: "**/virtualMachines/vm-1", mode, ...more });

const both = ["id-a", "id-b"];

test.each<[OperationMode | "usual", unknown, readonly string[], string]>([
  ["usual", "Succeeded", both, "Succeeded"],
  ["late", "InProgress", both, "Updating"],
  ["failed", "Failed", ["id-a"], "Failed"],
  ["failedThoughApplied", "Failed", both, "Failed"],
  ["succeededBeforeVisible", "Succeeded", ["id-a"], "Succeeded"],
  ["cancelled", "Canceled", ["id-a"], "Canceled"],
  ["endless", "InProgress", both, "Updating"],
  ["urlGone404", 404, both, "Succeeded"],
  ["urlGone410", 410, both, "Succeeded"],
])("%s: after the usual time a poll says %s, the machine has %j and is %s", async (mode, said, has, is) => {
  if (mode !== "usual") rule(mode);
  const patched = await attach(b);
  expect(patched.status).toBe(200);
  s.advance(5000);
  expect(await poll(patched)).toBe(said);
  expect(await attached()).toEqual(has);
  expect(await state()).toBe(is);
});

test("late ends after ten times the usual time, or as long as the rule says", async () => {
  rule("late", { times: 1 });
  const first = await attach(b);
  s.advance(49_999);
  expect(await poll(first)).toBe("InProgress");
  s.advance(1);
  expect(await poll(first)).toBe("Succeeded");
  rule("late", { durationInMs: 7000, times: 1 });
  const second = await attach(b);
  s.advance(6999);
  expect(await poll(second)).toBe("InProgress");
  s.advance(1);
  expect(await poll(second)).toBe("Succeeded");
});

test("what is seen late is seen in the end, and writes wait for it", async () => {
  rule("succeededBeforeVisible", { times: 1, visibleAfterInMs: 3000 });
  await attach(b);
  s.advance(7999);
  expect([await attached(), codeOf(await attach(b))]).toEqual([["id-a"], "Conflict"]);
  s.advance(1);
  expect(await attached()).toEqual(both);
  expect((await attach(b)).status).toBe(200);
});

test("an endless operation blocks writes until the rules go", async () => {
  rule("endless");
  const patched = await attach(b);
  s.advance(86_400_000);
  expect([await poll(patched), codeOf(await attach(b))]).toEqual(["InProgress", "Conflict"]);
  s.world.operationModes.clear();
  endEndlessOperations(s.world);
  expect(await poll(patched)).toBe("Succeeded");
});

test("without the header the write says nothing of an operation", async () => {
  rule("withoutHeader");
  const { headers } = await attach(b);
  expect([headers.get("azure-asyncoperation"), headers.get("azure-asyncnotification")]).toEqual([null, null]);
  s.advance(5000);
  expect(await attached()).toEqual(both);
});

test("a failure says what it was told to say", async () => {
  const error = { code: "VMExtensionProvisioningError", message: "VM has reported a failure." };
  rule("failed", { error });
  const patched = await attach(b);
  s.advance(5000);
  expect(at((await s.call("GET", pollUrl(patched))).body, "error")).toEqual(error);
});

describe("rules", () => {
  test("strike so often as asked, after so many, and only what they name", async () => {
    s.world.operationModes.add({ path: "**/virtualMachines/other", mode: "failed" });
    rule("failed", { after: 1, times: 1 });
    const said: unknown[] = [];
    for (let i = 0; i < 3; i++) {
      const patched = await attach(b);
      s.advance(5000);
      said.push(await poll(patched));
    }
    expect(said).toEqual(["Succeeded", "Failed", "Succeeded"]);
    expect(s.world.operationModes.list().map((r) => r.hits)).toEqual([0, 1]);
  });

  test("a system identity that was enabled by a failed operation goes again", async () => {
    rule("failed", { times: 1 });
    const { body } = await s.call("PATCH", vmId, {
      body: { identity: { type: "SystemAssigned, UserAssigned" } },
    });
    const principalId = String(at(body, "identity", "principalId"));
    expect(s.world.principals.has(principalId)).toBe(true);
    s.advance(5000);
    await s.call("GET", vmId);
    expect(s.world.principals.has(principalId)).toBe(false);
  });
});
