// A small daemon for tests: events with as little in them as a row of a table needs.
import type { Outcome, Verdict } from "../apply/outcome.ts";
import type { DocumentRef } from "../model/document.ts";
import { document, planWith as somePlan } from "../plan/fixtures.ts";
import type { Change, ChangeKind, Held, HeldReason, Plan, Subject } from "../plan/plan.ts";
import type { DaemonEvent, ReportReason, TurnEnd } from "./daemon-event.ts";
import {
  type DaemonFacts,
  type DaemonStatus,
  daemonStatusAfter,
  initialDaemonStatus,
} from "./daemon-status.ts";
import type { Conditions, DocumentStatus } from "./status.ts";

export const facts: DaemonFacts = {
  version: "0.1.0",
  cloud: "public",
  tenantId: "tttttttt",
  owner: "prod",
  source: "git+https://git.example/identities, ref main",
  startedAtInMs: 0,
};

const target: Subject = { kind: "target", targetId: "/vm-1" };

export function changeOf(
  id: string,
  { of = document(), kind = "attach", subject = target }: Partial<ChangeParts> = {},
): Change {
  return { id, kind, identityId: "/one", document: of, subject, reason: "listed", needs: [] };
}

interface ChangeParts {
  readonly of: DocumentRef;
  readonly kind: ChangeKind;
  readonly subject: Subject;
}

export function heldOf(change: Change, reason: HeldReason = "NotOwned"): Held {
  const words = { message: `It is ${reason}.`, cure: "Do this." };
  return { change, reason, ...words, digest: "0123456789abcdef01234567", releasable: false };
}

export function planWith(changes: readonly Change[], more: Partial<Plan> = {}): Plan {
  return somePlan({ changes, ...more });
}

export function conditionsOf(
  state: "Ready" | "Reconciling" | "Stalled" | "Suspended",
  reason = "UpToDate",
  message = "Azure is as the documents say.",
): Conditions {
  const condition = (type: "Ready" | "Reconciling" | "Stalled") =>
    ({ type, status: type === state ? "True" : "False", reason, message }) as const;
  return [condition("Ready"), condition("Reconciling"), condition("Stalled")];
}

export function documentStatusOf(change: Partial<DocumentStatus> = {}): DocumentStatus {
  return {
    document: document(),
    observedRevision: "r1",
    conditions: conditionsOf("Ready"),
    outcomes: [],
    held: [],
    upToDate: [],
    ...change,
  };
}

export const done: Verdict = { state: "applied", message: "Done." };
export const failed: Verdict = { state: "failed", code: "AuthorizationFailed", message: "No." };

export function outcomeOf(change: Change, verdict: Verdict = done): Outcome {
  return { change, ...verdict };
}

type PassEnded = Extract<DaemonEvent, { readonly kind: "passEnded" }>;

export function passEnded(atInMs: number, change: Partial<PassEnded> = {}): PassEnded {
  return {
    kind: "passEnded",
    atInMs,
    startedAtInMs: atInMs - 10,
    pass: { id: `pass-${atInMs}`, turn: 1, number: 1 },
    plan: planWith([]),
    outcomes: [],
    warnings: [],
    documents: [documentStatusOf()],
    orphans: [],
    ...change,
  };
}

export function turnStarted(atInMs: number, turn = 1, reportsBecause?: ReportReason): DaemonEvent {
  const reasons = ["interval"] as const;
  return { kind: "turnStarted", atInMs, turn, reasons, ...(reportsBecause && { reportsBecause }) };
}

export function turnEnded(
  atInMs: number,
  { turn = 1, end = "converged", backoff = new Map() }: Partial<TurnEndParts> = {},
): DaemonEvent {
  return { kind: "turnEnded", atInMs, turn, end, nextAtInMs: atInMs + 300_000, backoff };
}

interface TurnEndParts {
  readonly turn: number;
  readonly end: TurnEnd;
  readonly backoff: ReadonlyMap<string, number>;
}

/** A whole turn of one pass, ten milliseconds long. */
export function turnOf(
  atInMs: number,
  turn: number,
  pass: Partial<PassEnded>,
  end: TurnEnd = "converged",
): readonly DaemonEvent[] {
  return [
    turnStarted(atInMs, turn),
    passEnded(atInMs + 10, { ...pass, pass: { id: `pass-${turn}`, turn, number: 1 } }),
    turnEnded(atInMs + 10, { turn, end }),
  ];
}

export function statusOf(...events: readonly DaemonEvent[]): DaemonStatus {
  return events.reduce(daemonStatusAfter, initialDaemonStatus(facts));
}
