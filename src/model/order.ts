// The one order in which texts are sorted: by code unit, the same on every machine and in every locale.

/** Compares two texts by code unit; for `toSorted`. */
export function byText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
