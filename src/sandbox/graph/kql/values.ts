// How KQL treats values: as text, as numbers, when they are equal, and in which order they sort.

/** True for Kusto's null: a property that is missing and a JSON null are the same. */
export function isNull(value: unknown): value is null | undefined {
  return value === null || value === undefined;
}

/** What `tostring` gives: null is the empty string, bags and arrays are JSON. */
export function toText(value: unknown): string {
  if (isNull(value)) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** What `toreal` gives: a number, or null if the value is none. */
export function toNumber(value: unknown): number | null {
  if (typeof value === "boolean") return value ? 1 : 0;
  if (typeof value === "number") return value;
  if (typeof value !== "string" || value.trim() === "") return null;
  const number = Number(value);
  return Number.isFinite(number) ? number : null;
}

/** What `tolong` and `toint` give: a whole number, or null; text with a fraction is no whole number. */
export function toWhole(value: unknown): number | null {
  if (typeof value === "string" && !/^\s*[+-]?\d+\s*$/.test(value)) return null;
  const number = toNumber(value);
  return number === null ? null : Math.trunc(number);
}

/** What `tobool` gives: true, false, or null. */
export function toBool(value: unknown): boolean | null {
  if (typeof value === "boolean") return value;
  if (typeof value === "number") return value !== 0;
  const text = toText(value).toLowerCase();
  if (text === "true" || text === "1") return true;
  return text === "false" || text === "0" ? false : null;
}

/** What `todynamic` gives: text is read as JSON, and stays text if it is none. */
export function toDynamic(value: unknown): unknown {
  if (typeof value !== "string") return value ?? null;
  if (value === "") return null;
  try {
    return JSON.parse(value);
  } catch (error) {
    if (error instanceof SyntaxError) return value;
    throw error;
  }
}

/**
 * `==` in Kusto's three values: two nulls are neither equal nor different, null and something else are different.
 * Text is compared with the text of whatever stands on the other side: Resource Graph compares dynamic
 * properties with string literals without a cast, booleans included (`properties.enabled == 'true'`).
 */
export function equals(left: unknown, right: unknown): boolean | null {
  if (isNull(left) && isNull(right)) return null;
  if (isNull(left) || isNull(right)) return false;
  if (typeof left === "string" || typeof right === "string") return toText(left) === toText(right);
  return typeof left === "object" ? toText(left) === toText(right) : left === right;
}

/** Less than zero, zero or more; null where the two cannot be ordered (one is null, a bag, or of another type). */
export function order(left: unknown, right: unknown): number | null {
  if (typeof left === "string" && typeof right === "string")
    return Number(left > right) - Number(left < right);
  if (typeof left === "boolean" && typeof right === "boolean") return Number(left) - Number(right);
  if (typeof left === "number" && typeof right === "number") return left - right;
  return null;
}

/** A key that is the same for values that Kusto puts into one group. */
export function groupKey(values: readonly unknown[]): string {
  return JSON.stringify(values.map((value) => value ?? null));
}

/** The value of a property of a bag, or an element of an array (negative: from its end); null if there is none. */
export function access(container: unknown, key: unknown): unknown {
  if (isNull(container) || typeof container !== "object") return null;
  if (Array.isArray(container)) return typeof key === "number" ? (container.at(key) ?? null) : null;
  const name = toText(key);
  return Object.hasOwn(container, name) ? ((container as Record<string, unknown>)[name] ?? null) : null;
}

/** True if the value is a property bag. */
export function isBag(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
