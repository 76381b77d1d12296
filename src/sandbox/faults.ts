// Faults on request: which requests fail, how often and how, whether or not what they asked for is done.
import { randomUUID } from "node:crypto";
import { z } from "zod";
import { faultAnswers } from "./fault-answers.ts";
import { patternOf } from "./path-pattern.ts";

/** A fault as a tester asks for it. */
export const Fault = z.strictObject({
  /** "GET" and so on; absent or "*": any. */
  method: z.string().optional(),
  /** A glob over the path without query ("*" within a segment, "**" across), or a regular expression "/…/i". */
  path: z.string().min(1),
  /** A text that the query must contain, "skiptoken" for pages after the first; without case. */
  query: z.string().min(1).optional(),
  /** How many requests fail; absent: all that match. */
  times: z.int().positive().optional(),
  /** How many matching requests pass before the first one fails. */
  after: z.int().nonnegative().optional(),
  /** The status to answer with; absent: the real answer, after the delay. */
  status: z.int().min(200).max(599).optional(),
  /** Instead of status, headers and body: one of Azure's known failures. */
  answer: z.enum(faultAnswers).optional(),
  /** With `answer`: the seconds to wait that it names; default 10. */
  retryAfterInSeconds: z.int().positive().optional(),
  /** With `answer`: whether it has the header Retry-After where Azure sends one; default true. */
  hasRetryAfter: z.boolean().optional(),
  /** Sent as JSON, or as it is when it is a string. */
  body: z.unknown().optional(),
  headers: z.record(z.string(), z.string()).optional(),
  /** Real milliseconds to wait before anything else. */
  delayInMs: z.int().nonnegative().optional(),
  /** Cuts the connection instead of answering: before the request is carried out, or after. */
  cut: z.enum(["before", "after"]).optional(),
  /** With `status`: the request is carried out all the same, only the answer is the fault's. */
  applied: z.boolean().optional(),
});
export type Fault = z.infer<typeof Fault>;

/** A fault that stands, with what it has done. */
export interface StandingFault extends Fault {
  readonly id: string;
  /** Matching requests seen so far. */
  readonly seen: number;
  /** Requests that failed by it. */
  readonly hits: number;
}

/** The faults of one start. */
export interface Faults {
  add(fault: Fault): StandingFault;
  list(): readonly StandingFault[];
  remove(id: string): boolean;
  clear(): void;
  /** The fault that strikes this request, if any; counts it. The first that matches and is due wins. */
  strike(method: string, pathname: string, search?: string): StandingFault | undefined;
}

/** No faults at first. */
export function createFaults(): Faults {
  const faults = new Map<string, { fault: StandingFault; matches: RegExp }>();
  return {
    add(fault) {
      const standing = { ...fault, id: randomUUID(), seen: 0, hits: 0 };
      faults.set(standing.id, { fault: standing, matches: patternOf(fault.path) });
      return standing;
    },
    list: () => [...faults.values()].map((f) => f.fault),
    remove: (id) => faults.delete(id),
    clear: () => faults.clear(),
    strike(method, pathname, search = "") {
      const path = `/${pathname.split("/").filter(Boolean).join("/")}`;
      for (const [id, { fault, matches }] of faults) {
        if (!isMethod(fault, method) || !matches.test(path) || !isQuery(fault, search)) continue;
        const isDue =
          fault.seen >= (fault.after ?? 0) && fault.hits < (fault.times ?? Number.POSITIVE_INFINITY);
        const next = { ...fault, seen: fault.seen + 1, hits: fault.hits + (isDue ? 1 : 0) };
        faults.set(id, { fault: next, matches });
        if (isDue) return next;
      }
      return undefined;
    },
  };
}

function isQuery({ query }: Fault, search: string): boolean {
  return query === undefined || search.toLowerCase().includes(query.toLowerCase());
}

function isMethod({ method }: Fault, sent: string): boolean {
  return method === undefined || method === "*" || method.toUpperCase() === sent.toUpperCase();
}
