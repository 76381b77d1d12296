// Holds the deletion of an identity until nothing refers to it any more.
import { rememberedIn } from "../../model/database-memory.ts";
import { isAttached } from "../../model/target.ts";
import { assignmentsOf, isInEstate } from "../diff/grants.ts";
import type { Draft, Hold, Subjects } from "../draft.ts";

/** Rule 4: an identity goes last, in a pass of its own, and never while anything in the estate refers to it. */
export function holdDelete(draft: Draft, subjects: Subjects): Hold | undefined {
  if (draft.kind !== "delete") return undefined;
  return holdInUse(subjects) ?? holdNotEmpty(subjects);
}

function holdInUse({ identity, observed }: Subjects): Hold | undefined {
  const users = [...observed.targets.values()].filter(
    (t) => t.kind === "other" && isAttached(t.attachments, identity.id),
  );
  if (users.length === 0) return undefined;
  const what = users.map((t) => t.id);
  return {
    reason: "InUse",
    message: `It is still used by ${what.slice(0, 3).join(", ")}${what.length > 3 ? ` and ${what.length - 3} more` : ""}, which Bindery cannot detach.`,
    cure: "Take the identity off these by hand; the deletion follows by itself.",
  };
}

function holdNotEmpty(subjects: Subjects): Hold | undefined {
  const { identity, ownership, observed } = subjects;
  const attached = [...observed.targets.values()].filter((t) =>
    isAttached(t.attachments, identity.id),
  ).length;
  const assigned = assignmentsOf(subjects).filter((a) => isInEstate(a.scope, subjects)).length;
  const databases = rememberedIn(ownership.identity?.tags ?? {}).size;
  if (attached + assigned + databases === 0) return undefined;
  return {
    reason: "NotEmpty",
    message: `It still has ${attached} attachment(s), ${assigned} role assignment(s) and users in ${databases} database(s); it is deleted in a pass after these are gone.`,
    cure: "Nothing to do, unless what is left is ignored or held: then remove that first.",
  };
}
