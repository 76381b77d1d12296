// Decides which known word somebody may have meant.
import { distance } from "fastest-levenshtein";

/** Longer words are no typing mistakes of ours, and comparing them costs time. */
const longestWord = 100;

/** The known words that are close enough to have been meant, nearest first; at most three. */
export function nearest(word: string, known: readonly string[]): string[] {
  if (word.length > longestWord) {
    return [];
  }
  const wanted = word.toLowerCase();
  const tolerance = Math.max(2, Math.floor(word.length / 3));
  return known
    .map((candidate) => ({ candidate, steps: distance(wanted, candidate.toLowerCase()) }))
    .filter(({ steps }) => steps <= tolerance)
    .sort((a, b) => a.steps - b.steps || (a.candidate < b.candidate ? -1 : 1))
    .slice(0, 3)
    .map(({ candidate }) => candidate);
}
