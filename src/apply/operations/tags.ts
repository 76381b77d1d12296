// How the tags of an identity are written: key by key, and only on an identity that is ours or to become so.
import { sameId } from "../../model/arm-id.ts";
import { ownerTag, principalMark, principalTag, tagOf } from "../../model/identity.ts";
import { quoted } from "../../model/text.ts";
import type { OperationRun, Runner } from "../operation-run.ts";
import { applied, moved, propagating, type Verdict } from "../outcome.ts";
import { unlessOurs } from "./identity.ts";

type Tags = Readonly<Record<string, string>>;

/** What a write of tags was to bring about. */
interface Write {
  /** By key; undefined for what was to go. */
  readonly wanted: Readonly<Record<string, string | undefined>>;
  /** What the read before it showed. */
  readonly before: Tags;
}

/** Adds or changes tags; with `recordPrincipal` the principal tag too, whose value comes from the fresh read. */
export const mergeTags: Runner<"mergeTags"> = async (action, run) => {
  const takesOver = tagOf(action.tags, ownerTag) === run.owner;
  let write: Write = { wanted: action.tags, before: {} };
  const verdict = await run.retried(async () => {
    const identity = await run.ports.readIdentity(action.identityId, run.signal);
    if (!identity) return gone();
    if (action.principalId !== undefined && !sameId(identity.principalId, action.principalId)) {
      return moved("PrincipalChanged", "The identity has been deleted and created again by someone else.");
    }
    const isFree = tagOf(identity.tags, ownerTag) === undefined;
    const refusal = takesOver && isFree ? undefined : unlessOurs(identity, run);
    if (refusal) return refusal;
    const mark = action.recordPrincipal ? { [principalTag]: principalMark(identity) } : {};
    const wanted = { ...action.tags, ...mark };
    write = { wanted, before: identity.tags };
    const missing = Object.entries(wanted).filter(([key, value]) => tagOf(identity.tags, key) !== value);
    if (missing.length === 0) return applied("The tags are already so.");
    await run.ports.mergeTags(action.identityId, Object.fromEntries(missing), run.signal);
    return;
  });
  return verdict ?? verified(action.identityId, run, write);
};

/** Deletes tags, with the values that a fresh read shows: Azure deletes a pair only if its value is right. */
export const deleteTags: Runner<"deleteTags"> = async (action, run) => {
  let before: Tags = {};
  const verdict = await run.retried(async () => {
    const identity = await run.ports.readIdentity(action.identityId, run.signal);
    if (!identity) return gone();
    before = identity.tags;
    const present = Object.entries(before).filter(([key]) => tagOf(action.tags, key) !== undefined);
    if (present.length === 0) return applied("The tags are already gone.");
    const refusal = unlessOurs(identity, run);
    if (refusal) return refusal;
    await run.ports.deleteTags(action.identityId, Object.fromEntries(present), run.signal);
    return;
  });
  const wanted = Object.fromEntries(Object.keys(action.tags).map((key) => [key, undefined]));
  return verdict ?? verified(action.identityId, run, { wanted, before });
};

/**
 * Reads until the tags are as written. A value that is neither the written one nor the one before is nobody's lag:
 * something changes what is written. So does, most likely, what keeps a tag as it was for as long as anything takes
 * to become visible.
 */
async function verified(identityId: string, run: OperationRun, write: Write): Promise<Verdict> {
  let shown: Tags | undefined;
  const isSettled = await run.seen(
    () => run.ports.readIdentity(identityId, run.signal),
    (identity) => {
      shown = identity?.tags;
      return shown !== undefined && (differing(write, shown).length === 0 || isThird(write, shown));
    },
  );
  const left = shown === undefined ? [] : differing(write, shown);
  if (shown === undefined || (!isSettled && run.isStopping())) {
    return propagating("The tags have been written and a read does not show them yet.");
  }
  return left.length === 0 ? applied("The tags have been written.") : overridden(write, left, shown);
}

function differing({ wanted }: Write, shown: Tags): readonly string[] {
  return Object.keys(wanted).filter((key) => tagOf(shown, key) !== wanted[key]);
}

/** True if a tag has a value that it neither had before nor was given. */
function isThird(write: Write, shown: Tags): boolean {
  return differing(write, shown).some((key) => tagOf(shown, key) !== tagOf(write.before, key));
}

/** Terminal: the next pass of this run does not write it again. */
function overridden({ wanted }: Write, keys: readonly string[], shown: Tags): Verdict {
  const words = (value: string | undefined): string => (value === undefined ? "missing" : quoted(value));
  const what = keys.map((key) => `${key} is ${words(tagOf(shown, key))} instead of ${words(wanted[key])}`);
  const message = `The tags have been written and come back different: ${what.join(", ")}. Something, most likely an Azure Policy, changes them; this run does not fight it, the next one tries once more. Let it leave these tags alone, or take them out of the document.`;
  return { state: "failed", code: "OverriddenByPolicy", message };
}

function gone(): Verdict {
  return moved("IdentityGone", "The identity does not exist any more.");
}
