// Decides when the daemon is alive (its loop turns) and when it is ready (it has a good revision and has observed once).
import type { DaemonEvent, DaemonObserver } from "../status/daemon-event.ts";

/** How long the loop may be silent. */
export interface HealthOptions {
  readonly intervalInMs: number;
  /** Of a turn. */
  readonly deadlineInMs: number;
  /** What comes on top of both before the loop counts as stuck; five minutes by default. */
  readonly slackInMs?: number;
  /** Milliseconds since any instant; must not jump as the wall clock does. */
  readonly uptimeInMs: () => number;
}

/** The answer to a probe; why is a full sentence. */
export interface Probe {
  readonly ok: boolean;
  readonly why: string;
}

/** Follows the events; is asked by the probes. */
export interface Health {
  readonly observe: DaemonObserver;
  live(): Probe;
  ready(): Probe;
}

interface Facts {
  hasGoodRevision: boolean;
  hasObserved: boolean;
  isStopping: boolean;
}

const defaultSlackInMs = 5 * 60_000;

/** Neither alive nor ready is a matter of Azure's health: what fails there is told by metrics and status. */
export function healthFor(options: HealthOptions): Health {
  const { intervalInMs, deadlineInMs, uptimeInMs, slackInMs = defaultSlackInMs } = options;
  let dueInMs = uptimeInMs() + intervalInMs + deadlineInMs + slackInMs;
  const facts: Facts = { hasGoodRevision: false, hasObserved: false, isStopping: false };
  return {
    observe(event) {
      const silenceInMs = silenceAfter(event, { intervalInMs, deadlineInMs });
      if (silenceInMs !== undefined) dueInMs = uptimeInMs() + silenceInMs + slackInMs;
      if (event.kind === "sourceLooked") facts.hasGoodRevision = event.source.inForce !== undefined;
      if (event.kind === "passEnded") facts.hasObserved = true;
      if (event.kind === "stopping") facts.isStopping = true;
    },
    live() {
      const lateInMs = uptimeInMs() - dueInMs;
      if (lateInMs <= 0) return { ok: true, why: "The loop turns." };
      return { ok: false, why: `The loop should have gone on ${Math.ceil(lateInMs / 1000)} seconds ago.` };
    },
    ready() {
      if (facts.isStopping) return { ok: false, why: "Bindery is stopping." };
      if (!facts.hasGoodRevision) return { ok: false, why: "No revision is known to be good." };
      if (!facts.hasObserved) return { ok: false, why: "Azure has not been observed yet since the start." };
      return { ok: true, why: "A good revision is in force and Azure has been observed." };
    },
  };
}

/** How long it may take, slack aside, until the loop says something again; undefined for what is no word of the loop's. */
function silenceAfter(
  event: DaemonEvent,
  { intervalInMs, deadlineInMs }: Pick<HealthOptions, "intervalInMs" | "deadlineInMs">,
): number | undefined {
  switch (event.kind) {
    case "turnStarted":
    case "passPlanned":
    case "passEnded":
      return deadlineInMs;
    case "turnEnded":
      // Jitter makes an interval longer, a clock that was set makes it anything.
      if (event.nextAtInMs === undefined) return Number.POSITIVE_INFINITY;
      return Math.min(Math.max(0, event.nextAtInMs - event.atInMs), 2 * intervalInMs);
    case "sourceLooked":
    case "leadership":
    case "stopping":
      return;
  }
}
