// The state read from Azure, with the same keys as the desired state, and what is unknown.
import type { DatabaseContents, DatabaseResource } from "../model/database.ts";
import type { RoleAssignment, RoleDefinition } from "../model/grant.ts";
import type { FederatedCredential, Identity } from "../model/identity.ts";
import type { Self } from "../model/ports.ts";
import type { ScaleSetInstance } from "../model/scale-set.ts";
import type { Target } from "../model/target.ts";

/** The resources whose properties name an identity, and why there may be more that are not known. */
export interface References {
  readonly resourceIds: readonly string[];
  readonly unknown?: string;
}

/** What was seen of Azure in one pass. All keys are `idKey`s. */
export interface Observed {
  readonly self: Self;
  readonly identities: ReadonlyMap<string, Identity>;
  readonly targets: ReadonlyMap<string, Target>;
  readonly assignments: ReadonlyMap<string, RoleAssignment>;
  /** How many role assignments a subscription (lower case) has in all; only of those where documents grant, and if they could be counted. */
  readonly assignmentCounts: ReadonlyMap<string, number>;
  /** By identity; of those that carry our owner tag, and of those whose document declares credentials. */
  readonly credentials: ReadonlyMap<string, readonly FederatedCredential[]>;
  /** By identity; only of those that are about to be deleted. */
  readonly references: ReadonlyMap<string, References>;
  /** The definitions that can be assigned, by the key of the subscription or management group they were read at. */
  readonly roles: ReadonlyMap<string, readonly RoleDefinition[]>;
  /** By scale set; only of those whose instances a document wants brought up to date. */
  readonly instances: ReadonlyMap<string, readonly ScaleSetInstance[]>;
  /** Scopes of grants that neither lists nor a direct question could find. */
  readonly missingScopes: ReadonlySet<string>;
  /** What a fresh read of the thing itself has shown in this pass: identities, targets and assignments. */
  readonly confirmed: ReadonlySet<string>;
  /** By `databaseKey`: those that documents or the tags of their identities name. */
  readonly databases: ReadonlyMap<string, ObservedDatabase>;
  /** Subscriptions (lower case) of which nothing reliable was read, with the reason: nothing in them is pruned. */
  readonly unknown: ReadonlyMap<string, string>;
  /** Single things that could not be read (an identity's credentials, a target), with the reason. */
  readonly unreadable: ReadonlyMap<string, string>;
  /** The subscriptions under management, in lower case, those of management groups included. */
  readonly subscriptions: ReadonlySet<string>;
}

/** What a pass knows of a database. */
export type ObservedDatabase =
  | { readonly kind: "read"; readonly resource: DatabaseResource; readonly contents: DatabaseContents }
  /** Paused, and nothing is due that would be worth waking it. */
  | { readonly kind: "asleep"; readonly resource: DatabaseResource }
  /** Its server is in the estate, and ARM has answered 404 for the database itself. */
  | { readonly kind: "gone" }
  | {
      readonly kind: "unknown";
      readonly reason: "DatabaseUnreadable" | "ServerNotAllowed" | "ServerNotInEstate";
      readonly message: string;
      readonly cure: string;
    };
