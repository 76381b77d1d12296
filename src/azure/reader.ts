// Fresh reads of single things: what an answer of 404 proves, and what it does not.
import { type ArmId, parseArmId, sameId, subscriptionOf } from "../model/arm-id.ts";
import { Failure } from "../model/failure.ts";
import { type RoleAssignment, type RoleDefinition, type RolePermission, roleGuidOf } from "../model/grant.ts";
import type { FederatedCredential, Identity } from "../model/identity.ts";
import type { Clock, Reader } from "../model/ports.ts";
import type { ScaleSetInstance } from "../model/scale-set.ts";
import { type Target, targetKindOf } from "../model/target.ts";
import { all, patiently, saysGone } from "./call.ts";
import type { Clients } from "./clients.ts";
import { rawMachine, rawScaleSet } from "./plain-lists.ts";
import { assignmentFrom, identityFrom, instanceFrom, type RawTarget, targetFrom } from "./rows.ts";
import { withSchedule } from "./schedules.ts";

/** The reader port, and the parts of the catalogue that need no list of the estate. */
export interface FreshReader extends Reader {
  listRoles(scope: string, signal: AbortSignal): Promise<readonly RoleDefinition[]>;
  listCredentials(identityId: string, signal: AbortSignal): Promise<readonly FederatedCredential[]>;
}

/** Fresh reads through these clients. */
export function readerOf(clients: Clients, clock: Clock): FreshReader {
  return {
    async readIdentity(id, signal): Promise<Identity | undefined> {
      const { subscriptionId, resourceGroup, name } = armIdOf(id);
      const client = clients.identities(subscriptionId).userAssignedIdentities;
      const raw = await unlessGone(clock, signal, () =>
        client.get(resourceGroup, name, { abortSignal: signal }),
      );
      return raw && readable(identityFrom(raw), id);
    },
    async readTarget(id, signal): Promise<Target | undefined> {
      const raw = await unlessGone(clock, signal, () => getTarget(clients, id, signal));
      return raw && readable(targetFrom(raw), id);
    },
    async readAssignment(id, signal): Promise<RoleAssignment | undefined> {
      const found = await readAssignment(clients, clock, id, signal);
      return found && (await withSchedule(clients, clock, found, signal));
    },
    findAssignments: (scope, principalId, signal) =>
      findAssignments(clients, clock, { scope, principalId }, signal),
    async listInstances(scaleSetId, signal): Promise<ScaleSetInstance[]> {
      const { subscriptionId, resourceGroup, name } = armIdOf(scaleSetId);
      const client = clients.compute(subscriptionId).virtualMachineScaleSetVMs;
      const found = await patiently(clock, signal, () =>
        all(client.list(resourceGroup, name, { abortSignal: signal })),
      );
      return found.map((raw) => readable(instanceFrom(raw), raw.id ?? scaleSetId));
    },
    async listRoles(scope, signal): Promise<RoleDefinition[]> {
      const client = clients.authorization(subscriptionOf(scope)).roleDefinitions;
      const found = await patiently(clock, signal, () =>
        all(client.list(withoutSlash(scope), { filter: "atScopeAndBelow()", abortSignal: signal })),
      );
      return found.map(roleFrom);
    },
    async listCredentials(identityId, signal): Promise<FederatedCredential[]> {
      const { subscriptionId, resourceGroup, name } = armIdOf(identityId);
      const client = clients.identities(subscriptionId).federatedIdentityCredentials;
      const found = await patiently(clock, signal, () =>
        all(client.list(resourceGroup, name, { abortSignal: signal })),
      );
      return found.map(credentialFrom);
    },
  };
}

/** The assignment with this id, or undefined. */
export async function readAssignment(
  clients: Clients,
  clock: Clock,
  id: string,
  signal: AbortSignal,
): Promise<RoleAssignment | undefined> {
  const client = clients.authorization(subscriptionOf(id)).roleAssignments;
  const raw = await unlessGone(clock, signal, () =>
    client.getById(withoutSlash(id), { abortSignal: signal }),
  );
  return raw && readable(assignmentFrom(raw), id);
}

