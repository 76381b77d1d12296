// Answers KQL queries over tables in memory, as Azure Resource Graph would.
import { filledIn, type Pattern, patternOf, shapeOf } from "./alike.ts";
import { analyze } from "./analysis.ts";
import type { SyntaxNode } from "./kusto.ts";
import { compileTabular, limitsItself } from "./pipeline.ts";
import type { KqlSchema, KqlTables, Relation } from "./schema.ts";
import { pick, type Tabular } from "./tabular.ts";

/** The answer to a query, and whether the query limits its rows itself (`take`, `limit`). */
export interface KqlResult extends Relation {
  readonly limitsItself: boolean;
}

/** Answers queries; keeps what it compiled, by the text of the query. */
export interface KqlEngine {
  /** The rows of a query in their order; throws a KqlError if Resource Graph would refuse the query. */
  readonly evaluate: (query: string, tables: KqlTables) => KqlResult;
}

interface Compiled extends Tabular {
  readonly limitsItself: boolean;
}

/** How many compiled queries are kept; the oldest goes first. */
const mostKept = 500;

/** An engine for the tables of a schema. The parser is loaded by the first query, which takes about a second. */
export function createKqlEngine(schema: KqlSchema): KqlEngine {
  const kept = new Map<string, Compiled>();
  const treeOf = analyzerOf(schema);
  const compiled = (query: string) => {
    const known = kept.get(query);
    if (known !== undefined) return known;
    const [oldest] = kept.keys();
    if (kept.size >= mostKept && oldest !== undefined) kept.delete(oldest);
    const fresh = compile(treeOf(query));
    kept.set(query, fresh);
    return fresh;
  };
  return { evaluate: (query, tables) => run(compiled(query), tables) };
}

/** Trees of queries; one is analysed for all that are alike, which takes ten times as long as the rest. */
function analyzerOf(schema: KqlSchema): (query: string) => SyntaxNode {
  const patterns = new Map<string, Pattern>();
  return (query) => {
    const shape = shapeOf(query);
    const known = patterns.get(shape.text);
    if (known !== undefined) return filledIn(known, shape);
    const tree = analyze(query, schema);
    const pattern = shape.guids.length > 0 ? patternOf(tree, shape) : undefined;
    if (pattern !== undefined && patterns.size < mostKept) patterns.set(shape.text, pattern);
    return tree;
  };
}

function compile(tree: SyntaxNode): Compiled {
  return { ...compileTabular(tree), limitsItself: limitsItself(tree) };
}

function run(query: Compiled, tables: KqlTables): KqlResult {
  const byName = new Map(Object.entries(tables).map(([name, rows]) => [name.toLowerCase(), rows]));
  const rows = query.run((table) => byName.get(table.toLowerCase())?.() ?? []);
  return {
    columns: query.columns,
    rows: rows.map((row) => pick(row, query.columns)),
    limitsItself: query.limitsItself,
  };
}
