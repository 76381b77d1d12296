// What restricts callers beyond their rights, as the world keeps it: deny assignments, policies, scheduled assignments.

/** A deny assignment; its key is its ARM id. It wins over every role assignment (Microsoft's "Understand deny assignments"). */
export interface DenyAssignment {
  readonly id: string;
  /** A GUID. */
  readonly name: string;
  /** What refusals call it. */
  readonly displayName: string;
  readonly description: string;
  readonly scope: string;
  readonly actions: readonly string[];
  readonly notActions: readonly string[];
  /** True if only the scope itself is meant, and nothing below it. */
  readonly doNotApplyToChildScopes: boolean;
  /** Object ids; `everyone` alone means all principals. */
  readonly principals: readonly string[];
  readonly excludePrincipals: readonly string[];
  /** True if Azure made it and nobody can edit or delete it. */
  readonly isSystemProtected: boolean;
}

/** The system-defined principal, which stands for all (Microsoft's "Understand deny assignments"). */
export const everyone = "00000000-0000-0000-0000-000000000000";

/** When a policy applies; everything that is stated must hold. */
export interface PolicyCondition {
  /** Full types, compared without case. */
  readonly types?: readonly string[];
  /** Regions that are allowed: the policy applies in all others. */
  readonly locationNotIn?: readonly string[];
  readonly tag?: {
    readonly name: string;
    readonly exists?: boolean;
    readonly equals?: string;
    readonly notEquals?: string;
  };
}

/** What a modify policy does to one tag: `add` only where it is missing. */
export interface TagOperation {
  readonly operation: "add" | "addOrReplace" | "remove";
  readonly name: string;
  readonly value: string;
}

/** An assigned policy; its key is the ARM id of the assignment. Definition and assignment have one name here. */
export interface PolicyRule {
  readonly id: string;
  readonly name: string;
  readonly displayName: string;
  readonly scope: string;
  readonly notScopes: readonly string[];
  readonly effect: "Deny" | "Modify";
  readonly when: PolicyCondition;
  /** What a modify policy does. */
  readonly tags: readonly TagOperation[];
}

/** A role assignment that PIM made and will end; its key is the role assignment's ARM id. */
export interface RoleSchedule {
  readonly roleAssignmentId: string;
  /** The GUID of the schedule instance. */
  readonly name: string;
  /** Activated out of an eligible assignment, or assigned for a time. */
  readonly assignmentType: "Activated" | "Assigned";
  /** In milliseconds since the epoch. */
  readonly startsAt: number;
  readonly endsAt: number;
}
