// What a plan is: every difference with its reason, what is held and why, and the operations that realise the rest.
import type { DatabaseResource } from "../model/database.ts";
import type { DocumentRef } from "../model/document.ts";
import type { FederatedCredential } from "../model/identity.ts";
import type { Target } from "../model/target.ts";
import type { BlastRadius } from "./blast/blast.ts";
import type { DatabaseSubject } from "./database-subjects.ts";
import type { heldReasons } from "./held-reasons.ts";
import type { warningCodes } from "./warning-codes.ts";

/** The kinds of change, in the order in which people read them. */
export type ChangeKind =
  | "create"
  | "adopt"
  | "release"
  | "update"
  | "attach"
  | "detach"
  | "grant"
  | "revoke"
  | "delete";

/** What a change is about, besides its identity. */
export type Subject =
  | {
      readonly kind: "identity";
      readonly location?: string;
      readonly tags?: Readonly<Record<string, string>>;
      /** Whom a deletion means; undefined for what is yet to be created. */
      readonly principalId?: string;
    }
  | {
      readonly kind: "tags";
      readonly set: Readonly<Record<string, string>>;
      readonly remove: Readonly<Record<string, string>>;
      /** True if the principal tag is to be written once the principal is known. */
      readonly recordPrincipal?: boolean;
      /** Whom a takeover means. */
      readonly principalId?: string;
    }
  | { readonly kind: "credential"; readonly credential: FederatedCredential; readonly remove: boolean }
  | {
      readonly kind: "target";
      readonly targetId: string;
      /** Of an attach: what is there is of a dead principal, and is taken off before. */
      readonly stale?: StaleReference;
    }
  | { readonly kind: "instances"; readonly targetId: string }
  | {
      readonly kind: "role";
      readonly scope: string;
      readonly roleGuid: string;
      readonly roleName: string;
      readonly condition?: string;
      /** Our marker for a new assignment; what stands there for one that exists. */
      readonly description?: string;
      /** The assignment that is to be changed or revoked. */
      readonly assignmentId?: string;
      /** Whose assignment it is; undefined while the identity is yet to be created. */
      readonly principalId?: string;
    }
  | DatabaseSubject;

/** What a target has of a principal that is dead: its id, where the target still shows one. */
export interface StaleReference {
  readonly principalId?: string;
}

/** One difference between desired and observed. */
export interface Change {
  /** Stable over equal inputs, and unique in a plan. */
  readonly id: string;
  readonly kind: ChangeKind;
  readonly identityId: string;
  /** The identity's document; undefined for an orphan. */
  readonly identityDocument?: DocumentRef;
  /** The document (and line) that wants the change. */
  readonly document: DocumentRef;
  readonly subject: Subject;
  /** Why, as a sentence fragment: "listed by team-orders/orders". */
  readonly reason: string;
  /** Changes that must have been applied first: without them this one makes no sense. */
  readonly needs: readonly string[];
}

/** A change that is not to be made now. */
export interface Held {
  readonly change: Change;
  /** CamelCase, stable: "NotOwned", "TargetNotFound". */
  readonly reason: HeldReason;
  /** A full sentence. */
  readonly message: string;
  /** What a person can do about it. */
  readonly cure: string;
  /** Lines for another program's file that belong to the cure. */
  readonly snippet?: readonly string[];
  /** Digest of all that is held for the same reason on the same identity. */
  readonly digest: string;
  /** True if `--release DIGEST` lifts it; otherwise only the cure helps. */
  readonly releasable: boolean;
}

/** Why a change can be held. */
export type HeldReason = (typeof heldReasons)[number];

/** Something that a reader of the plan should know although nothing is held. */
export interface Warning {
  readonly code: (typeof warningCodes)[number];
  readonly message: string;
  readonly document?: DocumentRef;
  /** The changes that it is about, where it is about single ones: they show it beside them. */
  readonly changeIds?: readonly string[];
  /** What stands beside them, in a word: an action. */
  readonly about?: string;
}

/** An identity that carries our owner tag and that no document names, with all that it still can. */
export interface Orphan {
  readonly identityId: string;
  readonly targets: readonly string[];
  readonly roles: readonly { readonly roleName: string; readonly scope: string }[];
  /** Whose tokens may act as it. */
  readonly credentials: readonly FederatedCredential[];
}

