// Decides what the daemon logs: a line for each turn, and one for whatever has changed; nothing for what is as it was.
import { AsyncLocalStorage } from "node:async_hooks";
import type { Outcome } from "../apply/outcome.ts";
import { documentKey } from "../model/document.ts";
import type { Plan, Warning } from "../plan/plan.ts";
import { namesOf } from "../plan/render/change-words.ts";
import type { DaemonEvent, DaemonObserver, PassRef, SourceState } from "../status/daemon-event.ts";
import type { Condition, Conditions } from "../status/status.ts";
import type { CliIo } from "./io.ts";
import { jsonLog, type Log, type LogFields, terminalLog } from "./log.ts";
import { changeWords } from "./operation-words.ts";
import type { LogLevel } from "./run-settings.ts";
import { systemClock } from "./system-clock.ts";

/** The log of a daemon, and who makes lines of it from events. */
export interface DaemonLog {
  readonly log: Log;
  readonly observe: DaemonObserver;
  /** As `aroundPass` of the loop: every line that is written meanwhile has the `turn` and the `passId`. */
  readonly aroundPass: <T>(pass: PassRef, run: () => Promise<T>) => Promise<T>;
}

type EventOf<K extends DaemonEvent["kind"]> = Extract<DaemonEvent, { kind: K }>;

/** JSON lines on stderr; at a terminal lines for a person. */
export async function daemonLog(level: LogLevel, io: Pick<CliIo, "stderr">): Promise<DaemonLog> {
  const contexts = new AsyncLocalStorage<LogFields>();
  const log =
    io.stderr.isTTY === true
      ? terminalLog(level, io, systemClock.now)
      : await jsonLog(level, io, () => contexts.getStore() ?? {});
  const lines = daemonLines(log);
  return {
    log,
    observe: (event) => contexts.run(contextOf(event), () => lines(event)),
    aroundPass: (pass, run) => contexts.run(contextOfPass(pass), run),
  };
}

function contextOf(event: DaemonEvent): LogFields {
  switch (event.kind) {
    case "turnStarted":
    case "turnEnded":
      return { turn: event.turn };
    case "passPlanned":
    case "passEnded":
      return contextOfPass(event.pass);
    case "sourceLooked":
    case "leadership":
    case "stopping":
      return {};
  }
}

function contextOfPass({ turn, id }: PassRef): LogFields {
  return { turn, passId: id };
}

/** Makes lines of the events of one daemon. */
export function daemonLines(log: Log): DaemonObserver {
  const source = sourceLines(log);
  const turn = turnLines(log);
  const conditions = conditionLines(log);
  const failures = newOnes(failureKey);
  const warnings = newOnes(({ code, message }: Warning) => `${code} ${message}`);
  return (event) => {
    switch (event.kind) {
      case "sourceLooked":
        source(event.source);
        break;
      case "leadership":
        log.info({ role: event.role }, "leadership");
        break;
      case "turnStarted":
      case "turnEnded":
        turn(event);
        break;
      case "passPlanned":
        log.debug(sizeOf(event), "pass planned");
        break;
      case "passEnded":
        turn(event);
        conditions(event);
        tellFailures(log, event.plan, failures(event.outcomes.filter(isFailed)));
        for (const { code, message, document } of warnings(event.warnings))
          log.warn({ code, ...(document && { document: documentKey(document) }), why: message }, "warning");
        break;
      case "stopping":
        log.info({ why: event.why }, "stopping");
        break;
    }
  };
}

function sizeOf({ pass, plan }: EventOf<"passPlanned">): LogFields {
  return { pass: pass.number, revision: plan.revision, changes: plan.changes.length, held: plan.held.length };
}

/** Tells a revision when it comes into force, a refusal once, and the end of one. */
function sourceLines(log: Log): (source: SourceState) => void {
  let last: SourceState = {};
  return (source) => {
    const before = last;
    last = source;
    const { inForce, refusal } = source;
    if (inForce !== undefined && inForce !== before.inForce) {
      log.info({ revision: inForce }, "revision in force");
    }
    if (!refusal) {
      if (before.refusal && inForce === before.inForce) {
        log.info({ revision: inForce, reason: before.refusal.reason }, "source in order again");
      }
      return;
    }
    const { reason, revision, message } = refusal;
    const was = before.refusal;
    if (was?.reason === reason && was.revision === revision && was.message === message) return;
    log.warn({ reason, revision, inForce, why: message }, "revision refused");
  };
}

