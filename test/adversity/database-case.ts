// What an adverse case has of databases: what is in them at first, what documents want there, deeds of others, and faults.
import type { identityNames } from "./case.ts";

/** The servers that listen; the second one has a replica only. */
export const serverNames = ["sql-a", "sql-b"] as const;
/** Databases that can be changed. */
export const places = ["sql-a/orders", "sql-a/billing", "sql-a/archive"] as const;
/** The replica of the first, and a database that is not there. */
export const wantedPlaces = [...places, "sql-b/orders", "sql-a/nowhere"] as const;
export const fixedRoles = ["db_datareader", "db_datawriter"] as const;
export const customRoles = ["clerks", "auditors"] as const;
/** The last two are held: one gives power, the other is not there (unless somebody makes it). */
export const wantedRoles = [...fixedRoles, ...customRoles, "db_owner", "helpers"] as const;
export const permissionNames = ["select", "insert", "execute"] as const;
/** Others' users in each database: a SQL user, and one of somebody else's identity. */
export const others = ["clerk", "f-user"] as const;

type IdentityName = (typeof identityNames)[number];
type Place = (typeof places)[number];
type Role = (typeof wantedRoles)[number];
/** A permission that documents can want. */
export type PermissionName = (typeof permissionNames)[number];

/** A user that is there at first, and that has to do with an identity of documents. */
export interface SeedUser {
  readonly of: IdentityName;
  /** Whose SID it has: the identity's own, that of a dead principal, the one of a server login, a living stranger's. */
  readonly whose: "living" | "dead" | "login" | "stranger";
  readonly mark: "ours" | "another" | "none";
  /** Its name: the identity's, the one that documents may write, or any. */
  readonly name: "plain" | "user" | "odd";
  readonly roles: readonly Role[];
  readonly granted: readonly PermissionName[];
  readonly denied: readonly PermissionName[];
  /** True if it may grant on what it was granted. */
  readonly isGrantable: boolean;
  readonly owns: "nothing" | "schema" | "role" | "object";
}

/** A database at first. */
export interface SeedDatabase {
  /** What Bindery may do there. */
  readonly login: "owner" | "manager" | "viewer" | "blind" | "nobody";
  readonly isPaused: boolean;
  readonly users: readonly SeedUser[];
}

/** What a document wants in a database. */
export interface WantedDatabase {
  readonly place: (typeof wantedPlaces)[number];
  readonly isNamed: boolean;
  readonly from: "Sid" | "ExternalProvider";
  readonly roles: readonly Role[];
  readonly permissions: readonly PermissionName[];
  /** Whether the user of the dead principal may be replaced. */
  readonly replaces: boolean;
}

export const databaseDeedKinds = [
  "dropOurs",
  "renameOurs",
  "takeName",
  "makeOurs",
  "unmarkOurs",
  "addOurs",
  "removeOurs",
  "grantOurs",
  "denyOurs",
  "revokeOurs",
  "giveSchemaToOurs",
  "addOther",
  "removeOther",
  "denyOther",
  "dropRole",
  "createRole",
  "pause",
  "dropDatabase",
] as const;
/** What somebody else does in databases. */
export type DatabaseDeedKind = (typeof databaseDeedKinds)[number];

/** A deed, before the batch of this number is carried out. */
export interface DatabaseDeed {
  readonly at: number;
  readonly kind: DatabaseDeedKind;
  readonly place: Place;
  readonly identity: IdentityName;
  readonly other: (typeof others)[number];
  readonly role: Role;
  readonly permission: PermissionName;
}

/** Azure SQL's ways of failing for a while. */
export const databaseTroubleShapes = {
  unavailable: { at: "login", error: 40613 },
  cannotOpen: { at: "login", error: 4060 },
  refused: { at: "login", error: 18456 },
  redirected: { at: "login", redirect: true },
  cutAtLogin: { at: "login", cut: "before" },
  deadlock: { at: "statement", statements: "writes", error: 1205 },
  busy: { at: "statement", error: 40501 },
  readOnly: { at: "statement", statements: "writes", error: 3906 },
  errorAfterDone: { at: "statement", statements: "writes", error: 40197, applied: true },
  cutBefore: { at: "statement", cut: "before" },
  cutBeforeWrite: { at: "statement", statements: "writes", cut: "before" },
  cutAfterWrite: { at: "statement", statements: "writes", cut: "after" },
} as const;

/** A fault of SQL. */
export interface DatabaseTrouble {
  readonly after: number;
  readonly times: number;
  readonly shape: keyof typeof databaseTroubleShapes;
}

/** By identity. */
export type WantedDatabases = Readonly<Record<IdentityName, readonly WantedDatabase[]>>;

/** All that a case has of databases. */
export interface DatabaseCase {
  readonly seeds: readonly SeedDatabase[];
  /** What tags remember at first. */
  readonly remembered: Readonly<Record<IdentityName, readonly (typeof wantedPlaces)[number][]>>;
  /** One for each revision, and the last for any more. */
  readonly wanted: readonly WantedDatabases[];
  readonly deeds: readonly DatabaseDeed[];
  readonly troubles: readonly DatabaseTrouble[];
  /** Whether a person releases, in the end, what is held in databases because an identity was recreated. */
  readonly releases: boolean;
}
