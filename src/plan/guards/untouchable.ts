// Holds whatever would touch what the policy protects, or the identity that Bindery itself runs as.
import { idKey, isAtOrBelow, sameId } from "../../model/arm-id.ts";
import type { Draft, Hold, Subjects } from "../draft.ts";

/**
 * Rule 17: a protected id is no identity, no target and no scope of a change. A role at a scope above it (its
 * resource group) is a change of that scope, and goes.
 */
export function holdProtected(draft: Draft, { policy }: Subjects): Hold | undefined {
  const ids = [draft.identityId, ...targetOf(draft)];
  const hit = policy.protected.find(
    (p) => ids.some((id) => sameId(id, p)) || scopeOf(draft).some((scope) => isAtOrBelow(scope, p)),
  );
  if (!hit) return undefined;
  return {
    reason: "Protected",
    message: `The policy protects ${hit}: it is never a subject of a change.`,
    cure: "Take the line out of the document, or the id out of `protected` in the policy.",
  };
}

/** Rule 17: nobody gets or loses power over Bindery by way of Bindery, be it by its tags, its trust or a role at it. */
export function holdOwnIdentity(draft: Draft, { observed }: Subjects): Hold | undefined {
  const { principalId, resourceId } = observed.self;
  const ids = [draft.identityId, ...scopeOf(draft).map(resourceAbove)];
  const isSelf = ids.some((id) => {
    const seen = observed.identities.get(idKey(id));
    if (seen && sameId(seen.principalId, principalId)) return true;
    return resourceId !== undefined && sameId(resourceId, id);
  });
  if (!isSelf) return undefined;
  return {
    reason: "OwnIdentity",
    message: "This is the identity that Bindery itself runs as: it is never a subject of a change.",
    cure: "Manage Bindery's own identity by other means and take this out of the document.",
  };
}

/** The machine or scale set that a change is made on, if it is. */
export function targetOf({ subject }: Draft): readonly string[] {
  return "targetId" in subject ? [subject.targetId] : [];
}

/** The scope of the role that a change gives or takes, if it does. */
export function scopeOf({ subject }: Draft): readonly string[] {
  return subject.kind === "role" ? [subject.scope] : [];
}

/** The resource of its own that a scope is, or lies below; scopes above resources are themselves. */
function resourceAbove(scope: string): string {
  const [, ...parts] = scope.split("/");
  // Four pairs: subscriptions/…, resourceGroups/…, providers/…, and the resource's type and name.
  return `/${parts.slice(0, 8).join("/")}`;
}
