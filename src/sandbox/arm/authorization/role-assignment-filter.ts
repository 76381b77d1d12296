// Decides which role assignments a list at a scope shows, by its $filter.
import type { RoleAssignment, World } from "../../world.ts";
import { armErrors } from "../errors.ts";
import { coverageOf } from "./coverage.ts";

/** What a $filter asks for: whose assignments, and whether those below the scope are left out. */
export interface AssignmentFilter {
  readonly principalId: string | undefined;
  readonly withoutBelow: boolean;
}

const guidText = "'([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})'";
const atScope = /^atScope\(\)$/i;
const ofPrincipal = new RegExp(String.raw`^principalId\s+eq\s+${guidText}$`, "i");
const assignedTo = new RegExp(String.raw`^(atScope\(\)\s+and\s+)?assignedTo\(${guidText}\)$`, "i");

/**
 * Reads the $filter of a list. Azure knows `atScope()`, `principalId eq '…'`, `assignedTo('…')` and
 * `atScope() and assignedTo('…')`; everything else, `atScope() and principalId eq '…'` among it, is refused
 * (azure-powershell#20433). There are no groups here, so `assignedTo` finds what `principalId` finds.
 */
export function parseAssignmentFilter(text: string | undefined): AssignmentFilter {
  const filter = text?.trim() ?? "";
  if (filter === "") return { principalId: undefined, withoutBelow: false };
  if (atScope.test(filter)) return { principalId: undefined, withoutBelow: true };
  const principal = ofPrincipal.exec(filter);
  if (principal?.[1] !== undefined) return { principalId: principal[1].toLowerCase(), withoutBelow: false };
  const assigned = assignedTo.exec(filter);
  if (assigned?.[2] === undefined) throw armErrors.unsupportedAssignmentFilter(filter);
  return { principalId: assigned[2].toLowerCase(), withoutBelow: assigned[1] !== undefined };
}

/**
 * The test for one assignment: at the scope or above it (recorded: a list with atScope() at a resource group holds
 * the assignments of its subscription, its management groups and "/"), and below it unless the filter says otherwise.
 */
export function matcherFor(
  world: World,
  scope: string,
  filter: AssignmentFilter,
): (assignment: RoleAssignment) => boolean {
  const isBelow = coverageOf(world, scope);
  return (assignment) =>
    (filter.principalId === undefined || assignment.principalId.toLowerCase() === filter.principalId) &&
    ((!filter.withoutBelow && isBelow(assignment.scope)) || coverageOf(world, assignment.scope)(scope));
}
