// Writes role assignments: names that make a repetition harmless, and what to do when the same one exists already.
import type { RoleAssignmentCreateParameters } from "@azure/arm-authorization";
import { subscriptionOf } from "../model/arm-id.ts";
import { assignmentNameFor } from "../model/assignment-name.ts";
import { Failure } from "../model/failure.ts";
import { assignmentKey, type RoleAssignment } from "../model/grant.ts";
import type { AssignmentWriter, Clock, NewAssignment } from "../model/ports.ts";
import { ask, saysGone } from "./call.ts";
import type { Clients } from "./clients.ts";
import { findAssignments, readAssignment, withoutSlash } from "./reader.ts";
import { assignmentFrom } from "./rows.ts";

/** The id of a role definition as seen from a scope: rooted in its subscription, above those in the tenant. */
export function roleDefinitionIdAt(scope: string, roleGuid: string): string {
  const subscriptionId = subscriptionOf(scope);
  const root = subscriptionId ? `/subscriptions/${subscriptionId}` : "";
  return `${root}/providers/Microsoft.Authorization/roleDefinitions/${roleGuid}`;
}

/** The writer of role assignments. */
export function assignmentWriterOf(clients: Clients, clock: Clock): AssignmentWriter {
  return {
    async putAssignment(wanted, signal): Promise<RoleAssignment> {
      try {
        return await put(clients, wanted, signal);
      } catch (error) {
        if (!(error instanceof Failure) || error.details.code !== "RoleAssignmentExists") throw error;
        return await findExisting(clients, clock, wanted, error, signal);
      }
    },
    async deleteAssignment(id, signal): Promise<void> {
      const client = clients.authorization(subscriptionOf(id)).roleAssignments;
      try {
        await ask(() => client.deleteById(withoutSlash(id), { abortSignal: signal }));
      } catch (error) {
        if (!saysGone(error)) throw error;
      }
    },
  };
}

async function put(clients: Clients, wanted: NewAssignment, signal: AbortSignal): Promise<RoleAssignment> {
  const { scope, principalId, roleGuid } = wanted;
  const client = clients.authorization(subscriptionOf(scope)).roleAssignments;
  const body = bodyFrom(wanted);
  const options = { abortSignal: signal };
  const name = assignmentNameFor(scope, principalId, roleGuid);
  const { id } = wanted;
  const raw = await ask(() =>
    id
      ? client.createById(withoutSlash(id), body, options)
      : client.create(withoutSlash(scope), name, body, options),
  );
  const assignment = assignmentFrom(raw);
  if (assignment) return assignment;
  throw new Failure("transient", "Azure has accepted the role assignment without showing it.", {
    code: "IncompleteAnswer",
    mayHaveHappened: true,
  });
}

/** The principal's type spares Azure the look-up in Entra, which does not know a new principal for a while. */
function bodyFrom(wanted: NewAssignment): RoleAssignmentCreateParameters {
  const { condition, description } = wanted;
  return {
    roleDefinitionId: roleDefinitionIdAt(wanted.scope, wanted.roleGuid),
    principalId: wanted.principalId,
    principalType: "ServicePrincipal",
    ...(description === undefined ? {} : { description }),
    ...(condition === undefined ? {} : { condition, conditionVersion: "2.0" }),
  };
}

/** The same assignment under another name is somebody else's: it is returned as it is and left as it is. */
async function findExisting(
  clients: Clients,
  clock: Clock,
  wanted: NewAssignment,
  refusal: Failure,
  signal: AbortSignal,
): Promise<RoleAssignment> {
  const key = keyOf(wanted);
  const named = await readNamed(clients, clock, wanted.scope, refusal.message, signal);
  const found = named ? [named] : await findAssignments(clients, clock, wanted, signal);
  const existing = found.find((a) => keyOf(a) === key);
  if (existing) return existing;
  const text = `${refusal.message} Azure does not show it yet.`;
  throw new Failure("propagating", text, { ...refusal.details, retryAfterInMs: 5_000 }, { cause: refusal });
}

/** Newer refusals end in the name of the existing assignment, without dashes; a read by name is ahead of all lists. */
async function readNamed(
  clients: Clients,
  clock: Clock,
  scope: string,
  message: string,
  signal: AbortSignal,
): Promise<RoleAssignment | undefined> {
  const [, ...parts] =
    /existing role assignment is ([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})\b/i.exec(
      message,
    ) ?? [];
  if (parts.length === 0) return;
  const id = `${scope}/providers/Microsoft.Authorization/roleAssignments/${parts.join("-")}`;
  return await readAssignment(clients, clock, id, signal);
}

function keyOf({
  scope,
  principalId,
  roleGuid,
}: Pick<RoleAssignment, "scope" | "principalId" | "roleGuid">): string {
  return assignmentKey(scope, principalId, roleGuid);
}
