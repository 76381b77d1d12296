// Whether a write is one that the plan announced, and for an identity that is ours.
import { ownerTag, tagOf } from "../../src/model/identity.ts";
import type { Operation } from "../../src/plan/plan.ts";
import type { World } from "../../src/sandbox/world.ts";

/** What is looked at in the body of a write. */
export interface Body {
  readonly operation?: string;
  readonly identity?: { readonly userAssignedIdentities?: Readonly<Record<string, unknown>> };
  readonly properties?: {
    readonly tags?: object;
    readonly principalId?: string;
    readonly roleDefinitionId?: string;
  };
}

interface Sent {
  readonly method: string;
  readonly path: string;
  readonly body: Body;
}

/** The operation that a request carries out; of several that could be meant the one of its principal. */
export function operationOf(operations: readonly Operation[], sent: Sent): Operation | undefined {
  const meant = operations.filter((one) => isOf(one, sent));
  const { principalId } = sent.body.properties ?? {};
  return (
    meant.find(({ action }) => "principalId" in action && action.principalId === principalId) ?? meant[0]
  );
}

/** True if this request is what the operation is about, and says nothing more. */
function isOf({ action }: Operation, { method, path, body }: Sent): boolean {
  switch (action.kind) {
    case "createIdentity":
      return (
        (method === "PUT" && path === action.identityId.toLowerCase()) ||
        isTags(action.identityId, [ownerTag], "Delete", { method, path, body })
      );
    case "mergeTags":
      return isTags(action.identityId, [...Object.keys(action.tags), "bindery-principal"], "Merge", {
        method,
        path,
        body,
      });
    case "deleteTags":
      return isTags(action.identityId, Object.keys(action.tags), "Delete", { method, path, body });
    case "putCredential":
    case "deleteCredential": {
      const verb = action.kind === "putCredential" ? "PUT" : "DELETE";
      const at = `${action.identityId}/federatedIdentityCredentials/${action.credential.name}`.toLowerCase();
      return method === verb && path === at;
    }
    case "patchTarget":
      return method === "PATCH" && path === action.target.id.toLowerCase() && isPatchOf(action, body);
    case "upgradeInstances":
      return method === "POST" && path === `${action.targetId}/manualupgrade`.toLowerCase();
    case "putAssignment": {
      const below = `${action.scope}/providers/Microsoft.Authorization/roleAssignments/`.toLowerCase();
      return method === "PUT" && path.startsWith(below) && isAssignmentOf(action, body);
    }
    case "deleteAssignment":
      return method === "DELETE" && path === action.assignmentId.toLowerCase();
    // Databases are written over TDS: their statements are compared with the plan by themselves.
    case "changeDatabase":
      return false;
    case "deleteIdentity":
      return method === "DELETE" && path === action.identityId.toLowerCase();
  }
}

function isTags(
  id: string,
  keys: readonly string[],
  operation: string,
  { method, path, body }: Sent,
): boolean {
  const known = new Set(keys.map((key) => key.toLowerCase()));
  return (
    method === "PATCH" &&
    path === `${id}/providers/Microsoft.Resources/tags/default`.toLowerCase() &&
    body.operation === operation &&
    Object.keys(body.properties?.tags ?? {}).every((key) => known.has(key.toLowerCase()))
  );
}

type PatchTarget = Extract<Operation["action"], { kind: "patchTarget" }>;

/** Nothing but the identity, and of it only keys that the operation attaches, or detaches (null), or renews by null first. */
function isPatchOf({ attach, detach }: PatchTarget, body: Body): boolean {
  const idsOf = (keys: typeof attach): Set<string> => new Set(keys.map((k) => k.identityId.toLowerCase()));
  const coming = idsOf(attach);
  const going = idsOf([...detach, ...attach.filter((key) => key.stale !== undefined)]);
  const map = body.identity?.userAssignedIdentities ?? {};
  return (
    Object.keys(body).every((key) => key === "identity") &&
    Object.entries(map).every(([id, value]) => (value === null ? going : coming).has(id.toLowerCase()))
  );
}

type PutAssignment = Extract<Operation["action"], { kind: "putAssignment" }>;

function isAssignmentOf(action: PutAssignment, { properties }: Body): boolean {
  const isRole = properties?.roleDefinitionId?.toLowerCase().endsWith(action.roleGuid.toLowerCase()) === true;
  return isRole && (action.principalId === undefined || action.principalId === properties?.principalId);
}

/** Writes for an identity that does not carry our tag at this moment, although nobody has touched it since the plan. */
export function foreignWrites(
  { action }: Operation,
  body: Body,
  world: World,
  isStale: (id: string) => boolean,
): readonly string[] {
  if (action.kind === "createIdentity" || action.kind === "upgradeInstances") return [];
  if (action.kind === "mergeTags" && tagOf(action.tags, ownerTag) !== undefined) return [];
  return identitiesOf(action, body, world).flatMap(({ id, isRemoval }) => {
    const identity = world.resources.get(id);
    const owner = tagOf(identity?.tags ?? {}, ownerTag);
    if (owner === "test" || isStale(id)) return [];
    if (identity) return [`${action.kind} for ${id}, owned by ${owner}`];
    // References to what is no more can be taken away.
    return isRemoval ? [] : [`${action.kind} for ${id}, which is no more`];
  });
}

/** The identities that an action is about, and whether it takes something from them. */
function identitiesOf(
  action: Operation["action"],
  body: Body,
  world: World,
): readonly { readonly id: string; readonly isRemoval: boolean }[] {
  if (action.kind === "patchTarget") {
    const map = body.identity?.userAssignedIdentities ?? {};
    return Object.entries(map).map(([id, value]) => ({ id, isRemoval: value === null }));
  }
  const isRemoval = action.kind.startsWith("delete");
  // Whose role it is says the principal: two identities may want one role at one scope.
  const { resourceId: grantee } = world.principals.get(body.properties?.principalId ?? "") ?? {};
  if (action.kind === "putAssignment" && grantee !== undefined) return [{ id: grantee, isRemoval }];
  if ("identityId" in action) return [{ id: action.identityId, isRemoval }];
  if (!("principalId" in action)) return [];
  const { resourceId } = world.principals.get(action.principalId ?? "") ?? {};
  return resourceId === undefined ? [] : [{ id: resourceId, isRemoval }];
}
