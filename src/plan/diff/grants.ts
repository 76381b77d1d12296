// Which role assignments are missing, differ, or are too many; compared by (scope, principal, role), the condition as an attribute.
//
//   wanted | assigned | change
//   -------+----------+------------------------------------------------------------------------------
//   yes    | no       | grant
//   yes    | yes, but with another condition | update, if it is ours or prunePolicy is Authoritative
//   no     | yes      | revoke, if prunePolicy is Authoritative (or lifecycle Absent) and nobody else may
//   -      | ours, to a dead principal | revoke, under the same condition: it gives nothing, but it is ours
import { idKey, isAtOrBelow, managementGroupOf, subscriptionOf } from "../../model/arm-id.ts";
import { type DocumentRef, documentName } from "../../model/document.ts";
import {
  assignmentMarker,
  parseAssignmentMarker,
  type RoleAssignment,
  roleScopeOf,
} from "../../model/grant.ts";
import { nearest } from "../../model/nearest.ts";
import { changeId, type Draft, type Hold, type Subjects } from "../draft.ts";
import { isOurs } from "../ownership.ts";
import type { Subject } from "../plan.ts";
import { staleOf } from "../stale-drafts.ts";
import { foundationOf, mayPrune, pruneReason } from "./identity.ts";
import { type WantedGrant, wantedGrants } from "./wanted.ts";

type RoleSubject = Extract<Subject, { kind: "role" }>;

/** The role assignments of one identity that must come, change and go. */
export function diffGrants(subjects: Subjects): readonly Draft[] {
  if (subjects.identity.lifecycle === "Released") return [];
  const wanted = wantedGrants(subjects.identity, subjects.observed);
  const live = assignmentsOf(subjects);
  const additions = wanted.flatMap((grant) => grantDrafts(subjects, grant, live));
  return [
    ...additions,
    ...surplusAssignments(subjects, wanted, live).map((one) =>
      revokeDraft(subjects, one, pruneReason(subjects.identity)),
    ),
    ...staleDrafts(subjects),
  ];
}

/** What we gave to a principal that is dead goes once the identity is ours; under prunePolicy Additive it stays. */
function staleDrafts(subjects: Subjects): readonly Draft[] {
  if (!mayRevokeStale(subjects)) return [];
  const foundation = foundationOf(subjects);
  return staleOf(subjects)
    .filter((assignment) => isInEstate(assignment.scope, subjects))
    .map((assignment) => ({
      ...revokeDraft(subjects, assignment, `its principal ${assignment.principalId} was deleted`),
      needs: foundation ? [foundation] : [],
    }));
}

function mayRevokeStale({ identity, ownership: { state } }: Subjects): boolean {
  if (identity.lifecycle === "Absent") return isOurs(state) || state === "Absent";
  if (identity.prunePolicy === "Additive") return false;
  return isOurs(state) || state === "Absent" || state === "Recreated";
}

/** The role assignments that an identity's principal holds. */
export function assignmentsOf({ ownership, observed }: Subjects): readonly RoleAssignment[] {
  const principal = ownership.identity?.principalId;
  if (!principal) return [];
  return [...observed.assignments.values()].filter((a) => idKey(a.principalId) === idKey(principal));
}

/** True if a scope lies in what the policy puts under management; what is above is only shown. */
export function isInEstate(
  scope: string,
  { observed, policy }: Pick<Subjects, "observed" | "policy">,
): boolean {
  const subscription = subscriptionOf(scope);
  if (subscription) return observed.subscriptions.has(subscription);
  const group = managementGroupOf(scope);
  if (group === undefined) return false;
  return policy.estate.managementGroups.some((name) => idKey(name) === idKey(group));
}

function grantDrafts(
  subjects: Subjects,
  grant: WantedGrant,
  live: readonly RoleAssignment[],
): readonly Draft[] {
  const [role, ...more] = grant.definitions;
  if (!role || more.length > 0) return [roleProblem(subjects, grant)];
  const existing = live.find(
    (a) => idKey(a.scope) === idKey(grant.scope) && idKey(a.roleGuid) === idKey(role.guid),
  );
  const subject = roleSubject(subjects, grant, role.guid, role.roleName, existing);
  if (grant.contradiction) {
    const problem = contradictory(grant, grant.contradiction);
    return [{ ...additionDraft(subjects, grant, existing ? "update" : "grant", subject), problem }];
  }
  if (!existing) return [additionDraft(subjects, grant, "grant", subject)];
  if ((existing.condition ?? "") === (grant.condition ?? "")) return [];
  return mayRewrite(subjects, existing) ? [additionDraft(subjects, grant, "update", subject)] : [];
}

/** An assignment that was there before us is left as it is, unless the documents are the whole truth. */
function mayRewrite({ identity, ownership, policy }: Subjects, existing: RoleAssignment): boolean {
  if (parseAssignmentMarker(existing.description)?.owner === policy.owner) return true;
  return identity.prunePolicy === "Authoritative" && !ownership.prunePending;
}

