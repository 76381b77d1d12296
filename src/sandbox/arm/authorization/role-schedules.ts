// The role assignments that Privileged Identity Management made: how they are listed, how they end, who deletes them.
import type { RoleSchedule } from "../../governance.ts";
import { guidFrom } from "../../seed/guid-from.ts";
import type { RoleAssignment, World } from "../../world.ts";
import { armErrors } from "../errors.ts";
import { refusalOf } from "../governance/deny-assignments.ts";
import { pageOf, parameterOf } from "../paging.ts";
import type { ArmRequest, ArmResponse, ResourceType } from "../provider.ts";
import { rightsOf } from "./rights.ts";
import { matcherFor, parseAssignmentFilter } from "./role-assignment-filter.ts";
import { requireScope } from "./scope-existence.ts";

const type = "Microsoft.Authorization/roleAssignmentScheduleInstances";

/** Every active assignment as PIM sees it; those without an end were made directly. */
export const roleAssignmentScheduleInstances: ResourceType = {
  type,
  apiVersions: ["2020-10-01-preview", "2020-10-01"],
  collection: list,
};

/** Ends the scheduled assignments whose time is over, as PIM does. Called before anybody looks at the world. */
export function settleSchedules(world: World): void {
  const now = world.now();
  for (const schedule of world.roleSchedules.values().filter((s) => s.endsAt <= now)) {
    world.roleAssignments.delete(schedule.roleAssignmentId);
    world.roleSchedules.delete(schedule.roleAssignmentId);
  }
}

/** What becomes of a scheduled assignment whose role assignment is deleted: no source says, so a switch does. */
export function releaseSchedule(world: World, { id, name }: RoleAssignment): void {
  if (!world.roleSchedules.has(id)) return;
  if (world.switches.scheduledAssignmentDelete === "refused") throw armErrors.assignmentIsScheduled(name);
  world.roleSchedules.delete(id);
}

/** The filters are those of role assignments, and asTarget() for the caller's own. */
function list(request: ArmRequest, world: World): ArmResponse {
  const scope = request.path.scope === "" ? "/" : request.path.scope;
  requireScope(world, request.path.scope);
  const rights = rightsOf(world, request.caller.objectId);
  const action = `${type}/read`;
  if (!rights.may(action, scope)) throw refusalOf(rights, request.caller, action, scope);
  const filter = parameterOf(request.url, "$filter")?.trim();
  const isOwn = filter !== undefined && /^asTarget\(\)$/i.test(filter);
  const wanted = isOwn
    ? { principalId: request.caller.objectId.toLowerCase(), withoutBelow: false }
    : parseAssignmentFilter(filter);
  const matches = matcherFor(world, scope, wanted);
  const itemsAt = (asOf: number) =>
    world.roleAssignments
      .values(asOf)
      .filter(matches)
      .map((a) => bodyOf(a, world.roleSchedules.get(a.id, asOf)));
  return pageOf(request, world, itemsAt, world.settings.roleLagInMs);
}

/** The shape of an answer that azure-pim-cli keeps as a test (2024), without the optional expandedProperties. */
function bodyOf(assignment: RoleAssignment, schedule: RoleSchedule | undefined): Record<string, unknown> {
  const { id, scope, principalId, principalType, roleDefinitionId, createdOn, condition } = assignment;
  const name = schedule?.name ?? guidFrom(`${id}/instance`);
  const root = scope === "/" ? "" : scope;
  return {
    properties: {
      assignmentType: schedule?.assignmentType ?? "Assigned",
      createdOn: schedule === undefined ? createdOn : timeOf(schedule.startsAt),
      ...(schedule !== undefined && {
        startDateTime: timeOf(schedule.startsAt),
        endDateTime: timeOf(schedule.endsAt),
      }),
      memberType: "Direct",
      originRoleAssignmentId: id,
      principalId,
      principalType,
      roleAssignmentScheduleId: `${root}/providers/Microsoft.Authorization/roleAssignmentSchedules/${guidFrom(`${id}/schedule`)}`,
      roleDefinitionId,
      scope,
      status: "Provisioned",
      ...(condition !== null && { condition, conditionVersion: assignment.conditionVersion }),
    },
    name,
    id: `${root}/providers/${type}/${name}`,
    type,
  };
}

function timeOf(instant: number): string {
  return new Date(instant).toISOString();
}
