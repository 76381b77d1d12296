// How the small part of OData that ARM's own lists understand is read: comparisons joined by `and`.

/** One comparison of a $filter; `field` in lower case. */
export interface Comparison {
  readonly field: string;
  readonly operator: "eq" | "ne" | "startswith" | "substringof";
  readonly value: string;
}

const comparison = /^\s*([A-Za-z/]+)\s+(eq|ne)\s+'((?:[^']|'')*)'\s*/i;
const startsWith = /^\s*startswith\(\s*([A-Za-z/]+)\s*,\s*'((?:[^']|'')*)'\s*\)\s*/i;
const substringOf = /^\s*substringof\(\s*'((?:[^']|'')*)'\s*,\s*([A-Za-z/]+)\s*\)\s*/i;

/** Reads a filter; undefined if it is outside of what ARM's lists accept. An empty filter has no comparisons. */
export function parseFilter(filter: string): Comparison[] | undefined {
  const found: Comparison[] = [];
  let rest = filter.trim();
  while (rest !== "") {
    const next = nextComparison(rest);
    if (next === undefined) return undefined;
    found.push(next.comparison);
    rest = rest.slice(next.length);
    if (rest === "") return found;
    const and = /^and\s+/i.exec(rest);
    if (and === null) return undefined;
    rest = rest.slice(and[0].length);
    if (rest === "") return undefined;
  }
  return found;
}

function nextComparison(text: string): { comparison: Comparison; length: number } | undefined {
  const plain = comparison.exec(text);
  if (plain !== null) {
    const operator = plain[2]?.toLowerCase() === "ne" ? "ne" : "eq";
    return { comparison: comparing(plain[1], operator, plain[3]), length: plain[0].length };
  }
  const prefix = startsWith.exec(text);
  if (prefix !== null) {
    return { comparison: comparing(prefix[1], "startswith", prefix[2]), length: prefix[0].length };
  }
  const part = substringOf.exec(text);
  if (part === null) return undefined;
  return { comparison: comparing(part[2], "substringof", part[1]), length: part[0].length };
}

function comparing(field = "", operator: Comparison["operator"], value = ""): Comparison {
  return { field: field.toLowerCase(), operator, value: value.replaceAll("''", "'") };
}

/** True if a value fulfils a comparison, without regard to case; an absent value fulfils only `ne`. */
export function fulfils(actual: string | undefined, { operator, value }: Comparison): boolean {
  if (actual === undefined) return operator === "ne";
  const [have, want] = [actual.toLowerCase(), value.toLowerCase()];
  switch (operator) {
    case "eq":
      return have === want;
    case "ne":
      return have !== want;
    case "startswith":
      return have.startsWith(want);
    case "substringof":
      return have.includes(want);
  }
}
