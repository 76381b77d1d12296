// Whether a text fits a pattern of the policy: `*` stops at `/` and `:`, `**` does not, everything else is itself.

/** A piece of a pattern: a character, or a wildcard of one of two widths. */
type Piece = { readonly literal: string } | { readonly crosses: boolean };

/**
 * True if the whole text fits. Letters count with their case. Takes at most as many steps as the pattern has
 * characters for each character of the text, whatever stands in the two.
 */
export function matchesPattern(pattern: string, text: string): boolean {
  const pieces = piecesOf(pattern);
  let reached = standingAt(pieces, [0]);
  for (const character of text) {
    reached = standingAt(
      pieces,
      [...reached].flatMap((at) => after(pieces[at], at, character)),
    );
    if (reached.size === 0) return false;
  }
  return reached.has(pieces.length);
}

/** Where in the pattern one stands after a character; nowhere if it does not fit. */
function after(piece: Piece | undefined, at: number, character: string): readonly number[] {
  if (piece === undefined) return [];
  if ("literal" in piece) return piece.literal === character ? [at + 1] : [];
  return piece.crosses || !isBorder(character) ? [at] : [];
}

/** These places, and those behind the wildcards there, which may stand for nothing. */
function standingAt(pieces: readonly Piece[], places: readonly number[]): ReadonlySet<number> {
  const reached = new Set<number>();
  for (const place of places) {
    for (let at = place; !reached.has(at); at += 1) {
      reached.add(at);
      const piece = pieces[at];
      if (piece === undefined || "literal" in piece) break;
    }
  }
  return reached;
}

function isBorder(character: string): boolean {
  return character === "/" || character === ":";
}

function piecesOf(pattern: string): readonly Piece[] {
  return [...pattern.matchAll(/\*{2,}|\*|[^*]/gsu)].map(([piece]) =>
    piece.startsWith("*") ? { crosses: piece.length > 1 } : { literal: piece },
  );
}
