// In which order rows come: order by (sort by) and top.
import { compileExpression, type Evaluate } from "./expressions.ts";
import { elements, kindOf, member, optionalMember, type SyntaxNode, textOf } from "./kusto.ts";
import type { Row } from "./schema.ts";
import { overRows, parametersOf, rowCountOf, type Tabular } from "./tabular.ts";
import { isNull, order } from "./values.ts";

interface SortKey {
  readonly value: Evaluate;
  readonly isDescending: boolean;
  readonly nullsFirst: boolean;
}

/** `order by`: the order of equal rows stays as it is. */
export function compileSort(node: SyntaxNode, input: Tabular): Tabular {
  parametersOf(node, []);
  const keys = elements(node, "Expressions").map(sortKeyOf);
  return overRows(input, input.columns, (rows) => sorted(rows, keys));
}

/** `top n by key`. */
export function compileTop(node: SyntaxNode, input: Tabular): Tabular {
  parametersOf(node, []);
  const count = rowCountOf(member(node, "Expression"));
  const key = sortKeyOf(member(node, "ByExpression"));
  return overRows(input, input.columns, (rows) => sorted(rows, [key]).slice(0, count));
}

/** Kusto sorts descending unless told; nulls come first when ascending and last when descending. */
function sortKeyOf(node: SyntaxNode): SortKey {
  if (kindOf(node) !== "OrderedExpression") {
    return { value: compileExpression(node), isDescending: true, nullsFirst: false };
  }
  const ordering = optionalMember(node, "Ordering");
  const direction = ordering && optionalMember(ordering, "AscOrDescKeyword");
  const nulls = ordering && optionalMember(ordering, "NullsClause");
  const isDescending = direction === undefined || textOf(direction) !== "asc";
  return {
    value: compileExpression(member(node, "Expression")),
    isDescending,
    nullsFirst: nulls === undefined ? !isDescending : textOf(nulls).endsWith("first"),
  };
}

function sorted(rows: readonly Row[], keys: readonly SortKey[]): Row[] {
  const decorated = rows.map((row) => ({ row, cells: keys.map((key) => key.value(row)) }));
  decorated.sort((a, b) => {
    for (const [at, key] of keys.entries()) {
      const result = compareCells(a.cells[at], b.cells[at], key);
      if (result !== 0) return result;
    }
    return 0;
  });
  return decorated.map(({ row }) => row);
}

function compareCells(left: unknown, right: unknown, key: SortKey): number {
  if (isNull(left) || isNull(right)) {
    const nullsLast = Number(isNull(left)) - Number(isNull(right));
    return key.nullsFirst ? -nullsLast : nullsLast;
  }
  const result = order(left, right) ?? 0;
  return key.isDescending ? -result : result;
}
