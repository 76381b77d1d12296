// From query text to an analysed syntax tree, or the refusal that Resource Graph answers.
import {
  dynamicKey,
  type KqlError,
  parserFailure,
  unknownColumn,
  unknownFunction,
  unknownTable,
  unsupported,
} from "./errors.ts";
import {
  childrenOf,
  declareTables,
  elements,
  itemsOf,
  type KustoDiagnostic,
  kindOf,
  loadKusto,
  member,
  type SyntaxNode,
  textOf,
} from "./kusto.ts";
import type { KqlSchema } from "./schema.ts";

/** The tabular operators of Resource Graph that this engine knows, by the parser's kind. */
const operatorKinds = new Set([
  "FilterOperator",
  "ProjectOperator",
  "ProjectAwayOperator",
  "ProjectRenameOperator",
  "ExtendOperator",
  "SortOperator",
  "TakeOperator",
  "TopOperator",
  "MvExpandOperator",
  "SummarizeOperator",
  "DistinctOperator",
  "CountOperator",
  "JoinOperator",
  "UnionOperator",
]);

/** How often an operator may stand in one query (Resource Graph's documentation of its query language). */
const mostOf: Readonly<Record<string, number>> = { JoinOperator: 3, MvExpandOperator: 3, UnionOperator: 3 };

/** A query may start with one of these operators: it is then about the table Resources. */
const startsWithOperator =
  /^(?:\s|\/\/[^\n]*\n)*(?:where|project|project-\w+|extend|summarize|order|sort|take|limit|top|mv-?expand|distinct|count|join|parse)\b/;
const implicitTable = "Resources | ";

/** The one tabular expression that the query text is, with types; throws a KqlError. */
export function analyze(query: string, schema: KqlSchema): SyntaxNode {
  const start = startsWithOperator.test(query) ? implicitTable : "";
  const text = start + query;
  const { KustoCode } = loadKusto().Kusto.Language;
  const code = KustoCode.ParseAndAnalyze(text, globalsFor(text, schema));
  const failure = worstOf(itemsOf(code.GetSyntaxDiagnostics()), text.trimEnd().length);
  if (failure !== undefined) throw parserFailure(query, failure.Start - start.length);
  const tree = onlyExpression(code.Syntax, text);
  checkOperators(tree);
  const refused = itemsOf(code.GetDiagnostics()).find((d) => d.Severity === "Error");
  if (refused !== undefined) throw refusalOf(refused, text, tree);
  return tree;
}

const declared = new WeakMap<KqlSchema, Map<string, unknown>>();

/** The declarations of the tables that a text names: many texts name the same ones. */
function globalsFor(text: string, schema: KqlSchema): unknown {
  const tables = spellingsIn(text, schema);
  const key = tables.map(({ name }) => name).join();
  const known = declared.get(schema) ?? new Map<string, unknown>();
  declared.set(schema, known);
  const globals = known.get(key) ?? declareTables(loadKusto(), tables);
  known.set(key, globals);
  return globals;
}

/**
 * Resource Graph finds tables without case, the analyser does not: each table is declared under every spelling
 * that the text holds.
 */
function spellingsIn(text: string, schema: KqlSchema) {
  return Object.entries(schema).flatMap(([table, columns]) => {
    const found = text.match(new RegExp(`\\b${table}\\b`, "gi")) ?? [];
    return [...new Set(found)].map((name) => ({ name, columns }));
  });
}

/** Of several objections the one at the end of the text (the parser ran out of it), else the first. */
function worstOf(diagnostics: readonly KustoDiagnostic[], end: number): KustoDiagnostic | undefined {
  return diagnostics.find((d) => d.Start >= end) ?? diagnostics[0];
}

function onlyExpression(block: SyntaxNode, text: string): SyntaxNode {
  const [statement, second] = elements(block, "Statements");
  if (statement === undefined) throw parserFailure(text, text.length);
  if (kindOf(statement) !== "ExpressionStatement") throw unsupported(firstWordOf(statement));
  if (second !== undefined) throw unsupported(firstWordOf(second));
  return member(statement, "Expression");
}

function checkOperators(tree: SyntaxNode): void {
  checkStart(tree);
  const operators = allNodes(tree).filter((node) => kindOf(node).endsWith("Operator"));
  for (const operator of operators) {
    if (!operatorKinds.has(kindOf(operator))) throw unsupported(firstWordOf(operator));
  }
  for (const [kind, most] of Object.entries(mostOf)) {
    const [, , , tooMany] = operators.filter((operator) => kindOf(operator) === kind);
    if (tooMany === undefined) continue;
    const word = firstWordOf(tooMany);
    throw unsupported(word, `The query has more than ${most} '${word}' operators.`);
  }
}

/** A query cannot start with union; Azure says that it cannot resolve the first leg. */
function checkStart(tree: SyntaxNode): void {
  let first = tree;
  while (kindOf(first) === "PipeExpression") first = member(first, "Expression");
  if (kindOf(first) !== "UnionOperator") return;
  throw unknownColumn("union", elements(first, "Expressions").map(firstWordOf)[0] ?? "");
}

function refusalOf(diagnostic: KustoDiagnostic, text: string, tree: SyntaxNode): KqlError {
  const at = text.slice(diagnostic.Start, diagnostic.Start + diagnostic.Length);
  switch (diagnostic.Code) {
    case "KS204":
      return unknownTable(at);
    case "KS142":
      return unknownColumn(operatorAt(diagnostic.Start, text, tree), at);
    case "KS211":
      return unknownFunction(at);
    case "KS116":
    case "KS241":
      return dynamicKey(at);
    default:
      return unsupported(at, diagnostic.Message);
  }
}

/** The keyword of the last operator that begins before a place in the text. */
function operatorAt(place: number, text: string, tree: SyntaxNode): string {
  const words = allNodes(tree)
    .filter((node) => kindOf(node).endsWith("Operator"))
    .map((node) => ({ word: firstWordOf(node), start: text.indexOf(textOf(node)) }))
    .filter(({ start }) => start <= place)
    .sort((a, b) => a.start - b.start);
  return words.at(-1)?.word ?? "where";
}

function firstWordOf(node: SyntaxNode): string {
  return /[\w-]+/.exec(textOf(node))?.[0] ?? textOf(node);
}

function allNodes(node: SyntaxNode): SyntaxNode[] {
  return [node, ...childrenOf(node).flatMap(allNodes)];
}
