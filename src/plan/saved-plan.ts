// Which changes of a fresh plan a saved plan covers: what stands in both goes, the rest is left out with what has moved since.
//
//   in the saved plan          | in the fresh plan | becomes
//   ---------------------------+-------------------+-----------------------------------------------------------
//   to be made                 | the same          | made
//   to be made                 | with other facts  | left out (Changed)
//   to be made                 | held              | left out (NowHeld)
//   to be made                 | no more           | left out (AlreadySo, TargetGone)
//   held, to come after others | the same          | made (NotEmpty, DependencyHeld, SwapIncomplete)
//   held                       | the same          | made if a person has released it, else left out (WasHeld)
//   not at all                 | to be made        | left out (NotInPlan)
//
// Then what needs something left out is left out too, and so is the detach of a swap whose attach is.
import { idKey, sameId } from "../model/arm-id.ts";
import { quoted } from "../model/text.ts";
import type { Observed } from "../observed/observed.ts";
import { blastRadiusOf } from "./blast/radius.ts";
import { digestOf } from "./digest.ts";
import { operationsFor } from "./operations.ts";
import type { Change, Held, HeldReason, Plan } from "./plan.ts";
import { namesOf, subjectWords } from "./render/change-words.ts";
import type { Names } from "./render/names.ts";
import { sameValue } from "./same-value.ts";

/** One change of a saved plan. It comes from a file: only ids and subjects that the fresh plan has too mean anything. */
export interface SavedChange {
  readonly id: string;
  readonly kind: string;
  readonly identityId: string;
  readonly subject: Readonly<Record<string, unknown>>;
  /** Why it was held when the plan was saved; undefined if it was to be made. */
  readonly heldAs?: string;
}

/** What a saved plan says: for whom and when it was made, and what it lists. */
export interface SavedPlan {
  readonly revision: string;
  readonly owner: string;
  readonly cloud: string;
  readonly tenantId: string;
  /** Of the policy that it was made under. */
  readonly policyDigest: string;
  /** Of the plan itself. */
  readonly digest: string;
  /** As the file has it, for people. */
  readonly savedAt: string;
  /** In milliseconds since 1970. */
  readonly savedAtInMs: number;
  /** Ids are unique. */
  readonly changes: readonly SavedChange[];
}

/** What may be done of a fresh plan. */
export interface Allowance {
  readonly saved: SavedPlan;
  /** Keys (`idKey`) of the identities that this very apply has created: what it is to give them it may give them. */
  readonly created: ReadonlySet<string>;
}

/** Why a change of either plan is left out. */
export type LeftOutReason =
  | "AlreadySo"
  | "TargetGone"
  | "NowHeld"
  | "Changed"
  | "WasHeld"
  | "NotInPlan"
  | "NeedLeftOut"
  | "SwapIncomplete";

/** A change that stands in one of the plans only, or not in the same way. */
export interface LeftOut {
  readonly reason: LeftOutReason;
  /** A full sentence: what has moved since the plan was saved. Not yet safe to print. */
  readonly message: string;
  readonly id: string;
  readonly kind: string;
  readonly identityId: string;
  /** "attach vm-1". Not yet safe to print. */
  readonly words: string;
  /** True if the saved plan says that it will be made, and the fresh plan would make it in some way. */
  readonly missed: boolean;
}

/** What is left of a fresh plan, and what was left out of it. */
export interface Narrowed {
  readonly plan: Plan;
  readonly leftOut: readonly LeftOut[];
}

/** Holds that end by themselves once what they wait for is done: who approved the one has seen the other follow. */
const following: ReadonlySet<string> = new Set<HeldReason>(["NotEmpty", "DependencyHeld", "SwapIncomplete"]);

interface Objection {
  readonly reason: LeftOutReason;
  readonly message: string;
}

/**
 * The part of a fresh plan that the saved plan covers. Whatever the saved plan says, no change is made that the fresh
 * plan would not make.
 */
export function narrowed(plan: Plan, observed: Observed, { saved, created }: Allowance): Narrowed {
  const known = new Map(saved.changes.map((change) => [change.id, change]));
  const objections = new Map<string, Objection>();
  for (const change of plan.changes) {
    const isReleased = plan.released.includes(change.id);
    const objection = objectionTo(change, known.get(change.id), { created, isReleased });
    if (objection) objections.set(change.id, objection);
  }
  leaveOutWhatFollows(plan.changes, objections);
  const names = namesOf(plan);
  const gone = noLongerThere(saved, plan, observed, names);
  if (objections.size === 0) return { plan, leftOut: gone };
  const left = plan.changes.flatMap((change) => {
    const objection = objections.get(change.id);
    const promise = known.get(change.id);
    const missed = promise !== undefined && promise.heldAs === undefined;
    const words = `${change.kind} ${subjectWords(change, names)}`;
    return objection ? [leftOutFrom(change, words, { ...objection, missed })] : [];
  });
  const changes = plan.changes.filter(({ id }) => !objections.has(id));
  return { plan: planOnly(changes, plan, observed), leftOut: [...gone, ...left] };
}

function planOnly(changes: readonly Change[], plan: Plan, observed: Observed): Plan {
  return {
    ...plan,
    digest: digestOf([plan.digest, changes.map(({ id }) => id)]),
    changes,
    operations: operationsFor(changes, observed),
    blastRadius: blastRadiusOf(observed, changes),
  };
}

