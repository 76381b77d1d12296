// How the core names the document that wants something.

/** A document and the place in its file that something stands at. */
export interface DocumentRef {
  readonly kind: "UserAssignedIdentity" | "IdentityBinding";
  readonly namespace: string;
  readonly name: string;
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
}

/** "team-orders/orders": how output names a document. */
export function documentName(document: Pick<DocumentRef, "namespace" | "name">): string {
  return `${document.namespace}/${document.name}`;
}

/** "IdentityBinding/team-orders/orders": no two documents have the same key. */
export function documentKey({
  kind,
  namespace,
  name,
}: Pick<DocumentRef, "kind" | "namespace" | "name">): string {
  return `${kind}/${namespace}/${name}`;
}
