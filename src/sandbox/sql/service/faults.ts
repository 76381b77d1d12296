// Faults of SQL on request: which sign-ins and statements fail, how often and how, whether or not they took effect.
import { randomUUID } from "node:crypto";
import { z } from "zod";
import { patternOf } from "../../path-pattern.ts";
import { SqlError } from "../sql-error.ts";
import { errorNumbered, knownNumbers, type Struck } from "./fault-errors.ts";

const Redirect = z.strictObject({ server: z.string().min(1), port: z.int().min(1).max(65_535) });

/** A fault as a tester asks for it. */
export const SqlFault = z
  .strictObject({
    /** Whether sign-ins or statements fail. */
    at: z.enum(["login", "statement"]),
    /** The name of the server, a glob without case ("sql-*"); absent: any. */
    server: z.string().min(1).optional(),
    /** The name of the database, likewise. */
    database: z.string().min(1).optional(),
    /** Which statements count: all (but SET), or those that change something (transactions included); default all. */
    statements: z.enum(["all", "writes"]).optional(),
    /** A text that the statement must contain, without case. */
    contains: z.string().min(1).optional(),
    /** How many sign-ins or statements fail; absent: all that match. */
    times: z.int().positive().optional(),
    /** How many matching ones pass before the first one fails: 2 lets the third one fail. */
    after: z.int().nonnegative().optional(),
    /** The number of the error. */
    error: z.int().min(1).max(2_147_483_647).optional(),
    /** The text of an error whose number has none here. */
    message: z.string().min(1).optional(),
    /** With `error` at a statement: it takes effect all the same. */
    applied: z.boolean().optional(),
    /** Sends a sign-in on: to the server's second name, or to an address of your own. */
    redirect: z.union([z.literal(true), Redirect]).optional(),
    /** Cuts the connection: before the statement (or sign-in) is carried out, or after. */
    cut: z.enum(["before", "after"]).optional(),
    /** Real milliseconds to wait before anything else. */
    delayInMs: z.int().nonnegative().optional(),
  })
  .check(({ value: fault, issues }) => {
    const complain = (path: string, message: string) =>
      issues.push({ code: "custom", input: fault, path: [path], message });
    const { error, message, redirect, cut, delayInMs } = fault;
    const ways = [error, redirect, cut].filter((way) => way !== undefined).length;
    if (ways > 1) complain("error", "only one of error, redirect and cut can be");
    if (ways === 0 && delayInMs === undefined)
      complain("error", "one of error, redirect, cut, delayInMs must be");
    if (redirect !== undefined && fault.at !== "login") complain("redirect", "is for at: login");
    if (error !== undefined && message === undefined && !knownNumbers.includes(error)) {
      complain("message", `must be stated: texts are known of ${knownNumbers.join(", ")}`);
    }
  });
export type SqlFault = z.infer<typeof SqlFault>;

/** A fault that stands, with what it has done. */
export type StandingSqlFault = SqlFault & {
  readonly id: string;
  readonly seen: number;
  readonly hits: number;
};

/** What is about to happen. */
export interface Occasion extends Struck {
  readonly at: SqlFault["at"];
  /** The statement's text, "" for a sign-in. */
  readonly text: string;
  readonly isWrite: boolean;
}

/** The faults of one start. */
export interface SqlFaults {
  /** Throws a SyntaxError for a pattern that is none. */
  add(fault: SqlFault): StandingSqlFault;
  list(): readonly StandingSqlFault[];
  remove(id: string): boolean;
  clear(): void;
  /** The fault that strikes, if any; counts it. The first that matches and is due wins. */
  strike(occasion: Occasion): StandingSqlFault | undefined;
}

/** No faults at first. */
export function createSqlFaults(): SqlFaults {
  const faults = new Map<string, StandingSqlFault>();
  return {
    add(fault) {
      for (const pattern of [fault.server, fault.database]) if (pattern !== undefined) patternOf(pattern);
      const standing = { ...fault, id: randomUUID(), seen: 0, hits: 0 };
      faults.set(standing.id, standing);
      return standing;
    },
    list: () => [...faults.values()],
    remove: (id) => faults.delete(id),
    clear: () => faults.clear(),
    strike(occasion) {
      for (const [id, fault] of faults) {
        if (!matches(fault, occasion)) continue;
        const { seen, hits, after = 0, times = Number.POSITIVE_INFINITY } = fault;
        const isDue = seen >= after && hits < times;
        const next = { ...fault, seen: seen + 1, hits: hits + (isDue ? 1 : 0) };
        faults.set(id, next);
        if (isDue) return next;
      }
      return undefined;
    },
  };
}

function matches(fault: SqlFault, { at, server, database, text, isWrite }: Occasion): boolean {
  if (fault.at !== at || (fault.statements === "writes" && !isWrite)) return false;
  if (fault.contains !== undefined && !text.toLowerCase().includes(fault.contains.toLowerCase()))
    return false;
  return isNamed(fault.server, server) && isNamed(fault.database, database);
}

function isNamed(pattern: string | undefined, name: string): boolean {
  return pattern === undefined || patternOf(pattern).test(name);
}

/** The error that a fault brings, or undefined. */
export function errorOf({ error, message }: SqlFault, at: Struck): SqlError | undefined {
  if (error === undefined) return undefined;
  const known = errorNumbered(error, at) ?? new SqlError(error, "");
  return message === undefined ? known : new SqlError(error, message, known.severity, known.state);
}
