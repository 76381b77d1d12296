// Decides whether the bytes of a file are text that people can review, and where in it an offset lies.
import type { Diagnostic } from "../model/diagnostic.ts";
import { bounds, type SourceFile } from "../model/source.ts";

/** A mistake without its place. `message` and `cure` must be safe to print already. */
export interface Mistake {
  readonly severity?: Diagnostic["severity"];
  /** The path in the document. */
  readonly path: string;
  readonly message: string;
  readonly cure: string;
}

/** The text of a file, with the offsets at which its lines begin. */
export interface SourceText {
  readonly file: string;
  /** As in `SourceFile.folder`. */
  readonly folder?: string;
  readonly text: string;
  readonly lineStarts: readonly number[];
}

function lineStartsOf(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) {
    starts.push(at + 1);
  }
  return starts;
}

/** The line (from 0) that an offset lies in: binary search, because there is a diagnostic for every mistake. */
function lineAt(lineStarts: readonly number[], offset: number): number {
  let low = 0;
  let high = lineStarts.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((lineStarts[middle] ?? 0) <= offset) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return low;
}

/** The line and column of an offset, both from 1. */
export function positionAt(source: SourceText, offset: number): { line: number; column: number } {
  const line = lineAt(source.lineStarts, offset);
  return { line: line + 1, column: offset - (source.lineStarts[line] ?? 0) + 1 };
}

/** A diagnostic for a mistake at an offset. */
export function diagnosticAt(source: SourceText, offset: number, mistake: Mistake): Diagnostic {
  const { severity = "error", path, message, cure } = mistake;
  return { severity, file: source.file, ...positionAt(source, offset), path, message, cure };
}

/**
 * Characters that have no business in a file that people review: controls (the parser uses some of them as
 * signs of its own), bidirectional formatting, and what has no width. Joiners are left, since scripts need them.
 */
const unreviewable =
  /[\p{Cc}\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;

/** The unreviewable characters of a text with their offsets; line breaks and tabs are none. */
export function unreviewableIn(text: string): { offset: number; name: string }[] {
  return [...text.matchAll(unreviewable)]
    .filter((match) => !(/[\n\t]/.test(match[0]) || (match[0] === "\r" && text[match.index + 1] === "\n")))
    .map((match) => ({ offset: match.index, name: codePointName(match[0]) }));
}

function codePointName(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;
}

/** What becomes of the bytes of a file. */
export interface DecodedFile {
  /** Undefined if the file must not be parsed. */
  readonly source?: SourceText;
  readonly diagnostics: readonly Diagnostic[];
}

const saveAsUtf8 = "save the file as UTF-8";

function refused(file: string, line: number, message: string, cure: string): DecodedFile {
  return { diagnostics: [{ severity: "error", file, line, column: 1, path: "", message, cure }] };
}

/** The text, or undefined if the bytes are no UTF-8, which TextDecoder tells by a TypeError. */
function decoded(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) {
      return undefined;
    }
    throw error;
  }
}

/** The first line whose bytes are no UTF-8: no character spans a line break, so lines can be tried alone. */
function firstBadLine(bytes: Uint8Array): number {
  let line = 1;
  for (let start = 0; start < bytes.length; line += 1) {
    const newline = bytes.indexOf(0x0a, start);
    const end = newline === -1 ? bytes.length : newline;
    if (decoded(bytes.subarray(start, end)) === undefined) {
      return line;
    }
    start = end + 1;
  }
  return 1;
}

/** Decodes a file: UTF-8, with or without byte order mark, without characters that hide something. */
export function decodeFile(file: SourceFile): DecodedFile {
  const { path, bytes, folder } = file;
  if (bytes.length > bounds.fileBytes) {
    const message = `larger than ${bounds.fileBytes} bytes, the bound for one file`;
    return refused(path, 1, message, "split it into several files");
  }
  const [first, second] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) {
    return refused(path, 1, "this file is UTF-16, not UTF-8", saveAsUtf8);
  }
  const text = decoded(bytes);
  if (text === undefined) {
    return refused(path, firstBadLine(bytes), "this line holds bytes that are not UTF-8", saveAsUtf8);
  }
  const place = { file: path, ...(folder !== undefined && { folder }) };
  const source = { ...place, text, lineStarts: lineStartsOf(text) };
  const hidden = unreviewableIn(text);
  if (hidden.length === 0) {
    return { source, diagnostics: [] };
  }
  return {
    diagnostics: hidden.map(({ offset, name }) =>
      diagnosticAt(source, offset, {
        path: "",
        message: `the character ${name} here is invisible or a control`,
        cure: "remove it: a file that people review must hold what it shows",
      }),
    ),
  };
}
