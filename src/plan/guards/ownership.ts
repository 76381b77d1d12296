// Holds every change of an identity that is not ours, and says whose it is.
import { documentName } from "../../model/document.ts";
import { ownerTag, principalTag, tagOf } from "../../model/identity.ts";
import type { Draft, Hold, Subjects } from "../draft.ts";

/** Rules 1, 2, 14 and 19: what carries no tag of ours is touched only by adoption, what carries another's never. */
export function holdForeign(_draft: Draft, { identity, ownership, policy }: Subjects): Hold | undefined {
  const name = documentName(identity.document);
  switch (ownership.state) {
    case "Absent":
    case "Ours":
    case "Unfinished":
      return undefined;
    case "Another":
      return {
        reason: "OwnedByAnother",
        message: `${name} is owned by "${ownership.owner}" (tag ${ownerTag}), and this instance is "${policy.owner}".`,
        cure: "Let that instance release it first, or take the document away.",
      };
    case "Lost":
      return {
        reason: "OwnershipLost",
        message: `${name} lost its tag ${ownerTag} while markers of "${policy.owner}" are still there.`,
        cure: `Put the tag ${ownerTag}=${policy.owner} back, and make whoever removes tags ignore those that start with bindery- (Terraform: lifecycle { ignore_changes = [tags["${ownerTag}"], tags["${principalTag}"]] }).`,
      };
    case "Copied":
      return {
        reason: "NotOwned",
        message: `${name} carries ${ownerTag}=${policy.owner} but the principal of another identity: a copied tag proves nothing.`,
        cure: `Remove the tags ${ownerTag} and ${principalTag} and set adoptionPolicy: Additive to take it over.`,
      };
    case "Recreated":
      return identity.adoptionPolicy === "Additive" && identity.lifecycle === "Present"
        ? undefined
        : {
            reason: "Recreated",
            message: `${name} was deleted and created again by someone else: its principal is ${ownership.identity?.principalId}, ours was ${deadPrincipal(ownership)}.`,
            cure:
              identity.lifecycle === "Released"
                ? "Remove its tags that begin with bindery- by hand."
                : "Set adoptionPolicy: Additive to take it over, or delete it and let Bindery create it.",
          };
    case "Unowned":
      return identity.adoptionPolicy === "Additive" && identity.lifecycle === "Present"
        ? undefined
        : {
            reason: "NotOwned",
            message: `${name} exists in Azure and carries no owner tag: it is not ours to change.`,
            cure: "Set adoptionPolicy: Additive to take it over (nothing it has is taken away at first).",
          };
  }
}

function deadPrincipal(ownership: Subjects["ownership"]): string {
  const mark = ownership.identity && tagOf(ownership.identity.tags, principalTag);
  return mark?.split("/")[0] ?? "unknown";
}
