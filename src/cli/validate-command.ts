// What `bindery validate` does: every mistake in manifests and policy, without Azure.
import type { DiagnosticsFormat } from "../manifest/render-diagnostics.ts";
import { hasErrors } from "../model/diagnostic.ts";
import { diagnosticsText } from "./diagnostics-text.ts";
import { exitCodes } from "./errors.ts";
import { type InputOptions, type ReadInputs, readInputs } from "./inputs.ts";
import { interruptionOf } from "./interruption.ts";
import type { CliIo } from "./io.ts";
import { hasColor } from "./terminal.ts";

/** The options of `validate`. */
export interface ValidateOptions extends InputOptions {
  readonly output: DiagnosticsFormat;
}

/** Prints the diagnostics to stdout and a closing line to stderr; 3 with an error among them. */
export async function runValidate(
  paths: readonly string[],
  options: ValidateOptions,
  io: CliIo,
): Promise<number> {
  using interruption = interruptionOf(io, undefined);
  const inputs = await readInputs(paths, options, io, interruption.stop);
  const color = hasColor(io.stdout, io.env);
  io.stdout.write(await diagnosticsText(inputs.diagnostics, options.output, { color, files: inputs.files }));
  io.stderr.write(`${closingLine(inputs)}\n`);
  return hasErrors(inputs.diagnostics) ? exitCodes.badInput : exitCodes.done;
}

function closingLine({ documents, manifestFiles, diagnostics, isEstateChecked }: ReadInputs): string {
  const errors = diagnostics.filter((d) => d.severity === "error").length;
  const warnings = diagnostics.length - errors;
  const found = [counted(errors, "error"), counted(warnings, "warning")].filter((text) => text !== "");
  const estate = isEstateChecked
    ? ""
    : " Without --policy nobody has looked whether names lie outside the estate, and whether folders keep to their namespaces.";
  const what = `${counted(documents.length, "document") || "no document"} in ${counted(manifestFiles, "file") || "no file"}`;
  return `${errors > 0 ? "Not valid" : "Valid"}: ${[what, ...found].join(", ")}.${estate}`;
}

function counted(count: number, word: string): string {
  if (count === 0) return "";
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}
