// What every statement passes on its way: the log, and the faults that stand in it.
import { setTimeout as wait } from "node:timers/promises";
import type { StatementHooks } from "../engine/batch.ts";
import type { Statement } from "../language/statement.ts";
import { ConnectionCut, Interrupted } from "../server/backend.ts";
import { errorOf, type SqlFaults, type StandingSqlFault } from "./faults.ts";
import type { SqlLog } from "./log.ts";

/** The session whose statements pass. */
export interface GatedSession {
  readonly session: number;
  readonly server: string;
  readonly database: string;
  readonly user: string;
}

/** Statements that change nothing. */
const harmless = new Set<Statement["kind"]>(["query", "print", "use", "throw"]);

/** The hooks of a session; `interrupt` ends the waiting of what is running. */
export function createGate(
  who: GatedSession,
  faults: SqlFaults,
  log: SqlLog,
): { readonly hooks: StatementHooks; readonly interrupt: () => void; readonly rearm: () => void } {
  let stop = new AbortController();
  /** Faults that strike when their statement is done. */
  const pending = new Map<Statement, StandingSqlFault>();
  return {
    hooks: {
      async before(statement) {
        const { kind, text } = statement;
        if (stop.signal.aborted) throw new Interrupted();
        log.add({ ...who, kind: "statement", statement: kind, text });
        // Clients set their options by themselves: what a tester counts is what comes after that.
        if (kind === "set") return;
        const fault = faults.strike({ ...who, at: "statement", text, isWrite: !harmless.has(kind) });
        if (fault === undefined) return;
        await delay(fault.delayInMs, stop.signal);
        if (fault.cut === "before") throw new ConnectionCut();
        const error = errorOf(fault, who);
        if (error !== undefined && fault.applied !== true) throw error;
        pending.set(statement, fault);
      },
      after(statement) {
        const fault = pending.get(statement);
        pending.delete(statement);
        if (fault?.cut === "after") throw new ConnectionCut();
        const error = fault && errorOf(fault, who);
        if (error !== undefined) throw error;
        return Promise.resolve();
      },
    },
    interrupt: () => stop.abort(),
    rearm: () => {
      if (stop.signal.aborted) stop = new AbortController();
    },
  };
}

/** Waits; throws Interrupted when the client has cancelled or is gone. */
async function delay(inMs: number | undefined, signal: AbortSignal): Promise<void> {
  if (inMs === undefined) return;
  try {
    await wait(inMs, undefined, { signal, ref: false });
  } catch (error) {
    if (signal.aborted) throw new Interrupted();
    throw error;
  }
}
