// The binary operators of KQL, by the parser's name for them.
import { unsupported } from "./errors.ts";
import { equals, isNull, order, toText } from "./values.ts";

/** Computes a binary operator; null is Kusto's null. */
export type Binary = (left: unknown, right: unknown) => unknown;

/** Every binary operator except `and`, `or`, those with a list on the right, and arithmetic. */
export const comparisons: Readonly<Record<string, Binary>> = {
  EqualExpression: equals,
  NotEqualExpression: (l, r) => inverse(equals(l, r)),
  EqualTildeExpression: (l, r) => folded(l) === folded(r),
  BangTildeExpression: (l, r) => folded(l) !== folded(r),
  LessThanExpression: (l, r) => ordered(l, r, (n) => n < 0),
  LessThanOrEqualExpression: (l, r) => ordered(l, r, (n) => n <= 0),
  GreaterThanExpression: (l, r) => ordered(l, r, (n) => n > 0),
  GreaterThanOrEqualExpression: (l, r) => ordered(l, r, (n) => n >= 0),
  MatchesRegexExpression: (l, r) => expressionFrom(toText(r)).test(toText(l)),
  ...textual("Has", hasTerm),
  ...textual("Contains", (text, part) => text.includes(part)),
  ...textual("StartsWith", (text, part) => text.startsWith(part)),
  ...textual("EndsWith", (text, part) => text.endsWith(part)),
};

/** The operators with a list on the right: whether one of the listed values makes them true. */
export const memberships: Readonly<Record<string, (left: unknown, listed: readonly unknown[]) => boolean>> = {
  InExpression: (l, listed) => listed.some((r) => equals(l, r) === true),
  NotInExpression: (l, listed) => !listed.some((r) => equals(l, r) === true),
  InCsExpression: (l, listed) => listed.some((r) => folded(l) === folded(r)),
  NotInCsExpression: (l, listed) => !listed.some((r) => folded(l) === folded(r)),
  HasAnyExpression: (l, listed) => listed.some((r) => hasTerm(folded(l), folded(r))),
  HasAllExpression: (l, listed) => listed.every((r) => hasTerm(folded(l), folded(r))),
};

const arithmetic: Readonly<Record<string, (left: number, right: number) => number>> = {
  AddExpression: (l, r) => l + r,
  SubtractExpression: (l, r) => l - r,
  MultiplyExpression: (l, r) => l * r,
  DivideExpression: (l, r) => l / r,
  ModuloExpression: (l, r) => l % r,
};

/** Arithmetic of a result type: whole numbers divide to whole numbers, and nothing is divided by zero. */
export function arithmeticOf(kind: string, resultType: string): Binary | undefined {
  const compute = arithmetic[kind];
  if (compute === undefined) return undefined;
  const isWhole = resultType === "long" || resultType === "int";
  return (left, right) => {
    if (typeof left !== "number" || typeof right !== "number") return null;
    const result = compute(left, right);
    if (!Number.isFinite(result)) return null;
    return isWhole ? Math.trunc(result) : result;
  };
}

/** `and` and `or` in Kusto's three values. */
export const logic: Readonly<Record<string, Binary>> = {
  AndExpression: (l, r) => (l === false || r === false ? false : isNull(l) || isNull(r) ? null : l && r),
  OrExpression: (l, r) => (l === true || r === true ? true : isNull(l) || isNull(r) ? null : l || r),
};

/** A regular expression of a query; what cannot be compiled is refused. */
export function expressionFrom(pattern: string): RegExp {
  try {
    return new RegExp(pattern, "u");
  } catch (error) {
    if (error instanceof SyntaxError) throw unsupported(pattern, `Invalid regular expression: ${pattern}`);
    throw error;
  }
}

/** Text in the casing in which operators with a tilde compare. */
function folded(value: unknown): string {
  return toText(value).toLowerCase();
}

function inverse(value: boolean | null): boolean | null {
  return value === null ? null : !value;
}

function ordered(left: unknown, right: unknown, holds: (order: number) => boolean): boolean | null {
  const result = order(left, right);
  return result === null ? null : holds(result);
}

/** The four operators on text of one name: with and without case, and their opposites. */
function textual(name: string, holds: (text: string, part: string) => boolean): Record<string, Binary> {
  return {
    [`${name}Expression`]: (l, r) => holds(folded(l), folded(r)),
    [`Not${name}Expression`]: (l, r) => !holds(folded(l), folded(r)),
    [`${name}CsExpression`]: (l, r) => holds(toText(l), toText(r)),
    [`Not${name}CsExpression`]: (l, r) => !holds(toText(l), toText(r)),
  };
}

/** True if the part stands in the text as a whole term: bounded by something that is no letter and no digit. */
function hasTerm(text: string, part: string): boolean {
  if (part === "") return true;
  const isWordAt = (index: number) => /[\p{L}\p{N}]/u.test(text.charAt(index));
  for (let at = text.indexOf(part); at !== -1; at = text.indexOf(part, at + 1)) {
    const startsTerm = !isWordAt(at - 1) || !/^[\p{L}\p{N}]/u.test(part);
    const endsTerm = !isWordAt(at + part.length) || !/[\p{L}\p{N}]$/u.test(part);
    if (startsTerm && endsTerm) return true;
  }
  return false;
}
