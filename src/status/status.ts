// Decides what is said of each document after a pass: Ready, Reconciling, Stalled, each with a reason and a sentence.
//
//   what became of its changes           | Ready | Reconciling | Stalled
//   -------------------------------------+-------+-------------+--------
//   none, or all applied                 | True  | False       | False
//   planned, propagating, transient      | False | True        | False
//   failed for good, held for a person   | False | False       | True
//   suspended                            | False | False       | False
//
// Stalled goes before Reconciling, both go before suspended; among equals the first in the plan's order speaks.
import type { Outcome } from "../apply/outcome.ts";
import type { Desired } from "../desired/desired.ts";
import { type DocumentRef, documentKey } from "../model/document.ts";
import type { Change, Held, HeldReason, Orphan, Plan } from "../plan/plan.ts";
import { type DesiredLine, upToDateLinesFrom } from "./up-to-date.ts";

/** One condition in the manner of kstatus; when it last changed is the caller's to know. */
export interface Condition {
  readonly type: "Ready" | "Reconciling" | "Stalled";
  readonly status: "True" | "False";
  /** CamelCase, stable. */
  readonly reason: string;
  /** Full sentences. */
  readonly message: string;
}

/** Always Ready, Reconciling and Stalled, in this order. */
export type Conditions = readonly [Condition, Condition, Condition];

/** How one document stands after a pass. */
export interface DocumentStatus {
  /** The document itself; its line is that of the whole document. */
  readonly document: DocumentRef;
  readonly observedRevision: string;
  readonly conditions: Conditions;
  /** What became of its changes, in the plan's order. */
  readonly outcomes: readonly Outcome[];
  readonly held: readonly Held[];
  /** Its lines that want an attachment or a grant and for which the plan finds no difference. */
  readonly upToDate: readonly DesiredLine[];
}

/** How an identity stands that carries our owner tag and that no document names: never Ready. */
export interface OrphanStatus {
  readonly orphan: Orphan;
  readonly conditions: Conditions;
}

/** Something that keeps a document from being Ready. */
interface Obstacle {
  readonly state: "Stalled" | "Reconciling" | "Suspended";
  readonly reason: string;
  readonly message: string;
}

/** Reasons for which a change is held that pass by themselves, so that nobody has to do anything. */
const passing: ReadonlySet<HeldReason> = new Set<HeldReason>([
  "SubscriptionUnknown",
  "ObservationIncomplete",
  "TargetBusy",
  "NotEmpty",
  "RequestFull",
]);

/**
 * The status of every document of the desired state, in its order: identities, each with its bindings after it.
 * A change without an outcome counts as planned.
 */
export function statusFrom(desired: Desired, plan: Plan, outcomes: readonly Outcome[]): DocumentStatus[] {
  const outcomeOf = new Map(outcomes.map((outcome) => [outcome.change.id, outcome]));
  const changes = Map.groupBy(plan.changes, (change) => documentKey(change.document));
  const held = Map.groupBy(plan.held, (one) => documentKey(one.change.document));
  const upToDate = upToDateLinesFrom(desired, plan);
  return documentsOf(desired).map((document) => {
    const mine = changes.get(documentKey(document)) ?? [];
    const waiting = held.get(documentKey(document)) ?? [];
    const obstacles = [
      ...mine.flatMap((change) => obstacleFrom(change, outcomeOf.get(change.id)) ?? []),
      ...waiting.map(obstacleFromHeld),
    ];
    return {
      document,
      observedRevision: desired.revision,
      conditions: conditionsFrom(obstacles, mine.length),
      outcomes: mine.flatMap((change) => outcomeOf.get(change.id) ?? []),
      held: waiting,
      upToDate: upToDate.get(documentKey(document)) ?? [],
    };
  });
}

/** The status of every orphan of a plan. */
export function orphanStatusFrom(plan: Plan): OrphanStatus[] {
  return plan.orphans.map((orphan) => {
    const message = `No document names ${orphan.identityId} any more, so nothing of it is touched. Declare it with lifecycle Released or Absent.`;
    return { orphan, conditions: conditionsFrom([{ state: "Stalled", reason: "Orphan", message }], 0) };
  });
}

/** One document once, whatever the number of its lines; the first line that names it stands for it. */
function documentsOf(desired: Desired): readonly DocumentRef[] {
  const all = desired.identities.flatMap(({ document, bindings }) => [
    document,
    ...bindings.map((binding) => binding.document),
  ]);
  return [
    ...new Map(all.toReversed().map((document) => [documentKey(document), document])).values(),
  ].toReversed();
}

function obstacleFrom(change: Change, outcome: Outcome | undefined): Obstacle | undefined {
  if (!outcome) {
    const message = `The ${change.kind} has not been made yet.`;
    return { state: "Reconciling", reason: "Planned", message };
  }
  const { state, transient, message } = outcome;
  if (outcome.code === "ForeignIdentityLost") {
    return { state: "Stalled", reason: "ForeignIdentityLost", message };
  }
  if (state === "applied") return;
  const isPassing = state === "propagating" || transient === true;
  const fallback = { propagating: "Propagating", skipped: "Skipped", failed: "Failed" }[state];
  return {
    state: isPassing ? "Reconciling" : "Stalled",
    reason: reasonFrom(outcome.code, fallback),
    message,
  };
}

function obstacleFromHeld({ reason, message, cure }: Held): Obstacle {
  const sentences = `${message} ${cure}`;
  if (reason === "Suspended") return { state: "Suspended", reason, message: sentences };
  return { state: passing.has(reason) ? "Reconciling" : "Stalled", reason, message: sentences };
}

/** Azure's codes are CamelCase, but for a few that are numbers or words with other signs. */
function reasonFrom(code: string | undefined, fallback: string): string {
  return code !== undefined && /^[A-Za-z]\w*$/.test(code) ? code : fallback;
}

function conditionsFrom(obstacles: readonly Obstacle[], changes: number): Conditions {
  const first = (state: Obstacle["state"]): Obstacle | undefined => obstacles.find((o) => o.state === state);
  const leading = first("Stalled") ?? first("Reconciling") ?? first("Suspended");
  if (!leading) {
    const message = changes > 0 ? "All changes have been applied." : "Azure is as the documents say.";
    return threeConditions("Ready", { reason: changes > 0 ? "Applied" : "UpToDate", message });
  }
  const more = obstacles.length - 1;
  const rest = more > 0 ? ` ${more} more ${more === 1 ? "change is" : "changes are"} not made.` : "";
  const told = { reason: leading.reason, message: `${leading.message}${rest}` };
  return threeConditions(leading.state, told);
}

function threeConditions(
  state: Obstacle["state"] | "Ready",
  { reason, message }: Pick<Condition, "reason" | "message">,
): Conditions {
  const condition = (type: Condition["type"]): Condition => ({
    type,
    status: type === state ? "True" : "False",
    reason,
    message,
  });
  return [condition("Ready"), condition("Reconciling"), condition("Stalled")];
}
