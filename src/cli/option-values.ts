// Decides what the values of options may be.
import { InvalidArgumentError, Option } from "commander";
import { isGuid } from "../model/arm-id.ts";
import { Failure } from "../model/failure.ts";
import { identifier } from "../sql/quote.ts";

const unitsInMs: Readonly<Record<string, number>> = { "": 1_000, s: 1_000, m: 60_000, h: 3_600_000 };

/** A duration like 90, 90s, 10m or 1h, in milliseconds. */
export function parseDuration(text: string): number {
  const [, digits, unit] = /^(\d{1,6})([smh]?)$/.exec(text) ?? [];
  const inMs = Number(digits) * (unitsInMs[unit ?? ""] ?? Number.NaN);
  // Longer timers than this overflow in Node and fire at once.
  if (digits === undefined || inMs === 0 || inMs > 2 ** 31 - 1) {
    throw new InvalidArgumentError("Write a duration like 90s, 10m or 1h.");
  }
  return inMs;
}

/** Reads a whole number within bounds. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`Write a whole number from ${least} to ${most}.`);
  };
}

/** Reads a number above zero. */
export function parseSpeed(text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0 && value <= 10_000) return value;
  throw new InvalidArgumentError("Write a number above 0, at most 10000.");
}

/** Reads the digest of a held set, and collects repetitions of the option. */
export function collectDigest(text: string, before: readonly string[]): readonly string[] {
  const digest = text.toLowerCase();
  if (/^[0-9a-f]{24}$/.test(digest)) return [...before, digest];
  throw new InvalidArgumentError("A digest has 24 hexadecimal digits, as the plan shows them.");
}

/** Reads a subscription id, and collects repetitions of the option. */
export function collectGuid(text: string, before: readonly string[]): readonly string[] {
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)) return [...before, text.toLowerCase()];
  throw new InvalidArgumentError("A subscription id is a GUID.");
}

/** Reads a GUID. */
export function parseGuid(text: string): string {
  if (isGuid(text)) return text.toLowerCase();
  throw new InvalidArgumentError("Write a GUID.");
}

/** Reads the name of an instance: it becomes a tag value. */
export function parseOwner(text: string): string {
  if (/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(text)) return text;
  throw new InvalidArgumentError("An owner has lower-case letters, digits and dashes, at most 63.");
}

/** Reads the name of a database user. */
export function parseSqlUser(text: string): string {
  try {
    identifier(text);
  } catch (error) {
    if (error instanceof Failure) throw new InvalidArgumentError(error.message);
    throw error;
  }
  return text;
}

/** Which file says what is under management. */
export function policyOption(): Option {
  return new Option("--policy <file>", "the operator's policy (default: BINDERY_POLICY)");
}

/** Which Azure is meant. */
export function cloudOption(): Option {
  return new Option(
    "--cloud <cloud>",
    "public, usgovernment, china, or a cloud file (default: BINDERY_CLOUD, else public)",
  );
}

/** How TLS and TDS go together on the way to databases. */
export function sqlEncryptOption(): Option {
  return new Option(
    "--sql-encrypt <mode>",
    "the way to databases: strict is TDS 8.0 (TLS first), tds7 is TLS within TDS 7.4",
  )
    .choices(["strict", "tds7"])
    .default("strict");
}

/** The form of the result; the first one is the default. */
export function outputOption(...formats: readonly [string, ...string[]]): Option {
  return new Option("--output <format>", "the form of the result").choices(formats).default(formats[0]);
}

/** After which time a command stops as if by Ctrl-C. */
export function timeoutOption(): Option {
  return new Option("--timeout <duration>", "stop after this time, as Ctrl-C does: 90s, 10m, 1h").argParser(
    parseDuration,
  );
}

/** How old a saved plan may be. */
export function planMaxAgeOption(): Option {
  return new Option("--plan-max-age <duration>", "refuse a saved plan that is older: 90s, 10m, 48h")
    .argParser(parseDuration)
    .default(parseDuration("24h"), "24h");
}
