// Which of the known words somebody may have meant.
import { distance } from "fastest-levenshtein";
import { byText } from "./order.ts";

/** Longer words are no typing mistakes of ours, and comparing them costs time. */
const longestWord = 100;

/** The known words that are close enough to have been meant, or that contain the word; nearest first, at most three. */
export function nearest(word: string, known: readonly string[]): readonly string[] {
  if (word.length === 0 || word.length > longestWord) return [];
  const wanted = word.toLowerCase();
  const tolerance = Math.max(2, Math.floor(word.length / 3));
  return [...new Set(known)]
    .map((candidate) => ({ candidate, steps: distance(wanted, candidate.toLowerCase()) }))
    .filter(({ candidate, steps }) => steps <= tolerance || isPartOf(wanted, candidate))
    .toSorted((a, b) => a.steps - b.steps || byText(a.candidate, b.candidate))
    .slice(0, 3)
    .map(({ candidate }) => candidate);
}

/** Half a name is a hint; a letter or two are none. */
function isPartOf(wanted: string, candidate: string): boolean {
  return wanted.length >= 4 && candidate.toLowerCase().includes(wanted);
}
