// Holds grants of privileged roles unless the policy allows them beforehand or a person releases them.
import { idKey, sameId } from "../../model/arm-id.ts";
import { documentName } from "../../model/document.ts";
import { roleGuidOf, roleScopeOf } from "../../model/grant.ts";
import type { PrivilegedAllowance } from "../../model/policy.ts";
import type { Draft, Hold, Subjects } from "../draft.ts";
import type { Subject } from "../plan.ts";
import { privilegeOf } from "./privilege.ts";

type RoleSubject = Extract<Subject, { kind: "role" }>;

/** Rule 16: a role with power over access, code or secrets needs the operator's word. */
export function holdPrivileged(draft: Draft, { identity, observed, policy }: Subjects): Hold | undefined {
  const { subject } = draft;
  if (subject.kind !== "role" || draft.kind === "revoke") return undefined;
  const roles = observed.roles.get(roleScopeOf(subject.scope)) ?? [];
  const role = roles.find((r) => sameId(r.guid, subject.roleGuid));
  const why = role && privilegeOf(role, subject.scope);
  const name = documentName(identity.document);
  if (why === undefined || policy.privileged.some((allowance) => allows(allowance, name, subject))) {
    return undefined;
  }
  return {
    reason: "Privileged",
    message: `${subject.roleName} at ${subject.scope} is privileged: ${why}.`,
    cure: `Allow { identity: ${name}, roleName: ${subject.roleName}, scope: ${subject.scope} } under privileged in the policy, or release this set by its digest.`,
  };
}

function allows(allowance: PrivilegedAllowance, identity: string, subject: RoleSubject): boolean {
  const role =
    allowance.roleDefinitionId === undefined
      ? allowance.roleName !== undefined && idKey(allowance.roleName) === idKey(subject.roleName)
      : roleGuidOf(allowance.roleDefinitionId) === idKey(subject.roleGuid);
  return allowance.identity === identity && role && sameId(allowance.scope, subject.scope);
}
