// The scalar functions of KQL that the engine knows, by name.
import { expressionFrom } from "./comparisons.ts";
import { equals, isBag, isNull, toBool, toDynamic, toNumber, toText, toWhole } from "./values.ts";

/** Computes a scalar function; how many arguments there may be has been checked by the analyser. */
export type ScalarFunction = (...values: unknown[]) => unknown;

/** The functions; a name that is missing is refused as Azure refuses unknown functions. */
export const scalarFunctions: Readonly<Record<string, ScalarFunction>> = {
  // conversions
  tostring: toText,
  toint: toWhole,
  tolong: toWhole,
  toreal: toNumber,
  todouble: toNumber,
  tobool: toBool,
  todynamic: toDynamic,
  parse_json: toDynamic,
  // emptiness
  isempty: (value) => toText(value) === "",
  isnotempty: (value) => toText(value) !== "",
  isnull: isNull,
  isnotnull: (value) => !isNull(value),
  not: (value) => (isNull(value) ? null : value !== true),
  // choices
  iff: choose,
  iif: choose,
  case: (...values) => firstThatHolds(values),
  coalesce: (...values) => values.find((value) => !isNull(value) && value !== "") ?? values.at(-1) ?? null,
  // text
  tolower: (text) => toText(text).toLowerCase(),
  toupper: (text) => toText(text).toUpperCase(),
  trim: (pattern, text) => trimmed(toText(pattern), toText(text)),
  strcat: (...values) => values.map(toText).join(""),
  strcat_array: (array, delimiter) => itemsOf(array).map(toText).join(toText(delimiter)),
  strlen: (text) => [...toText(text)].length,
  split,
  extract: (pattern, group, text) =>
    expressionFrom(toText(pattern)).exec(toText(text))?.[Number(group)] ?? "",
  replace_string: (text, from, to) => toText(text).replaceAll(toText(from), () => toText(to)),
  substring,
  indexof: (text, part) => toText(text).indexOf(toText(part)),
  // bags and arrays
  bag_keys: (bag) => (isBag(bag) ? Object.keys(bag) : null),
  array_length: (array) => (Array.isArray(array) ? array.length : null),
  array_index_of: (array, value) => itemsOf(array).findIndex((item) => equals(item, value) === true),
  set_has_element: (array, value) => itemsOf(array).some((item) => equals(item, value) === true),
  pack: bagFrom,
  bag_pack: bagFrom,
  pack_array: (...values) => values.map((value) => value ?? null),
};

function choose(condition: unknown, then: unknown, otherwise: unknown): unknown {
  return condition === true ? then : otherwise;
}

/** `case(condition, value, condition, value, …, otherwise)`. */
function firstThatHolds(values: readonly unknown[]): unknown {
  for (let at = 0; at + 1 < values.length; at += 2) {
    if (values[at] === true) return values[at + 1];
  }
  return values.at(-1);
}

/** `split(text, delimiter [, index])`: all parts, or an array of the one asked for. */
function split(text: unknown, delimiter: unknown, index?: unknown): unknown[] {
  const parts = toText(delimiter) === "" ? [toText(text)] : toText(text).split(toText(delimiter));
  if (index === undefined) return parts;
  const part = typeof index === "number" && index >= 0 ? parts[index] : undefined;
  return part === undefined ? [] : [part];
}

/** `substring(text, start [, length])`; a negative start counts from the end. */
function substring(text: unknown, start: unknown, length?: unknown): string {
  const characters = toText(text);
  const from = Number(start) < 0 ? Math.max(characters.length + Number(start), 0) : Number(start);
  return length === undefined
    ? characters.slice(from)
    : characters.slice(from, from + Math.max(Number(length), 0));
}

/** `trim(pattern, text)`: takes whatever matches off both ends. */
function trimmed(pattern: string, text: string): string {
  const head = expressionFrom(`^(?:${pattern})`).exec(text)?.[0] ?? "";
  const rest = text.slice(head.length);
  const tail = expressionFrom(`(?:${pattern})$`).exec(rest)?.[0] ?? "";
  return rest.slice(0, rest.length - tail.length);
}

function bagFrom(...pairs: unknown[]): Record<string, unknown> {
  const entries = pairs.flatMap((key, at) =>
    at % 2 === 0 ? [[toText(key), pairs[at + 1] ?? null] as const] : [],
  );
  return Object.fromEntries(entries);
}

function itemsOf(array: unknown): readonly unknown[] {
  return Array.isArray(array) ? array : [];
}
