// Warnings about plans that deserve a second look.
import { idKey } from "../model/arm-id.ts";
import { documentName } from "../model/document.ts";
import type { Subjects } from "./draft.ts";
import type { Change, Warning } from "./plan.ts";

/** Beyond these Azure refuses. */
const limits = { tags: 50 } as const;

/** Everything about these changes that looks like an accident. */
export function secondLookWarnings(all: readonly Subjects[], changes: readonly Change[]): readonly Warning[] {
  return [
    ...all.flatMap((subjects) => [...trustWarnings(subjects, changes), ...tagWarnings(subjects, changes)]),
  ];
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
