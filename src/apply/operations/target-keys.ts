// Decides which keys of a target's PATCH are still to be sent, and which fall out and why.
import { idKey, sameId } from "../../model/arm-id.ts";
import type { Failure } from "../../model/failure.ts";
import { type Attachments, isAttached, type Target } from "../../model/target.ts";
import type { AttachmentKey, OperationAction } from "../../plan/plan.ts";
import { moved, type Verdict, verdictFrom } from "../outcome.ts";

/** The most keys that Azure takes in one request (aad-pod-identity #813: "exceed limit '150' in one request"). */
const maxKeys = 150;

/** The keys of one PATCH. */
export interface Keys {
  readonly attach: readonly AttachmentKey[];
  readonly detach: readonly AttachmentKey[];
  /** Keys to attach in whose place a dead principal's reference stands: it is taken off before. */
  readonly renew: readonly AttachmentKey[];
}

/** The keys of a target's operation, and the verdicts on those that have fallen out. */
export interface KeyLedger {
  /** All keys of the operation, those that fell out before it began included. */
  readonly planned: Pick<Keys, "attach" | "detach">;
  /** The changes that are still to be made when the operation begins. */
  readonly wanted: ReadonlySet<string>;
  /** By change: what became of the keys that fell out since. */
  readonly verdicts: Map<string, Verdict>;
}

/** A ledger in which nothing has fallen out yet but what the run has left out. */
export function ledgerFrom(
  action: Extract<OperationAction, { kind: "patchTarget" }>,
  wanted: ReadonlySet<string>,
): KeyLedger {
  return { planned: { attach: action.attach, detach: action.detach }, wanted, verdicts: new Map() };
}

/** The keys whose changes have no verdict yet. */
export function openKeys({ planned, wanted, verdicts }: KeyLedger): Pick<Keys, "attach" | "detach"> {
  const isOpen = (key: AttachmentKey): boolean => wanted.has(key.changeId) && !verdicts.has(key.changeId);
  return { attach: planned.attach.filter(isOpen), detach: planned.detach.filter(isOpen) };
}

/** True if the attachments are what this key wants. */
export function isSatisfied(
  keys: Pick<Keys, "attach">,
  key: AttachmentKey,
  attachments: Attachments,
): boolean {
  if (isStale(key, attachments)) return false;
  return isAttached(attachments, key.identityId) === keys.attach.includes(key);
}

/** True while what stands in a key's place is the dead principal's that the plan saw there. */
function isStale({ identityId, stale }: AttachmentKey, { userAssigned }: Attachments): boolean {
  if (!stale) return false;
  const reference = userAssigned.find((one) => sameId(one.id, identityId));
  if (!reference) return false;
  return reference.principalId === undefined || reference.principalId === stale.principalId;
}

/**
 * The keys to send against these attachments: those that are not yet as wanted, at most as many as Azure takes.
 * What is too much falls out, and so do the detaches of a swap whose attach has fallen out. What is to be renewed
 * goes in this PATCH and comes in the next one, after a read that shows that it has gone.
 */
export function keysToSend(ledger: KeyLedger, attachments: Attachments): Keys {
  const open = openKeys(ledger);
  const missing = open.attach.filter((key) => !isSatisfied(open, key, attachments));
  skip(ledger, missing.slice(maxKeys), tooMany());
  holdSwap(ledger);
  const sent = missing.slice(0, maxKeys);
  const renew = sent.filter((key) => isStale(key, attachments));
  const attach = sent.filter((key) => !renew.includes(key));
  const surplus = openKeys(ledger).detach.filter((key) => isAttached(attachments, key.identityId));
  const room = maxKeys - sent.length;
  skip(ledger, surplus.slice(room), tooMany());
  return { attach, detach: surplus.slice(0, room), renew };
}

/**
 * What goes in the first of two PATCHes, where identities are to come and to go on a flexible set: those that come. Of
 * such sets one report says that they refuse both at once (azurerm#25058). All keys anywhere else.
 */
export function firstOf(keys: Keys, { orchestrationMode }: Pick<Target, "orchestrationMode">): Keys {
  const comes = keys.attach.length > 0;
  const goes = keys.detach.length + keys.renew.length > 0;
  if (orchestrationMode !== "Flexible" || !comes || !goes) return keys;
  return { ...keys, detach: [], renew: [] };
}

/** Takes the keys out that Azure named as the cause of a refusal; false if it named none of these. */
export function isolate(ledger: KeyLedger, sent: Keys, failure: Failure): boolean {
  const culprits = new Set((failure.details.culprits ?? []).map(idKey));
  const named = [...sent.attach, ...sent.detach, ...sent.renew].filter((key) =>
    culprits.has(idKey(key.identityId)),
  );
  skip(ledger, named, { ...verdictFrom(failure), quarantine: "begins" });
  holdSwap(ledger);
  return named.length > 0;
}

/**
 * An identity of ours that leaves a target as another one comes is one change in the eyes of what runs there: when
 * any attach of the operation has fallen out, its detaches are not sent.
 */
function holdSwap(ledger: KeyLedger): void {
  const { planned, wanted, verdicts } = ledger;
  const fallen = planned.attach.filter((key) => !wanted.has(key.changeId) || verdicts.has(key.changeId));
  if (fallen.length === 0) return;
  // What fell out before the operation began says itself whether it comes again soon.
  const isTransient = fallen.every((key) => verdicts.get(key.changeId)?.transient === true);
  skip(ledger, openKeys(ledger).detach, {
    state: "skipped",
    code: "SwapIncomplete",
    message: "Another identity was to be attached in the same step and is not, so this one stays attached.",
    ...(isTransient ? { transient: true } : {}),
  });
}

/** Leaves the rest of a target's keys to the next pass: they are innocent, and two PATCHes are enough for one. */
export function leaveRest(ledger: KeyLedger): void {
  const { attach, detach } = openKeys(ledger);
  const message =
    "Azure has rejected the change because of other identities; the next pass goes on without them.";
  skip(ledger, [...attach, ...detach], moved("OthersRejected", message));
}

function skip(ledger: KeyLedger, keys: readonly AttachmentKey[], verdict: Verdict): void {
  for (const key of keys) ledger.verdicts.set(key.changeId, verdict);
}

function tooMany(): Verdict {
  return moved("TooManyKeys", `Azure takes ${maxKeys} identities in one request; the next pass goes on.`);
}
