// Holds the deletion of an identity until nothing refers to it any more.
import { idKey } from "../../model/arm-id.ts";
import { rememberedIn } from "../../model/database-memory.ts";
import { isAttached } from "../../model/target.ts";
import { assignmentsOf, isInEstate } from "../diff/grants.ts";
import type { Draft, Hold, Subjects } from "../draft.ts";
import { staleOf } from "../stale-drafts.ts";

/** Rule 4: an identity goes last, in a pass of its own, and never while anything in the estate refers to it. */
export function holdDelete(draft: Draft, subjects: Subjects): Hold | undefined {
  if (draft.kind !== "delete") return undefined;
  return holdInUse(subjects) ?? holdNotEmpty(subjects) ?? holdUnsearched(subjects);
}

function holdInUse({ identity, observed }: Subjects): Hold | undefined {
  const users = [...observed.targets.values()].filter(
    (t) => t.kind === "other" && isAttached(t.attachments, identity.id),
  );
  const referring = observed.references.get(idKey(identity.id))?.resourceIds ?? [];
  const what = [...new Map([...users.map((t) => t.id), ...referring].map((id) => [idKey(id), id])).values()];
  if (what.length === 0) return undefined;
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
  const all = [...assignmentsOf(subjects), ...staleOf(subjects)];
  const assigned = all.filter((a) => isInEstate(a.scope, subjects)).length;
  const databases = rememberedIn(ownership.identity?.tags ?? {}).size;
  const counts = {
    "attachment(s)": attached,
    "role assignment(s)": assigned,
    "database(s) with a user of it": databases,
  };
  const left = Object.entries(counts).flatMap(([what, count]) => (count === 0 ? [] : [`${count} ${what}`]));
  if (left.length === 0) return undefined;
  return {
    reason: "NotEmpty",
    message: `It still has ${left.join(", ")}; it is deleted in a pass after these are gone.`,
    cure: "Nothing to do, unless what is left is ignored or held: then remove that first.",
  };
}

/** Who uses an identity without an identity block (AKS, encryption keys, API connections) only a search can tell. */
function holdUnsearched({ identity, observed }: Subjects): Hold | undefined {
  const references = observed.references.get(idKey(identity.id));
  if (references && references.unknown === undefined) return undefined;
  return {
    reason: "ObservationIncomplete",
    message: `Nobody can tell what else refers to it: ${references?.unknown ?? "it has not been asked yet"}`,
    cure: "Give Bindery Reader on the whole estate, so that Resource Graph shows it, or wait for the next pass.",
  };
}
