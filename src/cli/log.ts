// Decides what is logged and how: JSON lines on stderr; at a terminal nothing, or for the daemon lines for a person.
import { harmlessJson, safeText } from "../model/text.ts";
import { CliError, exitCodes } from "./errors.ts";
import type { CliIo } from "./io.ts";
import type { LogLevel } from "./run-settings.ts";

/** What stands beside a message. */
export type LogFields = Readonly<Record<string, unknown>>;

/** A constant message with the variables beside it. */
export type LogLine = (fields: LogFields, message: string) => void;

/** The log of one run. */
export interface Log {
  readonly debug: LogLine;
  readonly info: LogLine;
  readonly warn: LogLine;
  readonly error: LogLine;
}

const levels: readonly LogLevel[] = ["debug", "info", "warn", "error", "silent"];
const severities = ["debug", "info", "warn", "error"] as const satisfies readonly (keyof Log)[];

function isLevel(text: string): text is LogLevel {
  return levels.some((level) => level === text);
}

/** The log, at BINDERY_LOG_LEVEL; without it warnings, and nothing where a person watches progress instead. */
export async function logFor(io: CliIo): Promise<Log> {
  const level = io.env.BINDERY_LOG_LEVEL || (io.stderr.isTTY === true ? "silent" : "warn");
  if (!isLevel(level)) {
    throw new CliError(
      exitCodes.badInput,
      `BINDERY_LOG_LEVEL is ${level}.`,
      `Use one of ${levels.join(", ")}.`,
    );
  }
  return await jsonLog(level, io);
}

/** A log of JSON lines; `context` is asked for what stands on every line. */
export async function jsonLog(
  level: LogLevel,
  { stderr }: Pick<CliIo, "stderr">,
  context: () => LogFields = () => ({}),
): Promise<Log> {
  if (level === "silent") return logOf(() => () => undefined);
  const { pino } = await import("pino");
  const log = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      mixin: () => ({ ...context() }),
    },
    { write: (line: string) => void stderr.write(harmlessJson(line)) },
  );
  return logOf((severity) => (fields, message) => log[severity](fields, message));
}

/** A log for a person at a terminal: time, message, and the variables in short. */
export function terminalLog(level: LogLevel, { stderr }: Pick<CliIo, "stderr">, now: () => number): Log {
  return logOf((severity) => (fields, message) => {
    if (levels.indexOf(severity) < levels.indexOf(level)) return;
    const words = [timeText(now()), ...(severity === "info" ? [] : [severity]), message];
    const told = Object.entries(fields).flatMap(([key, value]) =>
      value === undefined ? [] : [`${key}=${valueText(value)}`],
    );
    stderr.write(`${safeText([...words, ...told].join(" "))}\n`);
  });
}

function logOf(line: (severity: keyof Log) => LogLine): Log {
  const [debug, info, warn, error] = severities.map(line) as [LogLine, LogLine, LogLine, LogLine];
  return { debug, info, warn, error };
}

/** "14:03:22", where the person is. */
function timeText(inMs: number): string {
  const time = new Date(inMs);
  return [time.getHours(), time.getMinutes(), time.getSeconds()]
    .map((part) => String(part).padStart(2, "0"))
    .join(":");
}

/** A word as it is, everything else as JSON has it. */
function valueText(value: unknown): string {
  return typeof value === "string" && /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
}
