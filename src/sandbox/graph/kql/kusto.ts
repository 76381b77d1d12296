// The narrow part of Microsoft's own KQL parser that this folder uses, loaded on the first query (about a second).
import { createRequire } from "node:module";
import type { Column, KqlType } from "./schema.ts";

/** A list of the parser's runtime. */
interface KustoList<T> {
  readonly Count: number;
  getItem(index: number): T;
}

/** A type of the analyser: a scalar type's name, or the columns of a table. */
interface KustoType {
  readonly Name: string;
  readonly Columns?: KustoList<{ readonly Name: string; readonly Type: { readonly Name: string } }>;
}

/** A node of the parser's syntax tree; its named members are read with `member`. */
export interface SyntaxNode {
  readonly Kind: number;
  readonly ChildCount: number;
  readonly ResultType?: KustoType | null;
  GetChild(index: number): SyntaxNode | null;
  toString(): string;
}

/** What the parser or the analyser objects to. */
export interface KustoDiagnostic {
  readonly Code: string;
  readonly Severity: string;
  readonly Message: string;
  readonly Start: number;
  readonly Length: number;
}

interface KustoCode {
  readonly Syntax: SyntaxNode;
  GetSyntaxDiagnostics(): KustoList<KustoDiagnostic>;
  GetDiagnostics(): KustoList<KustoDiagnostic>;
}

interface KustoRuntime {
  readonly System: {
    readonly Array: { init(items: unknown[], type: unknown): unknown };
    readonly Enum: { toString(type: unknown, value: number): string };
  };
  readonly Kusto: {
    readonly Language: {
      readonly KustoCode: {
        ParseAndAnalyze(text: string, globals: unknown): KustoCode;
      };
      readonly GlobalState: { readonly Default: { WithDatabase(database: unknown): unknown } };
      readonly Symbols: {
        readonly Symbol: unknown;
        readonly TableSymbol: { From(schema: string): { WithName(name: string): unknown } };
        readonly DatabaseSymbol: { readonly $ctor1: new (name: string, members: unknown) => unknown };
      };
      readonly Syntax: { readonly SyntaxKind: unknown };
    };
  };
}

/** The parser. The package puts its namespaces on the global object, which is where they are taken from. */
export function loadKusto(): KustoRuntime {
  const load = createRequire(import.meta.url);
  load("@kusto/language-service-next/bridge.min.js");
  load("@kusto/language-service-next/Kusto.Language.Bridge.min.js");
  return globalThis as unknown as KustoRuntime;
}

/** Declares tables to the analyser, each under every given name. */
export function declareTables(
  kusto: KustoRuntime,
  tables: readonly { readonly name: string; readonly columns: readonly Column[] }[],
): unknown {
  const { Symbols, GlobalState } = kusto.Kusto.Language;
  const symbols = tables.map(({ name, columns }) =>
    Symbols.TableSymbol.From(`(${columns.map((c) => `['${c.name}']:${c.type}`).join(",")})`).WithName(name),
  );
  const members = kusto.System.Array.init(symbols, Symbols.Symbol);
  return GlobalState.Default.WithDatabase(new Symbols.DatabaseSymbol.$ctor1("arg", members));
}

/** The items of a list of the parser's runtime. */
export function itemsOf<T>(list: KustoList<T>): T[] {
  return Array.from({ length: list.Count }, (_, index) => list.getItem(index));
}

const kindNames = new Map<number, string>();

/** The kind of a node as the parser names it: "FilterOperator", "AndExpression". */
export function kindOf(node: SyntaxNode): string {
  const known = kindNames.get(node.Kind);
  if (known !== undefined) return known;
  const { System, Kusto } = globalThis as unknown as KustoRuntime;
  const name = System.Enum.toString(Kusto.Language.Syntax.SyntaxKind, node.Kind);
  kindNames.set(node.Kind, name);
  return name;
}

/** A named member of a node that may be absent. */
export function optionalMember(node: SyntaxNode, name: string): SyntaxNode | undefined {
  return (node as unknown as Record<string, SyntaxNode | null | undefined>)[name] ?? undefined;
}

/** A named member of a node that the grammar promises. */
export function member(node: SyntaxNode, name: string): SyntaxNode {
  const found = optionalMember(node, name);
  if (found === undefined) throw new Error(`${kindOf(node)} has no ${name}: ${node.toString()}`);
  return found;
}

/** The elements of a list member, without their separators; none if the list is absent. */
export function elements(node: SyntaxNode, name: string): SyntaxNode[] {
  const list = optionalMember(node, name);
  if (list === undefined) return [];
  return childrenOf(list).map((item) =>
    kindOf(item) === "SeparatedElement" ? (childrenOf(item)[0] ?? item) : item,
  );
}

/** The children of a node in the order of the text. */
export function childrenOf(node: SyntaxNode): SyntaxNode[] {
  return Array.from({ length: node.ChildCount }, (_, index) => node.GetChild(index)).filter(
    (c) => c !== null,
  );
}

/** The text of a node without what surrounds it. */
export function textOf(node: SyntaxNode): string {
  return node.toString().trim();
}

/** The name that a name reference, a declaration or a function call states. */
export function nameOf(node: SyntaxNode): string {
  const { SimpleName } = node as unknown as { SimpleName?: string };
  if (SimpleName === undefined) throw new Error(`${kindOf(node)} is no name: ${node.toString()}`);
  return SimpleName;
}

/** The columns that the analyser found for a tabular node. */
export function columnsOf(node: SyntaxNode): Column[] {
  const columns = node.ResultType?.Columns;
  if (columns === undefined) throw new Error(`${kindOf(node)} has no columns: ${node.toString()}`);
  return itemsOf(columns).map((c) => ({ name: c.Name, type: c.Type.Name as KqlType }));
}

/** The scalar type that the analyser found for an expression: "string", "dynamic", "long". */
export function typeOf(node: SyntaxNode): string {
  return node.ResultType?.Name ?? "unknown";
}
