// Which of the known names somebody may have meant.
import { distance } from "fastest-levenshtein";
import { byText } from "../model/order.ts";

/** The (at most three) known names nearest to a text, nearest first; empty if none is near. */
export function nearest(text: string, known: readonly string[]): readonly string[] {
  const wanted = text.toLowerCase();
  const ranked = [...new Set(known)]
    .map((name) => ({ name, far: distance(wanted, name.toLowerCase()) }))
    .filter(({ name, far }) => far <= Math.max(2, name.length / 3) || name.toLowerCase().includes(wanted));
  return ranked
    .toSorted((a, b) => a.far - b.far || byText(a.name, b.name))
    .slice(0, 3)
    .map(({ name }) => name);
}
