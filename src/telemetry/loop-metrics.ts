// Decides what each event of the daemon does to its numbers.
import type {
  DaemonEvent,
  RefusalReason,
  ReportReason,
  SourceState,
  TurnEnd,
  WakeReason,
} from "../status/daemon-event.ts";
import { driftAfterPass, driftAfterTurn, noDrift } from "../status/daemon-status-drift.ts";
import type { Instruments } from "./instruments.ts";
import { revisionLabel } from "./labels.ts";

type EventOf<K extends DaemonEvent["kind"]> = Extract<DaemonEvent, { readonly kind: K }>;
type PassEnded = EventOf<"passEnded">;
type ChangeKind = PassEnded["plan"]["changes"][number]["kind"];
type OutcomeState = PassEnded["outcomes"][number]["state"];
type DocumentKind = PassEnded["documents"][number]["document"]["kind"];

const turnEnds = wordsOf<TurnEnd>({
  converged: true,
  unfinished: true,
  stopped: true,
  reported: true,
  deadline: true,
  failed: true,
});
const wakeReasons = wordsOf<WakeReason>({
  start: true,
  interval: true,
  revision: true,
  webhook: true,
  signal: true,
  leadership: true,
  followUp: true,
  retry: true,
});
const refusalReasons = wordsOf<RefusalReason>({
  BrokenRevision: true,
  NonFastForward: true,
  CommitNotSigned: true,
  SourceUnreadable: true,
  BrokenPolicy: true,
  PolicyNeedsRestart: true,
});
const reportReasons = wordsOf<ReportReason>({ DryRun: true, Standby: true, NoGoodRevision: true });
const changeKinds = wordsOf<ChangeKind>({
  create: true,
  adopt: true,
  release: true,
  update: true,
  attach: true,
  detach: true,
  grant: true,
  revoke: true,
  delete: true,
});
const outcomeStates = wordsOf<OutcomeState>({
  applied: true,
  propagating: true,
  skipped: true,
  failed: true,
});
const documentKinds = wordsOf<DocumentKind>({ UserAssignedIdentity: true, IdentityBinding: true });
const conditions = ["Ready", "Reconciling", "Stalled", "Suspended"] as const;

/** All words of a union; the compiler sees to it that none is missing. */
function wordsOf<W extends string>(words: Readonly<Record<W, true>>): readonly W[] {
  return Object.keys(words) as W[];
}

/** An observer that keeps the numbers of the loop. */
export function loopObserver(instruments: Instruments): (event: DaemonEvent) => void {
  let drift = noDrift;
  let turn: EventOf<"turnStarted"> | undefined;
  zero(instruments);
  return (event) => {
    switch (event.kind) {
      case "sourceLooked":
        showSource(instruments, event.source);
        return;
      case "leadership":
        instruments.leader.set(event.role === "standby" ? 0 : 1);
        return;
      case "turnStarted":
        turn = event;
        countStart(instruments, event);
        return;
      case "passEnded":
        countPass(instruments, event, turn?.reportsBecause === undefined ? "apply" : "report");
        drift = countDrift(instruments, drift, event);
        return;
      case "turnEnded":
        countEnd(instruments, event, turn);
        drift = driftAfterTurn(drift, event.end);
        return;
      case "passPlanned":
      case "stopping":
        return;
    }
  };
}

/** A counter that begins with its first 1 shows no increase: those of closed sets begin with 0. */
function zero(instruments: Instruments): void {
  for (const end of turnEnds) instruments.turns.inc({ end }, 0);
  for (const reason of wakeReasons) instruments.wakes.inc({ reason }, 0);
  for (const mode of ["apply", "report"]) instruments.passes.inc({ mode }, 0);
  for (const kind of changeKinds) {
    instruments.drift.inc({ kind }, 0);
    for (const outcome of outcomeStates) instruments.changes.inc({ kind, outcome }, 0);
  }
  showRefusal(instruments, undefined);
}

