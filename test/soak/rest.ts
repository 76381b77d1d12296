// Watches a daemon's turns until it has come to rest, and counts what they came to.
import type { Plan } from "../../src/plan/plan.ts";
import type { DaemonEvent, DaemonObserver } from "../../src/status/daemon-event.ts";

export interface Reached {
  /** Turns that it took. */
  readonly turns: number;
  /** Of the last turn, which found nothing to do; undefined: rest was not reached. */
  readonly plan: Plan | undefined;
  /** How the last turn ended, for people. */
  readonly last: string;
}

export interface Rest {
  readonly observe: DaemonObserver;
  /** From now on: until two turns in a row have converged and found nothing to do but what is held. */
  reached(mostTurns: number, over: AbortSignal): Promise<Reached>;
  sums(): { readonly passes: number; readonly turns: number };
  counts(): Readonly<Record<string, number>>;
}

/** Turns in a row with nothing to do: the first may have trusted lists that lag behind. */
const quietTurns = 2;

type EventOf<K extends DaemonEvent["kind"]> = Extract<DaemonEvent, { kind: K }>;

/** Nothing has been seen yet. */
export function restWatch(): Rest {
  const counts: Record<string, number> = {};
  const count = (what: string): void => {
    counts[what] = (counts[what] ?? 0) + 1;
  };
  let [passes, turns] = [0, 0];
  let plan: Plan | undefined;
  let left = "";
  let onEnd: (event: EventOf<"turnEnded">) => void = () => undefined;

  function started({ reportsBecause }: EventOf<"turnStarted">): void {
    [plan, left] = [undefined, ""];
    if (reportsBecause) count(`reports: ${reportsBecause}`);
  }

  function passed({ outcomes, ...event }: EventOf<"passEnded">): void {
    passes += 1;
    plan = event.plan;
    for (const { code } of outcomes) if (code !== undefined) count(`code: ${code}`);
    left = outcomes.map(({ change, code, message }) => `${change.id} ${code} ${message}`).join("; ");
  }

  function ended(event: EventOf<"turnEnded">): void {
    turns += 1;
    count(`ended: ${event.end}${event.failure ? ` ${event.failure.code}` : ""}`);
    onEnd(event);
  }

  function observe(event: DaemonEvent): void {
    if (event.kind === "turnStarted") started(event);
    if (event.kind === "passEnded") passed(event);
    if (event.kind === "turnEnded") ended(event);
  }

  return {
    observe,
    sums: () => ({ passes, turns }),
    counts: () => counts,
    async reached(mostTurns, over) {
      const { promise, resolve, reject } = Promise.withResolvers<Reached>();
      const [startedAt, end] = [turns, (): void => reject(new Error("The daemon has ended."))];
      let quiet = 0;
      over.addEventListener("abort", end);
      onEnd = ({ end: how, failure }) => {
        const isQuiet = how === "converged" && plan?.changes.length === 0;
        quiet = isQuiet ? quiet + 1 : 0;
        const last = `${how} ${failure?.message ?? ""} ${left}`;
        const taken = turns - startedAt;
        if (quiet >= quietTurns) resolve({ turns: taken, plan, last });
        else if (taken >= mostTurns) resolve({ turns: taken, plan: undefined, last });
      };
      try {
        return await promise;
      } finally {
        onEnd = () => undefined;
        over.removeEventListener("abort", end);
      }
    },
  };
}
