import { expect, test } from "vitest";
import { idKey } from "../model/arm-id.ts";
import {
  assignment,
  binding,
  desired,
  grantOf,
  group,
  identityId,
  live,
  namedVm,
  observed,
  policy,
  reader,
  vaultScope,
  vm,
  vmId,
  wanted,
} from "../plan/fixtures.ts";
import { planFor } from "../plan/plan-for.ts";
import { renderMarkdown } from "../plan/render/markdown.ts";
import { renderText } from "../plan/render/text.ts";
import { rightsOfOperations, withRights } from "./plan-rights.ts";

const wish = desired(
  wanted({
    tags: { cost: "42" },
    bindings: [binding([namedVm("vm-1")], [grantOf("Key Vault Secrets User")])],
  }),
);
const seen = observed({
  identities: [live()],
  targets: [vm("vm-1"), vm("vm-2", [identityId])],
  assignments: [assignment(reader)],
});
const limits = { removals: { count: 99, percent: 100 }, additions: { count: 99 } };
const plan = planFor(wish, seen, { ...policy, limits });
const nothing = [{ actions: [], notActions: [], dataActions: [], notDataActions: [] }];
const everything = [{ actions: ["*"], notActions: [], dataActions: [], notDataActions: [] }];
const scopes = [group, identityId, vaultScope, vmId("vm-1"), vmId("vm-2")].map(idKey);

test("each operation needs its actions at what it writes, each of them for its changes", () => {
  const changes = new Map(plan.changes.map(({ id, kind }) => [id, kind]));
  const lines = rightsOfOperations(plan.operations).map(
    ({ action, scope, changeIds }) =>
      `${action.split("/").slice(-2).join("/")} at ${scope.split("/").at(-1)} for ${changeIds.map((id) => changes.get(id)).join()}`,
  );
  expect(lines).toEqual([
    "tags/write at id-orders for update",
    "roleAssignments/write at kv for grant",
    "virtualMachines/write at vm-1 for attach",
    "assign/action at id-orders for attach",
    "virtualMachines/write at vm-2 for detach",
    "roleAssignments/delete at kv for revoke",
  ]);
});

test("a plan that the caller may carry out stays as it is", () => {
  expect(withRights(plan, new Map(scopes.map((scope) => [scope, everything])))).toBe(plan);
});

test("what is missing stands beside its change, in text and in a comment, and holds nothing", () => {
  const { warnings, ...rest } = withRights(plan, new Map(scopes.map((scope) => [scope, nothing])));
  const { warnings: before, ...same } = plan;
  expect(rest).toEqual(same);
  const said = warnings.slice(before.length);
  expect(said.map(({ code, about }) => `${code} ${about?.split("/").at(-1)}`)).toEqual([
    "PermissionMissing write",
    "PermissionMissing write",
    "PermissionMissing write",
    "PermissionMissing action",
    "PermissionMissing write",
    "PermissionMissing delete",
  ]);
  expect(said[3]?.message).toBe(
    `Bindery may not Microsoft.ManagedIdentity/userAssignedIdentities/assign/action at ${identityId}: attach of team/orders will be refused.`,
  );
  const both =
    "PermissionMissing: Microsoft.Compute/virtualMachines/write, PermissionMissing: Microsoft.ManagedIdentity/userAssignedIdentities/assign/action";
  expect(renderText({ ...rest, warnings })).toMatch(new RegExp(`attach +vm-1 .*\\(${both}\\)`));
  const markdown = renderMarkdown({ ...rest, warnings }, { cloud: "public", tenantId: "t" });
  expect(markdown).toMatch(
    /`- detach` `vm-2`.*\(PermissionMissing: Microsoft\.Compute\/virtualMachines\/write\)/,
  );
});

test("what nobody knows is said once, with the first reason", () => {
  const held = new Map(scopes.map((scope) => [scope, { unreadable: "no right to ask" }]));
  const said = withRights(plan, held).warnings.slice(plan.warnings.length);
  expect(said.map(({ code }) => code)).toEqual(["PermissionsUnknown"]);
  expect(said[0]?.message).toContain("no right to ask");
});
