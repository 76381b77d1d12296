// Decides whether output is for a person at a terminal: colour and live progress.
import { styleText } from "node:util";
import type { Paint, Style } from "../plan/render/style.ts";
import type { CliIo, CliStream } from "./io.ts";

const formats = {
  heading: "bold",
  come: "green",
  go: "red",
  become: "yellow",
  held: "magenta",
  warning: "yellow",
  quiet: "dim",
} as const satisfies Record<Style, Parameters<typeof styleText>[0]>;

/** True if a stream gets colour: FORCE_COLOR decides, then NO_COLOR, then whether it is a terminal. */
export function hasColor(stream: CliStream, env: CliIo["env"]): boolean {
  if (isSet(env.FORCE_COLOR)) return env.FORCE_COLOR !== "0" && env.FORCE_COLOR !== "false";
  if (isSet(env.NO_COLOR)) return false;
  return stream.isTTY === true && env.TERM !== "dumb";
}

/** True if lines on a stream can be written over: a terminal with a size that is no CI log. */
export function isLive(stream: CliStream, env: CliIo["env"]): boolean {
  if (stream.columns === 0 || stream.rows === 0) return false;
  return stream.isTTY === true && env.TERM !== "dumb" && !isSet(env.CI);
}

/** Colours for a stream, or none. */
export function paintFor(stream: CliStream, env: CliIo["env"]): Paint {
  if (!hasColor(stream, env)) return (_, text) => text;
  return (style, text) => styleText(formats[style], text, { validateStream: false });
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== "";
}
