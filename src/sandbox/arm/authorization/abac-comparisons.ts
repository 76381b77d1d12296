// The comparisons that a role assignment condition may make between an attribute and a value.

/** Which attribute values must hold ("any" of them or "all"), and against which of the values on the right. */
export type Quantifier = readonly ["any" | "all", "any" | "all"];

/** Compares one value of an attribute with one value of the condition. */
export type Comparison = (left: string, right: string) => boolean;

const text = {
  stringequals: (l, r) => l === r,
  stringequalsignorecase: (l, r) => l.toLowerCase() === r.toLowerCase(),
  stringstartswith: (l, r) => l.startsWith(r),
  stringstartswithignorecase: (l, r) => l.toLowerCase().startsWith(r.toLowerCase()),
  stringlike: (l, r) => patternFrom(r, "").test(l),
  stringlikeignorecase: (l, r) => patternFrom(r, "i").test(l),
  guidequals: (l, r) => guidFrom(l) === guidFrom(r),
  boolequals: (l, r) => l.toLowerCase() === r.toLowerCase(),
} satisfies Record<string, Comparison>;

const comparisons: ReadonlyMap<string, Comparison> = new Map([
  ...Object.entries<Comparison>(text).flatMap(([name, holds]): [string, Comparison][] => [
    [name, holds],
    [negated(name), (l, r) => !holds(l, r)],
  ]),
  ...ordered("numeric", Number),
  ...ordered("datetime", Date.parse),
]);

/** The comparison with this name in lower case, without its quantifier, or undefined if Azure has none such. */
export function comparisonNamed(name: string): Comparison | undefined {
  return comparisons.get(name);
}

function ordered(prefix: string, parse: (value: string) => number): [string, Comparison][] {
  return [
    [`${prefix}equals`, (l, r) => parse(l) === parse(r)],
    [`${prefix}notequals`, (l, r) => parse(l) !== parse(r)],
    [`${prefix}lessthan`, (l, r) => parse(l) < parse(r)],
    [`${prefix}lessthanequals`, (l, r) => parse(l) <= parse(r)],
    [`${prefix}greaterthan`, (l, r) => parse(l) > parse(r)],
    [`${prefix}greaterthanequals`, (l, r) => parse(l) >= parse(r)],
  ];
}

function negated(name: string): string {
  return name.replace(/^(string|guid|bool)/, "$1not");
}

/** `*` and `?` are wildcards; a backslash takes their meaning away. */
function patternFrom(like: string, flags: string): RegExp {
  const source = like.replaceAll(/\\([*?])|[.+^${}()|[\]\\*?]/g, (sign: string, escaped?: string) => {
    if (escaped !== undefined) return `\\${escaped}`;
    if (sign === "*") return ".*";
    return sign === "?" ? "." : `\\${sign}`;
  });
  return new RegExp(`^${source}$`, `${flags}s`);
}

/** A GUID without regard to case, dashes or the ARM id that it ends. */
function guidFrom(value: string): string {
  return value
    .slice(value.lastIndexOf("/") + 1)
    .replaceAll("-", "")
    .toLowerCase();
}
