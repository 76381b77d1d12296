// Answers KQL queries over tables in memory, as Azure Resource Graph would.
import { analyze } from "./analysis.ts";
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
  const compiled = (query: string) => {
    const known = kept.get(query);
    if (known !== undefined) return known;
    const [oldest] = kept.keys();
    if (kept.size >= mostKept && oldest !== undefined) kept.delete(oldest);
    const fresh = compile(query, schema);
    kept.set(query, fresh);
    return fresh;
  };
  return { evaluate: (query, tables) => run(compiled(query), tables) };
}

function compile(query: string, schema: KqlSchema): Compiled {
  const tree = analyze(query, schema);
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