function showSource(instruments: Instruments, { inForce, refusal }: SourceState): void {
  instruments.revisionInForce.set(inForce === undefined ? 0 : 1);
  instruments.revision.reset();
  if (inForce !== undefined) instruments.revision.set({ revision: revisionLabel(inForce) }, 1);
  showRefusal(instruments, refusal?.reason);
}

function showRefusal(instruments: Instruments, present: RefusalReason | undefined): void {
  for (const reason of refusalReasons)
    instruments.revisionRefused.set({ reason }, reason === present ? 1 : 0);
}

function countStart(instruments: Instruments, { reasons, reportsBecause }: EventOf<"turnStarted">): void {
  for (const reason of reasons) instruments.wakes.inc({ reason });
  for (const reason of reportReasons) {
    instruments.reportsOnly.set({ reason }, reason === reportsBecause ? 1 : 0);
  }
}

function countEnd(
  instruments: Instruments,
  { atInMs, end, backoff }: EventOf<"turnEnded">,
  started: EventOf<"turnStarted"> | undefined,
): void {
  instruments.turns.inc({ end });
  if (started) instruments.turnSeconds.observe(secondsBetween(started.atInMs, atInMs));
  instruments.backoff.set(backoff.size);
  instruments.lastTurn.set(atInMs / 1000);
  const isAsWanted = end === "converged" || (end === "reported" && started?.reportsBecause === "DryRun");
  if (isAsWanted) instruments.lastSuccess.set(atInMs / 1000);
}

/** A wall clock can be set back meanwhile. */
function secondsBetween(fromInMs: number, toInMs: number): number {
  return Math.max(0, toInMs - fromInMs) / 1000;
}

function countPass(instruments: Instruments, event: PassEnded, mode: "apply" | "report"): void {
  instruments.passes.inc({ mode });
  instruments.passSeconds.observe(secondsBetween(event.startedAtInMs, event.atInMs));
  for (const { change, state } of event.outcomes) {
    instruments.changes.inc({ kind: change.kind, outcome: state });
  }
  showPlan(instruments, event);
  showDocuments(instruments, event);
  showWarnings(instruments, event);
}

function countDrift(instruments: Instruments, before: typeof noDrift, event: PassEnded): typeof noDrift {
  const { drift, found } = driftAfterPass(before, event);
  for (const { kind } of found) instruments.drift.inc({ kind });
  return drift;
}

function showPlan(instruments: Instruments, { plan, outcomes }: PassEnded): void {
  const applied = new Set(outcomes.filter(({ state }) => state === "applied").map(({ change }) => change.id));
  const left = plan.changes.filter(({ id }) => !applied.has(id));
  for (const kind of changeKinds) {
    instruments.pending.set({ kind }, left.filter((change) => change.kind === kind).length);
  }
  instruments.contested.set(outcomes.filter(({ code }) => code === "Contested").length);
  instruments.held.reset();
  for (const { reason } of plan.held) instruments.held.inc({ reason });
}

function showDocuments(instruments: Instruments, { documents, orphans }: PassEnded): void {
  for (const kind of documentKinds) {
    for (const condition of conditions) instruments.documents.set({ kind, condition }, 0);
  }
  for (const { document, conditions: three } of documents) {
    const condition = three.find(({ status }) => status === "True")?.type ?? "Suspended";
    instruments.documents.inc({ kind: document.kind, condition });
  }
  instruments.orphans.set(orphans.length);
}

/** What applying warns of may stand in the plan already. */
function showWarnings(instruments: Instruments, { plan, warnings }: PassEnded): void {
  instruments.warnings.reset();
  const all = new Map([...plan.warnings, ...warnings].map((one) => [`${one.code} ${one.message}`, one]));
  for (const { code } of all.values()) {
    instruments.warnings.inc({ code });
    if (code === "ForeignIdentityLost") instruments.foreignLost.inc();
  }
}