/** Sums up the passes of a turn in the line of its end. */
function turnLines(log: Log): (event: EventOf<"turnStarted" | "passEnded" | "turnEnded">) => void {
  let startedAtInMs: number | undefined;
  let passes: readonly EventOf<"passEnded">[] = [];
  return (event) => {
    if (event.kind === "passEnded") {
      passes = [...passes, event];
      return;
    }
    if (event.kind === "turnStarted") {
      [startedAtInMs, passes] = [event.atInMs, []];
      log.debug({ reasons: event.reasons, reportsBecause: event.reportsBecause }, "turn started");
      return;
    }
    const { end, failure, atInMs } = event;
    const fields = {
      end,
      passes: passes.length,
      ...countsOf(passes),
      ...(startedAtInMs !== undefined && { durationInMs: atInMs - startedAtInMs }),
      ...(failure && { code: failure.code, why: failure.message }),
    };
    log[end === "failed" ? "error" : end === "deadline" ? "warn" : "info"](fields, "turn ended");
    passes = [];
  };
}

/** What some pass applied, and how the last one left the rest. */
function countsOf(passes: readonly EventOf<"passEnded">[]): LogFields {
  const last = passes.at(-1);
  if (!last) return {};
  const { plan, outcomes } = last;
  const inState = (state: Outcome["state"], of: readonly Outcome[]): number =>
    of.filter((one) => one.state === state).length;
  return {
    revision: plan.revision,
    ...(outcomes.length === 0 && plan.changes.length > 0 && { changes: plan.changes.length }),
    applied: inState(
      "applied",
      passes.flatMap((pass) => pass.outcomes),
    ),
    propagating: inState("propagating", outcomes),
    skipped: inState("skipped", outcomes),
    failed: inState("failed", outcomes),
    held: plan.held.length,
  };
}

/** The condition that is true; a suspended document has none. */
function standingOf(
  conditions: Conditions,
): Pick<Condition, "reason" | "message"> & { readonly condition: string } {
  const [ready] = conditions;
  const found = conditions.find(({ status }) => status === "True");
  const { reason, message } = found ?? ready;
  return { condition: found?.type ?? "NotReady", reason, message };
}

/** Tells each document and orphan whose condition has changed; one that is Ready from the start is no news. */
function conditionLines(log: Log): (event: EventOf<"passEnded">) => void {
  let last: ReadonlyMap<string, string> = new Map();
  return ({ documents, orphans }) => {
    const all = [
      ...documents.map(({ document, conditions }) => ({
        key: documentKey(document),
        fields: { document: documentKey(document) },
        ...standingOf(conditions),
      })),
      ...orphans.map(({ orphan, conditions }) => ({
        key: orphan.identityId,
        fields: { identity: orphan.identityId },
        ...standingOf(conditions),
      })),
    ];
    const before = last;
    last = new Map(all.map(({ key, condition, reason }) => [key, `${condition} ${reason}`]));
    for (const { key, fields, condition, reason, message } of all) {
      const was = before.get(key);
      const isNews = was === undefined ? condition !== "Ready" : was !== last.get(key);
      if (!isNews || (condition === "Ready" && was?.startsWith("Ready ") === true)) continue;
      log[condition === "Stalled" ? "warn" : "info"](
        { ...fields, condition, reason, was, why: message },
        "condition changed",
      );
    }
  };
}

function isFailed({ state }: Outcome): boolean {
  return state === "failed";
}

/** A failure that a later pass only carries on is not told again; another try has another correlation id. */
function failureKey({ change, code, correlationId, message }: Outcome): string {
  return [change.id, code, correlationId, message].join(" ");
}

/** Those that were not there the last time. */
function newOnes<T>(keyOf: (one: T) => string): (all: readonly T[]) => readonly T[] {
  let last: ReadonlySet<string> = new Set();
  return (all) => {
    const before = last;
    last = new Set(all.map(keyOf));
    return all.filter((one) => !before.has(keyOf(one)));
  };
}

function tellFailures(log: Log, plan: Plan, outcomes: readonly Outcome[]): void {
  if (outcomes.length === 0) return;
  const names = namesOf(plan);
  for (const { change, code, message, transient, correlationId } of outcomes) {
    const fields = {
      document: documentKey(change.document),
      change: changeWords(change, names),
      code,
      transient: transient === true,
      correlationId,
      why: message,
    };
    log.warn(fields, "change failed");
  }
}
