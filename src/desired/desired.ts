// The state that the documents want, keyed by Azure identity: what every later step compares with.
import type { DatabaseRef, Securable } from "../model/database.ts";
import type { DocumentRef } from "../model/document.ts";
import type { FederatedCredential } from "../model/identity.ts";

/** Everything that a revision of the documents wants. */
export interface Desired {
  readonly revision: string;
  readonly identities: readonly DesiredIdentity[];
}

/** One identity as its document, and all bindings that name it, want it. */
export interface DesiredIdentity {
  readonly id: string;
  readonly document: DocumentRef;
  /** Normalised ("westeurope"); needed only to create. */
  readonly location?: string;
  readonly lifecycle: "Present" | "Released" | "Absent";
  readonly adoptionPolicy: "Never" | "Additive";
  readonly prunePolicy: "Additive" | "Authoritative";
  /** Tags that are kept; others are left alone. */
  readonly tags: Readonly<Record<string, string>>;
  /** Undefined: not managed; empty: none may exist. */
  readonly federatedCredentials?: readonly FederatedCredential[];
  readonly ignore: {
    /** Assignments at or below these scopes are others' business. */
    readonly roleAssignments: readonly string[];
    /** Targets at or below these scopes are others' business. */
    readonly targets: readonly string[];
  };
  /** Empty for identities that are Released or Absent: their bindings are inert. */
  readonly bindings: readonly DesiredBinding[];
}

/** What one binding adds to its identity. */
export interface DesiredBinding {
  readonly document: DocumentRef;
  /** A suspended binding's lines stay desired but cause no writes. */
  readonly suspended: boolean;
  readonly targets: readonly DesiredTarget[];
  readonly grants: readonly DesiredGrant[];
  readonly databases: readonly DesiredDatabase[];
}

/** A target that a binding names, or a selector of targets, with its own line in the document. */
export type DesiredTarget =
  | { readonly kind: "virtualMachine"; readonly id: string; readonly document: DocumentRef }
  | {
      readonly kind: "virtualMachineScaleSet";
      readonly id: string;
      readonly instanceUpgrade: "Never" | "Automatic";
      readonly document: DocumentRef;
    }
  | {
      readonly kind: "virtualMachines";
      readonly subscriptionId: string;
      /** Names, or "*" for all groups of the subscription. */
      readonly resourceGroups: readonly string[] | "*";
      readonly matchTags: Readonly<Record<string, string>>;
      readonly document: DocumentRef;
    };

/** A role that a binding wants for its identity. */
export interface DesiredGrant {
  readonly kind: "azureRole";
  readonly scope: string;
  readonly role: { readonly name: string } | { readonly guid: string };
  readonly condition?: string;
  readonly document: DocumentRef;
}

/** A user that a binding wants for its identity in a SQL database, with what it may do there. */
export interface DesiredDatabase {
  readonly ref: DatabaseRef;
  readonly userName: string;
  readonly userFrom: "Sid" | "ExternalProvider";
  readonly roles: readonly string[];
  readonly permissions: readonly { readonly permission: string; readonly securable: Securable }[];
  /** The stale user that may be replaced, "0x" and digits in upper case. */
  readonly replaceUserWithSid?: string;
  readonly document: DocumentRef;
}
