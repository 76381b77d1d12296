// What an adverse case is made of: any world, any documents, somebody else at work, faults and switches.
import type { DeedKind as OtherDeedKind } from "../../src/sandbox/second-client/deed.ts";
import type { Switches } from "../../src/sandbox/switches.ts";
import type { DatabaseCase } from "./database-case.ts";
import type { ModeRule, Trouble } from "./troubles.ts";

export const subscriptionId = "0b1f6471-0000-4000-8000-00000000a001";
export const identityNames = ["id-1", "id-2", "id-3"] as const;
/** Somebody else's, in the group of the machines; one has the name of one of documents. */
export const foreignNames = ["f-1", "f-2", "id-1"] as const;
export const machineNames = ["vm-1", "vm-2", "vm-3", "vm-4"] as const;
/** Machines and scale sets that can be attached to by name; the last of them is somebody's managed machine. */
export const targetNames = [...machineNames, "vmss", "flex", "vm-managed"] as const;
export const scopeNames = ["kv", "st", "rg"] as const;
/** Where others grant besides: a management group above the estate. */
export const groupScope = "mg";
export const roleNames = ["Reader", "Key Vault Secrets User", "Contributor"] as const;

/** How an identity that documents name stands at first. */
export interface SeedIdentity {
  readonly state: "absent" | "unowned" | "another" | "ours" | "unfinished";
  readonly attachedTo: readonly (typeof targetNames)[number][];
  readonly grants: readonly Grant[];
}

/** A machine at first. */
export interface SeedMachine {
  readonly app: "a" | "b";
  readonly system: boolean;
  readonly foreign: readonly (typeof foreignNames)[number][];
}

export interface Grant {
  readonly role: (typeof roleNames)[number];
  readonly scope: (typeof scopeNames)[number] | typeof groupScope;
  /** Whether a condition narrows it. */
  readonly isNarrow: boolean;
}

/** One identity's documents in one revision. */
export interface Wanted {
  readonly name: (typeof identityNames)[number];
  readonly lifecycle: "Present" | "Released" | "Absent";
  readonly adoption: "Never" | "Additive";
  readonly prune: "Additive" | "Authoritative";
  readonly tags: Readonly<Record<string, string>>;
  readonly credentials: readonly ("main" | "dev")[] | null;
  readonly ignoresMachine1: boolean;
  readonly suspend: boolean;
  readonly targets: readonly (typeof targetNames)[number][];
  readonly selector: "a" | "b" | null;
  readonly grants: readonly Grant[];
}

/** What somebody else does, before the request of this number is sent. */
export interface Deed {
  readonly at: number;
  readonly kind: DeedKind;
  readonly identity: (typeof identityNames)[number];
  readonly foreign: (typeof foreignNames)[number];
  readonly target: (typeof targetNames)[number];
  readonly grant: Grant;
}

export const deedKinds = [
  "stripTags",
  "claimForAnother",
  "attachForeign",
  "detachForeign",
  "attachOurs",
  "detachOurs",
  "toggleSystem",
  "recreate",
  "recreateWithTags",
  "deleteIdentity",
  "deleteMachine",
  "grantOurs",
  "grantForeign",
  "revokeOurs",
  "retagMachine",
] as const;
export type DeedKind = (typeof deedKinds)[number];

export const obstaclePlaces = ["rg", "rg-identities", "vm-1", "vmss", "kv", "id-1", "id-2"] as const;
export const denialKinds = ["machines", "machine", "roles", "identities", "assign"] as const;
export const policyKinds = ["requiresTeam", "noMachines", "changesTeam", "removesOwner"] as const;

/** What stands in the way of writes until an operator takes it away. */
export type Obstacle =
  | {
      readonly kind: "lock";
      readonly level: "CanNotDelete" | "ReadOnly";
      readonly at: (typeof obstaclePlaces)[number];
    }
  | { readonly kind: "denial"; readonly what: (typeof denialKinds)[number] }
  | { readonly kind: "policy"; readonly what: (typeof policyKinds)[number] };

/** The sandbox's own second client: by chance after a request, and once right after a read of a target. */
export interface OtherClient {
  readonly seed: number;
  readonly rate: number;
  readonly most: number;
  readonly afterRead: {
    readonly target: (typeof targetNames)[number];
    readonly nth: number;
    readonly kind: OtherDeedKind;
  } | null;
}

/** A whole case. */
export interface Case {
  readonly identities: readonly SeedIdentity[];
  readonly machines: readonly SeedMachine[];
  readonly foreignGrants: readonly Grant[];
  readonly revisions: readonly (readonly Wanted[])[];
  /** Of the scale set, in all documents: bindings must not disagree. */
  readonly instanceUpgrade: "Never" | "Automatic";
  readonly obstacles: readonly Obstacle[];
  readonly deeds: readonly Deed[];
  readonly otherClient: OtherClient;
  readonly troubles: readonly Trouble[];
  readonly modes: readonly ModeRule[];
  readonly lags: {
    readonly list: number;
    readonly graph: number;
    readonly role: number;
    readonly principal: number;
  };
  readonly operationInMs: number;
  readonly pageSize: number;
  readonly switches: Switches;
  /** Over sockets only: in process nothing listens. */
  readonly databases?: DatabaseCase;
}
