// Holds the detaches that follow when a selector has collapsed: more likely a changed tag than a changed mind.
import { idKey } from "../../model/arm-id.ts";
import { documentName } from "../../model/document.ts";
import { isAttached, type Target } from "../../model/target.ts";
import { mayPrune } from "../diff/identity.ts";
import { surplusTargets } from "../diff/targets.ts";
import { isInReach, isSelectable, matches } from "../diff/wanted.ts";
import type { Draft, Hold, Subjects } from "../draft.ts";
import type { SelectorMatches } from "../plan.ts";

type Situated = Pick<Subjects, "identity" | "observed" | "ownership" | "wanted">;

/** What each selector of an identity's bindings matches; machines that no selector may match do not count. */
export function selectorMatches(subjects: Situated): readonly SelectorMatches[] {
  const { identity, observed } = subjects;
  const machines = [...observed.targets.values()];
  const leaving = leavingMachines(subjects);
  return identity.bindings.flatMap((binding) =>
    binding.targets.flatMap((selector) => {
      if (selector.kind !== "virtualMachines") return [];
      const matched = machines.filter((machine) => matches(selector, machine));
      const kept = matched.filter((machine) => isAttached(machine.attachments, identity.id)).length;
      const gone = leaving.filter((machine) => isInReach(selector, machine)).length;
      return [
        {
          identityId: identity.id,
          document: selector.document,
          matched: matched.length,
          attached: kept + gone,
          new: matched.length - kept,
          leaving: gone,
        },
      ];
    }),
  );
}

/**
 * Rule 15: a selector that matches nothing, or under half of what is attached, holds every detach of machines that
 * follows. What an adoption's release has approved needs no second approval.
 */
export function holdCollapsed(draft: Draft, { collapse, observed, ownership }: Subjects): Hold | undefined {
  const { subject } = draft;
  if (collapse === undefined || draft.kind !== "detach" || subject.kind !== "target") return undefined;
  const isMachine = observed.targets.get(idKey(subject.targetId))?.kind === "virtualMachine";
  if (!isMachine || ownership.prunePending) return undefined;
  return {
    reason: "SelectorCollapsed",
    message: collapse,
    cure: "Put back the tags or groups if they were changed by mistake; if this is meant, release this set by its digest.",
  };
}

/** What has become of an identity's selectors, if they have collapsed. */
export function collapseOf(subjects: Situated, selectors: readonly SelectorMatches[]): string | undefined {
  const collapsed = selectors.find(
    ({ matched, attached, leaving }) => matched === 0 || isUnderHalf(attached - leaving, attached),
  );
  if (collapsed) return selectorMessage(collapsed);
  return selectors.length === 0 ? undefined : wholeMessage(subjects);
}

function isUnderHalf(kept: number, attached: number): boolean {
  return kept * 2 < attached;
}

function selectorMessage({ document, matched, attached, leaving }: SelectorMatches): string {
  const where = `The selector of ${documentName(document)} (${document.file}:${document.line})`;
  if (matched === 0) return `${where} matches no machine.`;
  return `${where} still matches ${attached - leaving} of the ${attached} machines that are attached by it.`;
}

/** A selector that was pointed at other groups matches what is there; all of them together tell that what was attached goes. */
function wholeMessage(subjects: Situated): string | undefined {
  const { identity, observed } = subjects;
  const selectors = identity.bindings
    .flatMap((binding) => binding.targets)
    .filter((target) => target.kind === "virtualMachines");
  const kept = [...observed.targets.values()].filter(
    (machine) => isAttached(machine.attachments, identity.id) && selectors.some((s) => matches(s, machine)),
  ).length;
  const attached = kept + leavingMachines(subjects).length;
  if (!isUnderHalf(kept, attached)) return undefined;
  return `The selectors of ${documentName(identity.document)} still match ${kept} of the ${attached} machines that it is attached to and that no line names.`;
}

function leavingMachines(subjects: Situated): readonly Target[] {
  if (!mayPrune(subjects)) return [];
  return surplusTargets(subjects, subjects.wanted).filter(isSelectable);
}
