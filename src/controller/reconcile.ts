// One pass of Bindery, one statement per step: observe → confirm → plan → narrow → apply → status.
import { applyPlan } from "../apply/apply.ts";
import type { ApplyOptions } from "../apply/options.ts";
import type { ApplyReport } from "../apply/outcome.ts";
import type { Desired } from "../desired/desired.ts";
import { idKey } from "../model/arm-id.ts";
import type { Policy } from "../model/policy.ts";
import type { ReadPorts, Self, WritePorts } from "../model/ports.ts";
import { confirm } from "../observed/confirm.ts";
import { observe } from "../observed/observe.ts";
import type { Observed } from "../observed/observed.ts";
import type { Releases } from "../plan/draft.ts";
import type { Plan } from "../plan/plan.ts";
import { planFor } from "../plan/plan-for.ts";
import { questionsOf } from "../plan/questions.ts";
import { type Allowance, type LeftOut, narrowed } from "../plan/saved-plan.ts";
import { type DocumentStatus, type OrphanStatus, orphanStatusFrom, statusFrom } from "../status/status.ts";
import type { RollingReads } from "./rolling-reads.ts";

/** What a pass is to bring about, and for whom. */
export interface Intent {
  readonly desired: Desired;
  readonly policy: Policy;
  readonly self: Self;
  readonly releases: Releases;
  /** A plan that was saved and approved: nothing is done that does not stand in it too. */
  readonly allowance?: Allowance;
}

/** A plan and what it was made from. */
export interface Planned {
  readonly observed: Observed;
  readonly plan: Plan;
}

/** A plan as it is to be applied. */
export interface Narrowing extends Planned {
  /** What a saved plan does not cover, or lists in vain; empty without one. */
  readonly leftOut: readonly LeftOut[];
}

/** What one pass came to. */
export interface Pass extends Narrowing {
  readonly report: ApplyReport;
  readonly documents: readonly DocumentStatus[];
  readonly orphans: readonly OrphanStatus[];
}

/** Runs a step of a pass; for traces. */
export type Step = <T>(name: "observe" | "confirm" | "plan" | "apply", run: () => Promise<T>) => Promise<T>;

const untraced: Step = (_, run) => run();

/** How a plan is made. */
export interface PlanOptions {
  /** Just runs it by default. */
  readonly step?: Step;
  /** What may be answered from memory while nothing is to be written; nothing by default. */
  readonly rolling?: Pick<RollingReads, "observing">;
}

/** How a pass is run. */
export interface PassOptions extends ApplyOptions, PlanOptions {
  /** Sees the plan before anything is written; what it throws ends the pass. */
  readonly onPlan?: (planned: Narrowing) => Promise<void>;
}

/** Makes Azure as the documents say, as far as one pass can. Throws `Failure` only where nothing can be read at all. */
export async function reconcile(
  intent: Intent,
  ports: ReadPorts & WritePorts,
  options: PassOptions,
): Promise<Pass> {
  const step: Step = options.step ?? untraced;
  const reading = readingSignal(options);
  const planned = await planOf(intent, ports, reading, options);
  // A read that was cut may have been taken for one that failed: nothing is concluded from it.
  reading.throwIfAborted();
  const narrowing = narrowingOf(planned, intent.allowance);
  await options.onPlan?.(narrowing);
  const report = await step("apply", () => applyPlan(narrowing.plan, ports, options));
  // What is left out is still to be done: its documents are not Ready.
  const documents = statusFrom(intent.desired, planned.plan, report.outcomes);
  return { ...narrowing, report, documents, orphans: orphanStatusFrom(planned.plan) };
}

function narrowingOf({ plan, observed }: Planned, allowance: Allowance | undefined): Narrowing {
  if (!allowance) return { plan, observed, leftOut: [] };
  return { observed, ...narrowed(plan, observed, allowance) };
}

/** The plan as it would be applied now: lists and memory propose it, fresh reads of what it would change confirm it. */
export async function planOf(
  intent: Intent,
  ports: ReadPorts,
  signal: AbortSignal,
  options: PlanOptions = {},
): Promise<Planned> {
  const step: Step = options.step ?? untraced;
  const { desired, policy, self } = intent;
  const remembering = options.rolling?.observing(intent);
  const observing = { desired, policy, self, ports: remembering?.ports ?? ports, signal };
  const listed = await step("observe", () => observe(observing));
  let planned = await confirmedPlan(intent, listed, ports, signal, step);
  for (;;) {
    const reread = remembering?.rereadFor(planned);
    if (!reread) return planned;
    const fresh: Observed = await step("observe", () => reread(signal));
    planned = await confirmedPlan(intent, fresh, ports, signal, step);
  }
}

async function confirmedPlan(
  intent: Intent,
  listed: Observed,
  ports: ReadPorts,
  signal: AbortSignal,
  step: Step,
): Promise<Planned> {
  const { desired, policy, releases } = intent;
  const proposed = await step("plan", async () => planFor(desired, listed, policy, releases));
  return await step("confirm", async () => {
    const observed = await confirm(listed, questionsOf(proposed), ports, signal);
    const planned = { observed, plan: planFor(desired, observed, policy, releases) };
    return await confirmedFurther(intent, planned, ports, signal);
  });
}

/** Fresh reads may bring up changes of things that only lists have shown so far: a few more rounds read those too. */
async function confirmedFurther(
  { desired, policy, releases }: Intent,
  first: Planned,
  ports: ReadPorts,
  signal: AbortSignal,
): Promise<Planned> {
  let planned = first;
  for (let round = 0; round < 3 && hasOpenQuestions(planned); round += 1) {
    const observed = await confirm(planned.observed, questionsOf(planned.plan), ports, signal);
    planned = { observed, plan: planFor(desired, observed, policy, releases) };
  }
  return planned;
}

function hasOpenQuestions({ plan, observed }: Planned): boolean {
  const { identityIds, targetIds, assignmentIds, deletions } = questionsOf(plan);
  if (deletions.some((id) => !observed.references.has(idKey(id)))) return true;
  return [...identityIds, ...targetIds, ...assignmentIds].some(
    (id) => !observed.confirmed.has(idKey(id)) && !observed.unreadable.has(idKey(id)),
  );
}

/** A stop ends reading at once: nothing is lost by it. */
function readingSignal({ stop, handOver, abort }: ApplyOptions): AbortSignal {
  return AbortSignal.any([stop, handOver, abort].filter((signal) => signal !== undefined));
}
