// How mv-expand turns one row into several.
import { unsupported } from "./errors.ts";
import { compileExpression, type Evaluate } from "./expressions.ts";
import { columnsOf, elements, member, optionalMember, type SyntaxNode, textOf } from "./kusto.ts";
import type { Row } from "./schema.ts";
import { namedExpression, overRows, parametersOf, rowCountOf, type Tabular } from "./tabular.ts";
import { isBag, isNull, toBool, toNumber, toText, toWhole } from "./values.ts";

/**
 * How many rows one row becomes unless the query says otherwise, and at most (Resource Graph's documentation of
 * its query language: "RowLimit max of 400. The default is 128"). What is beyond is cut off without a word.
 */
const defaultRowLimit = 128;
const mostRows = 400;

interface Expansion {
  readonly name: string;
  readonly value: Evaluate;
  readonly convert: (value: unknown) => unknown;
}

const conversions: Readonly<Record<string, (value: unknown) => unknown>> = {
  string: toText,
  long: toWhole,
  int: toWhole,
  real: toNumber,
  double: toNumber,
  bool: toBool,
  dynamic: (value) => value,
};

/** `mv-expand name = array to typeof(type), … limit n`. */
export function compileMvExpand(node: SyntaxNode, input: Tabular): Tabular {
  parametersOf(node, []);
  const columns = columnsOf(node);
  const known = new Set(input.columns.map((c) => c.name));
  const items = elements(node, "Expressions").map((item) => ({
    item,
    ...namedExpression(member(item, "Expression")),
  }));
  const named = new Set(items.map(({ name }) => name));
  const given = columns.map((c) => c.name).filter((name) => !known.has(name) && !named.has(name));
  const expansions = items.map(({ item, name, expression }) => ({
    name: name ?? given.shift() ?? "",
    value: compileExpression(expression),
    convert: conversionOf(item),
  }));
  const limit = rowLimitOf(node);
  return overRows(input, columns, (rows) => rows.flatMap((row) => expanded(row, expansions).slice(0, limit)));
}

function rowLimitOf(node: SyntaxNode): number {
  const clause = optionalMember(node, "RowLimitClause");
  if (clause === undefined) return defaultRowLimit;
  const limit = rowCountOf(member(clause, "RowLimit"));
  if (limit > mostRows) throw unsupported("limit", `The row limit of mv-expand is at most ${mostRows}.`);
  return limit;
}

function conversionOf(item: SyntaxNode): (value: unknown) => unknown {
  const clause = optionalMember(item, "ToTypeOf");
  if (clause === undefined) return (value) => value;
  const type = /typeof\s*\(\s*(\w+)\s*\)/.exec(textOf(clause))?.[1] ?? "";
  const convert = Object.hasOwn(conversions, type) ? conversions[type] : undefined;
  if (convert === undefined) throw unsupported(textOf(clause));
  return convert;
}

/** Several expressions are expanded side by side; the shorter ones are filled up with null. */
function expanded(row: Row, expansions: readonly Expansion[]): Row[] {
  const lists = expansions.map(({ value }) => listFrom(value(row)));
  const length = Math.max(...lists.map((list) => list.length));
  return Array.from({ length }, (_, at) => ({
    ...row,
    ...Object.fromEntries(
      expansions.map(({ name, convert }, which) => [name, convert(lists[which]?.[at] ?? null)]),
    ),
  }));
}

/**
 * An array gives its elements, a bag one bag for each property, null and plain values themselves: a null keeps
 * its row, an empty array or bag loses it.
 */
function listFrom(value: unknown): readonly unknown[] {
  if (isNull(value)) return [null];
  if (Array.isArray(value)) return value;
  return isBag(value) ? Object.entries(value).map(([key, item]) => ({ [key]: item })) : [value];
}
