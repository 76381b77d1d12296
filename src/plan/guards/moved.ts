// Holds what looks like a loss and is probably a move or a new name: neither can be told from an order to take away.
import { idKey, nameOf, parseArmId, sameId, subscriptionOf } from "../../model/arm-id.ts";
import { documentName } from "../../model/document.ts";
import type { Observed } from "../../observed/observed.ts";
import type { WantedAttachment } from "../diff/wanted.ts";
import type { Draft, Hold, Subjects } from "../draft.ts";
import { orphansOf } from "../orphans.ts";

/** Rule 15: a named target that is missing holds the detach of its twin by name and type elsewhere in the estate. */
export function holdMoved(draft: Draft, { observed, wanted, ownership }: Subjects): Hold | undefined {
  if (draft.kind !== "detach" || draft.subject.kind !== "target" || ownership.prunePending) return undefined;
  const { targetId } = draft.subject;
  const missing = wanted
    .values()
    .find((w) => w.named && !observed.targets.has(idKey(w.targetId)) && isTwin(w.targetId, targetId));
  if (!missing) return undefined;
  const { document } = missing;
  return {
    reason: "TargetMoved",
    message: `${documentName(document)} (${document.file}:${document.line}) names ${missing.targetId}, which is not there; this one has its name and type, and was probably moved.`,
    cure: "Correct the document if it was moved; if this is another one, release this set by its digest.",
  };
}

/** Why a named target cannot be attached to: where it went, that it is gone, or that nobody knows. */
export function missingTarget({ targetId }: WantedAttachment, observed: Observed): Hold {
  const twins = [...observed.targets.values()].map((t) => t.id).filter((id) => isTwin(id, targetId));
  if (twins.length > 0) {
    return {
      reason: "TargetNotFound",
      message: `${targetId} is not there.`,
      cure: `If it was moved, correct the document: ${twins.slice(0, 3).join(", ")} has its name and type.`,
    };
  }
  if (isKnownToBeGone(targetId, observed)) {
    return {
      reason: "TargetGone",
      message: `${targetId} is not there: Azure answers 404 for it.`,
      cure: "Take its line out of the document, correct the name, or create the resource.",
    };
  }
  return {
    reason: "TargetNotFound",
    message: `${targetId} does not exist, or may not be read.`,
    cure: "Correct the name in the document, create the resource, or give Bindery the right to read it.",
  };
}

/** A caller without rights gets 403, so a 404 to a fresh read says that nothing is there, where the rest can be read. */
function isKnownToBeGone(targetId: string, { confirmed, subscriptions, unknown }: Observed): boolean {
  const subscription = subscriptionOf(targetId) ?? "";
  return confirmed.has(idKey(targetId)) && subscriptions.has(subscription) && !unknown.has(subscription);
}

function isTwin(a: string, b: string): boolean {
  if (sameId(a, b) || !sameId(nameOf(a), nameOf(b))) return false;
  return sameId(parseArmId(a)?.type ?? "", parseArmId(b)?.type ?? "");
}

/** Rule 3: a create beside an orphan whose targets it wants, or at least half of them, and with it all that needs it. */
export function holdRename(
  draft: Draft,
  { desired, identity, observed, policy, wanted }: Subjects,
): Hold | undefined {
  if (draft.kind !== "create" || wanted.size === 0) return undefined;
  const orphan = orphansOf(desired, observed, policy.owner).find(({ targets }) => {
    const shared = targets.filter((id) => wanted.has(idKey(id))).length;
    return shared > 0 && shared * 2 >= targets.length;
  });
  if (!orphan) return undefined;
  return {
    reason: "LooksLikeRename",
    message: `${documentName(identity.document)} would be created for targets that the orphan ${orphan.identityId} has: Azure cannot rename an identity, and the old one keeps all that it can.`,
    cure: `Put back the old name; or give ${nameOf(orphan.identityId)} a document that says Absent or Released, or release this set by its digest.`,
  };
}
