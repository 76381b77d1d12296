// Decides how much of what happens a status keeps: a daemon runs for a year, and its memory must not show it.

/** How many of each are kept; what is left out is counted. */
export const bounds = {
  /** Passes of the history. */
  passes: 20,
  /** Attachments of a document, its grants, and its other changes: so many of each. */
  entries: 200,
  /** Outcomes of the last pass that had any for a document. */
  outcomes: 50,
  /** Held sets of a document. */
  held: 50,
  /** Selectors of a document. */
  selectors: 50,
  orphans: 1_000,
  /** Targets, roles and credentials of an orphan: so many of each. */
  orphanPowers: 50,
  warnings: 100,
  /** UTF-16 units of a message. */
  message: 1_000,
  /** UTF-16 units of the words for one thing, and of an id. */
  words: 400,
} as const;

/** The text, at most so long; what had to be cut ends in `…`. Not safe to print. */
export function clipped(text: string, most: number = bounds.message): string {
  if (text.length <= most) return text;
  const kept = text.slice(0, most - 1);
  return `${/[\ud800-\udbff]$/.test(kept) ? kept.slice(0, -1) : kept}…`;
}
