// Until when Privileged Identity Management has given a role assignment: what it will end is not ours to end.
import { sameId, subscriptionOf } from "../model/arm-id.ts";
import { Failure } from "../model/failure.ts";
import type { RoleAssignment } from "../model/grant.ts";
import type { Clock } from "../model/ports.ts";
import { all, patiently } from "./call.ts";
import type { Clients } from "./clients.ts";

/**
 * The assignment with the end that PIM has set, if it has. An instance without an end is a permanent assignment
 * (REST reference of role assignment schedule instances, 2020-10-01).
 */
export async function withSchedule(
  clients: Clients,
  clock: Clock,
  assignment: RoleAssignment,
  signal: AbortSignal,
): Promise<RoleAssignment> {
  const { id, scope, principalId } = assignment;
  const client = clients.authorization(subscriptionOf(id)).roleAssignmentScheduleInstances;
  const options = { filter: `principalId eq '${principalId}'`, abortSignal: signal };
  try {
    // The SDK of authorization puts a slash before scopes that already begin with one.
    const bare = scope.replace(/^\/+/, "");
    const found = await patiently(clock, signal, () => all(client.listForScope(bare, options)));
    const own = found.find((i) => i.endDateTime !== undefined && sameId(i.originRoleAssignmentId ?? "", id));
    return own?.endDateTime === undefined
      ? assignment
      : { ...assignment, until: own.endDateTime.toISOString() };
  } catch (error) {
    if (isWithoutPim(error)) return assignment;
    throw error;
  }
}

/** A tenant without the licence has no PIM, and so no schedules (quoted by public tools). */
function isWithoutPim(error: unknown): boolean {
  return error instanceof Failure && /^AadPremiumLicenseRequired$/i.test(error.details.code);
}
