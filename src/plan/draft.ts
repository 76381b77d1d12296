// A change before the guard rails have seen it, and what the diff and the guard rails may ask.
import type { Desired, DesiredIdentity } from "../desired/desired.ts";
import { idKey } from "../model/arm-id.ts";
import { databaseKey, securableText } from "../model/database.ts";
import { principalTag } from "../model/identity.ts";
import { byText } from "../model/order.ts";
import type { Policy } from "../model/policy.ts";
import type { Observed } from "../observed/observed.ts";
import type { WantedAttachment } from "./diff/wanted.ts";
import type { Ownership } from "./ownership.ts";
import type { Change, HeldReason, SelectorMatches, Subject } from "./plan.ts";

/** Why a change is not to be made now, in words for people. */
export interface Hold {
  readonly reason: HeldReason;
  readonly message: string;
  readonly cure: string;
  /** Lines for another program's file that belong to the cure. */
  readonly snippet?: readonly string[];
  /** Names the set that is held and released together; without it that is all that the reason holds of one identity. */
  readonly set?: string;
  /** False where a release cannot lift what is otherwise released by its digest. */
  readonly releasable?: false;
}

/** A change as the diff found it; `problem` is what the diff itself already knows to stand in its way. */
export interface Draft extends Change {
  readonly problem?: Hold;
  /** True if only suspended bindings want it. */
  readonly suspended?: boolean;
  /** True if it comes from a selector over a whole subscription. */
  readonly wholeSubscription?: boolean;
}

/** Everything that diff and guard rails may look at. */
export interface Situation {
  readonly desired: Desired;
  readonly observed: Observed;
  readonly policy: Policy;
  readonly releases: Releases;
}

/** What a person has released: sets by digest, and the changes of sets that were released earlier in the same run. */
export interface Releases {
  readonly digests: ReadonlySet<string>;
  /** What is left of a released set stays released for its revision. */
  readonly changes: ReadonlySet<string>;
}

/** One desired identity beside what Azure shows of it. */
export interface Subjects extends Situation {
  readonly identity: DesiredIdentity;
  readonly ownership: Ownership;
  /** The attachments that its bindings want, by target key. */
  readonly wanted: ReadonlyMap<string, WantedAttachment>;
  /** What each selector of its bindings matches. */
  readonly selectors: readonly SelectorMatches[];
  /** In words what has become of the selectors, if they have collapsed. */
  readonly collapse: string | undefined;
}

/** A draft with what the guard rails may ask about its identity. */
export interface Entry {
  readonly subjects: Subjects;
  readonly draft: Draft;
}

/** The id of a change: stable over equal inputs, unique by identity, kind and subject. */
export function changeId(kind: Change["kind"], identityId: string, subject: Subject): string {
  return [kind, idKey(identityId), subjectKey(subject)].join(" ");
}

function subjectKey(subject: Subject): string {
  switch (subject.kind) {
    case "identity":
      return "identity";
    case "tags":
      return `tags ${tagKeys(subject).join(",")}`;
    case "credential":
      return `credential ${subject.credential.name.toLowerCase()}`;
    case "target":
    case "instances":
      return `${subject.kind} ${idKey(subject.targetId)}`;
    case "role":
      return `role ${subject.roleGuid || subject.roleName.toLowerCase()} ${idKey(subject.scope)} ${idKey(subject.assignmentId ?? "")}`;
    case "databaseUser":
      return `databaseUser ${databaseKey(subject.database)} ${subject.sid ?? ""}`;
    case "databaseRole":
      return `databaseRole ${databaseKey(subject.database)} ${subject.role.toLowerCase()} ${subject.sid ?? ""}`;
    case "databasePermission":
      return `databasePermission ${databaseKey(subject.database)} ${subject.permission} ${securableText(subject.securable).toLowerCase()} ${subject.sid ?? ""}`;
  }
}

function tagKeys(subject: Extract<Subject, { kind: "tags" }>): readonly string[] {
  const principal = subject.recordPrincipal ? [principalTag] : [];
  const keys = [...Object.keys(subject.set), ...Object.keys(subject.remove), ...principal];
  return keys.map((key) => key.toLowerCase()).toSorted(byText);
}
