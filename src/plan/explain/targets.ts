// Explains attachments: which lines of which bindings want them, and which are wanted and not there.
import type { DesiredIdentity } from "../../desired/desired.ts";
import { idKey, isAtOrBelow, sameId } from "../../model/arm-id.ts";
import { isAttached, type Target } from "../../model/target.ts";
import { matches, wantedAttachments } from "../diff/wanted.ts";
import { type OwnershipState, ownershipOf } from "../ownership.ts";
import { type ExplainedAttachment, isOrphan, standingOf, type View, type Wish } from "./explanation.ts";

/** What an identity is attached to, and what it should be attached to. */
export function attachmentsOfIdentity(identityId: string, view: View): readonly ExplainedAttachment[] {
  const attached = [...view.observed.targets.values()].filter((t) => isAttached(t.attachments, identityId));
  const wanted = view.desired.identities.filter(({ id }) => sameId(id, identityId));
  const missing = wanted.flatMap((identity) => missingOf(identity, () => true, view));
  return [...attached.map((target) => attachmentFrom(identityId, target, view)), ...missing];
}

/** Which identities are attached to a target. */
export function attachmentsOfTarget(target: Target, view: View): readonly ExplainedAttachment[] {
  return target.attachments.userAssigned.map(({ id }) => attachmentFrom(id, target, view));
}

/** Which identities should be attached to a target and are not. */
export function missingAt(targetId: string, view: View): readonly ExplainedAttachment[] {
  return view.desired.identities.flatMap((identity) =>
    missingOf(identity, (id) => sameId(id, targetId), view),
  );
}

/** What the documents want to be attached and Azure does not show. */
function missingOf(
  identity: DesiredIdentity,
  isAbout: (targetId: string) => boolean,
  view: View,
): readonly ExplainedAttachment[] {
  const { observed } = view;
  return [...wantedAttachments(identity, observed).values()].flatMap(({ targetId }) => {
    const target = observed.targets.get(idKey(targetId));
    if (!isAbout(targetId) || (target && isAttached(target.attachments, identity.id))) return [];
    return [
      {
        identityId: identity.id,
        targetId,
        standing: "Missing" as const,
        wishes: attachmentWishes(identity, targetId, target),
        ...ownerOf(identity.id, view),
      },
    ];
  });
}

function attachmentFrom(identityId: string, target: Target, view: View): ExplainedAttachment {
  const wanted = view.desired.identities.find(({ id }) => sameId(id, identityId));
  const wishes = wanted ? attachmentWishes(wanted, target.id, target) : [];
  const isIgnored = wanted?.ignore.targets.some((scope) => isAtOrBelow(target.id, scope)) ?? false;
  return {
    identityId: wanted?.id ?? identityId,
    targetId: target.id,
    standing: standingOf(identityId, wishes, isIgnored, view),
    wishes,
    ...ownerOf(identityId, view),
  };
}

function attachmentWishes(
  identity: DesiredIdentity,
  targetId: string,
  target: Target | undefined,
): readonly Wish[] {
  return identity.bindings.flatMap(({ targets, suspended }) =>
    targets.flatMap((wanted): Wish[] => {
      if (wanted.kind === "virtualMachines") {
        const hit = target !== undefined && matches(wanted, target);
        return hit ? [{ document: wanted.document, how: "selector", suspended }] : [];
      }
      return sameId(wanted.id, targetId) ? [{ document: wanted.document, how: "named", suspended }] : [];
    }),
  );
}

function ownerOf(
  identityId: string,
  view: View,
): { ownership: OwnershipState; owner?: string; orphaned: boolean } {
  const { observed, policy } = view;
  const { state, owner } = ownershipOf(identityId, policy.owner, observed);
  return {
    ownership: state,
    ...(owner !== undefined && { owner }),
    orphaned: isOrphan(identityId, view),
  };
}
