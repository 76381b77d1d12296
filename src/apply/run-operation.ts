// Takes one operation through its life: what falls out, intent, the work itself, outcome.
import { Failure } from "../model/failure.ts";
import type { Change, Operation, Plan, Warning } from "../plan/plan.ts";
import { type Correlation, intentFrom, outcomeEventFrom } from "./audit.ts";
import { type ApplyPorts, type KnownPrincipals, type Verdicts, waitsFrom } from "./operation-run.ts";
import { performed } from "./operations.ts";
import type { ApplyOptions } from "./options.ts";
import { type Verdict, verdictFrom } from "./outcome.ts";
import type { OutcomeLedger } from "./outcome-ledger.ts";
import type { RetryPolicy } from "./retry.ts";
import type { Outside } from "./slots.ts";

/** One plan that is being applied. */
export interface Application {
  readonly plan: Plan;
  readonly ports: ApplyPorts;
  readonly options: Pick<ApplyOptions, "clock" | "random" | "audit" | "observer" | "correlated">;
  readonly ledger: OutcomeLedger;
  readonly warnings: Warning[];
  readonly principals: KnownPrincipals;
  readonly policy: RetryPolicy;
  /** Bounds the accepted writes that are polled at the same time. */
  readonly pollingOn: (outside: Outside) => Outside;
  /** Aborted by a stop, a handover, an abort or a bug: nothing new starts. */
  readonly stop: AbortSignal;
  /** Aborted when accepted writes are not to be waited for any more. */
  readonly handOver: AbortSignal;
  readonly abort: AbortSignal;
}

/** Runs one operation to its outcomes. Rejects only for what is a bug. */
export async function runOperation(
  application: Application,
  operation: Operation,
  outside: Outside,
): Promise<void> {
  const { ledger, options } = application;
  const changes = ledger.remaining(operation);
  try {
    if (application.stop.aborted) noteAll(application, changes, stopped(application));
    else if (changes.length > 0) {
      const correlated = options.correlated ?? ((run) => run());
      await correlated(
        (id) => runChanges(application, { operation, changes, outside, correlation: { id } }),
        application.pollingOn(outside),
      );
    }
  } finally {
    options.observer?.ended(operation, ledger.of(operation));
  }
}

interface Run {
  readonly operation: Operation;
  readonly changes: readonly Change[];
  readonly outside: Outside;
  readonly correlation: Correlation;
}

async function runChanges(application: Application, run: Run): Promise<void> {
  const { operation, changes, outside, correlation } = run;
  const { plan, ledger, options } = application;
  options.observer?.started(operation);
  await options.audit(intentFrom({ plan, operation, correlation, nowInMs: options.clock.now() }, changes));
  const bug: unknown[] = [];
  try {
    const verdicts = await untilAborted(application, work(application, operation, changes, outside));
    for (const change of changes) ledger.note(change, verdicts.get(change.id) ?? forgotten(change));
  } catch (error) {
    if (error instanceof Failure) noteAll(application, changes, verdictFrom(error));
    else if (application.abort.aborted) noteAll(application, changes, cutOff());
    else {
      noteAll(application, changes, broken(error));
      bug.push(error);
    }
  }
  const made = new Set(changes);
  const outcomes = ledger.of(operation).filter((outcome) => made.has(outcome.change));
  await options.audit(
    outcomeEventFrom({ plan, operation, correlation, nowInMs: options.clock.now() }, outcomes),
  );
  if (bug.length > 0) throw bug[0];
}

async function work(
  application: Application,
  operation: Operation,
  changes: readonly Change[],
  outside: Outside,
): Promise<Verdicts> {
  const { plan, ports, options, policy, principals, stop, handOver, abort, warnings } = application;
  const { clock, random, observer } = options;
  const onRetry = (failure: Failure, delayInMs: number): void =>
    observer?.retrying(operation, failure, delayInMs);
  const startedAtInMs = clock.now();
  const whilePolling = application.pollingOn(outside);
  const waits = waitsFrom({
    policy,
    clock,
    random,
    startedAtInMs,
    stop,
    handOver,
    abort,
    outside,
    whilePolling,
    onRetry,
  });
  return await performed(operation.action, {
    ...waits,
    ports,
    signal: abort,
    owner: plan.owner,
    principals,
    changes,
    warn: (warning) => void warnings.push(warning),
  });
}

/** What the work gives, or a rejection as soon as everything is to end at once. */
async function untilAborted<T>({ abort }: Application, running: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const cut = (): void => reject(abort.reason);
  if (abort.aborted) cut();
  abort.addEventListener("abort", cut, { once: true });
  try {
    return await Promise.race([running, promise]);
  } finally {
    abort.removeEventListener("abort", cut);
  }
}

function noteAll({ ledger }: Application, changes: readonly Change[], verdict: Verdict): void {
  for (const change of changes) ledger.note(change, verdict);
}

function stopped({ stop }: Application): Verdict {
  const { reason } = stop;
  if (reason instanceof Failure) {
    const message = `Not begun: ${reason.message}`;
    return { state: "skipped", code: reason.details.code, message, transient: true };
  }
  return { state: "skipped", code: "Stopped", message: "Not begun, because of a stop.", transient: true };
}

function cutOff(): Verdict {
  const message = "Cut off while it ran: what Azure made of it, the next plan shows.";
  return { state: "failed", code: "Aborted", message, transient: true };
}

function broken(error: unknown): Verdict {
  const message = `Bindery itself failed: ${error instanceof Error ? error.message : String(error)}`;
  return { state: "failed", code: "InternalError", message };
}

function forgotten(change: Change): never {
  throw new Error(`the operation has given no verdict on change ${change.id}`);
}
