// How the tags of an identity are written: key by key, and only on an identity that is ours or to become so.
import { type Identity, ownerTag, principalMark, principalTag, tagOf } from "../../model/identity.ts";
import type { OperationRun, Runner } from "../operation-run.ts";
import { applied, moved, propagating, type Verdict } from "../outcome.ts";
import { unlessOurs } from "./identity.ts";

type Tags = Readonly<Record<string, string>>;

/** Adds or changes tags; with `recordPrincipal` the principal tag too, whose value comes from the fresh read. */
export const mergeTags: Runner<"mergeTags"> = async (action, run) => {
  const takesOver = tagOf(action.tags, ownerTag) === run.owner;
  let wanted: Tags = action.tags;
  const verdict = await run.retried(async () => {
    const identity = await run.ports.readIdentity(action.identityId, run.signal);
    if (!identity) return gone();
    const isFree = tagOf(identity.tags, ownerTag) === undefined;
    const refusal = takesOver && isFree ? undefined : unlessOurs(identity, run);
    if (refusal) return refusal;
    const mark = action.recordPrincipal ? { [principalTag]: principalMark(identity) } : {};
    wanted = { ...action.tags, ...mark };
    const missing = Object.entries(wanted).filter(([key, value]) => tagOf(identity.tags, key) !== value);
    if (missing.length === 0) return applied("The tags are already so.");
    await run.ports.mergeTags(action.identityId, Object.fromEntries(missing), run.signal);
    return;
  });
  if (verdict) return verdict;
  return verified(action.identityId, run, ({ tags }) =>
    Object.entries(wanted).every(([key, value]) => tagOf(tags, key) === value),
  );
};

/** Deletes tags, with the values that a fresh read shows: Azure deletes a pair only if its value is right. */
export const deleteTags: Runner<"deleteTags"> = async (action, run) => {
  const isNamed = ([key]: [string, string]): boolean => tagOf(action.tags, key) !== undefined;
  const verdict = await run.retried(async () => {
    const identity = await run.ports.readIdentity(action.identityId, run.signal);
    if (!identity) return gone();
    const present = Object.entries(identity.tags).filter(isNamed);
    if (present.length === 0) return applied("The tags are already gone.");
    const refusal = unlessOurs(identity, run);
    if (refusal) return refusal;
    await run.ports.deleteTags(action.identityId, Object.fromEntries(present), run.signal);
    return;
  });
  return verdict ?? verified(action.identityId, run, ({ tags }) => !Object.entries(tags).some(isNamed));
};

async function verified(
  identityId: string,
  run: OperationRun,
  isAsWanted: (identity: Identity) => boolean,
): Promise<Verdict> {
  const isVisible = await run.seen(
    () => run.ports.readIdentity(identityId, run.signal),
    (identity) => identity !== undefined && isAsWanted(identity),
  );
  return isVisible
    ? applied("The tags have been written.")
    : propagating("The tags have been written and a read does not show them yet.");
}

function gone(): Verdict {
  return moved("IdentityGone", "The identity does not exist any more.");
}
