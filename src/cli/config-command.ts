// What `bindery config` does: shows each setting of `bindery run` with where it comes from.
import { safeText } from "../model/text.ts";
import { jsonText } from "../plan/render/safe-json.ts";
import type { Paint } from "../plan/render/style.ts";
import { exitCodes } from "./errors.ts";
import type { CliIo } from "./io.ts";
import { type RunSettings, readRunSettings } from "./run-settings.ts";
import { type CommandLine, originText } from "./settings-given.ts";
import { paintFor } from "./terminal.ts";

/** The version of the JSON shape. */
const settingsApiVersion = "bindery.dev/settings/v1";

/** Prints the settings; with a mistake in them nothing but the mistakes (3). */
export async function runConfig(
  line: CommandLine & { readonly config?: string },
  output: "text" | "json",
  io: CliIo,
): Promise<number> {
  const settings = await readRunSettings(line, io);
  io.stdout.write(
    output === "json"
      ? renderSettingsJson(settings)
      : renderSettingsText(settings, paintFor(io.stdout, io.env)),
  );
  return exitCodes.done;
}

/** One line for each setting: name, value, origin. */
export function renderSettingsText({ told }: Pick<RunSettings, "told">, paint: Paint): string {
  const rows = told.map(({ name, value, origin }) => ({
    name: `${name}:`,
    value: safeText(shown(value)),
    origin: safeText(originText(origin)),
    isGiven: origin.kind !== "default",
  }));
  const [names, values] = [widest(rows.map((row) => row.name)), widest(rows.map((row) => row.value))];
  return rows
    .map(({ name, value, origin, isGiven }) => {
      const line = `${name.padEnd(names)}  ${value.padEnd(values)}  ${origin}`;
      return `${isGiven ? line : paint("quiet", line)}\n`;
    })
    .join("");
}

/** The same for programs. */
export function renderSettingsJson({ told, file }: Pick<RunSettings, "told" | "file">): string {
  const settings = told.map(({ name, value = null, origin }) => ({ name, value, origin }));
  return jsonText({ apiVersion: settingsApiVersion, ...(file !== undefined && { file }), settings });
}

/** Longer values stand out of their column. */
const widestColumn = 48;

function widest(texts: readonly string[]): number {
  return Math.min(widestColumn, Math.max(...texts.map((text) => text.length)));
}

function shown(value: RunSettings["told"][number]["value"]): string {
  if (value === undefined) return "-";
  return typeof value === "object" ? value.join(", ") : String(value);
}
