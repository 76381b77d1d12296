import { expect, test } from "vitest";
import type { DesiredDatabase, DesiredTarget } from "../desired/desired.ts";
import { documentKey } from "../model/document.ts";
import {
  assignment,
  binding,
  desired,
  document,
  grantOf,
  group,
  identityId,
  live,
  namedVm,
  observed,
  policy,
  reader,
  subscription,
  vm,
  wanted,
} from "../plan/fixtures.ts";
import type { Plan, Subject } from "../plan/plan.ts";
import { planFor } from "../plan/plan-for.ts";
import { statusFrom } from "./status.ts";
import { type DesiredLine, upToDateLinesFrom } from "./up-to-date.ts";

const selector: DesiredTarget = {
  kind: "virtualMachines",
  subscriptionId: subscription,
  resourceGroups: ["rg"],
  matchTags: { app: "orders" },
  document: { ...document(), line: 20 },
};
const database: DesiredDatabase = {
  ref: { server: "sql.example", database: "Orders" },
  userName: "id-orders",
  userFrom: "Sid",
  roles: ["db_datareader"],
  permissions: [],
  document: { ...document(), line: 30 },
};
const byGuid = { ...grantOf("", group), role: { guid: reader.guid.toUpperCase() } };
const lines = [namedVm("vm-1"), namedVm("vm-2"), selector] as const;
const world = desired(wanted({ bindings: [binding(lines, [grantOf("Reader"), byGuid], false, [database])] }));
const nothing: Plan = planFor(desired(), observed(), policy);

const short = (line: DesiredLine): string => {
  if ("ref" in line) return line.ref.database;
  if (line.kind === "virtualMachines") return "selector";
  if (line.kind === "azureRole") return "guid" in line.role ? "guid" : line.role.name;
  return line.id.split("/").at(-1) ?? "";
};
const all = ["vm-1", "vm-2", "selector", "Reader", "guid", "Orders"];

function left(plan: Plan): readonly string[] {
  return (upToDateLinesFrom(world, plan).get(documentKey(document())) ?? []).map(short);
}

test.each<readonly [string, Subject, number, readonly string[]]>([
  ["a named target", { kind: "target", targetId: vm("VM-1").id }, 1, ["vm-1"]],
  ["its instances", { kind: "instances", targetId: vm("vm-2").id }, 1, ["vm-2"]],
  ["a machine that a selector finds", { kind: "target", targetId: vm("vm-9").id }, 20, ["selector"]],
  [
    "a role by its name",
    { kind: "role", scope: grantOf("x").scope, roleGuid: reader.guid, roleName: "reader" },
    1,
    ["Reader"],
  ],
  [
    "a role by its GUID",
    { kind: "role", scope: group, roleGuid: reader.guid, roleName: "Reader" },
    1,
    ["guid"],
  ],
  [
    "a right in a database",
    { kind: "databaseRole", database: { server: "SQL.example", database: "Orders" }, role: "x" } as Subject,
    30,
    ["Orders"],
  ],
  ["a tag", { kind: "tags", set: {}, remove: {} }, 1, []],
])("%s that is to change or held is not up to date", (_, subject, line, missing) => {
  const change = {
    id: "c",
    kind: "attach",
    identityId: identityId.toUpperCase(),
    document: { ...document(), line },
    subject,
    reason: "listed",
    needs: [],
  } as const;
  const held = { change, reason: "NotOwned", message: "", cure: "", digest: "d", releasable: false } as const;
  const expected = all.filter((one) => !missing.includes(one));
  expect(left({ ...nothing, changes: [change] })).toEqual(expected);
  expect(left({ ...nothing, held: [held] })).toEqual(expected);
});

test("a change of another identity is no matter of ours", () => {
  const subject = { kind: "target", targetId: vm("vm-1").id } as const;
  const change = { id: "c", kind: "attach", identityId: "/other", document: document(), subject } as const;
  expect(left({ ...nothing, changes: [{ ...change, reason: "", needs: [] }] })).toEqual(all);
});

test("the status of a document has the lines for which a real plan has nothing to do", () => {
  const small = desired(
    wanted({ bindings: [binding([namedVm("vm-1"), namedVm("vm-2")], [grantOf("Reader")])] }),
  );
  const targets = [vm("vm-1", [identityId]), vm("vm-2")];
  const seen = observed({ identities: [live()], targets, assignments: [assignment(reader)] });
  const [identity, bound] = statusFrom(small, planFor(small, seen, policy), []);
  expect(bound?.upToDate.map(short)).toEqual(["vm-1", "Reader"]);
  expect(identity?.upToDate).toEqual([]);
});
