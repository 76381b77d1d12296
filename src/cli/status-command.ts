// What `bindery status` does: asks a running daemon, shows its answer, and goes on doing so with --watch.
import type { Clock } from "../model/ports.ts";
import { jsonText } from "../plan/render/safe-json.ts";
import type { Paint } from "../plan/render/style.ts";
import { CliError, exitCodes } from "./errors.ts";
import { interruptionOf } from "./interruption.ts";
import type { CliIo } from "./io.ts";
import { statusServerFrom } from "./status-client.ts";
import { type StatusSubject, subjectFrom } from "./status-subject.ts";
import { watchStatus } from "./status-watch.ts";
import { systemClock } from "./system-clock.ts";
import { isLive, paintFor } from "./terminal.ts";

/** The options of `status`. */
export interface StatusOptions {
  readonly address: string;
  readonly tokenFile?: string;
  readonly watch?: boolean;
  readonly output: "text" | "json";
  readonly timeout?: number;
}

const unreachableCure = "Start it with `bindery run`, or name the address of its API with --address.";

/** 0 if all is Ready, 2 if something is not, 1 if nobody answers. */
export async function runStatus(
  document: string | undefined,
  options: StatusOptions,
  io: CliIo,
  clock: Clock = systemClock,
): Promise<number> {
  const server = await statusServerFrom(options, io);
  const subject = subjectFrom(document, server, options.output);
  using interruption = interruptionOf(io, options.timeout);
  const paint = paintFor(io.stdout, io.env);
  if (options.watch) {
    const { stop } = interruption;
    return await watchStatus(subject, { ...(await screenFor(options, io)), paint, clock, stop });
  }
  const seen = await subject.look(interruption.stop);
  if ("unreachable" in seen) throw new CliError(exitCodes.failed, seen.unreachable, unreachableCure);
  io.stdout.write(textOf(subject, seen.answer, options, { paint, nowInMs: clock.now() }));
  return subject.isReady(seen.answer) ? exitCodes.done : exitCodes.changesRemain;
}

function textOf<T>(
  subject: StatusSubject<T>,
  answer: T,
  { output }: StatusOptions,
  view: { readonly paint: Paint; readonly nowInMs: number },
): string {
  return output === "json" ? jsonText(subject.json(answer)) : subject.text(answer, view);
}

async function screenFor({ output }: StatusOptions, io: CliIo) {
  const plain = { output, stream: io.stdout, notes: io.stderr };
  if (output === "json" || !isLive(io.stdout, io.env)) return plain;
  const { createLogUpdate } = await import("log-update");
  return { ...plain, live: createLogUpdate(io.stdout as NodeJS.WriteStream) };
}
