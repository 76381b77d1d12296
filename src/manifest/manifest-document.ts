// What a document is once it has been read: its typed content, and where each part of it stands.
import type { Origin } from "../model/diagnostic.ts";
import type { PathSegment } from "./path.ts";
import type { IdentityBinding } from "./schema-binding.ts";
import type { UserAssignedIdentity } from "./schema-identity.ts";

/** Where a document and its parts stand. */
export interface Located {
  /**
   * Where a part stands, such as `["spec", "targets", 0]`: its key or list entry, or the nearest place around it
   * that the file has. The whole document is at `[]`.
   */
  readonly originOf: (path: readonly PathSegment[]) => Origin;
}

/** The document of an identity with its places. */
export interface IdentityDocument extends UserAssignedIdentity, Located {}

/** The document of a binding with its places. */
export interface BindingDocument extends IdentityBinding, Located {}

/** A document of the manifests. */
export type ManifestDocument = IdentityDocument | BindingDocument;
