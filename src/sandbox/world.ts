// What exists in the embedded Azure: the one state that ARM, Resource Graph, Entra and the admin endpoint share.
import { type Activities, createActivities } from "./activities.ts";
import type { DenyAssignment, PolicyRule, RoleSchedule } from "./governance.ts";
import { createOperationModes, type OperationMode, type OperationModes } from "./operation-modes.ts";
import { emptySqlState, type SqlState } from "./sql/state.ts";
import { Store } from "./store.ts";
import { defaultSwitches, type Switches } from "./switches.ts";

/** The identity block of a resource, as ARM bodies carry it. */
export interface IdentityBlock {
  readonly type: string;
  readonly principalId?: string;
  readonly tenantId?: string;
  /** Keys are ARM ids in whatever casing they were sent; values are `{}` until the operation has ended. */
  readonly userAssignedIdentities?: Readonly<Record<string, { principalId?: string; clientId?: string }>>;
}

/** A resource as its raw ARM body: fields that nobody here knows are kept and come back unchanged. */
export interface ArmResource {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly location?: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly identity?: IdentityBlock;
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly managedBy?: string;
  readonly etag?: string;
  readonly [other: string]: unknown;
}

/** A subscription; its key is its id. */
export interface Subscription {
  readonly subscriptionId: string;
  readonly displayName: string;
  readonly tenantId: string;
  readonly state: "Enabled" | "Disabled";
  readonly tags?: Readonly<Record<string, string>>;
}

/** A management group with its parent's name (absent: the tenant root) and the subscriptions directly in it. */
export interface ManagementGroup {
  readonly name: string;
  readonly displayName: string;
  readonly parent?: string;
  readonly subscriptions: readonly string[];
}

/** What a role permits; actions may hold wildcards. */
export interface Permission {
  readonly actions: readonly string[];
  readonly notActions: readonly string[];
  readonly dataActions: readonly string[];
  readonly notDataActions: readonly string[];
  /** A few built-in roles ("Key Vault Data Access Administrator") bind a permission to a condition. */
  readonly condition?: string;
  readonly conditionVersion?: string;
}

/** A role definition; its key is its name, a GUID. */
export interface RoleDefinition {
  readonly name: string;
  readonly roleName: string;
  readonly type: "BuiltInRole" | "CustomRole";
  readonly description: string;
  readonly assignableScopes: readonly string[];
  readonly permissions: readonly Permission[];
  readonly createdOn: string;
  readonly updatedOn: string;
  /** The object ids behind a custom role; built-in roles have none. */
  readonly createdBy?: string;
  readonly updatedBy?: string;
}

/** A role assignment; its key is its ARM id. `scope` is "/" or an ARM id without a trailing slash. */
export interface RoleAssignment {
  readonly id: string;
  readonly name: string;
  readonly scope: string;
  readonly roleDefinitionId: string;
  readonly principalId: string;
  readonly principalType: string;
  readonly condition: string | null;
  readonly conditionVersion: string | null;
  readonly description: string | null;
  readonly delegatedManagedIdentityResourceId: string | null;
  readonly createdOn: string;
  readonly updatedOn: string;
  readonly createdBy: string | null;
  readonly updatedBy: string | null;
}

/** A service principal in the directory; its key is its object id. */
export interface Principal {
  readonly objectId: string;
  readonly clientId: string;
  readonly displayName: string;
  readonly kind: "Application" | "ManagedIdentity";
  readonly secret?: string;
  readonly federated?: readonly { issuer: string; subject: string; audience: string }[];
  /** The ARM id that a managed identity stands for. */
  readonly resourceId?: string;
  /** When it came into being, in milliseconds since the epoch; absent: long ago, known everywhere. */
  readonly createdAt?: number;
}

/** A long-running operation; its key is its id. The end is computed from the clock when someone asks. */
export interface Operation {
  readonly id: string;
  readonly subscriptionId: string;
  readonly location: string;
  readonly resourceId: string;
  readonly startedAt: number;
  readonly endsAt: number;
  /** When its effect can be seen, where that is later than its end. */
  readonly visibleAt?: number;
  /** What is peculiar about it. */
  readonly mode?: OperationMode;
  /** How it failed, or (with an effect to come) how it is going to fail. */
  readonly error?: { readonly code: string; readonly message: string };
  /** What its end does to the resource; absent once that is done. */
  readonly effect?: OperationEffect;
}

