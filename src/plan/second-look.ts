// Warnings about plans that look like an accident: things that moved or were renamed.
import { idKey, nameOf } from "../model/arm-id.ts";
import { documentName } from "../model/document.ts";
import { wantedAttachments } from "./diff/wanted.ts";
import type { Situation, Subjects } from "./draft.ts";
import { orphansOf } from "./orphans.ts";
import type { Change, Warning } from "./plan.ts";

/** Beyond these Azure refuses. */
const limits = { tags: 50 } as const;

/** Everything about these changes that looks like an accident. */
export function secondLookWarnings(
  situation: Situation,
  all: readonly Subjects[],
  changes: readonly Change[],
): readonly Warning[] {
  return [
    ...all.flatMap((subjects) => [
      ...movedWarnings(subjects, changes),
      ...renameWarnings(subjects, situation, changes),
      ...trustWarnings(subjects, changes),
      ...tagWarnings(subjects, changes),
    ]),
  ];
}

/** A named target is missing, and its twin by name elsewhere is to be detached: it has probably been moved. */
function movedWarnings(subjects: Subjects, changes: readonly Change[]): readonly Warning[] {
  const { identity, observed } = subjects;
  const missing = [...wantedAttachments(identity, observed).values()].filter(
    (w) => w.named && !observed.targets.has(idKey(w.targetId)),
  );
  const detached = ofIdentity(subjects, changes).flatMap((c) =>
    c.kind === "detach" && c.subject.kind === "target" ? [c.subject.targetId] : [],
  );
  return missing.flatMap((w) =>
    detached
      .filter((id) => idKey(nameOf(id)) === idKey(nameOf(w.targetId)))
      .map((id) => ({
        code: "TargetMoved",
        message: `${w.targetId} is not there, and ${id} of the same name is to be detached: if it was moved, correct the document.`,
        document: w.document,
      })),
  );
}

/** An identity is created for targets that an orphan already has: it has probably been renamed. */
function renameWarnings(
  subjects: Subjects,
  situation: Situation,
  changes: readonly Change[],
): readonly Warning[] {
  const { identity, observed } = subjects;
  if (!ofIdentity(subjects, changes).some((c) => c.kind === "create")) return [];
  const wanted = wantedAttachments(identity, observed);
  return orphansOf(situation.desired, observed, situation.policy.owner)
    .filter((orphan) => orphan.targets.length > 0)
    .filter(({ targets }) => targets.filter((id) => wanted.has(idKey(id))).length * 2 >= targets.length)
    .map(({ identityId }) => ({
      code: "LooksLikeRename",
      message: `${documentName(identity.document)} is created for targets that the orphan ${nameOf(identityId)} has: if it was renamed, Azure cannot rename an identity, and the old one keeps what it can.`,
      document: identity.document,
    }));
}

function trustWarnings(subjects: Subjects, changes: readonly Change[]): readonly Warning[] {
  return ofIdentity(subjects, changes).flatMap(({ subject, document }) => {
    if (subject.kind !== "credential" || subject.remove) return [];
    const { issuer, subject: who } = subject.credential;
    const message = `Whoever has a token of ${issuer} for ${who} will be able to act as ${documentName(document)}.`;
    return [{ code: "NewTrust", message, document }];
  });
}

/** Azure takes 50 tags on a resource and refuses the write that would make more. */
function tagWarnings(subjects: Subjects, changes: readonly Change[]): readonly Warning[] {
  const { identity, ownership } = subjects;
  const set = ofIdentity(subjects, changes).flatMap(({ subject }) =>
    subject.kind === "tags" ? Object.keys(subject.set) : [],
  );
  const keys = new Set([...Object.keys(ownership.identity?.tags ?? {}), ...set].map(idKey));
  if (keys.size <= limits.tags) return [];
  const message = `${documentName(identity.document)} would have ${keys.size} tags, and Azure takes ${limits.tags}.`;
  return [{ code: "TooManyTags", message, document: identity.document }];
}

function ofIdentity({ identity }: Subjects, changes: readonly Change[]): readonly Change[] {
  return changes.filter((c) => idKey(c.identityId) === idKey(identity.id));
}
