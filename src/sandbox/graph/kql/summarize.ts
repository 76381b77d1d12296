// Groups of rows and what is computed over each: summarize and its aggregate functions.
import { unknownFunction, unsupported } from "./errors.ts";
import { compileExpression, constantOf, type Evaluate } from "./expressions.ts";
import {
  columnsOf,
  elements,
  kindOf,
  member,
  nameOf,
  optionalMember,
  type SyntaxNode,
  textOf,
} from "./kusto.ts";
import type { Row } from "./schema.ts";
import { namedExpression, overRows, parametersOf, type Tabular } from "./tabular.ts";
import { groupKey, isNull, order } from "./values.ts";

/** Computes an aggregate over the values of its first argument, one for each row of the group. */
type Aggregate = (values: readonly unknown[], limit: number) => unknown;

/** How many values a list or a set keeps unless told (Kusto's own default). */
const longestList = 1_048_576;

const aggregates: Readonly<Record<string, Aggregate>> = {
  count: (values) => values.length,
  countif: (values) => values.filter((value) => value === true).length,
  dcount: (values) => new Set(present(values).map((value) => groupKey([value]))).size,
  make_list: (values, limit) => present(values).slice(0, limit),
  make_set: (values, limit) => {
    const set = new Map(present(values).map((value) => [groupKey([value]), value]));
    return [...set.values()].slice(0, limit);
  },
  min: (values) => extreme(values, (result) => result < 0),
  max: (values) => extreme(values, (result) => result > 0),
  sum: (values) => values.reduce<number>((sum, value) => sum + (typeof value === "number" ? value : 0), 0),
};

/** The columns are those of the `by` clause first, then the aggregates. */
export function compileSummarize(node: SyntaxNode, input: Tabular): Tabular {
  parametersOf(node, []);
  const columns = columnsOf(node);
  const by = optionalMember(node, "ByClause");
  if (by !== undefined && optionalMember(by, "BinClause") !== undefined) throw unsupported("bin");
  const keys = by === undefined ? [] : elements(by, "Expressions").map(expressionOf);
  const computed = elements(node, "Aggregates").map(aggregateOf);
  return overRows(input, columns, (rows) =>
    groupsOf(rows, keys).map(({ cells, members }) => {
      const values = [...cells, ...computed.map((compute) => compute(members))];
      return Object.fromEntries(columns.map(({ name }, at) => [name, values[at] ?? null]));
    }),
  );
}

function expressionOf(item: SyntaxNode): Evaluate {
  return compileExpression(namedExpression(item).expression);
}

interface Group {
  readonly cells: readonly unknown[];
  readonly members: Row[];
}

/** Without keys there is one group, even of no rows. */
function groupsOf(rows: readonly Row[], keys: readonly Evaluate[]): readonly Group[] {
  if (keys.length === 0) return [{ cells: [], members: [...rows] }];
  const groups = new Map<string, Group>();
  for (const row of rows) {
    const cells = keys.map((key) => key(row) ?? null);
    const id = groupKey(cells);
    const group = groups.get(id) ?? { cells, members: [] };
    groups.set(id, group);
    group.members.push(row);
  }
  return [...groups.values()];
}

function aggregateOf(item: SyntaxNode): (rows: readonly Row[]) => unknown {
  const { expression } = namedExpression(item);
  if (kindOf(expression) !== "FunctionCallExpression") throw unsupported(textOf(expression));
  const name = nameOf(member(expression, "Name"));
  const compute = Object.hasOwn(aggregates, name) ? aggregates[name] : undefined;
  if (compute === undefined) throw unknownFunction(name);
  const [first, second] = elements(member(expression, "ArgumentList"), "Expressions");
  const value = first === undefined ? () => true : compileExpression(first);
  const limit = second === undefined || name === "dcount" ? longestList : Number(constantOf(second));
  return (rows) => compute(rows.map(value), limit);
}

function present(values: readonly unknown[]): unknown[] {
  return values.filter((value) => !isNull(value));
}

function extreme(values: readonly unknown[], isBetter: (order: number) => boolean): unknown {
  return present(values).reduce<unknown>((best, value) => {
    if (isNull(best)) return value;
    return isBetter(order(value, best) ?? 0) ? value : best;
  }, null);
}
