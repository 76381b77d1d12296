// How long-running operations of Compute may go wrong: which ones, how often, and in which of the ways seen in Azure.
import { randomUUID } from "node:crypto";
import { z } from "zod";
import { patternOf } from "./path-pattern.ts";

const modes = [
  /** Takes ten times as long, or as long as `durationInMs` says. */
  "late",
  /** Ends as Failed; the resource is as before. */
  "failed",
  /** Ends as Failed, but has its effect. */
  "failedThoughApplied",
  /** Ends as Succeeded, but reads show its effect only `visibleAfterInMs` later. */
  "succeededBeforeVisible",
  /** Ends as Canceled; the resource is as before. */
  "cancelled",
  /** Never ends, until the rule is removed. */
  "endless",
  /** Has its effect; its URL answers 404. */
  "urlGone404",
  /** Has its effect; its URL answers 410. */
  "urlGone410",
  /** Has its effect, but the answer to the write says nothing of an operation. */
  "withoutHeader",
] as const;

/** One way in which an operation may go. */
export type OperationMode = (typeof modes)[number];

/** Which operations go which way. */
export const OperationModeRule = z.strictObject({
  /** A glob over the ARM id of the resource ("*" within a segment, "**" across), without case. */
  path: z.string().min(1),
  mode: z.enum(modes),
  /** How many operations; absent: all that match. */
  times: z.int().positive().exactOptional(),
  /** How many matching operations go their usual way first. */
  after: z.int().nonnegative().exactOptional(),
  /** How long it takes, in milliseconds of the sandbox's clock; default `operationInMs`, ten times that if late. */
  durationInMs: z.number().nonnegative().exactOptional(),
  /** For succeededBeforeVisible: how long its effect cannot be seen; default twice `operationInMs`. */
  visibleAfterInMs: z.number().nonnegative().exactOptional(),
  /** How the operation fails, if it does. */
  error: z.strictObject({ code: z.string(), message: z.string() }).exactOptional(),
});
export type OperationModeRule = z.infer<typeof OperationModeRule>;

/** A rule that stands, with what it has done. */
export interface StandingMode extends OperationModeRule {
  readonly id: string;
  readonly seen: number;
  readonly hits: number;
}

/** The rules of one world. */
export interface OperationModes {
  /** Throws a SyntaxError for a path that is no pattern. */
  add(rule: OperationModeRule): StandingMode;
  list(): readonly StandingMode[];
  remove(id: string): boolean;
  clear(): void;
  /** The rule for an operation that is being started; counts it. The first that matches and is due wins. */
  strike(resourceId: string): StandingMode | undefined;
}

/** No rules at first: all operations succeed in their time. */
export function createOperationModes(): OperationModes {
  const rules = new Map<string, { rule: StandingMode; matches: RegExp }>();
  return {
    add(rule) {
      const matches = patternOf(rule.path);
      const standing = { ...rule, id: randomUUID(), seen: 0, hits: 0 };
      rules.set(standing.id, { rule: standing, matches });
      return standing;
    },
    list: () => [...rules.values()].map((r) => r.rule),
    remove: (id) => rules.delete(id),
    clear: () => rules.clear(),
    strike(resourceId) {
      for (const [id, { rule, matches }] of rules) {
        if (!matches.test(resourceId)) continue;
        const isDue = rule.seen >= (rule.after ?? 0) && rule.hits < (rule.times ?? Number.POSITIVE_INFINITY);
        const next = { ...rule, seen: rule.seen + 1, hits: rule.hits + (isDue ? 1 : 0) };
        rules.set(id, { rule: next, matches });
        if (isDue) return next;
      }
      return undefined;
    },
  };
}
