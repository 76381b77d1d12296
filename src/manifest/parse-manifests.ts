// Decides what a set of manifest files means: their documents, and every mistake in and between them.
import { type Diagnostic, sortedDiagnostics } from "../model/diagnostic.ts";
import { bounds, type SourceFile } from "../model/source.ts";
import type { ManifestDocument } from "./manifest-document.ts";
import { manifestDocument, type ReadDocument, type ReadResult, readDocument } from "./read-document.ts";
import { agreeingBindings, nothingTwice } from "./rules-bindings.ts";
import { oneIdentityPerUser } from "./rules-databases.ts";
import { allowedSelectors, insideEstate } from "./rules-estate.ts";
import { knownReferences, oneDocumentPerIdentity, uniqueNames } from "./rules-identities.ts";
import { ownNamespaces } from "./rules-namespaces.ts";
import type { Policy } from "./schema-policy.ts";
import { diagnosticIn } from "./sketch.ts";
import { decodeFile, type SourceText } from "./source-text.ts";
import { parseYaml } from "./yaml-documents.ts";
import type { YamlTree } from "./yaml-tree.ts";

/** What manifests are checked against. */
export interface ManifestContext {
  /** Without it, the estate, what selectors may do and whose namespace is whose are not checked. */
  readonly policy?: Policy;
}

/** What a set of manifest files means. */
export interface ParsedManifests {
  /** The documents without an error of their own, in the order of the files. */
  readonly documents: readonly ManifestDocument[];
  /** Sorted. With one error among them the documents must not be applied. */
  readonly diagnostics: readonly Diagnostic[];
  /** False without a policy: then nobody has looked whether names lie outside the estate. */
  readonly isEstateChecked: boolean;
}

/** What one file holds. */
interface ReadFile extends ReadResult {
  /** How many parts of it could not be understood at all. */
  readonly unreadable: number;
}

/** What YAML refused in a document leaves it readable for the rules across documents, and no more than that. */
function resultOf(source: SourceText, tree: YamlTree, isFlawed: boolean): ReadResult {
  const { documents, diagnostics } = readDocument(source, tree);
  return { documents: isFlawed ? documents.map(({ content: _, ...rest }) => rest) : documents, diagnostics };
}

/** Reads the documents of a file. A file that says nothing at all is worth a warning: something was meant. */
export function readFile(file: SourceFile): ReadFile {
  const { source, diagnostics } = decodeFile(file);
  if (source === undefined) {
    return { documents: [], diagnostics, unreadable: 1 };
  }
  const parts = parseYaml(source);
  const results = parts.map((part) => part.tree && resultOf(source, part.tree, part.diagnostics.length > 0));
  const found = [
    ...parts.flatMap((part) => part.diagnostics),
    ...results.flatMap((result) => result?.diagnostics ?? []),
  ];
  const documents = results.flatMap((result) => result?.documents ?? []);
  const nothing = {
    line: 1,
    column: 1,
    path: "",
    message: "there is no document in it",
    cure: "add one, or remove the file",
  };
  const isEmpty = documents.length + found.length === 0;
  return {
    documents,
    diagnostics: isEmpty ? [{ severity: "warning", file: file.path, ...nothing }] : found,
    unreadable: results.filter((result) => result === undefined).length,
  };
}

function policiesInTree(documents: readonly ReadDocument[]): Diagnostic[] {
  return documents
    .filter((document) => document.kind === "Policy")
    .map((document) =>
      diagnosticIn(document, ["kind"], {
        message: "a Policy among the manifests",
        cure: "move it out of the manifest folder and name it by --policy: who may change manifests must not change it",
      }),
    );
}

/** Every rule across documents, in one list. */
function mistakesAcross(
  documents: readonly ReadDocument[],
  unreadable: number,
  policy: Policy | undefined,
): Diagnostic[] {
  return [
    ...policiesInTree(documents),
    ...uniqueNames(documents),
    ...oneDocumentPerIdentity(documents),
    ...knownReferences(documents, unreadable),
    ...nothingTwice(documents),
    ...agreeingBindings(documents),
    ...oneIdentityPerUser(documents),
    ...(policy ? insideEstate(documents, policy) : []),
    ...(policy ? allowedSelectors(documents, policy) : []),
    ...(policy ? ownNamespaces(documents, policy) : []),
  ];
}

/** Keeps a hostile file from filling a log; what is left out is counted. */
function withoutFlood(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const byFile = Map.groupBy(diagnostics, (diagnostic) => diagnostic.file);
  return [...byFile.values()].flatMap((all) => {
    const left = all.length - bounds.diagnosticsInFile;
    const last = all[bounds.diagnosticsInFile];
    if (left <= 0 || last === undefined) {
      return all;
    }
    const severity = all.some((one) => one.severity === "error") ? "error" : "warning";
    const message = `${left} more mistakes from here on in this file`;
    const rest: Diagnostic = {
      ...last,
      severity,
      path: "",
      message,
      cure: "correct those above and run again",
    };
    return [...all.slice(0, bounds.diagnosticsInFile), rest];
  });
}

/**
 * Reads manifests: every mistake in every file and between them, all at once, and the documents that have none of
 * their own. Never throws for what the files hold.
 */
export function parseManifests(files: readonly SourceFile[], context: ManifestContext = {}): ParsedManifests {
  const read = files.map(readFile);
  const documents = read.flatMap((file) => file.documents);
  const unreadable = read.reduce((sum, file) => sum + file.unreadable, 0);
  const diagnostics = [
    ...read.flatMap((file) => file.diagnostics),
    ...mistakesAcross(documents, unreadable, context.policy),
  ];
  return {
    documents: documents.flatMap((document) => manifestDocument(document) ?? []),
    diagnostics: withoutFlood(sortedDiagnostics(diagnostics)),
    isEstateChecked: context.policy !== undefined,
  };
}
