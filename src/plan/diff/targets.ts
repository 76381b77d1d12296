// Which attachments are missing and which are too many.
//
//   wanted | attached | change
//   -------+----------+------------------------------------------------------------------------------
//   yes    | no       | attach
//   no     | yes      | detach, if prunePolicy is Authoritative (or lifecycle Absent) and nobody else may
//   same   | same     | -
import { idKey, isAtOrBelow } from "../../model/arm-id.ts";
import { isAttached, type Target } from "../../model/target.ts";
import { changeId, type Draft, type Subjects } from "../draft.ts";
import { missingTarget } from "../guards/moved.ts";
import type { Subject } from "../plan.ts";
import { foundationOf, mayPrune, pruneReason } from "./identity.ts";
import type { WantedAttachment } from "./wanted.ts";

/** The attachments of one identity that must come and go. */
export function diffTargets(subjects: Subjects): readonly Draft[] {
  if (subjects.identity.lifecycle === "Released") return [];
  const { wanted } = subjects;
  const attaches = [...wanted.values()].flatMap((one) => attachDrafts(subjects, one));
  return [
    ...attaches,
    ...surplusTargets(subjects, wanted).flatMap((target) => detachDrafts(subjects, target)),
  ];
}

/** The targets that an identity is attached to although no document wants it, those of others left out. */
export function surplusTargets(
  { identity, observed }: Pick<Subjects, "identity" | "observed">,
  wanted: ReadonlyMap<string, WantedAttachment>,
): readonly Target[] {
  return [...observed.targets.values()].filter(
    (target) =>
      isAttached(target.attachments, identity.id) &&
      !wanted.has(idKey(target.id)) &&
      !identity.ignore.targets.some((scope) => isAtOrBelow(target.id, scope)),
  );
}

/** True for machines that only a line of their own can attach to, and that are left attached when it goes. */
export function isManagedElsewhere(target: Target): boolean {
  return target.managedBy !== undefined || target.scaleSetId !== undefined;
}

function attachDrafts(subjects: Subjects, wanted: WantedAttachment): readonly Draft[] {
  const { identity, observed } = subjects;
  const target = observed.targets.get(idKey(wanted.targetId));
  if (target && isAttached(target.attachments, identity.id)) return [];
  const subject: Subject = { kind: "target", targetId: target?.id ?? wanted.targetId };
  const attach: Draft = {
    ...common(subjects, wanted),
    id: changeId("attach", identity.id, subject),
    kind: "attach",
    subject,
    reason: wanted.reason,
    ...(!target && { problem: missingTarget(wanted, observed) }),
  };
  const rollOut = wanted.instanceUpgrade === "Automatic" && target ? [upgradeDraft(attach, target)] : [];
  return [attach, ...rollOut];
}

function upgradeDraft(attach: Draft, target: Target): Draft {
  const subject: Subject = { kind: "instances", targetId: target.id };
  return {
    ...attach,
    id: changeId("update", attach.identityId, subject),
    kind: "update",
    subject,
    reason: "instanceUpgrade is Automatic",
    needs: [attach.id],
  };
}

function detachDrafts(subjects: Subjects, target: Target): readonly Draft[] {
  const { identity } = subjects;
  const absent = identity.lifecycle === "Absent";
  if (!mayPrune(subjects) || target.kind === "other") return [];
  if (isManagedElsewhere(target) && !absent) return [];
  const subject: Subject = { kind: "target", targetId: target.id };
  const detach: Draft = {
    id: changeId("detach", identity.id, subject),
    kind: "detach",
    identityId: identity.id,
    identityDocument: identity.document,
    document: identity.document,
    subject,
    reason: pruneReason(identity),
    needs: [],
  };
  return [detach];
}

function common(
  subjects: Subjects,
  wanted: WantedAttachment,
): Omit<Draft, "id" | "kind" | "subject" | "reason"> {
  const foundation = foundationOf(subjects);
  return {
    identityId: subjects.identity.id,
    identityDocument: subjects.identity.document,
    document: wanted.document,
    needs: foundation ? [foundation] : [],
    suspended: wanted.suspended,
    wholeSubscription: wanted.wholeSubscription,
  };
}
