// A daemon's loop on a small Azure and a hand clock, whose events can be read as lines, for tests.
import { type FakeAzure, fakeAzure, type Seed } from "../apply/fake-azure.ts";
import type { Verdict } from "../apply/outcome.ts";
import type { DesiredBinding } from "../desired/desired.ts";
import { nameOf } from "../model/arm-id.ts";
import type { ReadPorts } from "../model/ports.ts";
import {
  desired,
  document,
  identityId,
  live,
  observed,
  policy,
  reader,
  subscription,
  vm,
  vmId,
  wanted,
} from "../plan/fixtures.ts";
import type { Change } from "../plan/plan.ts";
import type { DaemonEvent } from "../status/daemon-event.ts";
import { type HandClock, handClock, startedAtInMs } from "./clock-fixtures.ts";
import { alone, type Leadership } from "./leadership.ts";
import type { LoopOptions, LoopParts } from "./loop-parts.ts";
import type { InForce } from "./revision-judgement.ts";
import type { RevisionKeeper } from "./revisions.ts";
import { runLoop } from "./run-loop.ts";
import { type Waker, wakerOn } from "./wake.ts";

/** The fake with lists that may be stale; scopes and the Reader role are always there. */
export function listing(azure: FakeAzure, stale: Seed = {}): FakeAzure & ReadPorts {
  const listed = <T>(items: Iterable<T>) => Promise.resolve({ items: [...items], unknown: [] });
  return {
    ...azure,
    listSubscriptions: () => listed([subscription]),
    listIdentities: () => listed(stale.identities ?? azure.identities.values()),
    listTargets: () => listed(stale.targets ?? azure.targets.values()),
    listAssignments: () => listed(stale.assignments ?? azure.assignments.values()),
    listReferences: () => listed([]),
    countAssignments: async () => new Map(),
    listRoles: () => Promise.resolve([reader]),
    locateDatabase: () => Promise.resolve("foreign" as const),
    existingScopes: (scopes) => Promise.resolve(scopes),
  };
}

/** One identity and a document for each VM that is to have it: "team/vm-1". */
export function inForceFor(vms: readonly string[], revision = "r1"): InForce {
  const bindings = vms.map((name): DesiredBinding => {
    const ref = document("IdentityBinding", name);
    const targets = [{ kind: "virtualMachine", id: vmId(name), document: ref } as const];
    return { document: ref, suspended: false, targets, grants: [], databases: [] };
  });
  return { desired: { ...desired(wanted({ bindings })), revision }, policy };
}

/** An Azure with our identity, and VMs that do not have it yet. */
export function azureWith(vms: readonly string[], more: Partial<Seed> = {}): FakeAzure {
  const targets = vms.map((name) => vm(name, [], { etag: "1" }));
  return fakeAzure({ identities: [live()], targets, ...more });
}

/** Detaches our identity behind Bindery's back. */
export function drift(azure: FakeAzure, name: string): void {
  azure.targets.set(vmId(name).toLowerCase(), vm(name, [], { etag: "9" }));
}

/** True if our identity is on the VM. */
export function hasIdentity(azure: FakeAzure, name: string): boolean {
  const target = azure.targets.get(vmId(name).toLowerCase());
  return target?.attachments.userAssigned.some(({ id }) => id === identityId) ?? false;
}

/** A keeper of which the test decides what it finds. */
export interface FakeKeeper extends RevisionKeeper {
  /** What the next look finds. */
  source: InForce | undefined;
  looks: number;
  /** The revisions that were to be noted. */
  remembered: string[];
  /** Thrown instead of remembering. */
  forgets?: Error;
  /** Runs within each look. */
  onLook?: (signal: AbortSignal) => Promise<void>;
}

export function keeperOf(source: InForce | undefined): FakeKeeper {
  let inForce: InForce | undefined;
  return {
    source,
    looks: 0,
    remembered: [],
    async look(signal) {
      this.looks += 1;
      await this.onLook?.(signal);
      const hasChanged = inForce !== this.source;
      inForce = this.source;
      return hasChanged;
    },
    current: () => ({
      state: inForce ? { inForce: inForce.desired.revision } : {},
      ...(inForce && { inForce }),
    }),
    async remember(revision) {
      if (this.forgets) throw this.forgets;
      this.remembered.push(revision);
    },
  };
}

