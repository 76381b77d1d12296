// Decides what a YAML document means: plain values with their places, without YAML's surprises.
import {
  type Alias,
  isAlias,
  isMap,
  isScalar,
  type Node,
  type Pair,
  type Scalar,
  type YAMLMap,
  type YAMLSeq,
} from "yaml";
import { bounds } from "../model/source.ts";
import { quoted } from "../model/text.ts";
import { type PathSegment, pathText } from "./path.ts";
import { type Mistake, unreviewableIn } from "./source-text.ts";
import { type Aliases, aliasesOfDocument } from "./yaml-aliases.ts";

/** A value of a document with its place and what stands inside it. */
export interface YamlTree {
  readonly value: unknown;
  /** Where the value begins. */
  readonly offset: number;
  /** Where its key begins, if it has one. */
  readonly keyOffset?: number;
  /** How a scalar is written in the file. */
  readonly written?: string;
  /** By key, or by index as text. */
  readonly children: ReadonlyMap<string, YamlTree>;
}

/** A mistake with the offset it stands at. */
export interface PlacedMistake extends Mistake {
  readonly offset: number;
}

/** What a document means, if it means one thing. */
export interface YamlTreeResult {
  /** Undefined if something essential was refused, so that the rest would be half a document. */
  readonly tree?: YamlTree;
  readonly mistakes: readonly PlacedMistake[];
}

interface Reading {
  readonly aliases: Aliases;
  readonly mistakes: PlacedMistake[];
  readonly budget: { values: number };
  isBroken: boolean;
}

type Path = readonly PathSegment[];

const noChildren: ReadonlyMap<string, YamlTree> = new Map();

/** These names reach into every JavaScript object, and zod drops the first without a word. */
const dangerousKeys: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);

/**
 * Reads the nodes of one document.
 *
 * @param budget how many values may still be read from this file, aliases written out; counted down
 */
export function yamlTreeFrom(contents: Node, budget: { values: number }): YamlTreeResult {
  const reading: Reading = { aliases: aliasesOfDocument(), mistakes: [], budget, isBroken: false };
  const tree = treeOf(reading, contents, []);
  return { ...(reading.isBroken ? {} : { tree }), mistakes: reading.mistakes };
}

function offsetOf(node: Node): number {
  return node.range?.[0] ?? 0;
}

function refuse(reading: Reading, offset: number, path: Path, message: string, cure: string): void {
  reading.mistakes.push({ offset, path: pathText(path), message, cure });
}

/** For what leaves the meaning of the whole document open; said once, since what follows from it is no news. */
function breakOff(reading: Reading, offset: number, path: Path, message: string, cure: string): void {
  if (!reading.isBroken) {
    refuse(reading, offset, path, message, cure);
  }
  reading.isBroken = true;
}

function treeOf(reading: Reading, node: Node, path: Path): YamlTree {
  const offset = offsetOf(node);
  const nothing: YamlTree = { value: null, offset, children: noChildren };
  reading.budget.values -= 1;
  if (reading.budget.values < 0 || reading.isBroken) {
    const message = `more than ${bounds.yamlValues} values in one file, aliases written out`;
    breakOff(reading, offset, path, message, "split it into several files, and use fewer aliases");
    return nothing;
  }
  if (path.length > bounds.yamlDepth) {
    const message = `lists and mappings more than ${bounds.yamlDepth} deep inside each other`;
    breakOff(reading, offset, path, message, "no document needs that; remove levels");
    return nothing;
  }
  if (isAlias(node)) {
    return aliasTree(reading, node, path);
  }
  if (node.tag !== undefined) {
    const cure = "remove the tag; text that looks like a number or a boolean becomes text by quotes";
    refuse(
      reading,
      offset,
      path,
      `the YAML tag ${quoted(node.tag.replace(/^tag:yaml\.org,2002:/, "!!"))}`,
      cure,
    );
  }
  if (isScalar(node)) {
    return scalarTree(reading, node, path);
  }
  return collectionTree(reading, node, path);
}

