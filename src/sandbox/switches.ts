// The facts about Azure that no source settles: a named switch for each, with both behaviours that are possible.
import { z } from "zod";

interface SwitchRow {
  /** The first is the default: what most sources say, or what is hardest on clients without contradicting any. */
  readonly values: readonly [string, string];
  /** One sentence: which fact is open. */
  readonly meaning: string;
  /** The file below src/sandbox that reads it. */
  readonly readIn: string;
}

/** All switches. A test keeps docs/sandbox.md equal to this table. */
export const switchTable = {
  lastIdentityByNull: {
    values: ["refused", "removed"],
    meaning: "What a PATCH with type UserAssigned gets whose nulls take the last identity away.",
    readIn: "arm/identity/identity-attach.ts",
  },
  danglingIdentity: {
    values: ["tolerated", "poisons"],
    meaning: "Whether a deleted identity that is still attached fails a PATCH that does not name it.",
    readIn: "arm/identity/identity-attach.ts",
  },
  deletedIdentityIds: {
    values: ["gone", "kept"],
    meaning:
      "Whether machines and scale sets stop showing the ids of an attached identity that was deleted, made again or not.",
    readIn: "arm/removal.ts",
  },
  genericPatchIdentity: {
    values: ["merges", "replaces"],
    meaning: "What the map of a PATCH does on types other than machines and scale sets.",
    readIn: "arm/identity/identity-attach.ts",
  },
  immediateIdentity: {
    values: ["empty", "filled"],
    meaning:
      "Whether a new key in Compute's immediate answer is {} or has its principal and client id already.",
    readIn: "arm/compute/compute-resource.ts",
  },
  computeEtag: {
    values: ["present", "absent"],
    meaning: "Whether machines and scale sets show an etag; without one, If-Match is not looked at.",
    readIn: "arm/compute/compute-body.ts",
  },
  ifMatch: {
    values: ["honoured", "ignored"],
    meaning: "Whether Compute answers 412 to an If-Match that does not match.",
    readIn: "arm/compute/compute-body.ts",
  },
  deallocatedMachine: {
    values: ["takesIdentities", "refusesIdentities"],
    meaning: "What a PATCH of the identity gets on a machine that is deallocated.",
    readIn: "arm/compute/virtual-machines.ts",
  },
  operationRetryAfter: {
    values: ["absent", "present"],
    meaning: "Whether Compute's updates and the polls of their operations carry Retry-After.",
    readIn: "arm/compute/compute-operations.ts",
  },
  subscriptionListIds: {
    values: ["capitals", "asStored"],
    meaning: "How Compute's lists by subscription write the resource group in ids.",
    readIn: "arm/compute/compute-list.ts",
  },
  uniformInstanceIdentity: {
    values: ["afterUpgrade", "atOnce"],
    meaning: "When the instances of a uniform scale set with manual upgrades get the identities of the set.",
    readIn: "arm/compute/scale-set-instances.ts",
  },
  flexibleInstanceIdentity: {
    values: ["own", "ofSet"],
    meaning: "Whether the machines of a flexible scale set show their own identities or those of the set.",
    readIn: "arm/compute/scale-set-instances.ts",
  },
  flexibleSetSwap: {
    values: ["taken", "refused"],
    meaning: "Whether one PATCH of a flexible scale set may attach and detach identities at once.",
    readIn: "arm/compute/scale-sets.ts",
  },
  latestModelApplied: {
    values: ["shown", "hidden"],
    meaning: "Whether instances tell that they do not have the latest model.",
    readIn: "arm/compute/scale-set-instances.ts",
  },
  identityPatchTags: {
    values: ["replace", "merge"],
    meaning: "What the tags of a PATCH of an identity do to the tags that it has.",
    readIn: "arm/identity/identities.ts",
  },
  identityNames: {
    values: ["checked", "unchecked"],
    meaning: "Whether the rule of 3 to 128 characters, the first a letter or digit, holds for identities.",
    readIn: "arm/identity/identities.ts",
  },
  credentialLimit: {
    values: ["twenty", "none"],
    meaning: "Whether an identity has room for twenty federated credentials and no more.",
    readIn: "arm/identity/federated-credentials.ts",
  },
  errorOrder: {
    values: ["rightsFirst", "groupFirst"],
    meaning: "Whether who has no rights is told that a resource group does not exist.",
    readIn: "arm/front-door.ts",
  },
  roleAssignmentExists: {
    values: ["withId", "withoutId"],
    meaning: "Whether RoleAssignmentExists names the assignment that is there.",
    readIn: "arm/authorization/role-assignment-rules.ts",
  },
  missingRoleStatus: {
    values: ["400", "404"],
    meaning: "The status of RoleDefinitionDoesNotExist where a role assignment names the role.",
    readIn: "arm/authorization/role-assignment-rules.ts",
  },
  principalTypeLookup: {
    values: ["skipped", "always"],
    meaning: "Whether a new principal must be known although the request states its principalType.",
    readIn: "arm/authorization/role-assignment-rules.ts",
  },
  newRoleAssignment: {
    values: ["lags", "readableAtOnce"],
    meaning: "Whether a role assignment that was just made answers its GET with 404 for a while.",
    readIn: "arm/authorization/role-assignments.ts",
  },
  missingRoleAssignment: {
    values: ["RoleAssignmentNotFound", "NotFound"],
    meaning: "The code of the 404 of a role assignment.",
    readIn: "arm/authorization/role-assignments.ts",
  },
  orphanedPrincipalType: {
    values: ["kept", "Unknown"],
    meaning: "The principalType that an assignment shows when its principal is deleted.",
    readIn: "arm/authorization/role-assignments.ts",
  },
  orphanedAssignments: {
    values: ["count", "doNotCount"],
    meaning: "Whether assignments of deleted principals count towards the limit of 4,000.",
    readIn: "arm/authorization/role-assignment-rules.ts",
  },
  assignmentLimitStatus: {
    values: ["400", "409"],
    meaning: "The status of RoleAssignmentLimitExceeded.",
    readIn: "arm/authorization/role-assignment-rules.ts",
  },
  resultTruncated: {
    values: ["falseWhilePaging", "trueWhilePaging"],
    meaning: "What Resource Graph says of resultTruncated while there is a $skipToken.",
    readIn: "graph/handler.ts",
  },
  graphThrottleCode: {
    values: ["RateLimiting", "TooManyRequests"],
    meaning: "The code of Resource Graph's 429.",
    readIn: "graph/handler.ts",
  },
  throttleRetryAfter: {
    values: ["present", "absent"],
    meaning: "Whether 429 answers of quotas carry Retry-After.",
    readIn: "arm/front-door.ts",
  },
  readOnlyLockOnIdentity: {
    values: ["letsAssign", "refusesAssign"],
    meaning:
      "Whether a ReadOnly lock on an identity keeps it from being attached to something that is not locked.",
    readIn: "arm/identity/identity-attach.ts",
  },
  policyOnTagsApi: {
    values: ["evaluated", "blind"],
    meaning: "Whether policies look at what the tags API writes.",
    readIn: "arm/governance/policies.ts",
  },
  scheduledAssignmentDelete: {
    values: ["allowed", "refused"],
    meaning: "What deleting the role assignment of a schedule of Privileged Identity Management gets.",
    readIn: "arm/authorization/role-schedules.ts",
  },
  brokenExtension: {
    values: ["keepsIdentity", "rollsBack"],
    meaning: "Whether the identities of a PATCH stay when a broken extension fails its operation.",
    readIn: "arm/compute/settle-operations.ts",
  },
  activityCaller: {
    values: ["objectId", "clientId"],
    meaning: "What the activity log calls an application that has written something.",
    readIn: "arm/activity/activity-log.ts",
  },
  activityLogRights: {
    values: ["refused", "filtered"],
    meaning:
      "Whether who may not read a subscription's activity log is refused, or sees what it may read of it.",
    readIn: "arm/activity/activity-log.ts",
  },
  activityResourceUri: {
    values: ["exact", "andBelow"],
    meaning: "Whether the activity log of a resource also shows what lies below the resource.",
    readIn: "arm/activity/activity-filter.ts",
  },
  tagKeys: {
    values: ["kept", "lowered"],
    meaning: "In which casing the keys of tags come back.",
    readIn: "arm/identity/key-casing.ts",
  },
  identityKeys: {
    values: ["kept", "lowered"],
    meaning: "In which casing the keys of userAssignedIdentities come back.",
    readIn: "arm/identity/key-casing.ts",
  },
  strangerSignIn: {
    values: ["18456", "4060"],
    meaning: "Which number SQL answers to a token whose principal has no user in the database.",
    readIn: "sql/service/sign-in.ts",
  },
  repeatedMembership: {
    values: ["silent", "refused"],
    meaning:
      "Whether SQL refuses to add a member of a role who is one already (15023), or to drop one who is none (15151).",
    readIn: "sql/engine/define-principals.ts",
  },
  unknownPrincipal: {
    values: ["ownNumbers", "33134"],
    meaning:
      "What FROM EXTERNAL PROVIDER gives for a principal that Entra does not know: 33130 by name and 37545 by object id, or 33134.",
    readIn: "sql/engine/external-provider.ts",
  },
  directoryRefusal: {
    values: ["33134", "15151"],
    meaning: "What FROM EXTERNAL PROVIDER gives on a server whose identity may not read the directory.",
    readIn: "sql/engine/external-provider.ts",
  },
  externalUserInTransaction: {
    values: ["taken", "refused"],
    meaning: "Whether CREATE USER … FROM EXTERNAL PROVIDER may stand in a transaction (else 574).",
    readIn: "sql/engine/external-provider.ts",
  },
  applicationType: {
    values: ["E", "X"],
    meaning:
      "The type that the catalog of SQL shows for an application that FROM EXTERNAL PROVIDER has found.",
    readIn: "sql/engine/external-provider.ts",
  },
  externalAuthentication: {
    values: ["EXTERNAL", "NONE"],
    meaning: "The authentication type that the catalog of SQL shows for users of Microsoft Entra.",
    readIn: "sql/engine/define-principals.ts",
  },
  unseenNumbers: {
    values: ["believed", "unknown"],
    meaning:
      "Whether the errors of SQL whose numbers no source confirms (4613, 4617, 15405, 33130, 33159, 40508) have them, or one that nobody knows (49999).",
    readIn: "sql/service/unseen-numbers.ts",
  },
} as const satisfies Readonly<Record<string, SwitchRow>>;

type Table = typeof switchTable;

/** The state of every switch. */
export type Switches = { -readonly [Name in keyof Table]: Table[Name]["values"][number] };

/** Every switch at its default; a new object each time. */
export function defaultSwitches(): Switches {
  const entries = Object.entries(switchTable).map(([name, { values }]) => [name, values[0]]);
  return Object.fromEntries(entries) as Switches;
}

/** Some switches with their states, as seeds, the admin endpoint and the options of a start give them. */
export const SwitchesPatch = z.strictObject(
  Object.fromEntries(
    Object.entries(switchTable).map(([name, { values }]) => [name, z.enum(values).exactOptional()]),
  ),
) as unknown as z.ZodType<Partial<Switches>>;
