// What an explanation says: how everything that a resource has stands to the documents.
import type { Desired, DesiredIdentity } from "../../desired/desired.ts";
import { idKey } from "../../model/arm-id.ts";
import type { DatabaseRef } from "../../model/database.ts";
import type { DocumentRef } from "../../model/document.ts";
import { ownerTag, tagOf } from "../../model/identity.ts";
import type { Policy } from "../../model/policy.ts";
import type { Observed } from "../../observed/observed.ts";
import type { OwnershipState } from "../ownership.ts";

/** How something that is there, or should be, stands to the documents. */
export type Standing =
  /** Wanted by a document, and there. */
  | "Declared"
  /** Wanted by a document, and not there. */
  | "Missing"
  /** There although no document wants it; the identity is ours. */
  | "Undeclared"
  /** There, and a document says that others may do so. */
  | "Ignored"
  /** There, and the identity is not ours to judge. */
  | "Foreign";

/** A line of a document that wants something. */
export interface Wish {
  readonly document: DocumentRef;
  readonly how: "named" | "selector" | "grant";
  /** True if its binding is suspended: it stays wanted but causes no writes. */
  readonly suspended: boolean;
}

/** One identity that is, or should be, attached to a target. */
export interface ExplainedAttachment {
  readonly identityId: string;
  readonly targetId: string;
  readonly standing: Standing;
  readonly wishes: readonly Wish[];
  readonly ownership: OwnershipState;
  /** The value of the identity's owner tag, where it has one. */
  readonly owner?: string;
  /** True if the identity is ours and no document names it any more. */
  readonly orphaned: boolean;
}

/** One role assignment of a principal of ours, or one that should be. */
export interface ExplainedAssignment {
  readonly identityId: string;
  readonly roleName: string;
  readonly scope: string;
  /** The assignment itself; undefined where it is missing. */
  readonly assignmentId?: string;
  readonly condition?: string;
  readonly standing: Standing;
  readonly wishes: readonly Wish[];
  /** True if it is made above the resource in question. */
  readonly inherited: boolean;
  /** Whose marker its description carries. */
  readonly markedBy?: string;
  /** True if the identity is ours and no document names it any more. */
  readonly orphaned: boolean;
}

/** One thing that the user of an identity may do in a database, or should. */
export interface ExplainedDatabaseRight {
  readonly identityId: string;
  readonly database: DatabaseRef;
  readonly userName: string;
  /** `user`: it may sign in. */
  readonly kind: "user" | "role" | "permission";
  /** "db_datareader", "EXECUTE on schema::sales". */
  readonly what: string;
  /** True for a DENY: it takes away what is granted. */
  readonly denied?: boolean;
  /** True if the user belongs to a principal that is gone: nobody can use it. */
  readonly dead?: boolean;
  /** True of what is missing where the database was not read, or not as a whole: it may be there all the same. */
  readonly unseen?: boolean;
  readonly standing: Standing;
  readonly wishes: readonly Wish[];
  /** Whose marker the user carries. */
  readonly markedBy?: string;
  /** True if the identity is ours and no document names it any more. */
  readonly orphaned: boolean;
}

/** What is known of the resource itself where it is an identity. */
export interface ExplainedIdentity {
  readonly document?: DocumentRef;
  readonly lifecycle?: DesiredIdentity["lifecycle"];
  readonly prunePolicy?: DesiredIdentity["prunePolicy"];
  readonly ownership: OwnershipState;
  readonly owner?: string;
  readonly principalId?: string;
  readonly clientId?: string;
  /** True if it is ours and no document names it any more. */
  readonly orphaned: boolean;
}

/** Why a resource has what it has. */
export interface Explanation {
  readonly resourceId: string;
  /** `target`, `scope` and `database` (or a SQL server) answer who has access; `identity` answers what it has. */
  readonly kind: "target" | "scope" | "database" | "identity";
  readonly revision: string;
  readonly identity?: ExplainedIdentity;
  /** Only for targets: whether it has a system-assigned identity. */
  readonly systemAssigned?: boolean;
  readonly attachments: readonly ExplainedAttachment[];
  readonly assignments: readonly ExplainedAssignment[];
  /** Only for targets: the roles of the identities that are attached to it. */
  readonly reach?: readonly ExplainedAssignment[];
  /** What identities have in the database, in those of the server or scope, or what the identity has in databases. */
  readonly databases?: readonly ExplainedDatabaseRight[];
  /** Why this answer may be incomplete, as full sentences. */
  readonly doubts: readonly string[];
}

/** What an explanation is made from. */
export interface View {
  readonly desired: Desired;
  readonly observed: Observed;
  readonly policy: Policy;
}

/** How something that is there stands to the documents. */
export function standingOf(
  identityId: string,
  wishes: readonly Wish[],
  isIgnored: boolean,
  view: View,
): Standing {
  if (wishes.length > 0) return "Declared";
  if (isIgnored) return "Ignored";
  const { observed, policy } = view;
  const identity = observed.identities.get(idKey(identityId));
  return identity && tagOf(identity.tags, ownerTag) === policy.owner ? "Undeclared" : "Foreign";
}

/** True for an identity that carries our owner tag and that no document names. */
export function isOrphan(identityId: string, { desired, observed, policy }: View): boolean {
  const identity = observed.identities.get(idKey(identityId));
  if (!identity || tagOf(identity.tags, ownerTag) !== policy.owner) return false;
  return !desired.identities.some(({ id }) => idKey(id) === idKey(identityId));
}