function additionDraft(
  subjects: Subjects,
  grant: WantedGrant,
  kind: "grant" | "update",
  subject: RoleSubject,
): Draft {
  const { identity, observed } = subjects;
  const foundation = foundationOf(subjects);
  const by = documentName(grant.document);
  return {
    id: changeId(kind, identity.id, subject),
    kind,
    identityId: identity.id,
    identityDocument: identity.document,
    document: grant.document,
    subject,
    reason: kind === "grant" ? `listed by ${by}` : `its condition differs from ${by}`,
    needs: foundation ? [foundation] : [],
    suspended: grant.suspended,
    ...(observed.missingScopes.has(idKey(grant.scope)) && { problem: scopeMissing(grant) }),
  };
}

function roleProblem(subjects: Subjects, grant: WantedGrant): Draft {
  const name = "name" in grant.role ? grant.role.name : grant.role.guid;
  const subject: RoleSubject = { kind: "role", scope: grant.scope, roleGuid: "", roleName: name };
  const problem = subjects.observed.missingScopes.has(idKey(grant.scope))
    ? scopeMissing(grant)
    : roleMissing(subjects, grant, name);
  return { ...additionDraft(subjects, grant, "grant", subject), problem };
}

function roleMissing({ observed }: Subjects, grant: WantedGrant, name: string): Hold {
  const unread = observed.unreadable.get(roleScopeOf(grant.scope));
  if (unread !== undefined) {
    return {
      reason: "ObservationIncomplete",
      message: `The role definitions at ${roleScopeOf(grant.scope)} could not be read: ${unread}`,
      cure: "Give Bindery Reader there, or wait until Azure answers again.",
    };
  }
  if (grant.definitions.length > 1) {
    const guids = grant.definitions.map((d) => d.guid).join(", ");
    return {
      reason: "RoleNotFound",
      message: `"${name}" names ${grant.definitions.length} roles at ${grant.scope}: ${guids}.`,
      cure: "Write roleDefinitionId instead of roleName.",
    };
  }
  const near = nearest(
    name,
    (observed.roles.get(roleScopeOf(grant.scope)) ?? []).map((r) => r.roleName),
  );
  return {
    reason: "RoleNotFound",
    message: `No role "${name}" can be assigned at ${grant.scope}.`,
    cure:
      near.length > 0 ? `Nearest names: ${near.join(", ")}.` : "Write the name of a role that exists there.",
  };
}

/** Azure keeps one assignment of a role at a scope, and which of two conditions is meant only their authors know. */
function contradictory({ document, scope }: WantedGrant, other: DocumentRef): Hold {
  return {
    reason: "ConditionConflict",
    message: `${documentName(document)} and ${documentName(other)} (${other.file}:${other.line}) want the same role at ${scope}, each with another condition.`,
    cure: "Write the same condition in both, or take one of the two lines out.",
  };
}

function scopeMissing(grant: WantedGrant): Hold {
  return {
    reason: "ScopeNotFound",
    message: `The scope ${grant.scope} does not exist, or may not be read.`,
    cure: "Correct the scope in the document, create the resource, or give Bindery the right to read it.",
  };
}

function surplusAssignments(
  subjects: Subjects,
  wanted: readonly WantedGrant[],
  live: readonly RoleAssignment[],
): readonly RoleAssignment[] {
  if (!mayPrune(subjects)) return [];
  const { identity } = subjects;
  return live.filter(
    (a) =>
      isInEstate(a.scope, subjects) &&
      !wanted.some((grant) => isWantedBy(grant, a)) &&
      !identity.ignore.roleAssignments.some((scope) => isAtOrBelow(a.scope, scope)),
  );
}

/** A grant whose role could not be found out protects everything at its scope: it may be the very one. */
function isWantedBy(grant: WantedGrant, assignment: RoleAssignment): boolean {
  if (idKey(grant.scope) !== idKey(assignment.scope)) return false;
  const [role, ...more] = grant.definitions;
  return !role || more.length > 0 || idKey(role.guid) === idKey(assignment.roleGuid);
}

function revokeDraft(subjects: Subjects, assignment: RoleAssignment, reason: string): Draft {
  const { identity, observed } = subjects;
  const roles = observed.roles.get(roleScopeOf(assignment.scope)) ?? [];
  const subject: RoleSubject = {
    kind: "role",
    scope: assignment.scope,
    roleGuid: assignment.roleGuid,
    roleName:
      roles.find((r) => idKey(r.guid) === idKey(assignment.roleGuid))?.roleName ?? assignment.roleGuid,
    assignmentId: assignment.id,
    principalId: assignment.principalId,
    ...(assignment.condition !== undefined && { condition: assignment.condition }),
  };
  return {
    id: changeId("revoke", identity.id, subject),
    kind: "revoke",
    identityId: identity.id,
    identityDocument: identity.document,
    document: identity.document,
    subject,
    reason,
    needs: [],
  };
}

function roleSubject(
  { identity, ownership, policy }: Subjects,
  grant: WantedGrant,
  roleGuid: string,
  roleName: string,
  existing: RoleAssignment | undefined,
): RoleSubject {
  return {
    kind: "role",
    scope: grant.scope,
    roleGuid,
    roleName,
    ...(grant.condition !== undefined && { condition: grant.condition }),
    ...(ownership.identity && { principalId: ownership.identity.principalId }),
    ...(existing
      ? {
          assignmentId: existing.id,
          ...(existing.description !== undefined && { description: existing.description }),
        }
      : { description: assignmentMarker(policy.owner, identity.id) }),
  };
}
