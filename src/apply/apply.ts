// Runs the operations of a plan and says what became of every change.
import type { Change, Plan, Warning } from "../plan/plan.ts";
import { type ApplyPorts, knownPrincipals } from "./operation-run.ts";
import type { ApplyOptions } from "./options.ts";
import type { ApplyReport, Verdict } from "./outcome.ts";
import { ledgerOf } from "./outcome-ledger.ts";
import { quarantineVerdict } from "./quarantine.ts";
import { defaultRetryPolicy } from "./retry.ts";
import { type Application, runOperation } from "./run-operation.ts";
import { runInOrder } from "./schedule.ts";
import { boundedOutside } from "./slots.ts";

const defaultConcurrency = 8;

/** What ARM's 25 reads a second for a subscription can poll every ten seconds. */
const mostRunningWrites = 250;

/**
 * Applies a plan: each operation as soon as what it waits for has ended, without the changes that have fallen out.
 * Every change of the plan gets exactly one outcome; trouble with Azure becomes an outcome and stops nothing else.
 * Rejects only for what is a bug, after the running operations have ended.
 */
export async function applyPlan(plan: Plan, ports: ApplyPorts, options: ApplyOptions): Promise<ApplyReport> {
  const never = new AbortController().signal;
  const warnings: Warning[] = [];
  const { stop = never, handOver = never, abort = never } = options;
  const ledger = ledgerOf(plan, (change) => earlierVerdict(options, change));
  const bug = new AbortController();
  const application: Application = {
    plan,
    ports,
    options,
    ledger,
    warnings,
    principals: knownPrincipals(),
    pollingOn: boundedOutside(mostRunningWrites),
    policy: { ...defaultRetryPolicy, ...options.retry },
    stop: AbortSignal.any([stop, handOver, abort, bug.signal]),
    handOver,
    abort,
  };
  await runInOrder(plan, options.concurrency ?? defaultConcurrency, async (operation, outside) => {
    try {
      await runOperation(application, operation, outside);
    } catch (error) {
      bug.abort(error);
    }
  });
  bug.signal.throwIfAborted();
  return { outcomes: ledger.outcomes(), warnings };
}

/** Why a change is not tried now, whatever the plan says. */
function earlierVerdict(
  { settled, quarantine = new Map(), postponed, clock }: ApplyOptions,
  change: Change,
): Verdict | undefined {
  const before = settled?.get(change.id) ?? quarantineVerdict(quarantine, change, clock.now());
  if (before) return before;
  const verdict = postponed?.(change);
  return verdict && { ...verdict, postponed: true };
}
