// Decides what one document is: a List of others, one of our kinds, or nothing that belongs here.
import type { Diagnostic } from "../model/diagnostic.ts";
import { nearest } from "../model/nearest.ts";
import { bounds } from "../model/source.ts";
import { quoted } from "../model/text.ts";
import type { IdentityDocument, ManifestDocument } from "./manifest-document.ts";
import type { PathSegment } from "./path.ts";
import { IdentityBinding } from "./schema-binding.ts";
import { UserAssignedIdentity } from "./schema-identity.ts";
import { apiVersion } from "./schema-metadata.ts";
import { keyPlaceOf, mistakesFrom, nearestTree, treeAt } from "./schema-mistakes.ts";
import { Policy } from "./schema-policy.ts";
import { diagnosticAt, positionAt, type SourceText } from "./source-text.ts";
import type { PlacedMistake, YamlTree } from "./yaml-tree.ts";

const schemas = { UserAssignedIdentity, IdentityBinding, Policy } as const;

/** The kinds of documents that this version knows. */
export type Kind = keyof typeof schemas;

/** A document that could be read, whether or not all of it is right: rules across documents look at all. */
export interface ReadDocument {
  readonly kind: Kind;
  readonly source: SourceText;
  readonly tree: YamlTree;
  /** There if the schema found nothing wrong. */
  readonly content?: ManifestContent | Policy;
}

type ManifestContent = UserAssignedIdentity | IdentityBinding;

/** What is behind one `---` part of a file. */
export interface ReadResult {
  readonly documents: readonly ReadDocument[];
  readonly diagnostics: readonly Diagnostic[];
}

/** The text at a path, or undefined if there is no text. */
export function textAt(tree: YamlTree, path: readonly PathSegment[]): string | undefined {
  const value = treeAt(tree, path)?.value;
  return typeof value === "string" ? value : undefined;
}

/** Reads a document, or the documents of a List. */
export function readDocument(source: SourceText, tree: YamlTree): ReadResult {
  if (textAt(tree, ["kind"]) === "List") {
    return readList(source, tree);
  }
  const problems = headerMistakes(tree);
  const kind = kindOf(tree);
  if (kind === undefined) {
    return { documents: [], diagnostics: problems.map((p) => diagnosticAt(source, p.offset, p)) };
  }
  const schema = schemas[kind];
  const parsed = schema.safeParse(tree.value);
  const found = (parsed.error?.issues ?? [])
    .filter((issue) => issue.path[0] !== "apiVersion")
    .flatMap((issue) => mistakesFrom({ kind, schema, tree }, issue));
  const diagnostics = [...problems, ...found].map((p) => diagnosticAt(source, p.offset, p));
  const document = { kind, source, tree };
  return { documents: [parsed.success ? { ...document, content: parsed.data } : document], diagnostics };
}

function kindOf(tree: YamlTree): Kind | undefined {
  const kind = textAt(tree, ["kind"]);
  return kind !== undefined && Object.hasOwn(schemas, kind) ? (kind as Kind) : undefined;
}

/** Mistakes in apiVersion and kind. A foreign document gets one, not one for each of its fields. */
function headerMistakes(tree: YamlTree): PlacedMistake[] {
  if (!isMapping(tree)) {
    const cure = `begin it with "apiVersion: ${apiVersion}" and "kind:"`;
    return [{ offset: tree.offset, path: "", message: "a document is a mapping, and this is none", cure }];
  }
  const version = textAt(tree, ["apiVersion"]);
  if (version !== undefined && !version.startsWith("bindery.dev/") && kindOf(tree) === undefined) {
    const { offset } = nearestTree(tree, ["apiVersion"]);
    const message = `a document of ${quoted(version)} is not one of Bindery's`;
    const cure = 'move it out of the manifest folder, or into a folder whose name begins with "."';
    return [{ offset, path: "apiVersion", message, cure }];
  }
  return [...versionMistakes(tree), ...kindMistakes(tree)];
}

function isMapping(tree: YamlTree): boolean {
  return typeof tree.value === "object" && tree.value !== null && !Array.isArray(tree.value);
}

