// How a sent identity block is carried out in the world: rights on each new identity, principals, the filled-in ids.
import { randomUUID } from "node:crypto";
import type { ArmResource, IdentityBlock, World } from "../../world.ts";
import { rightsOf } from "../authorization/rights.ts";
import { armErrors } from "../errors.ts";
import { refuseLocked } from "../governance/lock-rules.ts";
import type { ArmRequest } from "../provider.ts";
import {
  changeIdentity,
  filledIdentity,
  type IdentityChange,
  newlyNamed,
  parseIdentity,
} from "./identity-block.ts";
import { takeAssignmentQuota } from "./identity-quota.ts";

const identityType = "Microsoft.ManagedIdentity/userAssignedIdentities";
const assignAction = "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action";

/** Which resource a block is sent for: as it is before, or would be called if it does not exist yet. */
export type Bearer = Pick<ArmResource, "id" | "name" | "type" | "identity">;

/**
 * What the sent block does to the bearer's; nothing of the bearer is written. A principal is made for a system-assigned
 * identity that is enabled. A block that is absent or null changes nothing. Throws ARM's refusals, among them one
 * LinkedAuthorizationFailed with all new identities that the caller may not assign.
 */
export function carryOutIdentity(
  request: ArmRequest,
  world: World,
  bearer: Bearer,
  sent: unknown,
): IdentityChange {
  const before = bearer.identity;
  if (sent === undefined || sent === null) return { block: before, attached: [] };
  const method = request.method === "PUT" ? "PUT" : "PATCH";
  const parsed = parseIdentity(sent, method);
  const added = newlyNamed(parsed, before);
  requireAssign(request, world, bearer, added);
  takeAssignmentQuota(world, bearer.id, added.length);
  const systemId = randomUUID();
  const change = changeIdentity(parsed, {
    method,
    resourceId: bearer.id,
    tenantId: world.tenantId,
    before,
    exists: (id) => principalOf(world, id) !== undefined,
    newSystemPrincipal: () => systemId,
    danglingFailsPatch: world.switches.danglingIdentity === "poisons",
    mayRemoveLast: world.switches.lastIdentityByNull === "removed",
    patchReplaces:
      world.switches.genericPatchIdentity === "replaces" && !/^microsoft\.compute\//i.test(bearer.type),
  });
  if (change.block?.principalId === systemId) putSystemPrincipal(world, bearer, systemId);
  return change;
}

function requireAssign(request: ArmRequest, world: World, bearer: Bearer, ids: readonly string[]): void {
  const rights = rightsOf(world, request.caller.objectId);
  const scopes = ids.filter((id) => !rights.may(assignAction, id));
  if (scopes.length === 0) {
    refuseLockedIdentities(world, ids);
    return;
  }
  const has = { action: `${bearer.type}/write`, scope: bearer.id };
  throw armErrors.linkedAuthorizationFailed(request.caller, has, { action: assignAction, scopes });
}

/** No source says whether a lock on an identity that is attached elsewhere is asked at all: a switch. */
function refuseLockedIdentities(world: World, ids: readonly string[]): void {
  if (world.switches.readOnlyLockOnIdentity === "letsAssign") return;
  for (const id of ids) refuseLocked(world, { method: "POST", type: identityType, id });
}

function putSystemPrincipal(world: World, { id, name }: Bearer, objectId: string): void {
  world.principals.set(objectId, {
    objectId,
    clientId: randomUUID(),
    displayName: name,
    kind: "ManagedIdentity",
    resourceId: id,
    createdAt: world.now(),
  });
}

/** The principal and client id of the identity with this ARM id; undefined if there is none. */
export function principalOf(world: World, id: string): { principalId: string; clientId: string } | undefined {
  const identity = world.resources.get(id);
  if (identity?.type.toLowerCase() !== "microsoft.managedidentity/userassignedidentities") return undefined;
  const { principalId, clientId } = identity.properties ?? {};
  if (typeof principalId !== "string" || typeof clientId !== "string") return undefined;
  return { principalId, clientId };
}

/** The block with the ids of the attached identities, as it stands when all is done. */
export function withPrincipals(world: World, { block, attached }: IdentityChange): IdentityBlock | undefined {
  return block === undefined ? undefined : filledIdentity(block, attached, (id) => principalOf(world, id));
}

/** Removes the principal of a system-assigned identity that the second block no longer has. */
export function dropSystemPrincipal(
  world: World,
  before: IdentityBlock | undefined,
  after: IdentityBlock | undefined,
): void {
  const principalId = before?.principalId;
  if (principalId !== undefined && principalId !== after?.principalId) world.principals.delete(principalId);
}
