// Decides how a field of the documents is declared: its text format, description, example and cross-field checks.
import { z } from "zod";
import { type FormatName, formats } from "./formats.ts";

/** What every field says about itself; it comes out in JSON Schema and in diagnostics. */
interface About {
  readonly description: string;
  readonly example?: string;
}

/** What editors that know JSON Schema's `examples` and VS Code's `patternErrorMessage` are told. */
function metaOf(about: About): { description: string; examples?: string[] } {
  return about.example === undefined
    ? { description: about.description }
    : { description: about.description, examples: [about.example] };
}

/** Text of one of our formats. */
export function formatted(name: FormatName, about: About) {
  const { pattern, what, cure } = formats[name];
  return z
    .stringFormat(name, pattern)
    .meta({ ...metaOf(about), patternErrorMessage: `This is not ${what}: ${cure}.` });
}

/** Text of any form between two lengths. */
export function text(about: About, max: number, min = 1) {
  return z.string().min(min).max(max).meta(metaOf(about));
}

/** What a check of ours adds to an issue. */
export interface IssueCure {
  readonly cure: string;
  /** True if the mistake is in the key itself and not in its value. */
  readonly isKey?: boolean;
}

type Context = z.core.$RefinementCtx<unknown>;

/** Reports a mistake that no schema can express; `path` is relative to the value that is checked. */
export function mistake(ctx: Context, message: string, cure: IssueCure, path: PropertyKey[] = []): void {
  ctx.addIssue({ code: "custom", message, params: { ...cure }, path });
}

/** A check runs although parts of the value are wrong, so that all mistakes come at once. */
export const always = { when: () => true } as const;

function hasUnknownKeys(ctx: Context): boolean {
  return ctx.issues.some((issue) => issue.code === "unrecognized_keys" && !issue.path?.length);
}

/**
 * A check that exactly one of the members is there. Unknown members have their own diagnostic and count as the
 * one, or a target of a later version would be reported twice.
 */
export function exactlyOne(noun: string, members: readonly string[], cureForMore: string) {
  return (value: unknown, ctx: Context): void => {
    if (typeof value !== "object" || value === null || hasUnknownKeys(ctx)) {
      return;
    }
    const found = members.filter((member) => Object.hasOwn(value, member));
    if (found.length === 0) {
      mistake(ctx, `this names no ${noun}`, { cure: `write ${members.join(" or ")}` });
    }
    if (found.length > 1) {
      mistake(ctx, `${found.join(" and ")} together, where exactly one may stand`, { cure: cureForMore });
    }
  };
}

/** A list in which the same thing must not stand twice; `keyOf` is undefined for entries that are no use. */
export function unique(noun: string, keyOf: (entry: unknown) => string | undefined) {
  return (value: unknown, ctx: Context): void => {
    const seen = new Map<string, number>();
    for (const [index, entry] of Array.isArray(value) ? value.entries() : []) {
      const key = keyOf(entry);
      const first = key === undefined ? undefined : seen.get(key);
      if (first !== undefined) {
        const cure = "remove one of the two, or name what was meant";
        mistake(ctx, `the same ${noun} as in entry ${first} of this list (counted from 0)`, { cure }, [
          index,
        ]);
      } else if (key !== undefined) {
        seen.set(key, index);
      }
    }
  };
}

/** A property of a value of unknown shape, if it is text. */
export function textOf(value: unknown, key: string): string | undefined {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) {
    return undefined;
  }
  const found: unknown = Reflect.get(value, key);
  return typeof found === "string" ? found : undefined;
}
