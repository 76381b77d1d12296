// How a role is assigned, its condition changed, and an assignment deleted: only the one that the plan meant.
import { sameId } from "../../model/arm-id.ts";
import type { RoleAssignment } from "../../model/grant.ts";
import type { OperationAction } from "../../plan/plan.ts";
import type { OperationRun, Runner } from "../operation-run.ts";
import { applied, moved, propagating, type Verdict } from "../outcome.ts";

type PutAssignment = Extract<OperationAction, { kind: "putAssignment" }>;

/**
 * Assigns a role. Where the same (scope, principal, role) is assigned already, Azure's one is left as it is. A new
 * principal may stay unknown to the authorization provider for minutes: that is waited for.
 */
export const putAssignment: Runner<"putAssignment"> = async (action, run) => {
  const principalId = action.principalId ?? run.principals.principalIdOf(action.identityId);
  if (principalId === undefined) {
    return moved("PrincipalUnknown", "The identity's principal is not known in this run.");
  }
  const result = await run.retried((number) => attempt(action, principalId, run, number));
  if ("state" in result) return result;
  const isVisible = await run.seen(
    () => run.ports.readAssignment(result.id, run.signal),
    (read) => read !== undefined && sameId(read.principalId, principalId) && isAsWritten(read, action),
  );
  if (!isVisible) return propagating("The role has been assigned and the assignment is not visible yet.");
  return result.description === action.description
    ? applied("The role has been assigned.")
    : applied("The role was assigned already; that assignment is left as it is.");
};

/** Deletes a role assignment if it is still the planned principal's. */
export const deleteAssignment: Runner<"deleteAssignment"> = async (action, run) => {
  const read = (): Promise<RoleAssignment | undefined> =>
    run.ports.readAssignment(action.assignmentId, run.signal);
  const verdict = await run.retried(async () => {
    const assignment = await read();
    if (!assignment) return applied("The role assignment is already gone.");
    if (!sameId(assignment.principalId, action.principalId)) return otherPrincipal();
    await run.ports.deleteAssignment(action.assignmentId, run.signal);
    return;
  });
  if (verdict) return verdict;
  return (await run.seen(read, (assignment) => assignment === undefined))
    ? applied("The role assignment has been deleted.")
    : propagating("The role assignment has been deleted and is still visible.");
};

async function attempt(
  action: PutAssignment,
  principalId: string,
  run: OperationRun,
  number: number,
): Promise<RoleAssignment | Verdict> {
  const existing = await existingAssignment(action, principalId, run, number);
  if (existing && !sameId(existing.principalId, principalId)) return otherPrincipal();
  if (existing && (existing.condition ?? "") === (action.condition ?? "")) return existing;
  if (!existing && action.assignmentId !== undefined) {
    return moved("AssignmentGone", "The role assignment whose condition differs does not exist any more.");
  }
  return await run.ports.putAssignment(
    {
      ...(action.assignmentId === undefined ? {} : { id: action.assignmentId }),
      scope: action.scope,
      principalId,
      roleGuid: action.roleGuid,
      ...(action.condition === undefined ? {} : { condition: action.condition }),
      ...(action.description === undefined ? {} : { description: action.description }),
    },
    run.signal,
  );
}

/**
 * What is there before a write: the assignment that is to be changed; for a new one nothing is asked before the
 * first attempt (the plan has just seen that it is missing), and the provider itself before a repetition.
 */
async function existingAssignment(
  action: PutAssignment,
  principalId: string,
  run: OperationRun,
  number: number,
): Promise<RoleAssignment | undefined> {
  if (action.assignmentId !== undefined) {
    return await run.ports.readAssignment(action.assignmentId, run.signal);
  }
  if (number === 1) return;
  const found = await run.ports.findAssignments(action.scope, principalId, run.signal);
  return found.find((one) => sameId(one.scope, action.scope) && sameId(one.roleGuid, action.roleGuid));
}

/** The condition of somebody else's assignment is theirs; that of one that was to be changed must be as written. */
function isAsWritten(read: RoleAssignment, action: PutAssignment): boolean {
  return action.assignmentId === undefined || (read.condition ?? "") === (action.condition ?? "");
}

function otherPrincipal(): Verdict {
  return moved("PrincipalChanged", "The role assignment is another principal's by now.");
}
