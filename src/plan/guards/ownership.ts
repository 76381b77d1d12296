// Holds every change of an identity that is not ours, and says whose it is.
import { documentName } from "../../model/document.ts";
import { ownerTag, principalTag, pruneTag } from "../../model/identity.ts";
import { byText } from "../../model/order.ts";
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
        cure: `Put the tag ${ownerTag}=${policy.owner} back, and make whoever removes tags leave those alone that begin with bindery-. Terraform does so with the lines below in the resource of the identity.`,
        snippet: terraformSnippet(ownership.identity?.tags ?? {}),
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
        : recreated(name, identity.lifecycle, ownership);
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

/** What keeps Terraform from taking our tags off: `ignore_changes` names single keys of a map, and knows no patterns. */
function terraformSnippet(tags: Readonly<Record<string, string>>): readonly string[] {
  const ours = Object.keys(tags).filter((key) => /^bindery-[\w-]+$/i.test(key));
  const keys = [...new Set([ownerTag, principalTag, pruneTag, ...ours.toSorted(byText)])];
  return ["lifecycle {", "  ignore_changes = [", ...keys.map((key) => `    tags["${key}"],`), "  ]", "}"];
}

/**
 * Rule 14: taking it over and repairing all that has died with its principal is one set, to be released as a whole.
 * To delete it or to take tags off it is no repair, and nothing that a release approves.
 */
function recreated(
  name: string,
  lifecycle: Subjects["identity"]["lifecycle"],
  { identity, deadPrincipalId = "unknown" }: Subjects["ownership"],
): Hold {
  return {
    reason: "Recreated",
    message: `${name} was deleted and created again by someone else: its principal is ${identity?.principalId}, ours was ${deadPrincipalId}.`,
    cure: cures[lifecycle],
    ...(lifecycle !== "Present" && { releasable: false }),
  };
}

const cures: Readonly<Record<Subjects["identity"]["lifecycle"], string>> = {
  Present:
    "To take it over and repair what died with its principal, release this set by its digest or set adoptionPolicy: Additive; or delete it and let Bindery create it.",
  Released: "Remove its tags that begin with bindery- by hand.",
  Absent: "Delete it by hand, or say lifecycle: Present and take it over first.",
};
