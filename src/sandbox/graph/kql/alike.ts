// Which queries are alike: they look for GUIDs in a list, and differ in nothing but these GUIDs.
import { childrenOf, elements, kindOf, member, type SyntaxNode } from "./kusto.ts";

/** A query apart from the GUIDs that it lists. */
export interface Shape {
  /** The text with one and the same GUID everywhere in lists. */
  readonly text: string;
  readonly guids: readonly string[];
}

/** Only lists after `in~`: there a text decides over neither names nor types of columns. */
const lists = /\bin~\s*\(\s*'[\da-f-]{36}'(?:\s*,\s*'[\da-f-]{36}')*\s*\)/gi;
const guid = /(?<=')[\da-f-]{36}(?=')/gi;

/** Takes a query apart. */
export function shapeOf(query: string): Shape {
  const guids: string[] = [];
  const text = query.replaceAll(lists, (list) =>
    list.replaceAll(guid, (one) => {
      guids.push(one);
      return "-".repeat(one.length);
    }),
  );
  return { text, guids };
}

/** A syntax tree that serves all queries of its shape, one after the other. */
export interface Pattern {
  readonly tree: SyntaxNode;
  readonly literals: readonly SyntaxNode[];
}

/** The pattern that the tree of a query is; undefined where its lists are not those that its text seems to have. */
export function patternOf(tree: SyntaxNode, { guids }: Shape): Pattern | undefined {
  const literals = literalsIn(tree).filter(({ value }) => guids.includes(value));
  const isAsSeen = literals.length === guids.length && literals.every(({ value }, at) => value === guids[at]);
  return isAsSeen ? { tree, literals: literals.map(({ node }) => node) } : undefined;
}

/** The tree with these GUIDs in its lists. */
export function filledIn({ tree, literals }: Pattern, { guids }: Shape): SyntaxNode {
  for (const [at, node] of literals.entries()) {
    Object.defineProperty(node, "LiteralValue", { value: guids[at], configurable: true });
  }
  return tree;
}

/** The texts in lists after `in~`, in their order. */
function literalsIn(node: SyntaxNode): { readonly node: SyntaxNode; readonly value: string }[] {
  if (kindOf(node) !== "InCsExpression") return childrenOf(node).flatMap(literalsIn);
  return elements(member(node, "Right"), "Expressions").flatMap((item) => {
    const { LiteralValue: value } = item as unknown as { LiteralValue?: unknown };
    const isText = kindOf(item) === "StringLiteralExpression" && typeof value === "string";
    return isText ? [{ node: item, value }] : literalsIn(item);
  });
}
