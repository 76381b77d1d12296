// Decides which folder may speak for which namespace, as the policy binds them.
//
//   the document lies             | its namespace                  | allowed
//   ------------------------------+--------------------------------+---------
//   in a bound folder (the        | that of the folder             | yes
//   longest one counts)           | any other                      | no
//   in no bound folder            | bound to some folder           | no
//                                 | bound to none                  | yes
//
// Names are compared exactly: where a file system ignores case, another spelling is in no bound folder.
import type { Diagnostic } from "../model/diagnostic.ts";
import { quoted } from "../model/text.ts";
import { type ReadDocument, textAt } from "./read-document.ts";
import type { Policy } from "./schema-policy.ts";
import { diagnosticIn } from "./sketch.ts";

type Binding = Policy["spec"]["namespaces"][number];

/** Every document has a namespace that its folder may speak for. */
export function ownNamespaces(documents: readonly ReadDocument[], policy: Policy): Diagnostic[] {
  const { namespaces } = policy.spec;
  const inPolicy = `the policy ${quoted(policy.metadata.name)}`;
  return documents
    .filter(({ kind }) => kind !== "Policy")
    .flatMap((document) => {
      const namespace = textAt(document.tree, ["metadata", "namespace"]);
      if (namespace === undefined) return []; // What is missing has its own diagnostic.
      const words = mistakeOf(document, namespace, namespaces, inPolicy);
      return words ? [diagnosticIn(document, ["metadata", "namespace"], words)] : [];
    });
}

function mistakeOf(
  { source: { folder } }: ReadDocument,
  namespace: string,
  bindings: readonly Binding[],
  inPolicy: string,
): { message: string; cure: string } | undefined {
  const own = bindingOf(folder, bindings);
  const others = bindings.filter((one) => one.namespace === namespace);
  if (own ? own.namespace === namespace : others.length === 0) return undefined;
  const places = others.map((one) => quoted(one.folder)).join(" or ");
  if (own) {
    return {
      message: `documents in the folder ${quoted(own.folder)} have the namespace ${quoted(own.namespace)}: ${inPolicy} says so`,
      cure: `write "namespace: ${own.namespace}", or move the document ${places === "" ? "to another folder" : `to ${places}`}`,
    };
  }
  const where =
    folder === undefined ? "this document lies in no folder of a PATH" : "this one lies elsewhere";
  return {
    message: `the namespace ${quoted(namespace)} belongs to the folder ${places} by ${inPolicy}, and ${where}`,
    cure:
      folder === undefined
        ? `give the folder above ${places} as the PATH, instead of a file or standard input`
        : `move the document to ${places}, or choose another namespace`,
  };
}

/** The binding of the longest folder that holds this one. */
function bindingOf(folder: string | undefined, bindings: readonly Binding[]): Binding | undefined {
  if (folder === undefined) return undefined;
  const around = bindings.filter((one) => `${folder}/`.startsWith(`${one.folder}/`));
  return around.toSorted((a, b) => b.folder.length - a.folder.length)[0];
}