function objectionTo(
  change: Change,
  before: SavedChange | undefined,
  { created, isReleased }: { readonly created: ReadonlySet<string>; readonly isReleased: boolean },
): Objection | undefined {
  if (!before) {
    return {
      reason: "NotInPlan",
      message: "It has come up since the plan was saved, so nobody has seen it there.",
    };
  }
  const { heldAs } = before;
  if (heldAs !== undefined && !following.has(heldAs) && !isReleased) {
    const message = `It was held (${heldAs}) when the plan was saved, and is not any more.`;
    return { reason: "WasHeld", message };
  }
  const differences = differencesOf(change, before, created.has(idKey(change.identityId)));
  if (differences.length === 0) return undefined;
  return {
    reason: "Changed",
    message: `It is another change than the saved one: ${differences.join("; ")}.`,
  };
}

/** In words, which facts of a change are not those that were saved. */
function differencesOf(change: Change, before: SavedChange, isNew: boolean): readonly string[] {
  const now: Readonly<Record<string, unknown>> = { ...change.subject };
  const then = before.subject;
  const keys = [...new Set([...Object.keys(then), ...Object.keys(now)])];
  return keys.flatMap((key) => {
    const [was, is] = [then[key], now[key]];
    // The plan could not know whom it was to create.
    if (isNew && was === undefined && knownOnceCreated.has(key)) return [];
    return sameFact(key, was, is) ? [] : [`${key} was ${valueWords(was)}, and is ${valueWords(is)}`];
  });
}

/** Facts that a change has only once its identity exists. */
const knownOnceCreated: ReadonlySet<string> = new Set(["principalId", "clientId"]);

/** Ids and GUIDs mean the same in any case; everything else is compared exactly. */
const idFacts: ReadonlySet<string> = new Set([
  "targetId",
  "scope",
  "assignmentId",
  "principalId",
  "roleGuid",
]);

function sameFact(key: string, was: unknown, is: unknown): boolean {
  if (idFacts.has(key) && typeof was === "string" && typeof is === "string") return sameId(was, is);
  return sameValue(was, is);
}

function valueWords(value: unknown): string {
  if (value === undefined || value === null) return "not there";
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") {
    return quoted(String(value));
  }
  return typeof value === "object" ? quoted(Object.keys(value).join(", ")) : "something else";
}

/** What needs something left out cannot go; and of a swap both go, or none. */
function leaveOutWhatFollows(changes: readonly Change[], objections: Map<string, Objection>): void {
  for (let before = -1; before !== objections.size; ) {
    before = objections.size;
    const waiting = new Set(
      changes.flatMap(({ id, kind, subject }) =>
        kind === "attach" && subject.kind === "target" && objections.has(id) ? [idKey(subject.targetId)] : [],
      ),
    );
    for (const change of changes.filter(({ id }) => !objections.has(id))) {
      const objection = followingObjection(change, objections, waiting);
      if (objection) objections.set(change.id, objection);
    }
  }
}

function followingObjection(
  { kind, needs, subject }: Change,
  objections: ReadonlyMap<string, Objection>,
  waiting: ReadonlySet<string>,
): Objection | undefined {
  const need = needs.map((id) => objections.get(id)).find((objection) => objection !== undefined);
  if (need) {
    const message = `It needs another change that is left out (${need.reason}).`;
    return { reason: "NeedLeftOut", message };
  }
  if (kind !== "detach" || subject.kind !== "target" || !waiting.has(idKey(subject.targetId)))
    return undefined;
  const message = "The identity that is to come to this target as this one leaves is left out.";
  return { reason: "SwapIncomplete", message };
}

/** What was to be made and that the fresh plan does not make: nothing is left to do, or it is held now. */
function noLongerThere(saved: SavedPlan, plan: Plan, observed: Observed, names: Names): readonly LeftOut[] {
  const stands = new Set(plan.changes.map(({ id }) => id));
  const held = new Map(plan.held.map((one) => [one.change.id, one]));
  return saved.changes
    .filter(({ id, heldAs }) => heldAs === undefined && !stands.has(id))
    .map((change) => {
      const objection = endOf(change, held.get(change.id), observed);
      const words = `${change.kind} ${savedWords(change, names)}`;
      return leftOutFrom(change, words, { ...objection, missed: false });
    });
}

function endOf({ subject }: SavedChange, held: Held | undefined, observed: Observed): Objection {
  if (held) {
    return { reason: "NowHeld", message: `It is held now (${held.reason}): ${held.message} ${held.cure}` };
  }
  const { targetId } = subject;
  if (typeof targetId === "string" && !observed.targets.has(idKey(targetId))) {
    return { reason: "TargetGone", message: "Its target is not there any more." };
  }
  return { reason: "AlreadySo", message: "Nothing is left to do: Azure is as the documents want it." };
}

function leftOutFrom(
  { id, kind, identityId }: Pick<SavedChange, "id" | "kind" | "identityId">,
  words: string,
  about: Objection & Pick<LeftOut, "missed">,
): LeftOut {
  const { reason, message, missed } = about;
  return { reason, message, id, kind, identityId, words, missed };
}

/** A subject from a file has no form that could be relied on. */
function savedWords({ subject, identityId }: SavedChange, names: Names): string {
  const { kind, targetId, roleName, scope, userName } = subject;
  if (typeof userName === "string") return `${String(kind)} ${userName}`;
  if (typeof targetId === "string") return names(targetId);
  if (typeof roleName === "string" && typeof scope === "string") return `${roleName} on ${names(scope)}`;
  return kind === "identity" ? names(identityId) : `${String(kind)} of ${names(identityId)}`;
}
