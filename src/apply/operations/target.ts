// How the identities of a target are changed: one fresh read, one PATCH with only what differs, one read of what it did.
import { Failure } from "../../model/failure.ts";
import type { Target } from "../../model/target.ts";
import type { OperationAction } from "../../plan/plan.ts";
import type { OperationRun, Runner } from "../operation-run.ts";
import {
  firstOf,
  isolate,
  type KeyLedger,
  type Keys,
  keysToSend,
  leaveRest,
  ledgerFrom,
} from "./target-keys.ts";
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
  /** True once the first of two PATCHes has gone: what it attached is not sent again. */
  isParted: boolean;
}

/**
 * Attaches and detaches identities. The plan's target counts as the fresh read if it has an etag, which then
 * guards the PATCH. Whatever Azure's operation says in the end, each change is judged by a read of the target.
 */
export const patchTarget: Runner<"patchTarget"> = async (action, run) => {
  const ledger = ledgerFrom(action, new Set(run.changes.map((change) => change.id)));
  const work: Work = {
    run,
    ledger,
    wasWritten: false,
    isStale: false,
    isIsolated: false,
    isRenewing: false,
    isParted: false,
  };
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
 * The next PATCH of a target on which something had to go first, or to come first: Azure leaves the key of a recreated
 * identity as it is until it was taken off, and a flexible set may not take both at once. A cut in between loses nothing:
 * a dead reference gave nothing, and what was to go is still there; the next plan goes on.
 */
async function attemptRest(targetId: string, work: Work, all: Keys, sent: Keys): Promise<void> {
  work.isParted ||= sent !== all;
  work.isRenewing ||= sent.renew.length > 0;
  if (sent !== all || sent.renew.length > 0) await attempt(targetId, work, undefined);
}

/** Nobody gains by sending the same part time and again: the next plan sees what has become of it. */
function refuseIfSent({ isParted, isRenewing }: Work, all: Keys, keys: Keys): void {
  const isRepeated = (isRenewing && keys.renew.length > 0) || (isParted && keys !== all);
  if (!isRepeated) return;
  const message = "Azure does not show yet what the first of two requests has changed.";
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
  const all = keysToSend(ledger, before.attachments);
  if (all.attach.length + all.detach.length + all.renew.length === 0) return;
  const keys = firstOf(all, before);
  refuseIfSent(work, all, keys);
  const refused = await sendPatch(work, run, before, keys);
  if (!refused) {
    await attemptRest(targetId, work, all, keys);
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
