// From the syntax tree of a query to its operators, in the order of the pipe.
import { unsupported } from "./errors.ts";
import { compileJoin } from "./joins.ts";
import { columnsOf, kindOf, member, nameOf, type SyntaxNode, textOf } from "./kusto.ts";
import { compileMvExpand } from "./mv-expand.ts";
import { rowOperators } from "./row-operators.ts";
import { compileSort, compileTop } from "./sorting.ts";
import { compileSummarize } from "./summarize.ts";
import type { OperatorCompiler, Tabular } from "./tabular.ts";
import { compileUnion } from "./unions.ts";

const operators: Readonly<Record<string, OperatorCompiler>> = {
  ...rowOperators,
  SortOperator: compileSort,
  TopOperator: compileTop,
  MvExpandOperator: compileMvExpand,
  SummarizeOperator: compileSummarize,
  JoinOperator: (node, input) => compileJoin(node, input, compileTabular(member(node, "Expression"))),
  UnionOperator: (node, input) => compileUnion(node, input, compileTabular),
};

/** The table, pipe or parenthesised pipe at a node; throws a KqlError. */
export function compileTabular(node: SyntaxNode): Tabular {
  switch (kindOf(node)) {
    case "NameReference": {
      const name = nameOf(node);
      return { columns: columnsOf(node), run: (rowsOf) => rowsOf(name) };
    }
    case "ParenthesizedExpression":
      return compileTabular(member(node, "Expression"));
    case "PipeExpression": {
      const operator = member(node, "Operator");
      const compile = operators[kindOf(operator)];
      if (compile === undefined) throw unsupported(textOf(operator));
      return compile(operator, compileTabular(member(node, "Expression")));
    }
    default:
      throw unsupported(textOf(node));
  }
}

/** True if the query limits its own rows with take, limit or top outside of its legs; Azure does not page those. */
export function limitsItself(node: SyntaxNode): boolean {
  if (kindOf(node) !== "PipeExpression") return false;
  const isLimit = kindOf(member(node, "Operator")) === "TakeOperator";
  return isLimit || limitsItself(member(node, "Expression"));
}
