// What the operator allows: whose instance this is, what it manages, and what it never touches.

/** The subscriptions and management groups under management. */
export interface Estate {
  readonly subscriptions: readonly string[];
  readonly managementGroups: readonly string[];
}

/** A privileged grant that the operator has allowed beforehand. */
export interface PrivilegedAllowance {
  /** "namespace/name" of the identity's document. */
  readonly identity: string;
  readonly roleName?: string;
  readonly roleDefinitionId?: string;
  readonly scope: string;
}

/** The operator's policy, as the core reads it. */
export interface Policy {
  readonly owner: string;
  readonly tenantId: string;
  readonly estate: Estate;
  readonly wholeSubscriptionSelectors: "Deny" | "Allow";
  readonly privileged: readonly PrivilegedAllowance[];
  /** Ids of identities and targets that are never a subject of a change. */
  readonly protected: readonly string[];
}
