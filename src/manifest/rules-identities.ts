// Decides which identities documents may declare and bind: unique names, one document each, allowed references.
import type { Diagnostic } from "../model/diagnostic.ts";
import { nearest } from "../model/nearest.ts";
import { quoted, quotedLength, safeText } from "../model/text.ts";
import { type ReadDocument, textAt } from "./read-document.ts";
import { treeAt } from "./schema-mistakes.ts";
import { azureIdentityKey, diagnosticIn, documentKey, identityRefOf, placeOf } from "./sketch.ts";

/** The readable documents of one kind. */
export function ofKind(documents: readonly ReadDocument[], kind: ReadDocument["kind"]): ReadDocument[] {
  return documents.filter((document) => document.kind === kind);
}

/** Calls back for each document whose key an earlier one has already. */
function repeated(
  documents: readonly ReadDocument[],
  keyOf: (document: ReadDocument) => string | undefined,
  found: (document: ReadDocument, first: ReadDocument) => Diagnostic | undefined,
): Diagnostic[] {
  const seen = new Map<string, ReadDocument>();
  const diagnostics: Diagnostic[] = [];
  for (const document of documents) {
    const key = keyOf(document);
    const first = key === undefined ? undefined : seen.get(key);
    const diagnostic = first && found(document, first);
    if (diagnostic !== undefined) {
      diagnostics.push(diagnostic);
    } else if (key !== undefined) {
      seen.set(key, document);
    }
  }
  return diagnostics;
}

/** A kind, namespace and name belong to one document. */
export function uniqueNames(documents: readonly ReadDocument[]): Diagnostic[] {
  return repeated(
    documents,
    (document) => {
      const key = documentKey(document);
      return key && `${document.kind} ${key}`;
    },
    (document, first) =>
      diagnosticIn(document, ["metadata", "name"], {
        message: `${document.kind} ${quoted(documentKey(document) ?? "")} is declared already, in ${placeOf(first)}`,
        cure: "give one of the two another name, or remove it",
      }),
  );
}

/** An identity in Azure belongs to one document, whatever the case of its name. */
export function oneDocumentPerIdentity(documents: readonly ReadDocument[]): Diagnostic[] {
  const identities = ofKind(documents, "UserAssignedIdentity");
  return repeated(identities, azureIdentityKey, (document, first) => {
    const key = documentKey(first);
    if (key === documentKey(document)) {
      return undefined; // `uniqueNames` says it already.
    }
    const path = treeAt(document.tree, ["spec", "name"]) ? ["spec", "name"] : ["metadata", "name"];
    return diagnosticIn(document, path, {
      message: `this identity in Azure is described already, by ${quoted(key ?? "?")} in ${placeOf(first)}`,
      cure: "keep one of the two documents; bindings of other namespaces are allowed by allowBindingsFrom",
    });
  });
}

function declaredIdentities(documents: readonly ReadDocument[]): Map<string, ReadDocument> {
  return new Map(
    ofKind(documents, "UserAssignedIdentity").flatMap((identity) => {
      const key = documentKey(identity);
      return key === undefined ? [] : [[key, identity] as const];
    }),
  );
}

/** The identity document of each binding; undefined if there is none. */
export function identityOf(
  documents: readonly ReadDocument[],
): (binding: ReadDocument) => ReadDocument | undefined {
  const declared = declaredIdentities(documents);
  return (binding) => {
    const ref = identityRefOf(binding);
    return ref && declared.get(`${ref.namespace}/${ref.name}`);
  };
}

function allows(identity: ReadDocument, namespace: string): boolean {
  const allowed = treeAt(identity.tree, ["spec", "allowBindingsFrom"])?.children.values() ?? [];
  return [...allowed].some((entry) => textAt(entry, ["namespace"]) === namespace);
}

function undeclared(
  binding: ReadDocument,
  ref: { namespace: string; name: string },
  known: readonly string[],
  unreadable: number,
): Diagnostic {
  const key = `${ref.namespace}/${ref.name}`;
  const elsewhere = known.find((other) => other.endsWith(`/${ref.name}`));
  const [meant] = elsewhere === undefined ? nearest(key, known) : [elsewhere];
  const readable = unreadable > 0 ? `readable document (${unreadable} could not be read)` : "document";
  return diagnosticIn(binding, ["spec", "identityRef", "name"], {
    message: `no ${readable} declares the identity ${quoted(key)}`,
    cure:
      meant === undefined
        ? "add its UserAssignedIdentity document, or correct the name"
        : `did you mean ${quoted(meant)}? Otherwise add its UserAssignedIdentity document`,
  });
}

/** What is wrong with the reference of one binding, if anything. */
function referenceMistake(binding: ReadDocument, identity: ReadDocument): Diagnostic | undefined {
  const own = textAt(binding.tree, ["metadata", "namespace"]);
  const key = quoted(documentKey(identity) ?? "");
  if (
    own !== undefined &&
    own !== textAt(identity.tree, ["metadata", "namespace"]) &&
    !allows(identity, own)
  ) {
    return diagnosticIn(binding, ["spec", "identityRef"], {
      message: `the identity ${key} does not allow bindings from the namespace ${quoted(own)}`,
      cure: `its owners can add { namespace: ${safeText(own, { max: quotedLength })} } to spec.allowBindingsFrom in ${placeOf(identity)}`,
    });
  }
  const lifecycle = textAt(identity.tree, ["spec", "lifecycle"]);
  return lifecycle === "Absent" || lifecycle === "Released"
    ? diagnosticIn(binding, ["spec", "identityRef", "name"], {
        severity: "warning",
        message: `this binding does nothing: the lifecycle of the identity ${key} is ${lifecycle}`,
        cure: "remove the binding, or set the lifecycle to Present",
      })
    : undefined;
}

/** Every binding refers to an identity that a document declares and that allows it. */
export function knownReferences(documents: readonly ReadDocument[], unreadable: number): Diagnostic[] {
  const declared = declaredIdentities(documents);
  const known = [...declared.keys()];
  return ofKind(documents, "IdentityBinding").flatMap((binding) => {
    const ref = identityRefOf(binding);
    if (ref === undefined) {
      return [];
    }
    const identity = declared.get(`${ref.namespace}/${ref.name}`);
    const mistake =
      identity === undefined
        ? undeclared(binding, ref, known, unreadable)
        : referenceMistake(binding, identity);
    return mistake === undefined ? [] : [mistake];
  });
}