function aliasTree(reading: Reading, alias: Alias, path: Path): YamlTree {
  const meaning = reading.aliases.meaningOf(alias);
  if (typeof meaning !== "string") return treeOf(reading, meaning, path);
  const offset = offsetOf(alias);
  const message = `the alias ${quoted(`*${alias.source}`)} ${meaning}`;
  breakOff(reading, offset, path, message, "write out what is meant");
  return { value: null, offset, children: noChildren };
}

function scalarTree(reading: Reading, scalar: Scalar, path: Path): YamlTree {
  reading.aliases.remember(scalar);
  const offset = offsetOf(scalar);
  const hidden = typeof scalar.value === "string" ? unreviewableIn(scalar.value)[0] : undefined;
  if (hidden !== undefined) {
    const message = `the character ${hidden.name} in this text is invisible or a control`;
    refuse(reading, offset, path, message, "remove it: nobody could see it in a plan or a review");
  }
  return { value: scalar.value, offset, written: scalar.source ?? "", children: noChildren };
}

function collectionTree(reading: Reading, node: YAMLMap | YAMLSeq, path: Path): YamlTree {
  reading.aliases.remember(node);
  return reading.aliases.inside(node, () =>
    isMap(node)
      ? mapTree(reading, node as YAMLMap.Parsed, path)
      : listTree(reading, node as YAMLSeq.Parsed, path),
  );
}

function listTree(reading: Reading, list: YAMLSeq.Parsed, path: Path): YamlTree {
  const children = list.items.map((item, index) => treeOf(reading, item as Node, [...path, index]));
  return {
    value: children.map((child) => child.value),
    offset: offsetOf(list),
    children: new Map(children.map((child, index) => [String(index), child])),
  };
}

function mapTree(reading: Reading, map: YAMLMap.Parsed, path: Path): YamlTree {
  const children = new Map<string, YamlTree>();
  for (const pair of map.items) {
    const key = keyOf(reading, pair.key as Node, path);
    if (key === undefined) {
      continue;
    }
    if (children.has(key)) {
      const cure = "remove one of the two, or merge what they hold";
      refuse(
        reading,
        offsetOf(pair.key as Node),
        [...path, key],
        `the key ${quoted(key)} stands here twice`,
        cure,
      );
      continue;
    }
    children.set(key, { ...valueTree(reading, pair, [...path, key]), keyOffset: offsetOf(pair.key as Node) });
  }
  const value = Object.fromEntries([...children].map(([key, child]) => [key, child.value]));
  return { value, offset: offsetOf(map), children };
}

/** A flow mapping may have a key without a value: `{ app }`. */
function valueTree(reading: Reading, pair: Pair, path: Path): YamlTree {
  const value = pair.value as Node | null;
  return value === null
    ? { value: null, offset: offsetOf(pair.key as Node), written: "", children: noChildren }
    : treeOf(reading, value, path);
}

/** The text of a key, or undefined if it was refused. */
function keyOf(reading: Reading, node: Node, path: Path): string | undefined {
  const offset = offsetOf(node);
  if (!isScalar(node)) {
    breakOff(reading, offset, path, "a key that is not plain text", "write the key out, as plain text");
    return undefined;
  }
  const key = scalarTree(reading, node, path);
  const written = key.written ?? "";
  if (written === "<<" && node.type === "PLAIN") {
    breakOff(reading, offset, path, "a merge key (<<)", "write out the keys: YAML 1.2 has no merge keys");
    return undefined;
  }
  if (dangerousKeys.has(written)) {
    refuse(
      reading,
      offset,
      path,
      `the key ${quoted(written)} is refused`,
      "no field is called so; remove it",
    );
    return undefined;
  }
  if (typeof key.value !== "string") {
    const [message, cure] =
      written === ""
        ? ["a key without a name", "write the key before the colon"]
        : [`the key ${quoted(written)} is not text`, `write it in quotes: "${quotable(written)}"`];
    refuse(reading, offset, path, message, cure);
  }
  return written;
}

function quotable(written: string): string {
  return quoted(written).slice(1, -1);
}
