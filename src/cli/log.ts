// Decides what is logged: JSON lines on stderr, silent at a terminal unless asked for.
import { harmlessJson } from "../model/text.ts";
import { CliError, exitCodes } from "./errors.ts";
import type { CliIo } from "./io.ts";

/** A constant message with the variables beside it. */
export type LogLine = (fields: Readonly<Record<string, unknown>>, message: string) => void;

/** The log of one run. */
export interface Log {
  readonly debug: LogLine;
  readonly warn: LogLine;
}

const levels = ["debug", "info", "warn", "error", "silent"];

/** The log, at BINDERY_LOG_LEVEL; without it warnings, and nothing where a person watches progress instead. */
export async function logFor({ stderr, env }: CliIo): Promise<Log> {
  const level = env.BINDERY_LOG_LEVEL || (stderr.isTTY === true ? "silent" : "warn");
  if (!levels.includes(level)) {
    throw new CliError(
      exitCodes.badInput,
      `BINDERY_LOG_LEVEL is ${level}.`,
      `Use one of ${levels.join(", ")}.`,
    );
  }
  if (level === "silent") return { debug: () => undefined, warn: () => undefined };
  const { pino } = await import("pino");
  const log = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write: (line: string) => void stderr.write(harmlessJson(line)) },
  );
  return {
    debug: (fields, message) => log.debug(fields, message),
    warn: (fields, message) => log.warn(fields, message),
  };
}
