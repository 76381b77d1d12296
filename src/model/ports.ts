// What the core needs of Azure: the interfaces that `azure/` fulfils. Trouble is thrown as `Failure`.
import type { DatabaseLocator, DatabaseReader, DatabaseWriter } from "./database.ts";
import type { RoleAssignment, RoleDefinition, RolePermission } from "./grant.ts";
import type { FederatedCredential, Identity } from "./identity.ts";
import type { Estate } from "./policy.ts";
import type { ScaleSetInstance } from "./scale-set.ts";
import type { Target } from "./target.ts";

/** What a list gave, and the subscriptions of which it says nothing or nothing that can be relied on. */
export interface Listed<T> {
  readonly items: readonly T[];
  readonly unknown: readonly UnknownSubscription[];
}

/** A subscription that could not be read, and why. */
export interface UnknownSubscription {
  readonly subscriptionId: string;
  readonly reason: string;
}

/** Reads the whole estate by lists, which may be a minute behind: they propose, a fresh read disposes. */
export interface Inventory {
  /** All subscriptions of the estate, those of its management groups included. */
  listSubscriptions(estate: Estate, signal: AbortSignal): Promise<Listed<string>>;
  /** Every user-assigned identity of these subscriptions. */
  listIdentities(subscriptions: readonly string[], signal: AbortSignal): Promise<Listed<Identity>>;
  /** Every virtual machine and scale set, and every other resource with an identity block. */
  listTargets(subscriptions: readonly string[], signal: AbortSignal): Promise<Listed<Target>>;
  /** The role assignments of these principals, and those that carry the owner's marker. */
  listAssignments(query: AssignmentQuery, signal: AbortSignal): Promise<Listed<RoleAssignment>>;
  /**
   * The ids of the resources of these subscriptions, of whatever type, whose properties name an identity by its id;
   * identity blocks are the affair of `listTargets`. Asked only for what is about to be deleted.
   */
  listReferences(
    identityId: string,
    subscriptions: readonly string[],
    signal: AbortSignal,
  ): Promise<Listed<string>>;
  /** How many role assignments each of these subscriptions has in all, by lower-case id: only an index can count them. */
  countAssignments(
    subscriptions: readonly string[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, number>>;
}

/** Which role assignments to list. */
export interface AssignmentQuery {
  readonly subscriptions: readonly string[];
  readonly managementGroups: readonly string[];
  readonly principalIds: readonly string[];
  readonly owner: string;
}

/** Fresh reads of single things; undefined means that Azure answered 404 for that very thing. */
export interface Reader {
  readIdentity(id: string, signal: AbortSignal): Promise<Identity | undefined>;
  readTarget(id: string, signal: AbortSignal): Promise<Target | undefined>;
  readAssignment(id: string, signal: AbortSignal): Promise<RoleAssignment | undefined>;
  /** The instances of a uniform scale set, as Compute's own list shows them. */
  listInstances(scaleSetId: string, signal: AbortSignal): Promise<readonly ScaleSetInstance[]>;
  /** The assignments of one principal at exactly this scope, asked of the authorization provider, not of an index. */
  findAssignments(
    scope: string,
    principalId: string,
    signal: AbortSignal,
  ): Promise<readonly RoleAssignment[]>;
}

/** Reads of what stands beside the resources. */
export interface Catalogue {
  /** The role definitions that can be assigned at a scope or below it: see `isAssignableAt`. */
  listRoles(scope: string, signal: AbortSignal): Promise<readonly RoleDefinition[]>;
  /** The federated credentials of an identity. */
  listCredentials(identityId: string, signal: AbortSignal): Promise<readonly FederatedCredential[]>;
  /** Which of these scopes (subscriptions, groups, resources) exist, as far as the caller can see. */
  existingScopes(scopes: readonly string[], signal: AbortSignal): Promise<readonly string[]>;
}

/** Writes identities and their tags; tags are merged and deleted key by key. */
export interface IdentityWriter {
  /** Creates; `created` is false if the answer was 200: someone was faster, and what there is may not be ours. */
  createIdentity(wanted: NewIdentity, signal: AbortSignal): Promise<{ identity: Identity; created: boolean }>;
  mergeTags(identityId: string, tags: Readonly<Record<string, string>>, signal: AbortSignal): Promise<void>;
  deleteTags(identityId: string, tags: Readonly<Record<string, string>>, signal: AbortSignal): Promise<void>;
  deleteIdentity(identityId: string, signal: AbortSignal): Promise<void>;
}

/** What it takes to create an identity. */
export interface NewIdentity {
  readonly id: string;
  readonly location: string;
  readonly tags: Readonly<Record<string, string>>;
}

/** Writes federated credentials. */
export interface CredentialWriter {
  putCredential(identityId: string, credential: FederatedCredential, signal: AbortSignal): Promise<void>;
  deleteCredential(identityId: string, name: string, signal: AbortSignal): Promise<void>;
}

/** One change of a target's identities: what is not named is left alone. */
export interface AttachmentPatch {
  readonly targetId: string;
  /** "SystemAssigned, UserAssigned", "UserAssigned", "SystemAssigned" or "None": a full statement. */
  readonly type: string;
  readonly attach: readonly string[];
  readonly detach: readonly string[];
  /** The etag that the resource must still have; undefined where the type has none. */
  readonly ifMatch?: string;
}

/** A write that Azure has accepted and still works on. */
export interface RunningWrite {
  /** Waits for the end, polling as slowly as Azure asks; throws a `Failure` if the operation failed. */
  ended(signal: AbortSignal): Promise<void>;
}

/** Writes the identities of targets. */
export interface TargetWriter {
  patchAttachments(patch: AttachmentPatch, signal: AbortSignal): Promise<RunningWrite>;
  /** Brings these instances of a uniform scale set to its model, with everything that has changed in it. */
  upgradeInstances(
    scaleSetId: string,
    instanceIds: readonly string[],
    signal: AbortSignal,
  ): Promise<RunningWrite>;
}

/** What it takes to assign a role. */
export interface NewAssignment {
  /** The id of an existing assignment whose condition is to be changed; undefined: a new one. */
  readonly id?: string;
  readonly scope: string;
  readonly principalId: string;
  readonly roleGuid: string;
  readonly condition?: string;
  /** Our marker, or what stood there where the assignment is not ours. */
  readonly description?: string;
}

/** Writes role assignments. The name of a new one is derived from scope, principal and role, so that a repetition is harmless. */
export interface AssignmentWriter {
  putAssignment(wanted: NewAssignment, signal: AbortSignal): Promise<RoleAssignment>;
  deleteAssignment(id: string, signal: AbortSignal): Promise<void>;
}

/** Who Bindery is: read from its own token. */
export interface Self {
  readonly principalId: string;
  readonly tenantId: string;
  /** The ARM id of Bindery's own identity, where it runs as one. */
  readonly resourceId?: string;
}

/** What Bindery itself may do. */
export interface CallerRights {
  /** What the roles of the caller permit at a scope, inherited ones included; undefined if Azure does not know the scope. */
  readPermissions(scope: string, signal: AbortSignal): Promise<readonly RolePermission[] | undefined>;
}

/** Everything that can be read. */
export interface ReadPorts extends Inventory, Reader, Catalogue, DatabaseLocator, DatabaseReader {}

/** Everything that can be written. */
export interface WritePorts
  extends IdentityWriter,
    CredentialWriter,
    TargetWriter,
    AssignmentWriter,
    DatabaseWriter {}

/** Time, as the core sees it. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Resolves after a while; rejects with the signal's reason when it aborts. */
  sleep(inMs: number, signal: AbortSignal): Promise<void>;
}
