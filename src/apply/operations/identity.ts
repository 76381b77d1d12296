// How an identity is created (only where none is) and deleted (only the one that the plan meant).
import { sameId } from "../../model/arm-id.ts";
import { Failure } from "../../model/failure.ts";
import { type Identity, ownerTag, tagOf } from "../../model/identity.ts";
import type { OperationRun, Runner } from "../operation-run.ts";
import { applied, moved, propagating, type Verdict } from "../outcome.ts";

/**
 * Creates an identity after a fresh 404. An answer that says "updated" is `CreateRaced`: what is there may belong
 * to somebody else, so the owner tag that this very write left on it is taken back, or the next pass would think
 * it ours. After a failure that may have happened, the owner tag, which the create itself carries, tells
 * our identity from somebody else's. An identity that comes back without that tag is not ours, whoever made it:
 * nothing may come to depend on what the next pass must leave alone.
 */
export const createIdentity: Runner<"createIdentity"> = async (action, run) => {
  const { identityId, location, tags } = action;
  let mayBeOurs = false;
  const result = await run.retried(async (): Promise<Identity | Verdict | undefined> => {
    const existing = await run.ports.readIdentity(identityId, run.signal);
    const isOurs = existing && mayBeOurs && tagOf(existing.tags, ownerTag) === run.owner;
    if (existing) return isOurs ? existing : alreadyThere();
    try {
      const answer = await run.ports.createIdentity({ id: identityId, location, tags }, run.signal);
      return answer.created ? answer.identity : undefined;
    } catch (error) {
      mayBeOurs ||= error instanceof Failure && error.details.mayHaveHappened === true;
      throw error;
    }
  });
  if (!result) return await raced(identityId, run);
  if ("state" in result) return result;
  run.principals.remember(result);
  let shown: Identity | undefined;
  const isVisible = await run.seen(
    async () => {
      shown = await run.ports.readIdentity(identityId, run.signal);
      return shown;
    },
    (read) => read !== undefined && sameId(read.principalId, result.principalId),
  );
  if (!isVisible) return propagating("The identity has been created and is not visible yet.");
  return tagOf(shown?.tags ?? {}, ownerTag) === run.owner
    ? applied("The identity has been created.")
    : overridden();
};

function overridden(): Verdict {
  const message =
    "The identity has been created, but Azure shows it without our owner tag: an Azure Policy may change tags on the way. Nothing is attached or granted to it. Let the policy leave tags alone that begin with bindery-.";
  return { state: "failed", code: "OverriddenByPolicy", message };
}

/** Deletes an identity if it is still ours and still the one whose attachments and roles were taken away. */
export const deleteIdentity: Runner<"deleteIdentity"> = async (action, run) => {
  const read = (): Promise<Identity | undefined> => run.ports.readIdentity(action.identityId, run.signal);
  const verdict = await run.retried(async () => {
    const identity = await read();
    if (!identity) return applied("The identity is already gone.");
    const refusal = unlessOurs(identity, run) ?? unlessPrincipal(identity, action.principalId);
    if (refusal) return refusal;
    await run.ports.deleteIdentity(action.identityId, run.signal);
    return;
  });
  if (verdict) return verdict;
  return (await run.seen(read, (identity) => identity === undefined))
    ? applied("The identity has been deleted.")
    : propagating("The identity has been deleted and is still visible.");
};

/** A verdict against touching an identity whose owner tag is not ours any more; undefined if it is. */
export function unlessOurs(identity: Identity, run: OperationRun): Verdict | undefined {
  const owner = tagOf(identity.tags, ownerTag);
  if (owner === run.owner) return;
  if (owner === undefined) return moved("OwnershipLost", "The identity has lost its owner tag.");
  return moved("OwnedByAnother", `The identity is now owned by "${owner}".`);
}

function unlessPrincipal(identity: Identity, principalId: string): Verdict | undefined {
  if (sameId(identity.principalId, principalId)) return;
  return moved("PrincipalChanged", "The identity has been deleted and created again by someone else.");
}

function alreadyThere(): Verdict {
  return moved("AlreadyExists", "The identity exists by now; nothing was written to it.");
}

async function raced(identityId: string, run: OperationRun): Promise<Verdict> {
  const message = "Someone else created the identity in the same instant: it is not ours";
  const mark = { [ownerTag]: run.owner };
  try {
    await run.retried(() => run.ports.deleteTags(identityId, mark, run.signal));
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const left = `${message}, but carries our owner tag, which could not be taken back: ${error.message}`;
    return { state: "failed", code: "CreateRaced", message: left };
  }
  return { state: "failed", code: "CreateRaced", message: `${message}, and the owner tag is taken back.` };
}
