// Rows of several tables below each other: union.
import { columnsOf, elements, type SyntaxNode } from "./kusto.ts";
import type { Column, Row } from "./schema.ts";
import { cellOf, parametersOf, type Tabular } from "./tabular.ts";

/** `union kind=… (leg), …` after a pipe; `outer`, the default, keeps the columns of all legs. */
export function compileUnion(
  node: SyntaxNode,
  input: Tabular,
  compileLeg: (node: SyntaxNode) => Tabular,
): Tabular {
  parametersOf(node, ["kind"]);
  const columns = columnsOf(node);
  const legs = [input, ...elements(node, "Expressions").map(compileLeg)];
  return {
    columns,
    run: (rowsOf) => legs.flatMap((leg) => leg.run(rowsOf).map((row) => fitted(row, leg.columns, columns))),
  };
}

/** Columns of one name and several types become one for each type (`name_string`, `name_long`). */
function fitted(row: Row, own: readonly Column[], result: readonly Column[]): Row {
  const cells = result.map(({ name, type }) => {
    const source = own.find((c) => c.type === type && (c.name === name || `${c.name}_${c.type}` === name));
    return [name, cellOf(source === undefined ? {} : row, source?.name ?? name, type)];
  });
  return Object.fromEntries(cells);
}
