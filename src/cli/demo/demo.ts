// The whole story of Bindery on the embedded Azure, in under a minute: every call through the real SDKs and real sockets.
import { styleText } from "node:util";
import stringWidth from "string-width";
import { safeText } from "../../model/text.ts";
import { readOrders } from "./program.ts";
import { type RunCost, type Stage, setStage } from "./stage.ts";
import { type Scene, story } from "./story.ts";

/** Where the demo prints to. */
export interface DemoStreams {
  readonly write: (text: string) => void;
  readonly color: boolean;
}

interface Played extends RunCost {
  readonly scene: Scene;
}

/** Plays all scenes; answers the exit code: 0, or 1 if the story did not go as it is told. */
export async function runDemo(streams: DemoStreams, signal: AbortSignal): Promise<number> {
  const { write } = streams;
  const stage = await setStage(signal);
  const played: Played[] = [];
  try {
    write(
      "An Azure in one process has started: two subscriptions, 12 machines, 3 scale sets, a SQL server, identities of others.\n",
    );
    for (const [i, scene] of story.entries()) {
      write(heading(i + 1, scene, streams.color));
      await scene.before?.(stage);
      const cost = await stage.bindery(scene.command);
      played.push({ ...cost, scene });
      if (cost.exitCode !== scene.exitCode) {
        write(`\nThe demo has failed: exit code ${cost.exitCode} instead of ${scene.exitCode}.\n`);
        return 1;
      }
      if (scene.program && !(await plays(scene.program, stage, streams, signal))) return 1;
    }
    write(summary(played, streams.color));
    return 0;
  } finally {
    await stage.close();
  }
}

/** Lets the program on the machine try the database; false if it does not get what the story says. */
async function plays(
  expected: RegExp,
  { sandbox }: Stage,
  { write, color }: DemoStreams,
  signal: AbortSignal,
): Promise<boolean> {
  const said = await readOrders(sandbox, signal);
  const line = `A program on vm-orders-1 that reads sql-orders/orders with id-orders ${safeText(said)}`;
  write(`\n${paint("bold", line, color)}\n`);
  if (expected.test(said)) return true;
  write("\nThe demo has failed: that is not what the story says.\n");
  return false;
}

function heading(number: number, { title, prose, command }: Scene, color: boolean): string {
  const line = `── ${number}. ${title} `;
  const rule = `${line}${"─".repeat(Math.max(4, 96 - stringWidth(line)))}`;
  const shown = `$ bindery ${command.join(" ")}`;
  return `\n${paint("bold", rule, color)}\n${paint("dim", prose, color)}\n${paint("cyan", shown, color)}\n`;
}

function summary(played: readonly Played[], color: boolean): string {
  const head = ["", "what happened", "requests", "writes", "seconds", ""];
  const rows = played.map(({ scene, requests, writes, seconds }, i) => [
    `${i + 1}.`,
    scene.title,
    String(requests),
    String(writes),
    seconds.toFixed(1),
    scene.moral,
  ]);
  const total = (of: (p: Played) => number) => played.reduce((sum, p) => sum + of(p), 0);
  const last = [
    "",
    "all of it",
    String(total((p) => p.requests)),
    String(total((p) => p.writes)),
    total((p) => p.seconds).toFixed(1),
    "",
  ];
  const lines = table([head, ...rows, last]);
  const [first = "", ...rest] = lines;
  const rule = "─".repeat(96);
  return `\n${paint("bold", rule, color)}\n${paint("bold", first, color)}\n${rest.join("\n")}\n\nYour own documents against the same Azure: bindery sandbox (docs/sandbox.md). A real one: README.md.\n`;
}

/** Columns 2 to 4 hold numbers and are set flush right. */
function table(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => stringWidth(row[i] ?? ""))));
  return rows.map((row) =>
    row
      .map((cell, i) => {
        const pad = " ".repeat((widths[i] ?? 0) - stringWidth(cell));
        return i >= 2 && i <= 4 ? pad + cell : cell + pad;
      })
      .join("  ")
      .trimEnd(),
  );
}

function paint(style: "bold" | "dim" | "cyan", text: string, color: boolean): string {
  return color ? styleText(style, text, { validateStream: false }) : text;
}
