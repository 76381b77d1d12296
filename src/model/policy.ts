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

/** Whose federated tokens may be trusted: in patterns `*` stops at `/` and `:`, `**` does not. */
export interface TrustAllowance {
  readonly issuer: string;
  readonly subject: string;
}

/** A folder of the manifests (relative to a PATH, "/" between names) whose documents must have this namespace. */
export interface FolderNamespace {
  readonly folder: string;
  readonly namespace: string;
}

/** How much one plan may change before a person has to look; a percentage counts from five removals up. */
export interface Limits {
  readonly removals: { readonly count: number; readonly percent: number };
  readonly additions: { readonly count: number };
}

/** What holds where the policy says nothing. */
export const defaultLimits: Limits = { removals: { count: 10, percent: 20 }, additions: { count: 500 } };

/** The lease that a writer must hold. */
export interface LeasePlace {
  /** An Azure blob, "https://account.blob.core.windows.net/container/blob". */
  readonly blobUrl: string;
  /** From 15 to 60. */
  readonly durationInSeconds: number;
}

/** The operator's policy, as the core reads it. */
export interface Policy {
  readonly owner: string;
  readonly tenantId: string;
  readonly estate: Estate;
  /** Empty: folders say nothing about namespaces. */
  readonly namespaces: readonly FolderNamespace[];
  readonly limits: Limits;
  readonly wholeSubscriptionSelectors: "Deny" | "Allow";
  readonly privileged: readonly PrivilegedAllowance[];
  readonly federatedCredentials: readonly TrustAllowance[];
  /** Names of SQL servers, or patterns, that Bindery may sign in to. */
  readonly sqlServers: readonly string[];
  /** Ids of identities and targets that are never a subject of a change. */
  readonly protected: readonly string[];
  /** Digests of held sets that a person has approved. */
  readonly releases: readonly string[];
  /** Undefined: nobody keeps two instances from writing at the same time. */
  readonly lease?: LeasePlace;
}
