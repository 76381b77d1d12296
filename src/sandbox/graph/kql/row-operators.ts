// The operators that look at one row after the other: where, project and its kin, extend, take, distinct, count.
import { compileExpression } from "./expressions.ts";
import { columnsOf, elements, kindOf, member, nameOf, type SyntaxNode } from "./kusto.ts";
import type { Column, Row } from "./schema.ts";
import {
  cellOf,
  namedExpression,
  type OperatorCompiler,
  overRows,
  parametersOf,
  pick,
  rowCountOf,
  type Tabular,
} from "./tabular.ts";
import { groupKey } from "./values.ts";

/** The operators of this file by the parser's name. */
export const rowOperators: Readonly<Record<string, OperatorCompiler>> = {
  FilterOperator: compileWhere,
  ProjectOperator: compileProject,
  ExtendOperator: compileExtend,
  ProjectAwayOperator: compileProjectAway,
  ProjectRenameOperator: compileProjectRename,
  TakeOperator: compileTake,
  DistinctOperator: compileDistinct,
  CountOperator: compileCount,
};

function compileWhere(node: SyntaxNode, input: Tabular): Tabular {
  parametersOf(node, []);
  const condition = compileExpression(member(node, "Condition"));
  return overRows(input, input.columns, (rows) => rows.filter((row) => condition(row) === true));
}

/** The analyser names the columns in the order of the expressions. */
function compileProject(node: SyntaxNode, input: Tabular): Tabular {
  const columns = columnsOf(node);
  const values = elements(node, "Expressions").map((item) =>
    compileExpression(namedExpression(item).expression),
  );
  const project = (row: Row) =>
    Object.fromEntries(columns.map(({ name }, at) => [name, values[at]?.(row) ?? null]));
  return overRows(input, columns, (rows) => rows.map(project));
}

/** Later expressions of one `extend` do not see the earlier ones. Unnamed ones have the names the analyser gave. */
function compileExtend(node: SyntaxNode, input: Tabular): Tabular {
  const columns = columnsOf(node);
  const items = elements(node, "Expressions").map(namedExpression);
  const named = new Set([...input.columns.map((c) => c.name), ...items.map((item) => item.name)]);
  const given = columns.map((c) => c.name).filter((name) => !named.has(name));
  const additions = items.map((item) => ({
    name: item.name ?? given.shift() ?? "",
    value: compileExpression(item.expression),
  }));
  const extend = (row: Row) => ({
    ...row,
    ...Object.fromEntries(additions.map(({ name, value }) => [name, value(row) ?? null])),
  });
  return overRows(input, columns, (rows) => rows.map(extend));
}

function compileProjectAway(node: SyntaxNode, input: Tabular): Tabular {
  const columns = columnsOf(node);
  return overRows(input, columns, (rows) => rows.map((row) => pick(row, columns)));
}

function compileProjectRename(node: SyntaxNode, input: Tabular): Tabular {
  const columns = columnsOf(node);
  const oldNames = new Map(
    elements(node, "Expressions")
      .map(namedExpression)
      .map(({ name, expression }) => [name, nameOf(expression)]),
  );
  const rename = (row: Row) =>
    Object.fromEntries(
      columns.map(({ name, type }) => [name, cellOf(row, oldNames.get(name) ?? name, type)]),
    );
  return overRows(input, columns, (rows) => rows.map(rename));
}

function compileTake(node: SyntaxNode, input: Tabular): Tabular {
  parametersOf(node, []);
  const count = rowCountOf(member(node, "Expression"));
  return overRows(input, input.columns, (rows) => rows.slice(0, count));
}

function compileDistinct(node: SyntaxNode, input: Tabular): Tabular {
  parametersOf(node, []);
  const columns = columnsOf(node);
  const items = elements(node, "Expressions");
  const isStar = items.some((item) => kindOf(item) === "StarExpression");
  const values = isStar ? columns.map(columnReader) : items.map(compileExpression);
  return overRows(input, columns, (rows) => {
    const groups = new Map<string, Row>();
    for (const row of rows) {
      const cells = values.map((value) => value(row) ?? null);
      const key = groupKey(cells);
      if (!groups.has(key)) groups.set(key, Object.fromEntries(columns.map((c, at) => [c.name, cells[at]])));
    }
    return [...groups.values()];
  });
}

function columnReader({ name, type }: Column): (row: Row) => unknown {
  return (row) => cellOf(row, name, type);
}

function compileCount(node: SyntaxNode, input: Tabular): Tabular {
  return overRows(input, columnsOf(node), (rows) => [{ Count: rows.length }]);
}
