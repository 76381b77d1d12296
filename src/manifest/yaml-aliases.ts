// Decides what aliases of a YAML document mean, while it is read from its beginning to its end.
import type { Alias, Node, Scalar, YAMLMap, YAMLSeq } from "yaml";

/** The anchors and aliases of one document. */
export interface Aliases {
  /** Learns the anchor of a value that is being read, if it has one. */
  readonly remember: (node: Scalar | YAMLMap | YAMLSeq) => void;
  /** Reads what is in a value: no alias in it may mean the value itself, for that would never end. */
  readonly inside: <T>(node: Node, read: () => T) => T;
  /** What an alias means, or in words why it means nothing. */
  readonly meaningOf: (alias: Alias) => Node | string;
}

/** For a document of which nothing has been read. */
export function aliasesOfDocument(): Aliases {
  /** What each anchor names so far: a later one of the same name takes its place. */
  const anchors = new Map<string, Node>();
  /** An alias means what its anchor named where the alias stands, not where an alias around it is written out. */
  const meanings = new Map<Alias, Node>();
  /** Values that have been read once: what they name is not named again by an alias to what is around them. */
  const known = new Set<Node>();
  const open = new Set<Node>();
  return {
    remember(node) {
      if (node.anchor === undefined || known.has(node)) return;
      known.add(node);
      anchors.set(node.anchor, node);
    },
    inside(node, read) {
      open.add(node);
      const result = read();
      open.delete(node);
      return result;
    },
    meaningOf(alias) {
      const meaning = meanings.get(alias) ?? anchors.get(alias.source);
      if (meaning === undefined) return "names no anchor before it";
      meanings.set(alias, meaning);
      return open.has(meaning) ? "lies inside of what it names" : meaning;
    },
  };
}
