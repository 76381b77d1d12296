// From the syntax tree of a scalar expression to a function of a row.
import { arithmeticOf, comparisons, logic, memberships } from "./comparisons.ts";
import { unknownFunction, unsupported } from "./errors.ts";
import { scalarFunctions } from "./functions.ts";
import { elements, kindOf, member, nameOf, type SyntaxNode, textOf, typeOf } from "./kusto.ts";
import type { Row } from "./schema.ts";
import { access } from "./values.ts";

/** Computes an expression for one row; null is Kusto's null. */
export type Evaluate = (row: Row) => unknown;

/** The function of an expression; throws a KqlError for what Resource Graph, or this engine, does not know. */
export function compileExpression(node: SyntaxNode): Evaluate {
  const kind = kindOf(node);
  const compile = compilers[kind];
  if (compile !== undefined) return compile(node);
  const binary = logic[kind] ?? comparisons[kind] ?? arithmeticOf(kind, typeOf(node));
  if (binary !== undefined) {
    const left = compileExpression(member(node, "Left"));
    const right = compileExpression(member(node, "Right"));
    return (row) => binary(left(row), right(row));
  }
  const holds = memberships[kind];
  if (holds !== undefined) {
    const left = compileExpression(member(node, "Left"));
    const listed = elements(member(node, "Right"), "Expressions").map(compileExpression);
    return (row) =>
      holds(
        left(row),
        listed.flatMap((item) => item(row)),
      );
  }
  throw unsupported(textOf(node), `${kind} is not supported.`);
}

/** The value of an expression that names no column: a row count, an index, a literal. */
export function constantOf(node: SyntaxNode): unknown {
  return compileExpression(node)({});
}

const compilers: Readonly<Record<string, (node: SyntaxNode) => Evaluate>> = {
  NameReference: compileColumn,
  PathExpression: compilePath,
  ElementExpression: compileElement,
  ParenthesizedExpression: (node) => compileExpression(member(node, "Expression")),
  FunctionCallExpression: compileCall,
  StringLiteralExpression: (node) => always(literalOf(node)),
  CompoundStringLiteralExpression: (node) => always(literalOf(node)),
  LongLiteralExpression: compileNumber,
  IntLiteralExpression: compileNumber,
  RealLiteralExpression: compileNumber,
  BooleanLiteralExpression: (node) => {
    const value = literalOf(node);
    return always(value === null ? null : String(value).toLowerCase() === "true");
  },
  NullLiteralExpression: () => always(null),
  DynamicExpression: (node) => compileExpression(member(node, "Expression")),
  JsonArrayExpression: compileArray,
  JsonObjectExpression: compileBag,
  UnaryMinusExpression: (node) => {
    const operand = compileExpression(member(node, "Expression"));
    return (row) => {
      const value = operand(row);
      return typeof value === "number" ? -value : null;
    };
  },
  UnaryPlusExpression: (node) => compileExpression(member(node, "Expression")),
};

function always(value: unknown): Evaluate {
  return () => value;
}

function literalOf(node: SyntaxNode): unknown {
  return (node as unknown as { LiteralValue: unknown }).LiteralValue ?? null;
}

function compileNumber(node: SyntaxNode): Evaluate {
  const value = literalOf(node);
  return always(value === null ? null : Number(String(value)));
}

/** Text is never null in Kusto, so a column of text that a row lacks is empty. */
function compileColumn(node: SyntaxNode): Evaluate {
  const name = nameOf(node);
  const missing = typeOf(node) === "string" ? "" : null;
  return (row) => (Object.hasOwn(row, name) ? (row[name] ?? missing) : missing);
}

function compilePath(node: SyntaxNode): Evaluate {
  const container = compileExpression(member(node, "Expression"));
  const selector = member(node, "Selector");
  if (kindOf(selector) !== "NameReference") throw unsupported(textOf(selector));
  const name = nameOf(selector);
  return (row) => access(container(row), name);
}

function compileElement(node: SyntaxNode): Evaluate {
  const container = compileExpression(member(node, "Expression"));
  const key = compileExpression(member(member(node, "Selector"), "Expression"));
  return (row) => access(container(row), key(row));
}

function compileCall(node: SyntaxNode): Evaluate {
  const name = nameOf(member(node, "Name"));
  const compute = Object.hasOwn(scalarFunctions, name) ? scalarFunctions[name] : undefined;
  if (compute === undefined) throw unknownFunction(name);
  const values = elements(member(node, "ArgumentList"), "Expressions").map(compileExpression);
  return (row) => compute(...values.map((value) => value(row)));
}

function compileArray(node: SyntaxNode): Evaluate {
  const values = elements(node, "Values").map(compileExpression);
  return (row) => values.map((value) => value(row));
}

function compileBag(node: SyntaxNode): Evaluate {
  const pairs = elements(node, "Pairs").map((pair) => {
    const { ValueText } = member(pair, "Name") as unknown as { ValueText: string };
    return { name: ValueText, value: compileExpression(member(pair, "Value")) };
  });
  return (row) => Object.fromEntries(pairs.map(({ name, value }) => [name, value(row)]));
}