function versionMistakes(tree: YamlTree): PlacedMistake[] {
  const version = treeAt(tree, ["apiVersion"]);
  const cure = `write "apiVersion: ${apiVersion}"`;
  if (version === undefined) {
    return [{ offset: tree.offset, path: "apiVersion", message: "apiVersion is missing", cure }];
  }
  if (version.value === apiVersion) {
    return [];
  }
  const written = quoted(version.written ?? "");
  const message = written.startsWith('"bindery.dev/v')
    ? `apiVersion ${written} is not in this version of Bindery`
    : `${written} is no apiVersion of Bindery`;
  return [{ offset: version.offset, path: "apiVersion", message, cure }];
}

function kindMistakes(tree: YamlTree): PlacedMistake[] {
  const kind = treeAt(tree, ["kind"]);
  const kinds = Object.keys(schemas);
  if (kind === undefined) {
    const cure = `write "kind: UserAssignedIdentity" or "kind: IdentityBinding"`;
    return [{ offset: tree.offset, path: "kind", message: "kind is missing", cure }];
  }
  if (kindOf(tree) !== undefined) {
    return [];
  }
  const [meant] = nearest(kind.written ?? "", kinds);
  const cure = meant === undefined ? `kinds are ${kinds.join(", ")}` : `did you mean ${meant}?`;
  const message = `kind ${quoted(kind.written ?? "")} is not in this version of Bindery`;
  return [{ offset: kind.offset, path: "kind", message, cure }];
}

const listKeys: ReadonlySet<string> = new Set(["apiVersion", "kind", "metadata", "items"]);

function readList(source: SourceText, tree: YamlTree): ReadResult {
  const diagnostics = listMistakes(tree).map((p) => diagnosticAt(source, p.offset, p));
  const items = [...(treeAt(tree, ["items"])?.children.values() ?? [])];
  const results = items.slice(0, bounds.documentsInFile).map((item) => readItem(source, item));
  return {
    documents: results.flatMap((result) => result.documents),
    diagnostics: [...diagnostics, ...results.flatMap((result) => result.diagnostics)],
  };
}

function readItem(source: SourceText, item: YamlTree): ReadResult {
  if (textAt(item, ["kind"]) !== "List") {
    return readDocument(source, item);
  }
  const mistake = { path: "kind", message: "a List inside a List", cure: "put its items into the outer one" };
  return { documents: [], diagnostics: [diagnosticAt(source, nearestTree(item, ["kind"]).offset, mistake)] };
}

function listMistakes(tree: YamlTree): PlacedMistake[] {
  const mistakes: PlacedMistake[] = [];
  const version = textAt(tree, ["apiVersion"]);
  if (version !== "v1" && version !== apiVersion) {
    const offset = nearestTree(tree, ["apiVersion"]).offset;
    mistakes.push({
      offset,
      path: "apiVersion",
      message: "this List has another apiVersion than v1",
      cure: 'write "apiVersion: v1"',
    });
  }
  for (const [key, child] of tree.children) {
    if (!listKeys.has(key)) {
      const cure = `known keys here are ${[...listKeys].join(", ")}`;
      mistakes.push({ offset: keyPlaceOf(child), path: key, message: `unknown key ${quoted(key)}`, cure });
    }
  }
  const items = treeAt(tree, ["items"]);
  if (!Array.isArray(items?.value)) {
    const offset = keyPlaceOf(items ?? tree);
    mistakes.push({
      offset,
      path: "items",
      message: "a List without a list of items",
      cure: 'write "items:" and begin each with "- "',
    });
  } else if (items.children.size > bounds.documentsInFile) {
    const message = `more than ${bounds.documentsInFile} documents in one file`;
    mistakes.push({ offset: items.offset, path: "items", message, cure: "split it into several files" });
  }
  return mistakes;
}

/** The typed document with its places, if all of it is right and it is one of the manifests' kinds. */
export function manifestDocument(read: ReadDocument): ManifestDocument | undefined {
  const { content, source, tree } = read;
  if (content === undefined || content.kind === "Policy") {
    return undefined;
  }
  const originOf: IdentityDocument["originOf"] = (path) => ({
    file: source.file,
    ...positionAt(source, keyPlaceOf(nearestTree(tree, path))),
  });
  return { ...content, originOf };
}
