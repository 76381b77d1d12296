// Explains role assignments: which lines of which bindings want them, and which are wanted and not there.
import type { DesiredBinding, DesiredIdentity } from "../../desired/desired.ts";
import { idKey, isAtOrBelow, sameId } from "../../model/arm-id.ts";
import { parseAssignmentMarker, type RoleAssignment } from "../../model/grant.ts";
import type { Identity } from "../../model/identity.ts";
import { byText } from "../../model/order.ts";
import type { Observed } from "../../observed/observed.ts";
import { wantedGrants } from "../diff/wanted.ts";
import { roleNameOf } from "../role-name.ts";
import { type ExplainedAssignment, isOrphan, standingOf, type View, type Wish } from "./explanation.ts";

/** The assignments, made or wanted, of these identities at these scopes; above `resourceId` they are inherited. */
export function assignmentsWhere(
  view: View,
  isWho: (identityId: string) => boolean,
  isWhere: (scope: string) => boolean,
  resourceId?: string,
): readonly ExplainedAssignment[] {
  const { desired, observed } = view;
  const identities = [...observed.identities.values()].filter(({ id }) => isWho(id));
  const byPrincipal = new Map(identities.map((identity) => [idKey(identity.principalId), identity]));
  const there = [...observed.assignments.values()].flatMap((assignment) => {
    const identity = byPrincipal.get(idKey(assignment.principalId));
    if (!identity || !isWhere(assignment.scope)) return [];
    return [assignmentFrom(assignment, identity, resourceId, view)];
  });
  const missing = desired.identities
    .filter(({ id }) => isWho(id))
    .flatMap((identity) => missingGrants(identity, isWhere, resourceId, view));
  return [...there, ...missing].toSorted((a, b) =>
    byText(`${a.scope} ${a.roleName} ${a.identityId}`, `${b.scope} ${b.roleName} ${b.identityId}`),
  );
}

function assignmentFrom(
  assignment: RoleAssignment,
  identity: Identity,
  resourceId: string | undefined,
  view: View,
): ExplainedAssignment {
  const { desired, observed } = view;
  const wanted = desired.identities.find(({ id }) => sameId(id, identity.id));
  const wishes = wanted ? grantWishes(wanted, assignment.scope, assignment.roleGuid, observed) : [];
  const isIgnored =
    wanted?.ignore.roleAssignments.some((scope) => isAtOrBelow(assignment.scope, scope)) ?? false;
  const marker = parseAssignmentMarker(assignment.description);
  return {
    identityId: wanted?.id ?? identity.id,
    roleName: roleNameOf(assignment.roleGuid, assignment.scope, observed),
    scope: assignment.scope,
    assignmentId: assignment.id,
    ...(assignment.condition !== undefined && { condition: assignment.condition }),
    standing: standingOf(identity.id, wishes, isIgnored, view),
    wishes,
    inherited: isInherited(assignment.scope, resourceId),
    ...(marker && { markedBy: marker.owner }),
    orphaned: isOrphan(identity.id, view),
  };
}

function missingGrants(
  identity: DesiredIdentity,
  isWhere: (scope: string) => boolean,
  resourceId: string | undefined,
  { observed }: View,
): readonly ExplainedAssignment[] {
  const principalId = observed.identities.get(idKey(identity.id))?.principalId;
  const live = [...observed.assignments.values()].filter(
    (a) => principalId !== undefined && sameId(a.principalId, principalId),
  );
  return wantedGrants(identity, observed).flatMap(({ scope, role, definitions, condition }) => {
    const [definition] = definitions;
    const isThere = live.some(
      (a) => sameId(a.scope, scope) && definition && sameId(a.roleGuid, definition.guid),
    );
    if (!isWhere(scope) || isThere) return [];
    const named = "name" in role ? role.name : role.guid;
    return [
      {
        identityId: identity.id,
        roleName: definition?.roleName ?? named,
        scope,
        ...(condition !== undefined && { condition }),
        standing: "Missing" as const,
        wishes: grantWishes(identity, scope, definition?.guid ?? named, observed),
        inherited: isInherited(scope, resourceId),
        orphaned: false,
      },
    ];
  });
}

/** Each line of each binding that means this role at this scope. */
function grantWishes(
  identity: DesiredIdentity,
  scope: string,
  role: string,
  observed: Observed,
): readonly Wish[] {
  const wishesOf = (binding: DesiredBinding): readonly Wish[] =>
    binding.grants.flatMap((grant) => {
      const [wanted] = wantedGrants({ ...identity, bindings: [{ ...binding, grants: [grant] }] }, observed);
      if (!wanted || !sameId(wanted.scope, scope)) return [];
      const named = "name" in grant.role ? grant.role.name : grant.role.guid;
      const means = [named, ...wanted.definitions.map(({ guid }) => guid)];
      const hit = means.some((meaning) => sameId(meaning, role));
      return hit ? [{ document: grant.document, how: "grant", suspended: binding.suspended }] : [];
    });
  return identity.bindings.flatMap(wishesOf);
}

function isInherited(scope: string, resourceId: string | undefined): boolean {
  return resourceId !== undefined && !sameId(scope, resourceId);
}
