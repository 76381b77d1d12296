// Stands between the daemon and Azure, and sees every event: a write that the plan of its pass did not show, or that nobody may send now, is a problem.
import type { HttpClient, PipelineRequest } from "@azure/core-rest-pipeline";
import type { Plan } from "../../src/plan/plan.ts";
import type { DaemonEvent, DaemonObserver } from "../../src/status/daemon-event.ts";
import { type Body, operationOf } from "../adversity/write-checks.ts";
import type { Holder } from "./contended-lease.ts";

export interface WriteGuard {
  readonly client: HttpClient;
  readonly observe: DaemonObserver;
  readonly problems: string[];
  writes(): number;
}

/** A guard of a daemon that writes only while it holds the lease; in a dry run nobody holds it. */
export function writeGuard(send: HttpClient, holder: () => Holder): WriteGuard {
  const problems: string[] = [];
  let writes = 0;
  let turn: Extract<DaemonEvent, { kind: "turnStarted" }> | undefined;
  let plan: Plan | undefined;

  function whyNot(request: PipelineRequest): string | undefined {
    if (!turn) return "between turns";
    if (turn.reportsBecause) return `in a turn that only reports: ${turn.reportsBecause}`;
    if (!plan) return "before a plan was shown";
    if (holder() !== "ours") return `while the lease is held by ${holder()}`;
    const path = decodeURIComponent(new URL(request.url).pathname).toLowerCase();
    const body: Body =
      typeof request.body === "string" && request.body !== "" ? JSON.parse(request.body) : {};
    const isShown = operationOf(plan.operations, { method: request.method, path, body });
    return isShown ? undefined : "that is not in the plan";
  }

  return {
    problems,
    writes: () => writes,
    observe(event) {
      if (event.kind === "turnStarted") turn = event;
      if (event.kind === "passPlanned") plan = event.plan;
      if (event.kind === "passEnded" || event.kind === "turnEnded") plan = undefined;
      if (event.kind === "turnEnded") turn = undefined;
    },
    client: {
      async sendRequest(request) {
        if (isWrite(request)) {
          writes += 1;
          const why = whyNot(request);
          if (why) problems.push(`a write ${why}: ${request.method} ${request.url} ${String(request.body)}`);
        }
        return await send.sendRequest(request);
      },
    },
  };
}

function isWrite({ method, url }: PipelineRequest): boolean {
  return !["GET", "HEAD"].includes(method) && !/\/providers\/microsoft\.resourcegraph\//i.test(url);
}