/** Azure's filter by principal answers at, above and below a scope; only what is at it is kept. */
export async function findAssignments(
  clients: Clients,
  clock: Clock,
  { scope, principalId }: Pick<RoleAssignment, "scope" | "principalId">,
  signal: AbortSignal,
): Promise<RoleAssignment[]> {
  const client = clients.authorization(subscriptionOf(scope)).roleAssignments;
  const options = { filter: `principalId eq '${principalId}'`, abortSignal: signal };
  const found = await patiently(clock, signal, () => all(client.listForScope(withoutSlash(scope), options)));
  return found
    .map((raw) => readable(assignmentFrom(raw), raw.id ?? scope))
    .filter((a) => sameId(a.scope, scope) && sameId(a.principalId, principalId));
}

/** The parts of the id of a resource; a Failure "InvalidResourceId" if it is none. */
export function armIdOf(id: string): ArmId {
  const parsed = parseArmId(id);
  if (!parsed)
    throw new Failure("terminal", `${id} is not the id of a resource.`, { code: "InvalidResourceId" });
  return parsed;
}

/** The SDK of authorization puts a slash before scopes and ids that already begin with one. */
export function withoutSlash(scope: string): string {
  return scope.replace(/^\/+/, "");
}

function getTarget(clients: Clients, id: string, signal: AbortSignal): Promise<RawTarget> {
  const { subscriptionId, resourceGroup, type, name } = armIdOf(id);
  const compute = clients.compute(subscriptionId);
  switch (targetKindOf(type)) {
    case "virtualMachine":
      return compute.virtualMachines.get(resourceGroup, name, { abortSignal: signal }).then(rawMachine);
    case "virtualMachineScaleSet":
      return compute.virtualMachineScaleSets
        .get(resourceGroup, name, { abortSignal: signal })
        .then(rawScaleSet);
    case "other":
      throw unsupported(id, type);
  }
}

/** The refusal of a target of a kind that Bindery cannot read or write. */
export function unsupported(id: string, type: string): Failure {
  return new Failure("terminal", `Bindery does not know resources of type ${type} as targets: ${id}`, {
    code: "UnsupportedTargetType",
  });
}

async function unlessGone<T>(
  clock: Clock,
  signal: AbortSignal,
  read: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await patiently(clock, signal, read);
  } catch (error) {
    if (saysGone(error)) return;
    throw error;
  }
}

/** Nothing is decided on a thing that Azure shows incompletely; it may be complete the next time. */
function readable<T>(read: T | undefined, id: string): T {
  if (read !== undefined) return read;
  throw new Failure("transient", `Azure's answer for ${id} is incomplete.`, { code: "IncompleteAnswer" });
}

/** A federated credential as the SDK has it; Azure holds exactly one audience. */
function credentialFrom(raw: {
  readonly name?: string;
  readonly issuer?: string;
  readonly subject?: string;
  readonly audiences?: readonly string[];
}): FederatedCredential {
  const { name = "", issuer = "", subject = "", audiences = [] } = raw;
  return { name, issuer, subject, audience: audiences.join(" ") };
}

function roleFrom(raw: {
  readonly id?: string;
  readonly roleName?: string;
  readonly roleType?: string;
  readonly assignableScopes?: readonly string[];
  readonly permissions?: readonly Partial<RolePermission>[];
}): RoleDefinition {
  return {
    guid: roleGuidOf(raw.id ?? ""),
    roleName: raw.roleName ?? "",
    isCustom: raw.roleType?.toLowerCase() === "customrole",
    assignableScopes: raw.assignableScopes ?? [],
    permissions: (raw.permissions ?? []).map((p) => ({
      actions: p.actions ?? [],
      notActions: p.notActions ?? [],
      dataActions: p.dataActions ?? [],
      notDataActions: p.notDataActions ?? [],
    })),
  };
}
