// Decides how many passes an apply makes: until another one would change nothing, at most five.
import type { ApplyOptions } from "../apply/options.ts";
import { isDone, type Outcome } from "../apply/outcome.ts";
import { type Quarantine, quarantineAfter } from "../apply/quarantine.ts";
import { idKey } from "../model/arm-id.ts";
import { unlessCut } from "../model/linked-signal.ts";
import type { Clock, ReadPorts, WritePorts } from "../model/ports.ts";
import { type Intent, type Narrowing, type Pass, type PlanOptions, reconcile } from "./reconcile.ts";

/** What a pass knows of the ones before it in the same apply. */
export interface Carried {
  /** Counted from 1. */
  readonly number: number;
  /** By change: failures that trying again does not mend. */
  readonly settled: ReadonlyMap<string, Outcome>;
  /** Identities that Azure has rejected on a target, and until when they are left alone there. */
  readonly quarantine: Quarantine;
  /** Changes that were released: what is left of a released set stays released. */
  readonly released: ReadonlySet<string>;
  /** Keys of the identities that earlier passes have created. */
  readonly created: ReadonlySet<string>;
}

/** What an apply needs besides its passes. */
export interface ConvergeOptions {
  readonly clock: Clock;
  /** Once aborted, no further pass begins. */
  readonly stop?: AbortSignal;
  /** As `stop`; what it means besides is for the pass. */
  readonly handOver?: AbortSignal;
  readonly abort?: AbortSignal;
  readonly maxPasses?: number;
  /** Between passes, when something is to become visible or to recover. */
  readonly waitInMs?: number;
  readonly onPass?: (pass: Pass, number: number) => void;
  /** What earlier runs have left behind; nothing by default. */
  readonly quarantine?: Quarantine;
}

/** What all passes of an apply came to. */
export interface Convergence {
  readonly passes: readonly Pass[];
  /**
   * `converged`: nothing is left but what is held, propagating or failed for good. `unfinished`: the passes were
   * used up. `stopped`: by a stop, with the pass that it met if that one got as far as a plan.
   */
  readonly end: "converged" | "unfinished" | "stopped";
  /** To be handed to the next run, if there is one. */
  readonly quarantine: Quarantine;
}

/**
 * Runs passes until another one would change nothing. What failed for good in one pass is not tried again in the
 * next. Throws what a pass throws, but for the interruption that a stop causes while a pass is still reading.
 */
export async function converge(
  pass: (carried: Carried) => Promise<Pass>,
  options: ConvergeOptions,
): Promise<Convergence> {
  const { clock, maxPasses = 5, waitInMs = 5_000 } = options;
  const { stop, handOver, abort } = options;
  const interrupt = AbortSignal.any([stop, handOver, abort].filter((signal) => signal !== undefined));
  const passes: Pass[] = [];
  let { quarantine = new Map() } = options;
  let carried: Carried = {
    number: 1,
    settled: new Map(),
    released: new Set(),
    created: new Set(),
    quarantine,
  };
  for (;;) {
    const done = await unlessCut(interrupt, () => pass(carried));
    if (!done) return { passes, end: "stopped", quarantine };
    passes.push(done);
    quarantine = quarantineAfter(quarantine, done.report.outcomes, clock.now());
    options.onPass?.(done, carried.number);
    if (interrupt.aborted) return { passes, end: "stopped", quarantine };
    if (!hasMoreToDo(done)) return { passes, end: "converged", quarantine };
    if (carried.number >= maxPasses) return { passes, end: "unfinished", quarantine };
    const hasWaited = await unlessCut(interrupt, async () => {
      if (needsTime(done)) await clock.sleep(waitInMs, interrupt);
      return true;
    });
    if (!hasWaited) return { passes, end: "stopped", quarantine };
    carried = carriedAfter(carried, done, quarantine);
  }
}

/** Who sees the plan of each pass before anything is written, and what runs each pass. */
export interface PassWatcher {
  readonly onPlan?: (planned: Narrowing, pass: number) => void;
  /** Just runs it by default. */
  readonly aroundPass?: (pass: number, run: () => Promise<Pass>) => Promise<Pass>;
}

/** Reconciles pass after pass; what is left of a set that was released in one pass stays released in the next. */
export async function convergeOn(
  intent: Intent,
  ports: ReadPorts & WritePorts,
  options: ApplyOptions & ConvergeOptions & PassWatcher & PlanOptions,
): Promise<Convergence> {
  return await converge(({ number, settled, released, created, quarantine }) => {
    const { allowance } = intent;
    const releases = { ...intent.releases, changes: intent.releases.changes.union(released) };
    const now = { ...intent, releases, ...(allowance && { allowance: { ...allowance, created } }) };
    const run = (): Promise<Pass> =>
      reconcile(now, ports, {
        ...options,
        settled,
        quarantine,
        onPlan: async (planned) => options.onPlan?.(planned, number),
      });
    return options.aroundPass?.(number, run) ?? run();
  }, options);
}

/** Another pass helps after anything that was applied (it may make room for more) and anything that may recover soon. */
function hasMoreToDo({ report }: Pass): boolean {
  return report.outcomes.some(
    (outcome) => outcome.state === "applied" || (outcome.state !== "propagating" && mayRecoverSoon(outcome)),
  );
}

function needsTime({ report }: Pass): boolean {
  return report.outcomes.some((outcome) => outcome.state === "propagating" || mayRecoverSoon(outcome));
}

/** What is postponed waits for longer than the passes of one apply follow each other. */
function mayRecoverSoon({ transient, postponed }: Outcome): boolean {
  return transient === true && postponed !== true;
}

function carriedAfter(before: Carried, { plan, report }: Pass, quarantine: Quarantine): Carried {
  const final = report.outcomes.filter(
    ({ state, transient, quarantine: ofPair }) =>
      state === "failed" && transient !== true && ofPair === undefined,
  );
  return {
    number: before.number + 1,
    quarantine,
    settled: new Map([...before.settled, ...final.map((one) => [one.change.id, one] as const)]),
    released: before.released.union(new Set(plan.released)),
    created: before.created.union(createdBy(report)),
  };
}

function createdBy({ outcomes }: Pass["report"]): ReadonlySet<string> {
  const made = outcomes.filter((outcome) => outcome.change.kind === "create" && isDone(outcome));
  return new Set(made.map(({ change }) => idKey(change.identityId)));
}
