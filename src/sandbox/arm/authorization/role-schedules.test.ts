import { beforeEach, expect, test } from "vitest";
import { placeRoleSchedule, SeedRoleSchedule } from "../../seed/governance.ts";
import { authorization, codeOf, type GovernedArm, governedArm } from "../governance/governance-world.ts";
import { assign, callerId, groupId, vmId } from "./authorization-world.ts";
import { settleSchedules } from "./role-schedules.ts";

const principalId = "cccccccc-0000-4000-8000-00000000000f";
let arm: GovernedArm;
let id: string;

beforeEach(() => {
  arm = governedArm();
  id = assign(arm.world, { scope: vmId, role: "owner", principalId });
  placeRoleSchedule(arm.world, SeedRoleSchedule.parse({ roleAssignment: id, endsInMs: 60_000 }));
});

async function instances(scope: string, filter = ""): Promise<{ properties: Record<string, unknown> }[]> {
  const path = `${scope}/${authorization}/roleAssignmentScheduleInstances${filter}`;
  const { body } = await arm.send("GET", path);
  return (body as { value: { properties: Record<string, unknown> }[] }).value;
}

test("an activated assignment is listed with its end, a direct one without", async () => {
  const found = await instances(vmId);
  expect(
    found.map(({ properties: p }) => [p.principalId, p.assignmentType, p.originRoleAssignmentId]),
  ).toEqual([
    [callerId, "Assigned", expect.any(String)],
    [principalId, "Activated", id],
  ]);
  expect(found[0]?.properties).not.toHaveProperty("endDateTime");
  expect(found[1]?.properties.endDateTime).toBe(new Date(arm.clock.now + 60_000).toISOString());
});

test.each([
  ["?$filter=atScope()", 1],
  [`?$filter=principalId eq '${principalId}'`, 1],
  ["?$filter=asTarget()", 1],
  ["", 2],
])("the list of the group with %s", async (filter, count) => {
  expect(await instances(groupId, filter)).toHaveLength(count);
});

test("when its time is over the role assignment is gone", () => {
  arm.clock.now += 59_999;
  settleSchedules(arm.world);
  expect(arm.world.roleAssignments.has(id)).toBe(true);
  arm.clock.now += 1;
  settleSchedules(arm.world);
  expect(arm.world.roleAssignments.has(id)).toBe(false);
  expect(arm.world.roleSchedules.values()).toEqual([]);
});

test("deleting its role assignment ends it, or is refused: a switch", async () => {
  arm.world.switches.scheduledAssignmentDelete = "refused";
  expect(codeOf(await arm.send("DELETE", id))).toBe("RoleAssignmentScheduleExists");
  arm.world.switches.scheduledAssignmentDelete = "allowed";
  expect((await arm.send("DELETE", id)).status).toBe(200);
  expect(arm.world.roleSchedules.values()).toEqual([]);
});
