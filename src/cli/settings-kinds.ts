// Decides what the value of a setting may be, whichever way it was given: always as text, of which a list has several.
import { InvalidArgumentError } from "commander";
import { z } from "zod";
import { parseDuration } from "./option-values.ts";

/** Where something listens; port 0 is any free one. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Text that must not be empty. */
export const text = z.string().min(1, "Write a value.");

/** Several texts. */
export const texts = z.array(text);

/** One of a few words. */
export function choice<const W extends string>(...words: readonly [W, ...W[]]): z.ZodType<W, string> {
  return z.enum(words, { error: `Write ${words.join(" or ")}.` });
}

/** Yes or no. */
export const yesOrNo: z.ZodType<boolean, string> = z
  .enum(["true", "false"], { error: "Write true or false." })
  .transform((word) => word === "true");

/** A duration within bounds, as its text says it, in milliseconds. */
export function duration(least: string, most: string): z.ZodType<number, string> {
  return z.string().transform((given, ctx) => {
    const inMs = durationFrom(given);
    if (inMs === undefined) ctx.addIssue("Write a duration like 90s, 10m or 1h.");
    else if (inMs < parseDuration(least) || inMs > parseDuration(most))
      ctx.addIssue(`Write a duration from ${least} to ${most}.`);
    return inMs ?? 0;
  });
}

function durationFrom(given: string): number | undefined {
  try {
    return parseDuration(given);
  } catch (error) {
    if (error instanceof InvalidArgumentError) return;
    throw error;
  }
}

/** A whole number within bounds. */
export function count(least: number, most: number): z.ZodType<number, string> {
  const cure = `Write a whole number from ${least} to ${most}.`;
  return z
    .string()
    .regex(/^\d{1,9}$/, cure)
    .transform(Number)
    .refine((value) => value >= least && value <= most, cure);
}

const addressCure = "Write HOST:PORT (127.0.0.1:8080, [::1]:8080, 0.0.0.0:8080) or off.";

/** Where to listen; undefined for "off". */
export const address: z.ZodType<Address | undefined, string> = z.string().transform((given, ctx) => {
  if (given === "off") return;
  const [, host = "", digits] =
    /^(\[[0-9a-f:.]+\]|[a-z0-9](?:[a-z0-9.-]{0,252}[a-z0-9])?):(\d{1,5})$/i.exec(given) ?? [];
  const port = Number(digits ?? Number.NaN);
  if (!(port <= 65_535)) ctx.addIssue(addressCure);
  return { host: host.replace(/^\[|\]$/g, ""), port };
});

/** A URL without a credential in it. */
export const url: z.ZodType<string, string> = z
  .string()
  .refine(isPlainUrl, "Write https://HOST/PATH or http://HOST:PORT/PATH, without a user name or password.");

function isPlainUrl(given: string): boolean {
  const parsed = URL.parse(given);
  if (parsed === null || !/^https?:$/.test(parsed.protocol)) return false;
  return parsed.username === "" && parsed.password === "" && parsed.hash === "";
}
