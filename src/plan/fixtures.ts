// Small worlds for the tests of the plan: one subscription, one identity, and what a row of a table changes about them.
import type {
  Desired,
  DesiredBinding,
  DesiredDatabase,
  DesiredGrant,
  DesiredIdentity,
  DesiredTarget,
} from "../desired/desired.ts";
import { identityIdFrom, idKey, resourceIdFrom } from "../model/arm-id.ts";
import { databaseName, securableText } from "../model/database.ts";
import type { DocumentRef } from "../model/document.ts";
import { assignmentMarker, type RoleAssignment, type RoleDefinition } from "../model/grant.ts";
import { type Identity, ownerTag, principalMark, principalTag } from "../model/identity.ts";
import { defaultLimits, type Policy } from "../model/policy.ts";
import { armTypeOf, type Target } from "../model/target.ts";
import type { Observed } from "../observed/observed.ts";
import type { Change, Plan } from "./plan.ts";

export const subscription = "00000000-0000-4000-8000-000000000001";
export const group = `/subscriptions/${subscription}/resourceGroups/rg`;
export const vaultScope = `${group}/providers/Microsoft.KeyVault/vaults/kv`;
export const identityId = identityIdFrom(subscription, "rg", "id-orders");
export const principal = {
  principalId: "aaaaaaaa-0000-4000-8000-000000000001",
  clientId: "cccccccc-0000-4000-8000-000000000001",
};

export const reader: RoleDefinition = role("Reader", "acdd72a7-3385-48ef-bd42-f606fba81ae7", ["*/read"]);
export const owner: RoleDefinition = role("Owner", "8e3af657-a8ff-443c-a75c-2fe8c4bcb635", ["*"]);
export const secretsUser: RoleDefinition = role(
  "Key Vault Secrets User",
  "4633458b-17de-408a-b874-0445c86b69e6",
  [],
);

export const policy: Policy = {
  owner: "prod",
  tenantId: "tttttttt",
  estate: { subscriptions: [subscription], managementGroups: [] },
  namespaces: [],
  limits: defaultLimits,
  wholeSubscriptionSelectors: "Deny",
  privileged: [],
  federatedCredentials: [],
  sqlServers: ["*"],
  protected: [],
  releases: [],
};

export function document(kind: DocumentRef["kind"] = "IdentityBinding", name = "orders"): DocumentRef {
  return { kind, namespace: "team", name, file: "orders.yaml", line: 1 };
}

export function wanted(change: Partial<DesiredIdentity> = {}): DesiredIdentity {
  return {
    id: identityId,
    document: document("UserAssignedIdentity"),
    location: "westeurope",
    lifecycle: "Present",
    adoptionPolicy: "Never",
    prunePolicy: "Authoritative",
    tags: {},
    ignore: { roleAssignments: [], targets: [] },
    bindings: [],
    ...change,
  };
}

export function binding(
  targets: readonly DesiredTarget[],
  grants: readonly DesiredGrant[] = [],
  suspended = false,
  databases: readonly DesiredDatabase[] = [],
): DesiredBinding {
  return { document: document(), suspended, targets, grants, databases };
}

export function vmId(name: string, resourceGroup = "rg"): string {
  return resourceIdFrom(subscription, resourceGroup, armTypeOf.virtualMachine, name);
}

export function namedVm(name: string): DesiredTarget {
  return { kind: "virtualMachine", id: vmId(name), document: document() };
}

export function grantOf(roleName: string, scope = vaultScope, condition?: string): DesiredGrant {
  return {
    kind: "azureRole",
    scope,
    role: { name: roleName },
    document: document(),
    ...(condition !== undefined && { condition }),
  };
}

export function vm(name: string, identityIds: readonly string[] = [], change: Partial<Target> = {}): Target {
  return {
    id: vmId(name),
    kind: "virtualMachine",
    type: armTypeOf.virtualMachine,
    location: "westeurope",
    tags: {},
    attachments: { systemAssigned: false, userAssigned: identityIds.map((id) => ({ id, ...principal })) },
    ...change,
  };
}

