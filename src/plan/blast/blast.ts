// What a blast radius is: which holders of an identity gain, lose or keep which power under another condition.
import type { DatabaseRef, Securable } from "../../model/database.ts";
import type { DocumentRef } from "../../model/document.ts";
import type { TargetKind } from "../../model/target.ts";

/** What the holders of one identity gain and lose by a plan. */
export interface BlastRadius {
  readonly identityId: string;
  /** The identity's document. */
  readonly document?: DocumentRef;
  /** Privileged ones first; never empty. */
  readonly effects: readonly Effect[];
}

/** One power that comes, goes, or changes its condition, for all holders whom that befalls alike. */
export interface Effect {
  readonly kind: "gain" | "alter" | "lose";
  readonly power: Power;
  /** The power's conditions: the new ones, or for a loss the old ones; empty: there is none. */
  readonly conditions: readonly string[];
  /** Only for `alter`. */
  readonly formerConditions?: readonly string[];
  /** Never empty; in the order of their keys. */
  readonly holders: readonly Holder[];
}

/** Somebody who can act as an identity: a resource that it is attached to, or whoever has a trusted token. */
export type Holder =
  | {
      readonly kind: "target";
      readonly targetId: string;
      readonly targetKind: TargetKind;
      /** The ARM type, "Microsoft.Compute/virtualMachines"; casing as it came. */
      readonly type: string;
    }
  | {
      readonly kind: "trust";
      readonly issuer: string;
      readonly subject: string;
      readonly audience: string;
    };

/** Something that an identity may do. */
export type Power = PowerKind & {
  /** Why it gives power over access, code or secrets, as a sentence fragment; undefined if it does not. */
  readonly privileged?: string;
};

/** What kind of power it is, and over what. */
export type PowerKind =
  | {
      readonly kind: "azureRole";
      readonly roleGuid: string;
      readonly roleName: string;
      readonly scope: string;
    }
  | { readonly kind: "databaseRole"; readonly database: DatabaseRef; readonly role: string }
  | {
      readonly kind: "databasePermission";
      readonly database: DatabaseRef;
      readonly permission: string;
      readonly securable: Securable;
    };
