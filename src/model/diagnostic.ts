// How a mistake in what a user wrote is told: where it is, what is wrong, and what to write instead.

/** A place in a file. */
export interface Origin {
  /** As in `SourceFile.path`. */
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  /** Counted from 1 in UTF-16 units, as editors do. */
  readonly column: number;
}

/** One mistake, or one thing to know, about a document. `message` and `cure` are safe to print. */
export interface Diagnostic extends Origin {
  /** With one `error` nothing of the whole revision is applied. */
  readonly severity: "error" | "warning";
  /** The path in the document, `spec.targets[0].virtualMachine.name`; empty for the document or file itself. */
  readonly path: string;
  /** What is wrong. */
  readonly message: string;
  /** What to write or do instead. */
  readonly cure: string;
}

/** True if one of the diagnostics forbids to apply the revision. */
export function hasErrors(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some((d) => d.severity === "error");
}

function inTextOrder(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

/** Sorts by file, line, column, then path and message, so that output does not depend on how it was found. */
export function sortedDiagnostics(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  return diagnostics.toSorted(
    (a, b) =>
      inTextOrder(a.file, b.file) ||
      a.line - b.line ||
      a.column - b.column ||
      inTextOrder(a.path, b.path) ||
      inTextOrder(a.message, b.message),
  );
}