export function live(change: Partial<Identity> = {}): Identity {
  const tags = { [ownerTag]: "prod", [principalTag]: principalMark(principal) };
  return { id: identityId, location: "westeurope", ...principal, tags, ...change };
}

export function assignment(definition: RoleDefinition, change: Partial<RoleAssignment> = {}): RoleAssignment {
  const scope = change.scope ?? vaultScope;
  return {
    id: `${scope}/providers/Microsoft.Authorization/roleAssignments/${definition.guid}`,
    scope,
    principalId: principal.principalId,
    roleGuid: definition.guid,
    description: assignmentMarker("prod", identityId),
    ...change,
  };
}

export interface Seen {
  readonly identities?: readonly Identity[];
  readonly targets?: readonly Target[];
  readonly assignments?: readonly RoleAssignment[];
}

export function observed(seen: Seen = {}, change: Partial<Observed> = {}): Observed {
  return {
    self: { principalId: "bbbbbbbb-0000-4000-8000-000000000009", tenantId: policy.tenantId },
    identities: new Map((seen.identities ?? []).map((i) => [idKey(i.id), i])),
    targets: new Map((seen.targets ?? []).map((t) => [idKey(t.id), t])),
    assignments: new Map((seen.assignments ?? []).map((a) => [idKey(a.id), a])),
    assignmentCounts: new Map(),
    credentials: new Map(),
    references: new Map((seen.identities ?? []).map((i) => [idKey(i.id), { resourceIds: [] }])),
    roles: new Map([[`/subscriptions/${subscription}`, [reader, owner, secretsUser]]]),
    instances: new Map(),
    missingScopes: new Set(),
    databases: new Map(),
    confirmed: new Set(),
    unknown: new Map(),
    unreadable: new Map(),
    subscriptions: new Set([subscription]),
    ...change,
  };
}

export function desired(...identities: readonly DesiredIdentity[]): Desired {
  return { revision: "r1", identities };
}

/** A plan in short lines: "attach vm-1" for what is done, "NotOwned: attach vm-1" for what is held. */
export function linesOf(plan: Plan): readonly string[] {
  return [...plan.changes.map(lineOf), ...plan.held.map((h) => `${h.reason}: ${lineOf(h.change)}`)];
}

function lineOf({ kind, subject, identityId: id }: Change): string {
  switch (subject.kind) {
    case "identity":
      return `${kind} ${id.split("/").at(-1)}`;
    case "tags": {
      const keys = [...Object.keys(subject.set), ...Object.keys(subject.remove).map((k) => `-${k}`)];
      return `${kind} tags ${[...keys, ...(subject.recordPrincipal ? ["principal"] : [])].join(",")}`;
    }
    case "credential":
      return `${kind} ${subject.remove ? "no " : ""}credential ${subject.credential.name}`;
    case "target":
    case "instances":
      return `${kind} ${subject.kind === "instances" ? "instances of " : ""}${subject.targetId.split("/").at(-1)}`;
    case "role":
      return `${kind} ${subject.roleName}`;
    case "databaseUser":
      return `${kind} user ${subject.userName} in ${databaseName(subject.database)}`;
    case "databaseRole":
      return `${kind} ${subject.role} in ${databaseName(subject.database)}`;
    case "databasePermission":
      return `${kind} ${subject.permission} on ${securableText(subject.securable)} in ${databaseName(subject.database)}`;
  }
}

/** A plan of nothing, but for what the test says. */
export function planWith(parts: Partial<Plan>): Plan {
  return {
    revision: "r1",
    owner: "prod",
    digest: "d",
    changes: [],
    operations: [],
    held: [],
    warnings: [],
    orphans: [],
    blastRadius: [],
    selectors: [],
    released: [],
    ...parts,
  };
}

function role(roleName: string, guid: string, actions: readonly string[]): RoleDefinition {
  return {
    guid,
    roleName,
    isCustom: false,
    assignableScopes: ["/"],
    permissions: [{ actions, notActions: [], dataActions: [], notDataActions: [] }],
  };
}