/** Events in short lines: seconds since the start, and what happened. */
export function lineOf(event: DaemonEvent): string | undefined {
  const seconds = (atInMs: number): number => Math.round((atInMs - startedAtInMs) / 1000);
  const at = seconds(event.atInMs);
  switch (event.kind) {
    case "sourceLooked":
      return;
    case "passPlanned":
      return `${at} plan ${event.pass.turn}.${event.pass.number}`;
    case "leadership":
      return `${at} ${event.role}`;
    case "turnStarted": {
      const because = event.reportsBecause ? ` (${event.reportsBecause})` : "";
      return `${at} turn ${event.turn}: ${event.reasons.join("+")}${because}`;
    }
    case "passEnded": {
      const what = event.outcomes.map(outcomeWords).join(", ");
      return `${at} pass ${event.pass.turn}.${event.pass.number}${what && `: ${what}`}`;
    }
    case "turnEnded": {
      const next = event.nextAtInMs === undefined ? "" : ` → ${seconds(event.nextAtInMs)}`;
      return `${at} ${event.end}${event.failure ? ` ${event.failure.code}` : ""}${next}`;
    }
    case "stopping":
      return `${at} stopping: ${event.why}`;
  }
}

function outcomeWords({ change, state, code }: Verdict & { readonly change: Change }): string {
  const { subject } = change;
  const name = subject.kind === "target" ? nameOf(subject.targetId) : subject.kind;
  return `${name} ${state}${code === undefined ? "" : ` ${code}`}`;
}

/** A loop that runs on a hand clock; chance always falls in the middle, so that there is no jitter. */
export interface LoopTrial {
  readonly clock: HandClock;
  readonly keeper: FakeKeeper;
  readonly waker: Waker;
  readonly events: readonly DaemonEvent[];
  readonly stop: AbortController;
  readonly handOver: AbortController;
  readonly abort: AbortController;
  readonly parts: LoopParts;
  readonly options: LoopOptions;
  /** The lines since the last call. */
  lines(): readonly string[];
  start(): Promise<void>;
}

export interface LoopSetup {
  readonly clock?: HandClock;
  readonly inForce?: InForce | "none";
  readonly leadership?: Leadership;
  readonly parts?: Partial<LoopParts>;
  readonly options?: Partial<LoopOptions>;
}

export function loopTrial(azure: FakeAzure, setup: LoopSetup = {}): LoopTrial {
  const { clock = handClock(), inForce = inForceFor(["vm-1"]), leadership = alone() } = setup;
  const [stop, handOver, abort] = [new AbortController(), new AbortController(), new AbortController()];
  const events: DaemonEvent[] = [];
  const keeper = keeperOf(inForce === "none" ? undefined : inForce);
  const waker = wakerOn(clock);
  let told = 0;
  let ids = 0;
  const parts: LoopParts = {
    revisions: keeper,
    ports: listing(azure),
    self: async () => observed().self,
    leadership,
    waker,
    observer: (event) => void events.push(event),
    contested: { note: () => undefined, verdictOn: () => undefined },
    applying: { clock, random: () => 0.5, audit: async () => undefined },
    newId: () => {
      ids += 1;
      return `id-${ids}`;
    },
    ...setup.parts,
  };
  const options: LoopOptions = {
    intervalInMs: 300_000,
    pollIntervalInMs: 60_000,
    deadlineInMs: 600_000,
    dryRun: false,
    stop: stop.signal,
    handOver: handOver.signal,
    abort: abort.signal,
    ...setup.options,
  };
  return {
    clock,
    keeper,
    waker,
    events,
    stop,
    handOver,
    abort,
    parts,
    options,
    lines() {
      const fresh = events.slice(told).flatMap((event) => lineOf(event) ?? []);
      told = events.length;
      return fresh;
    },
    start: () => runLoop(parts, options),
  };
}