/** What the end of a long-running operation of Compute does. */
export type OperationEffect =
  | {
      readonly kind: "update";
      /** The block to go back to if the identities cannot be attached in the end. */
      readonly identityBefore?: IdentityBlock;
      /** Keys of the map whose principals are filled in at the end. */
      readonly attached: readonly string[];
      /** True if the model of a scale set has changed, so that its instances no longer have the latest. */
      readonly outdatesInstances: boolean;
      /** The body that is to be seen only when the operation has its effect. */
      readonly pending?: ArmResource;
    }
  | { readonly kind: "upgrade"; readonly instanceIds: readonly string[] }
  | { readonly kind: "delete" };

/** Whether a machine runs; one that nothing is said of does. */
export type PowerState = "running" | "deallocated";

/** The knobs of the embedded Azure; all durations in milliseconds of its own clock. */
export interface Settings {
  /** How far behind the truth the lists of ARM are. */
  listLagInMs: number;
  /** How far behind the truth Resource Graph is. */
  graphLagInMs: number;
  /** How far behind the truth role assignment reads are, by list and by id. */
  roleLagInMs: number;
  /** How long after its creation a principal is not found by those who look it up in the directory. */
  principalLagInMs: number;
  /** How long after its creation an identity answers its GET with 404; default 0. */
  identityLagInMs?: number;
  /** How long tokens of applications live, by the sandbox's own clock; default: an hour of real time. */
  tokenLifetimeInMs?: number;
  /** How long an update of a virtual machine or scale set takes. */
  operationInMs: number;
  /** The largest page of a list; Azure's own is 1,000. */
  pageSize: number;
  /** Uneven: lists come in pages of 1, 0, 4, 0, 16 … items; default even. */
  pages?: "even" | "uneven";
  /** Whether the last page of a list that has several fails with 500; default false. */
  lastPageFails?: boolean;
  /** Whether quotas are enforced with 429. */
  throttled: boolean;
  /** How long a write of a federated credential takes, in real milliseconds; default 5. */
  credentialWriteInMs?: number;
  /** How far behind the truth the activity log is; default 3000. */
  activityLagInMs?: number;
  /** How long a paused database needs to wake after the first sign-in; default 5000. */
  sqlResumeInMs?: number;
}

/** Everything that exists, with a clock of its own. */
export interface World {
  readonly now: () => number;
  readonly tenantId: string;
  readonly settings: Settings;
  /** How the facts stand that no source settles. */
  readonly switches: Switches;
  /** Which long-running operations go another way than the usual. */
  readonly operationModes: OperationModes;
  /** Machines that are not running, by ARM id. */
  readonly powerStates: Store<PowerState>;
  readonly subscriptions: Store<Subscription>;
  readonly managementGroups: Store<ManagementGroup>;
  /** Keyed by id; bodies of type Microsoft.Resources/resourceGroups. */
  readonly resourceGroups: Store<ArmResource>;
  /** Every other resource, children (federated credentials, instances of uniform scale sets) included, keyed by id. */
  readonly resources: Store<ArmResource>;
  readonly roleDefinitions: Store<RoleDefinition>;
  readonly roleAssignments: Store<RoleAssignment>;
  readonly denyAssignments: Store<DenyAssignment>;
  readonly policies: Store<PolicyRule>;
  readonly roleSchedules: Store<RoleSchedule>;
  readonly principals: Store<Principal>;
  readonly operations: Store<Operation>;
  /** What the activity log knows. */
  readonly activities: Activities;
  /** The content of databases, and what else ARM does not show of SQL. */
  readonly sql: SqlState;
}

/** An empty world: a tenant and nothing in it. */
export function emptyWorld(tenantId: string, now: () => number, settings: Settings): World {
  return {
    now,
    tenantId,
    settings,
    switches: defaultSwitches(),
    operationModes: createOperationModes(),
    powerStates: new Store(now),
    subscriptions: new Store(now),
    managementGroups: new Store(now),
    resourceGroups: new Store(now),
    resources: new Store(now),
    roleDefinitions: new Store(now),
    roleAssignments: new Store(now),
    denyAssignments: new Store(now),
    policies: new Store(now),
    roleSchedules: new Store(now),
    principals: new Store(now),
    operations: new Store(now),
    activities: createActivities(),
    sql: emptySqlState(),
  };
}