/** What a selector of machines finds now, and what that makes of its attachments: matched = attached + new - leaving. */
export interface SelectorMatches {
  readonly identityId: string;
  /** The binding, with the line of the selector. */
  readonly document: DocumentRef;
  /** Machines that it matches. */
  readonly matched: number;
  /** Machines that the identity is attached to by it: those that it matches, and those that leave. */
  readonly attached: number;
  /** Machines that it matches and that the identity is not attached to yet. */
  readonly new: number;
  /** Attached machines in its groups that neither it nor another line wants any more, and that would be detached. */
  readonly leaving: number;
}

/** What one API call (or one short fixed sequence) does. */
export type OperationAction =
  | {
      readonly kind: "createIdentity";
      readonly identityId: string;
      readonly location: string;
      readonly tags: Readonly<Record<string, string>>;
    }
  | {
      readonly kind: "mergeTags";
      readonly identityId: string;
      readonly tags: Readonly<Record<string, string>>;
      readonly recordPrincipal: boolean;
      /** The principal that the identity must have; undefined: whichever. */
      readonly principalId?: string;
    }
  | {
      readonly kind: "deleteTags";
      readonly identityId: string;
      readonly tags: Readonly<Record<string, string>>;
    }
  | { readonly kind: "putCredential"; readonly identityId: string; readonly credential: FederatedCredential }
  | {
      readonly kind: "deleteCredential";
      readonly identityId: string;
      readonly credential: FederatedCredential;
    }
  | {
      /** Each key belongs to one change; keys whose change falls out are left out of the request. */
      readonly kind: "patchTarget";
      readonly target: Target;
      readonly attach: readonly AttachmentKey[];
      readonly detach: readonly AttachmentKey[];
    }
  | { readonly kind: "upgradeInstances"; readonly targetId: string }
  | {
      readonly kind: "putAssignment";
      readonly identityId: string;
      /** Undefined while the identity is yet to be created. */
      readonly principalId?: string;
      readonly assignmentId?: string;
      readonly scope: string;
      readonly roleGuid: string;
      readonly roleName: string;
      readonly condition?: string;
      readonly description?: string;
    }
  | {
      readonly kind: "deleteAssignment";
      readonly assignmentId: string;
      readonly principalId: string;
      readonly roleName: string;
      readonly scope: string;
    }
  | {
      /** All that one identity gets or loses in one database; statements in this order, each with its own outcome. */
      readonly kind: "changeDatabase";
      readonly database: DatabaseResource;
      readonly identityId: string;
      readonly steps: readonly DatabaseStep[];
    }
  | { readonly kind: "deleteIdentity"; readonly identityId: string; readonly principalId: string };

/** One statement (or transaction) in a database. */
export interface DatabaseStep {
  readonly changeId: string;
  readonly changeKind: ChangeKind;
  readonly subject: DatabaseSubject;
}

/** One identity that comes or goes in a target's PATCH. */
export interface AttachmentKey {
  readonly identityId: string;
  readonly changeId: string;
  /** Of one that comes: the reference of a dead principal that stands in its place. */
  readonly stale?: StaleReference;
}

/** One step of a plan. */
export interface Operation {
  readonly id: string;
  readonly action: OperationAction;
  /** The changes that it realises; more than one only in a target's PATCH. */
  readonly changeIds: readonly string[];
  /** Operations that must have ended before this one starts, whatever their outcome. */
  readonly after: readonly string[];
}

/** All that is to be done, all that is held, and all that a reader should know. */
export interface Plan {
  readonly revision: string;
  readonly owner: string;
  /** Over revision, owner, changes and what is held: the same digest means the same plan. */
  readonly digest: string;
  /** Changes that will be made, in reading order. */
  readonly changes: readonly Change[];
  readonly operations: readonly Operation[];
  readonly held: readonly Held[];
  readonly warnings: readonly Warning[];
  readonly orphans: readonly Orphan[];
  /** What the changes give to whom and take from whom, privileged ones first. */
  readonly blastRadius: readonly BlastRadius[];
  /** What each selector matches, before and after, in the order of the documents. */
  readonly selectors: readonly SelectorMatches[];
  /** Ids of changes that are made because a person released them. */
  readonly released: readonly string[];
}
