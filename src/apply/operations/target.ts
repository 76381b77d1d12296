// How the identities of a target are changed: one fresh read, one PATCH with only what differs, one read of what it did.
import { Failure } from "../../model/failure.ts";
import type { Target } from "../../model/target.ts";
import type { OperationAction } from "../../plan/plan.ts";
import type { OperationRun, Runner } from "../operation-run.ts";
import { isolate, type KeyLedger, keysToSend, leaveRest, ledgerFrom } from "./target-keys.ts";
import { refuseIfBusy, sendPatch, type Write } from "./target-patch.ts";
import { judge, type LastRead, readBack, reportLoss } from "./target-verdict.ts";

/** A target's operation under way. */
interface Work extends Write {
  readonly run: OperationRun;
  readonly ledger: KeyLedger;
  /** What the last read before a PATCH showed. */
  last?: Target | "gone";
  isIsolated: boolean;
  /** True once the references of dead principals were taken off: what still shows them is late. */
  isRenewing: boolean;
}

/**
 * Attaches and detaches identities. The plan's target counts as the fresh read if it has an etag, which then
 * guards the PATCH. Whatever Azure's operation says in the end, each change is judged by a read of the target.
 */
export const patchTarget: Runner<"patchTarget"> = async (action, run) => {
  const ledger = ledgerFrom(action, new Set(run.changes.map((change) => change.id)));
  const work: Work = { run, ledger, wasWritten: false, isStale: false, isIsolated: false, isRenewing: false };
  const refusal = await refusalOf(action, work);
  const last: LastRead = work.isStale
    ? await readBack(run, ledger, action.target.id, refusal)
    : (work.last ?? "unread");
  judge(ledger, last, { refusal, wasWritten: work.wasWritten });
  if (work.baseline) reportLoss(run, ledger, { action, before: work.baseline, last });
  return ledger.verdicts;
};

/** The failure that ended the trying, or undefined if everything was sent that was to be sent. */
async function refusalOf(
  { target }: Extract<OperationAction, { kind: "patchTarget" }>,
  work: Work,
): Promise<Failure | undefined> {
  const known = target.etag === undefined ? undefined : target;
  try {
    await work.run.retried((number) => attempt(target.id, work, number === 1 ? known : undefined));
    return;
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
}

/**
 * The second PATCH of a target whose reference to a recreated identity had to go first: Azure leaves a key that is there
 * as it is. A cut in between loses nothing, for the dead reference gave nothing; the next plan attaches.
 */
async function attemptAfterRenewal(targetId: string, work: Work): Promise<void> {
  work.isRenewing = true;
  await attempt(targetId, work, undefined);
}

/** Nobody gains by taking the same reference off time and again: the next plan sees what has become of it. */
function refuseIfRenewed({ isRenewing }: Work): void {
  if (!isRenewing) return;
  const message = "Azure still shows the reference that was taken off.";
  throw new Failure("transient", message, { code: "InProgress" });
}

/** One try: read what is there, send what differs; once, when Azure names the identity to blame, without it. */
async function attempt(targetId: string, work: Work, known: Target | undefined): Promise<void> {
  const { run, ledger } = work;
  const before = known ?? (await run.ports.readTarget(targetId, run.signal));
  work.last = before ?? "gone";
  work.isStale = false;
  if (!before) return;
  refuseIfBusy(before);
  const keys = keysToSend(ledger, before.attachments);
  if (keys.attach.length + keys.detach.length + keys.renew.length === 0) return;
  if (keys.renew.length > 0) refuseIfRenewed(work);
  const refused = await sendPatch(work, run, before, keys);
  if (!refused) {
    if (keys.renew.length > 0) await attemptAfterRenewal(targetId, work);
    return;
  }
  const { failure, wasAccepted } = refused;
  if (!isolate(ledger, keys, failure)) throw failure;
  if (work.isIsolated) {
    leaveRest(ledger);
    return;
  }
  work.isIsolated = true;
  await attempt(targetId, work, wasAccepted ? undefined : before);
}
