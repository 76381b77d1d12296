// The daemon's loop: turns one after the other, each begun by time, by a new revision, by leadership or from outside.
import { unlessCut } from "../model/linked-signal.ts";
import type { WakeReason } from "../status/daemon-event.ts";
import { besideLeadership, type RunningLoop } from "./beside.ts";
import { dueAfter } from "./due.ts";
import type { LoopOptions, LoopParts, TurnResult } from "./loop-parts.ts";
import { noMemory, runTurn, type TurnMemory } from "./turn.ts";
import type { Due } from "./wake.ts";

/**
 * Turns until the stop, then gives the lease back. Trouble with Azure, the source or the lease is told and tried again,
 * without end; rejects only for what is a bug.
 */
export async function runLoop(parts: LoopParts, options: LoopOptions): Promise<void> {
  refuseLongTimes(options);
  await besideLeadership(parts, options, async (loop) => {
    const { stop } = loop;
    const tellStop = (): void => {
      const why = stop.reason instanceof Error ? stop.reason.message : String(stop.reason);
      parts.observer({ kind: "stopping", atInMs: parts.applying.clock.now(), why });
    };
    stop.addEventListener("abort", tellStop, { once: true });
    parts.waker.wake("start");
    const polling = poll(parts, options, loop).catch(loop.fail);
    await turnAfterTurn(parts, options, loop).catch(loop.fail);
    await polling;
  });
}

/** The container job: one turn, by the same rules. A stop that comes before it has begun makes turn 0. */
export async function runOnce(parts: LoopParts, options: LoopOptions): Promise<TurnResult> {
  refuseLongTimes(options);
  const result = await besideLeadership(parts, options, async (loop) => {
    const hasLooked = await unlessCut(loop.stop, () => loop.look(loop.stop));
    if (hasLooked === undefined) return;
    const { result: once } = await toldTurn(parts, options, loop, {
      memory: noMemory,
      reasons: ["start"],
      isLast: true,
    });
    return once;
  });
  return result ?? { turn: 0, end: "stopped" };
}

/** What Node's timers can count; they would take more for nothing at all. */
const longestTimeInMs = 24 * 24 * 60 * 60_000;

function refuseLongTimes({ intervalInMs, pollIntervalInMs, deadlineInMs }: LoopOptions): void {
  for (const inMs of [intervalInMs, pollIntervalInMs, deadlineInMs]) {
    if (inMs > 0 && inMs <= longestTimeInMs) continue;
    throw new RangeError(`a time of the loop must be more than nothing and at most 24 days: ${inMs} ms`);
  }
}

/** Looks at the source beside the turns, for as long as there are any. */
async function poll({ applying, waker }: LoopParts, { pollIntervalInMs }: LoopOptions, loop: RunningLoop) {
  const { stop } = loop;
  while (!stop.aborted) {
    await unlessCut(stop, async () => {
      await applying.clock.sleep(pollIntervalInMs * (0.9 + applying.random() / 5), stop);
      if (await loop.look(stop)) waker.wake("revision");
    });
  }
}

async function turnAfterTurn(parts: LoopParts, options: LoopOptions, loop: RunningLoop): Promise<void> {
  const { stop } = loop;
  let memory = noMemory;
  let due: Due | undefined;
  while (!stop.aborted) {
    const { waker } = parts;
    const reasons = await unlessCut(stop, () => waker.next(due, stop));
    if (!reasons) return;
    const hasChanged = await unlessCut(stop, () => lookFor(reasons, loop));
    if (hasChanged === undefined) return;
    if (parts.leadership.role() === "standby" && !concernsStandby(reasons, hasChanged)) continue;
    ({ memory, due } = await toldTurn(parts, options, loop, { memory, reasons }));
  }
}

/** True if the source has changed. Whoever polls has just looked at it. */
async function lookFor(reasons: readonly WakeReason[], loop: RunningLoop): Promise<boolean> {
  return reasons.every((reason) => reason === "revision") || (await loop.look(loop.stop));
}

/** A standby only says how things stand when that may be news: at its start, of a revision, when a person asks. */
function concernsStandby(reasons: readonly WakeReason[], hasChanged: boolean): boolean {
  return hasChanged || reasons.some((reason) => reason !== "interval" && reason !== "webhook");
}

interface Begin {
  readonly memory: TurnMemory;
  readonly reasons: readonly WakeReason[];
  /** True if there is no loop that another turn could follow in. */
  readonly isLast?: boolean;
}

interface Told {
  readonly result: TurnResult;
  readonly memory: TurnMemory;
  readonly due: Due | undefined;
}

/** Runs a turn and tells how it ended, also when a bug has ended it. */
async function toldTurn(
  parts: LoopParts,
  options: LoopOptions,
  loop: RunningLoop,
  { memory: before, reasons, isLast = false }: Begin,
): Promise<Told> {
  const { observer, applying } = parts;
  const { clock, random } = applying;
  try {
    const { result, memory } = await loop.turning(() =>
      runTurn(parts, { ...options, stop: loop.stop }, before, reasons),
    );
    const nowInMs = clock.now();
    const isStandby = parts.leadership.role() === "standby";
    const due =
      isLast || loop.stop.aborted
        ? undefined
        : dueAfter({ ...memory, result, isStandby, nowInMs, random }, options);
    const { turn, end, failure } = result;
    observer({
      kind: "turnEnded",
      atInMs: nowInMs,
      turn,
      end,
      ...(failure && { failure: { code: failure.code, message: failure.message } }),
      ...(due && { nextAtInMs: Math.round(nowInMs + due.inMs) }),
      backoff: new Map([...memory.backoff].map(([document, { untilInMs }]) => [document, untilInMs])),
    });
    return { result, memory, due };
  } catch (error) {
    const message = `Bindery itself failed: ${error instanceof Error ? error.message : String(error)}`;
    const failure = { code: "InternalError", message };
    const turn = before.turns + 1;
    observer({ kind: "turnEnded", atInMs: clock.now(), turn, end: "failed", failure, backoff: new Map() });
    throw error;
  }
}
