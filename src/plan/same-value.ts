// Decides whether two JSON values are the same, whatever the order of their keys.

/** Nothing in a plan lies deeper; what does comes from a file that somebody has made up. */
const deepest = 8;

/** True if two JSON values are equal. */
export function sameValue(a: unknown, b: unknown): boolean {
  const [first, second] = [canonicalText(a), canonicalText(b)];
  return first !== undefined && first === second;
}

/** One text for all values that are equal; undefined for one that is nested too deeply. */
export function canonicalText(value: unknown, depth = 0): string | undefined {
  if (depth > deepest) return undefined;
  if (typeof value !== "object" || value === null) return JSON.stringify(value ?? null);
  const parts = Array.isArray(value)
    ? value.map((item: unknown) => canonicalText(item, depth + 1))
    : Object.entries(value)
        .filter(([, item]) => item !== undefined)
        .toSorted(([one], [other]) => (one < other ? -1 : 1))
        .map(([key, item]) => {
          const text = canonicalText(item, depth + 1);
          return text === undefined ? undefined : `${JSON.stringify(key)}:${text}`;
        });
  if (parts.includes(undefined)) return undefined;
  return Array.isArray(value) ? `[${parts.join(",")}]` : `{${parts.join(",")}}`;
}
