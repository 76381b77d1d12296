// Decides what a person sees while an apply runs: what is under way and what is left, or plain lines in a log.
import type { ApplyObserver } from "../apply/options.ts";
import { safeText } from "../model/text.ts";
import type { Change, Operation, Plan } from "../plan/plan.ts";
import { namesOf } from "../plan/render/change-words.ts";
import type { Names } from "../plan/render/names.ts";
import type { Paint } from "../plan/render/style.ts";
import type { CliStream } from "./io.ts";
import { operationWords, outcomeLine } from "./operation-words.ts";

/** Watches an apply over all its passes. */
export interface Progress extends ApplyObserver, Disposable {
  /** A pass is about to be applied. */
  planned(plan: Plan): void;
  /** A request is held back for one of Azure's limits. */
  waiting(wait: { readonly limit: string; readonly inMs: number }): void;
  /** Something that a person should read at once. */
  say(line: string): void;
}

/** What progress is written to. `live` is undefined where lines cannot be written over. */
export interface ProgressScreen {
  readonly stream: CliStream;
  readonly paint: Paint;
  readonly live?: LiveArea;
  readonly now: () => number;
}

/** Lines at the bottom of a terminal that are written over; what persists scrolls up above them. */
export interface LiveArea {
  (text: string): void;
  persist(text: string): void;
  clear(): void;
  done(): void;
}

/** More running operations than this are counted, not listed. */
const mostListed = 8;
/** In a log only longer waits are news, and each limit once in a while. */
const newsInMs = 5_000;
const newsAgainInMs = 60_000;

interface Running {
  readonly words: string;
  readonly sinceInMs: number;
  readonly retry?: string;
}

interface Pass {
  readonly plan: Plan;
  readonly names: Names;
  readonly changes: ReadonlyMap<string, Change>;
  ended: number;
}

/** Progress on a screen. The plain form tells only what has ended, and retries. */
export function progressOn(screen: ProgressScreen): Progress {
  const running = new Map<string, Running>();
  /** Until when requests are held back, and when that was last told, by limit. */
  const waits = new Map<string, { readonly untilInMs: number; readonly toldAtInMs: number }>();
  let pass: Pass | undefined;
  let isOver = false;
  const draw = (): void => {
    if (pass && pass.plan.operations.length > 0 && !isOver) {
      screen.live?.([liveText(pass, running, screen), ...waitLines(waits, screen)].join("\n"));
    }
  };
  const say = (line: string): void => {
    if (screen.live && !isOver) screen.live.persist(line);
    else screen.stream.write(`${line}\n`);
    draw();
  };
  const wordsOf = (operation: Operation): string => {
    const changes = operation.changeIds.flatMap((id) => pass?.changes.get(id) ?? []);
    return pass ? operationWords(operation, changes, pass.names) : operation.action.kind;
  };
  const timer = screen.live ? setInterval(draw, 1_000) : undefined;
  timer?.unref();
  return {
    say,
    planned(plan) {
      const changes = new Map(plan.changes.map((change) => [change.id, change]));
      if (!isOver) screen.live?.clear();
      pass = { plan, names: namesOf(plan), changes, ended: 0 };
      draw();
    },
    started(operation) {
      running.set(operation.id, { words: wordsOf(operation), sinceInMs: screen.now() });
      draw();
    },
    retrying(operation, failure, delayInMs) {
      const words = wordsOf(operation);
      const retry = safeText(`again in ${Math.ceil(delayInMs / 1_000)} s: ${failure.details.code}`);
      running.set(operation.id, {
        words,
        sinceInMs: running.get(operation.id)?.sinceInMs ?? screen.now(),
        retry,
      });
      // Waiting until everybody sees what was written is how Azure works, and no news in a log.
      if (screen.live) draw();
      else if (failure.class !== "propagating") say(`retrying     ${words}, ${retry}`);
    },
    waiting({ limit, inMs }) {
      const now = screen.now();
      const toldAtInMs = waits.get(limit)?.toldAtInMs ?? Number.NEGATIVE_INFINITY;
      const isNews = !screen.live && inMs >= newsInMs && now - toldAtInMs >= newsAgainInMs;
      waits.set(limit, { untilInMs: now + inMs, toldAtInMs: isNews ? now : toldAtInMs });
      if (isNews) say(waitWords(limit, inMs));
      else draw();
    },
    ended(operation, outcomes) {
      running.delete(operation.id);
      if (!pass) return;
      pass.ended += 1;
      const { names } = pass;
      for (const outcome of outcomes) {
        const line = outcomeLine(outcome, names);
        say(outcome.state === "failed" ? screen.paint("go", line) : line);
      }
    },
    [Symbol.dispose]() {
      clearInterval(timer);
      if (!isOver) screen.live?.clear();
      if (!isOver) screen.live?.done();
      isOver = true;
    },
  };
}

function waitLines(
  waits: ReadonlyMap<string, { readonly untilInMs: number }>,
  { now, paint }: ProgressScreen,
): readonly string[] {
  const open = [...waits].filter(([, { untilInMs }]) => untilInMs > now());
  return open.map(([limit, { untilInMs }]) => `  ${paint("quiet", waitWords(limit, untilInMs - now()))}`);
}

function waitWords(limit: string, inMs: number): string {
  return safeText(`waiting ${Math.ceil(inMs / 1_000)} s for Azure's limit: ${limit}`);
}

function liveText(
  { plan, ended }: Pass,
  running: ReadonlyMap<string, Running>,
  screen: ProgressScreen,
): string {
  const left = plan.operations.length - ended;
  const head = `${ended} of ${plan.operations.length} operations done, ${left} left`;
  const shown = [...running.values()].slice(0, mostListed).map(({ words, sinceInMs, retry }) => {
    const seconds = Math.max(0, Math.round((screen.now() - sinceInMs) / 1_000));
    return `  … ${words} ${screen.paint("quiet", retry ?? `${seconds} s`)}`;
  });
  const more = running.size - shown.length;
  return [screen.paint("heading", head), ...shown, ...(more > 0 ? [`  … and ${more} more`] : [])].join("\n");
}
