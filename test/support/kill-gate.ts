// Kills a process at the n-th request that reaches the embedded Azure, before it is acted on or before it is answered.
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { Side } from "./crash.ts";

type Fetch = (request: Request) => Promise<Response>;

/** Where a run is cut. */
export interface Cut {
  /** Counted from 1. */
  readonly number: number;
  readonly side: Side;
  /** What is counted: all requests, or only those that write. */
  readonly counts: "requests" | "writes";
}

/** A gate before the embedded Azure, for one client at a time. */
export interface KillGate {
  /** Counts from now on; the process that it is given dies at the cut. */
  watching(cut: Cut | undefined): (child: ChildProcess) => void;
  /** Method and path of each request that has come since then. */
  seen(): readonly string[];
  /** Resolves once nothing is being acted on any more; from then on nobody is watched. */
  idle(): Promise<void>;
  readonly through: (fetch: Fetch) => Fetch;
}

/** True for what changes Azure: not reads, not queries, not tokens. */
export function isWrite(request: string): boolean {
  return !/^GET |^HEAD |\/oauth2\/|\/providers\/Microsoft\.ResourceGraph\//i.test(request);
}

/** A gate; `onRequest` sees each request before it is acted on. */
export function killGate(onRequest: () => void): KillGate {
  let seen: string[] = [];
  let [cut, child] = [undefined as Cut | undefined, undefined as ChildProcess | undefined];
  const acting = new Set<Promise<Response>>();
  const sideOf = (request: string): Side | undefined => {
    const counted = cut?.counts === "writes" ? seen.filter(isWrite) : seen;
    const isCounted = cut?.counts === "requests" || isWrite(request);
    return isCounted && counted.length === cut?.number ? cut.side : undefined;
  };
  const actOn = async (fetch: Fetch, request: Request): Promise<Response> => {
    onRequest();
    const words = `${request.method} ${new URL(request.url).pathname}`;
    seen.push(words);
    const side = sideOf(words);
    if (side === "before" && child) return await killed(child);
    const answer = await fetch(request);
    return side === "after" && child ? await killed(child) : answer;
  };
  return {
    watching(wanted) {
      seen = [];
      cut = wanted;
      return (started) => {
        child = started;
      };
    },
    seen: () => [...seen],
    async idle() {
      while (acting.size > 0) await Promise.allSettled(acting);
      [cut, child] = [undefined, undefined];
    },
    through: (fetch) => async (request) => {
      const answer = actOn(fetch, request);
      acting.add(answer);
      try {
        return await answer;
      } finally {
        acting.delete(answer);
      }
    },
  };
}

/** Ends the process so that it can do nothing about it; nobody is left to read this answer. */
async function killed(child: ChildProcess): Promise<Response> {
  if (child.exitCode === null && child.signalCode === null) {
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
  }
  return new Response(null, { status: 500 });
}
