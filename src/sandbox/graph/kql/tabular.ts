// What a compiled tabular expression is, and the small things that all operators share.
import { unsupported } from "./errors.ts";
import { constantOf } from "./expressions.ts";
import { elements, kindOf, member, nameOf, type SyntaxNode, textOf } from "./kusto.ts";
import type { Column, Row } from "./schema.ts";

/** Finds the rows of a table by the name that the query used. */
export type RowsOf = (table: string) => readonly Row[];

/** A tabular expression: the columns it gives, and its rows over given tables. */
export interface Tabular {
  readonly columns: readonly Column[];
  readonly run: (rowsOf: RowsOf) => readonly Row[];
}

/** Compiles the operator at a node over its input. */
export type OperatorCompiler = (node: SyntaxNode, input: Tabular) => Tabular;

/** An operator that computes its rows from its input's rows alone. */
export function overRows(
  input: Tabular,
  columns: readonly Column[],
  compute: (rows: readonly Row[]) => readonly Row[],
): Tabular {
  return { columns, run: (rowsOf) => compute(input.run(rowsOf)) };
}

/** `name = expression`, or the expression alone. */
export function namedExpression(node: SyntaxNode): { name: string | undefined; expression: SyntaxNode } {
  if (kindOf(node) === "CompoundNamedExpression") throw unsupported(textOf(node));
  if (kindOf(node) !== "SimpleNamedExpression") {
    return { name: kindOf(node) === "NameReference" ? nameOf(node) : undefined, expression: node };
  }
  return { name: nameOf(member(node, "Name")), expression: member(node, "Expression") };
}

/** Refuses parameters (`hint.strategy=…`, `withsource=…`) that are not among the known ones; answers the known. */
export function parametersOf(node: SyntaxNode, known: readonly string[]): Map<string, string> {
  const parameters = elements(node, "Parameters").map(
    (p) => [nameOf(member(p, "Name")), textOf(member(p, "Expression"))] as const,
  );
  const unknown = parameters.find(([name]) => !known.includes(name));
  if (unknown !== undefined) throw unsupported(unknown[0], `The parameter '${unknown[0]}' is not allowed.`);
  return new Map(parameters);
}

/** The whole number at a node that says how many rows. */
export function rowCountOf(node: SyntaxNode): number {
  const count = constantOf(node);
  if (typeof count === "number" && Number.isInteger(count) && count >= 0) return count;
  throw unsupported(textOf(node), "A number of rows is a whole number.");
}

/** A row with just the given columns, in their order. */
export function pick(row: Row, columns: readonly Column[]): Row {
  return Object.fromEntries(columns.map(({ name, type }) => [name, cellOf(row, name, type)]));
}

/** A column of a row; text is empty where it is missing, everything else null. */
export function cellOf(row: Row, name: string, type: string): unknown {
  const missing = type === "string" ? "" : null;
  return Object.hasOwn(row, name) ? (row[name] ?? missing) : missing;
}
