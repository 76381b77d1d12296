// Decides what `bindery status --watch` shows: at a terminal the status of now, elsewhere one line for each change.
import stringWidth from "string-width";
import type { Clock } from "../model/ports.ts";
import { safeText } from "../model/text.ts";
import { jsonText } from "../plan/render/safe-json.ts";
import type { Paint } from "../plan/render/style.ts";
import { exitCodes } from "./errors.ts";
import type { CliStream } from "./io.ts";
import type { LiveArea } from "./progress.ts";
import type { AnySubject } from "./status-subject.ts";

/** Where a status is watched. */
export interface WatchScreen {
  readonly stream: CliStream;
  /** Takes what is no result: that the daemon does not answer. */
  readonly notes: CliStream;
  readonly output: "text" | "json";
  /** Undefined where lines cannot be written over. */
  readonly live?: LiveArea;
  readonly paint: Paint;
  readonly clock: Clock;
  readonly stop: AbortSignal;
}

/** How often the daemon is asked. */
const everyInMs = 2_000;

/** Goes on until it is stopped; the exit code is that of the last look. */
export async function watchStatus(subject: AnySubject, screen: WatchScreen): Promise<number> {
  const { clock, stop, live } = screen;
  let [shown, isReached, code]: [unknown, boolean, number] = [undefined, true, exitCodes.failed];
  try {
    for (;;) {
      const seen = await subject.look(stop);
      if ("unreachable" in seen) {
        code = exitCodes.failed;
        showUnreachable(screen, seen.unreachable, isReached);
        isReached = false;
      } else {
        code = subject.isReady(seen.answer) ? exitCodes.done : exitCodes.changesRemain;
        showAnswer(subject, shown, seen.answer, screen);
        [shown, isReached] = [seen.answer, true];
      }
      await clock.sleep(everyInMs, stop);
    }
  } catch (error) {
    if (stop.aborted) return code;
    throw error;
  } finally {
    live?.done();
  }
}

function showUnreachable({ live, notes, paint }: WatchScreen, message: string, isNews: boolean): void {
  if (live) live(`${paint("warning", safeText(message))}\n`);
  else if (isNews) notes.write(`${safeText(message)}\n`);
}

function showAnswer(
  subject: AnySubject,
  before: unknown,
  now: unknown,
  { live, stream, output, paint, clock }: WatchScreen,
): void {
  if (live) {
    live(fitting(subject.text(now, { paint, nowInMs: clock.now() }), stream));
  } else if (output === "json") {
    const isNews = before === undefined || essenceOf(subject.json(before)) !== essenceOf(subject.json(now));
    if (isNews) stream.write(jsonText(subject.json(now), "oneLine"));
  } else {
    for (const line of subject.news(before, now)) stream.write(`${line}\n`);
  }
}

/** When the daemon last looked is no change of what it saw. */
const looks: ReadonlySet<string> = new Set(["asOf", "lookedAt", "observedAt"]);

function essenceOf(json: unknown): string {
  return JSON.stringify(json, (key, value: unknown) => (looks.has(key) ? undefined : value));
}

/** As much from the top as the terminal has room for: what does not fit could not be written over. */
function fitting(text: string, { columns = 80, rows = 24 }: CliStream): string {
  const lines = text.trimEnd().split("\n");
  const heights = lines.map((line) => Math.max(1, Math.ceil(stringWidth(line) / columns)));
  let [room, count] = [rows - 2, 0];
  for (const height of heights) {
    room -= height;
    if (room < 0) break;
    count += 1;
  }
  if (count === lines.length) return lines.join("\n");
  return [...lines.slice(0, count), `… and ${lines.length - count} more lines`].join("\n");
}
