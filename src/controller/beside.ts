// What runs beside the turns: leadership, and looks at the source one after the other; their bugs end everything.
import { abortOf, linkedTo } from "../model/linked-signal.ts";
import type { LoopOptions, LoopParts } from "./loop-parts.ts";

/** A loop that runs, as its turns see it. */
export interface RunningLoop {
  /** Aborts on a stop, a handover, an abort, or a bug. */
  readonly stop: AbortSignal;
  /** Looks at the source after the looks before it, and tells; true if something has changed. */
  look(signal: AbortSignal): Promise<boolean>;
  /** Runs a turn: no other term of leadership begins before it has ended. */
  turning<T>(turn: () => Promise<T>): Promise<T>;
  /** Ends everything because of a bug in something that runs beside the turns. */
  fail(bug: unknown): void;
}

/**
 * Runs leadership beside the work, which begins once it is known who leads. Gives the lease back after the work, and
 * rejects with the first bug of either; undefined: a stop came before the work began.
 */
export async function besideLeadership<T>(
  { leadership, waker, observer, revisions, applying: { clock } }: LoopParts,
  options: Pick<LoopOptions, "stop" | "handOver" | "abort">,
  work: (loop: RunningLoop) => Promise<T>,
): Promise<T | undefined> {
  using stop = linkedTo(options.stop, options.handOver, options.abort);
  const over = new AbortController();
  const known = Promise.withResolvers<void>();
  const bugs: unknown[] = [];
  let isKnown = false;
  let looks: Promise<unknown> = Promise.resolve();
  let turn: Promise<unknown> = Promise.resolve();
  const fail = (bug: unknown): void => {
    bugs.push(bug);
    stop.abort(bug);
  };
  const onRole = (role: ReturnType<typeof leadership.role>): void => {
    observer({ kind: "leadership", atInMs: clock.now(), role });
    if (isKnown) waker.wake("leadership");
    isKnown = true;
    known.resolve();
  };
  const settled = async (): Promise<void> => void (await Promise.allSettled([turn]));
  const leading = leadership.run(over.signal, { onRole, settled }).catch(fail);
  const loop: RunningLoop = {
    stop: stop.signal,
    fail,
    async look(signal) {
      const mine = Promise.allSettled([looks]).then(async () => {
        const hasChanged = await revisions.look(signal);
        observer({ kind: "sourceLooked", atInMs: clock.now(), source: revisions.current().state });
        return hasChanged;
      });
      looks = mine;
      return await mine;
    },
    async turning(run) {
      const mine = run();
      turn = mine;
      return await mine;
    },
  };
  await Promise.race([known.promise, abortOf(stop.signal)]);
  const worked = await (stop.signal.aborted ? undefined : work(loop).catch(fail));
  over.abort();
  await leading;
  if (bugs.length > 0) throw bugs[0];
  return worked ?? undefined;
}
