// Decides how diagnostics look: for people, for programs, and as annotations of a run in CI.
import stringWidth from "string-width";
import type { Diagnostic } from "../model/diagnostic.ts";
import type { SourceFile } from "../model/source.ts";
import {
  cutTo,
  harmlessJson,
  loggingCommandData,
  loggingCommandProperty,
  quotedLength,
  safeText,
  workflowCommandData,
  workflowCommandProperty,
} from "../model/text.ts";

/** For people, for programs, or for the annotations of GitHub and of Azure Pipelines. */
export type DiagnosticsFormat = "text" | "json" | "github" | "azure-pipelines";

/** The version of the JSON shape; it changes when a field goes or changes its meaning, not when one comes. */
export const diagnosticsApiVersion = "bindery.dev/diagnostics/v1";

/** How diagnostics are rendered. */
export interface RenderOptions {
  /** ANSI colours in text. */
  readonly color?: boolean;
  /** With the files, text shows each line that is meant, with a caret below it. */
  readonly files?: readonly SourceFile[];
}

/** All of the output, ending in a line break; empty for no diagnostics (JSON has its frame always). */
export function renderDiagnostics(
  diagnostics: readonly Diagnostic[],
  format: DiagnosticsFormat,
  options: RenderOptions = {},
): string {
  switch (format) {
    case "text":
      return renderText(diagnostics, options);
    case "json":
      return `${harmlessJson(JSON.stringify({ apiVersion: diagnosticsApiVersion, diagnostics }, undefined, 2))}\n`;
    case "github":
      return diagnostics.map((diagnostic) => `${githubCommand(diagnostic)}\n`).join("");
    case "azure-pipelines":
      return diagnostics.map((diagnostic) => `${pipelinesCommand(diagnostic)}\n`).join("");
  }
}

const ansi = { red: 31, yellow: 33, green: 32, bold: 1, dim: 2 } as const;

type Paint = (style: keyof typeof ansi, text: string) => string;

function painter(color: boolean): Paint {
  return (style, text) => (color ? `\u001b[${ansi[style]}m${text}\u001b[0m` : text);
}

function renderText(diagnostics: readonly Diagnostic[], options: RenderOptions): string {
  const paint = painter(options.color ?? false);
  const lines = linesOfFiles(options.files ?? []);
  return diagnostics
    .flatMap((diagnostic) => {
      const excerpt = excerptOf(diagnostic, lines.get(diagnostic.file)?.[diagnostic.line - 1], paint);
      return [
        headline(diagnostic, paint),
        ...excerpt,
        `  ${paint("green", "→")} ${safeText(diagnostic.cure)}`,
        "",
      ];
    })
    .map((line) => `${line}\n`)
    .join("");
}

function headline(diagnostic: Diagnostic, paint: Paint): string {
  const { file, line, column, severity, path, message } = diagnostic;
  const place = paint("bold", `${safeText(file)}:${line}:${column}`);
  const word = paint(severity === "error" ? "red" : "yellow", severity);
  return [place, word, ...(path === "" ? [] : [safeText(path)]), ` ${safeText(message)}`].join(" ");
}

function linesOfFiles(files: readonly SourceFile[]): Map<string, string[]> {
  return new Map(files.map(({ path, bytes }) => [path, new TextDecoder().decode(bytes).split("\n")]));
}

/** The line that is meant and a caret below the column; nothing where the file or line is not at hand. */
function excerptOf(diagnostic: Diagnostic, line: string | undefined, paint: Paint): string[] {
  if (line === undefined || line.trim() === "") {
    return [];
  }
  const [before, after] = aroundColumn(line.trimEnd(), diagnostic.column - 1);
  const number = String(diagnostic.line);
  const margin = " ".repeat(number.length);
  return [
    `  ${paint("dim", `${number} │`)} ${before}${after}`,
    `  ${paint("dim", `${margin} │`)} ${" ".repeat(stringWidth(before))}${paint("red", "^")}`,
  ];
}

/** At most 80 characters of the line, so cut that the column is among them. */
function aroundColumn(line: string, column: number): [string, string] {
  const room = quotedLength - 20;
  const [before, after] = safeHalves(line.replaceAll("\t", " "), column);
  const shown = before.length > room ? `…${lastOf(before, room - 1)}` : before;
  return [shown, cutTo(Math.max(1, quotedLength - shown.length), after)];
}

/** The line made harmless as a whole, and then cut at the column: what is harmful may stand across it. */
function safeHalves(line: string, column: number): [string, string] {
  const whole = safeText(line);
  const before = safeText(line.slice(0, column));
  const at = whole.startsWith(before) ? before.length : whole.length - safeText(line.slice(column)).length;
  return [whole.slice(0, at), whole.slice(at)];
}

/** The last characters, without half a character and without what is left of one of our escapes. */
function lastOf(text: string, max: number): string {
  const kept = text.slice(-max).replace(/^[\uDC00-\uDFFF]/, "");
  return kept.replace(/^u?\{?[0-9a-f]{0,6}\}/, "");
}

function githubCommand(diagnostic: Diagnostic): string {
  const { severity, file, line, column, path, message, cure } = diagnostic;
  const properties = {
    file: safeText(file),
    line: String(line),
    col: String(column),
    title: path === "" ? "Bindery" : safeText(path),
  };
  const list = Object.entries(properties).map(([name, value]) => `${name}=${workflowCommandProperty(value)}`);
  return `::${severity} ${list.join(",")}::${workflowCommandData(`${safeText(message)}\n→ ${safeText(cure)}`)}`;
}

/** Azure Pipelines shows no more than the message beside file and line: the path in the document stands before it. */
function pipelinesCommand(diagnostic: Diagnostic): string {
  const { severity, file, line, column, path, message, cure } = diagnostic;
  const properties = {
    type: severity,
    sourcepath: safeText(file),
    linenumber: String(line),
    columnnumber: String(column),
  };
  const list = Object.entries(properties).map(([name, value]) => `${name}=${loggingCommandProperty(value)};`);
  const what = path === "" ? safeText(message) : `${safeText(path)}: ${safeText(message)}`;
  return `##vso[task.logissue ${list.join("")}]${loggingCommandData(`${what}\n→ ${safeText(cure)}`)}`;
}
