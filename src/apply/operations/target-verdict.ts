// Decides what became of each key of a target's PATCH: by what a read shows, whatever Azure's operation said.
import { idKey } from "../../model/arm-id.ts";
import { Failure } from "../../model/failure.ts";
import { type Attachments, isAttached, type Target } from "../../model/target.ts";
import type { OperationAction } from "../../plan/plan.ts";
import type { OperationRun } from "../operation-run.ts";
import { applied, moved, propagating, type Verdict, verdictFrom } from "../outcome.ts";
import { isSatisfied, type KeyLedger, openKeys } from "./target-keys.ts";
import { isBusy } from "./target-patch.ts";

/** What the last read of a target showed; a failure if it could not be read after a write. */
export type LastRead = Target | "gone" | "unread" | Failure;

/** How the sending ended. */
interface Ending {
  readonly refusal: Failure | undefined;
  readonly wasWritten: boolean;
}

/** Reads the target after a write: until it shows what was written, or just once if the write was refused. */
export async function readBack(
  run: OperationRun,
  ledger: KeyLedger,
  targetId: string,
  refusal: Failure | undefined,
): Promise<LastRead> {
  const keys = openKeys(ledger);
  let last: Target | "gone" = "gone";
  const read = async (): Promise<Target | "gone"> => {
    last = (await run.ports.readTarget(targetId, run.signal)) ?? "gone";
    return last;
  };
  const isAsWritten = (target: Target | "gone"): boolean =>
    target === "gone" ||
    [...keys.attach, ...keys.detach].every((key) => isSatisfied(keys, key, target.attachments));
  try {
    if (refusal) return await run.retried(read);
    await run.seen(read, isAsWritten);
    return last;
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
}

/** Gives every key that has no verdict yet the one that the last read and the ending call for. */
export function judge(ledger: KeyLedger, last: LastRead, ending: Ending): void {
  const keys = openKeys(ledger);
  for (const key of [...keys.attach, ...keys.detach]) {
    const wantsAttached = keys.attach.includes(key);
    const isSo = isRead(last) && isSatisfied(keys, key, last.attachments);
    ledger.verdicts.set(key.changeId, isSo ? satisfied(last, ending) : missing(last, ending, wantsAttached));
  }
}

function isRead(last: LastRead): last is Target {
  return typeof last === "object" && !(last instanceof Failure);
}

function satisfied(last: Target, { refusal, wasWritten }: Ending): Verdict {
  if (!wasWritten) return applied("The target is already so.");
  // Azure shows new keys at once, while the operation that is to bring them is still under way.
  if (refusal && isBusy(last)) return propagating("Azure is still at work on the target.", "InProgress");
  return applied("A read of the target shows it.");
}

function missing(last: LastRead, { refusal }: Ending, wantsAttached: boolean): Verdict {
  if (last === "gone") {
    return wantsAttached
      ? moved("TargetGone", "The target does not exist any more.")
      : applied("The target does not exist any more.");
  }
  if (refusal) return verdictFrom(refusal);
  if (last instanceof Failure) {
    return propagating(`It has been written, and reading it back failed: ${last.message}`, last.details.code);
  }
  return propagating("It has been written, and a read does not show it yet.");
}

/** Raises the alarm on every change of the target if somebody else's identity is gone since before the PATCH. */
export function reportLoss(
  run: OperationRun,
  ledger: KeyLedger,
  facts: {
    readonly action: Extract<OperationAction, { kind: "patchTarget" }>;
    readonly before: Attachments;
    readonly last: LastRead;
  },
): void {
  const { action, before, last } = facts;
  if (!isRead(last)) return;
  const lost = lostBetween(before, last.attachments, action);
  if (lost.length === 0) return;
  const message = `Gone from ${action.target.id} since the read before its PATCH: ${lost.join(", ")}. Attach it again if nobody meant to detach it.`;
  for (const [changeId, verdict] of ledger.verdicts) {
    const told = { ...verdict, code: "ForeignIdentityLost", message: `${verdict.message} ${message}` };
    ledger.verdicts.set(changeId, told);
  }
  const document = run.changes[0]?.document;
  run.warn({ code: "ForeignIdentityLost", message, ...(document ? { document } : {}) });
}

/** What was attached before, is not after, and was not ours to detach. */
function lostBetween(
  before: Attachments,
  after: Attachments,
  action: Extract<OperationAction, { kind: "patchTarget" }>,
): readonly string[] {
  const renewed = action.attach.filter((key) => key.stale !== undefined);
  const ours = new Set([...action.detach, ...renewed].map((key) => idKey(key.identityId)));
  const users = before.userAssigned.filter((one) => !ours.has(idKey(one.id)) && !isAttached(after, one.id));
  const system = before.systemAssigned && !after.systemAssigned ? ["the system-assigned identity"] : [];
  return [...system, ...users.map((one) => one.id)];
}
