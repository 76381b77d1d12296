// Which attachments are missing and which are too many.
//
//   wanted | attached | change
//   -------+----------+------------------------------------------------------------------------------
//   yes    | no       | attach
//   yes    | as a principal that is dead | attach again: the reference goes and comes in one operation
//   no     | yes      | detach, if prunePolicy is Authoritative (or lifecycle Absent) and nobody else may
//   same   | same     | -; update, if instances of the scale set lag behind that a document wants up to date
import { idKey, isAtOrBelow } from "../../model/arm-id.ts";
import { isBehind, isRolledOutByHand } from "../../model/scale-set.ts";
import { isAttached, type Target } from "../../model/target.ts";
import { changeId, type Draft, type Subjects } from "../draft.ts";
import { missingTarget } from "../guards/moved.ts";
import type { Subject } from "../plan.ts";
import { staleReference } from "../stale.ts";
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
  const { identity, observed, ownership } = subjects;
  const target = observed.targets.get(idKey(wanted.targetId));
  const stale = target && staleReference(target, identity.id, ownership.identity);
  if (target && !stale && isAttached(target.attachments, identity.id)) {
    return lateDrafts(subjects, wanted, target);
  }
  const targetId = target?.id ?? wanted.targetId;
  const subject: Subject = { kind: "target", targetId, ...(stale && { stale }) };
  const attach: Draft = {
    ...common(subjects, wanted),
    id: changeId("attach", identity.id, subject),
    kind: "attach",
    subject,
    reason: stale ? `${wanted.reason}; what is there is of its deleted predecessor` : wanted.reason,
    ...(!target && { problem: missingTarget(wanted, observed) }),
  };
  if (!target || !isRolledOut(wanted, target)) return [attach];
  const rollOut = rollOutDraft(subjects, wanted, target, "instanceUpgrade is Automatic");
  return [attach, { ...rollOut, needs: [attach.id] }];
}

/** Instances without an identity that their set has: a run was cut before the roll-out, or somebody else attached it. */
function lateDrafts(subjects: Subjects, wanted: WantedAttachment, target: Target): readonly Draft[] {
  const { identity, observed } = subjects;
  const instances = observed.instances.get(idKey(target.id)) ?? [];
  const behind = instances.filter((instance) => isBehind(instance, identity.id)).length;
  if (behind === 0 || !isRolledOut(wanted, target)) return [];
  const reason = `${behind} of ${instances.length} instances do not have it yet, and instanceUpgrade is Automatic`;
  return [rollOutDraft(subjects, wanted, target, reason)];
}

function isRolledOut({ instanceUpgrade }: WantedAttachment, target: Target): boolean {
  return instanceUpgrade === "Automatic" && isRolledOutByHand(target);
}

function rollOutDraft(subjects: Subjects, wanted: WantedAttachment, target: Target, reason: string): Draft {
  const subject: Subject = { kind: "instances", targetId: target.id };
  return {
    ...common(subjects, wanted),
    id: changeId("update", subjects.identity.id, subject),
    kind: "update",
    subject,
    reason,
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
