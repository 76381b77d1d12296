// What changes in databases are about: users, their roles and their permissions.
import type { DatabaseRef, Securable } from "../model/database.ts";

/** What they have in common. */
interface InDatabase {
  readonly database: DatabaseRef;
  readonly userName: string;
  /** Whose user it is, or is to be; both undefined while the identity is yet to be created, and where it loses something. */
  readonly principalId?: string;
  readonly clientId?: string;
}

/** A user of a database that comes, gives way to another principal's, or goes. */
export interface DatabaseUserSubject extends InDatabase {
  readonly kind: "databaseUser";
  readonly userFrom?: "Sid" | "ExternalProvider";
  /** Of the user that gives way or goes. */
  readonly sid?: string;
  readonly replaces?: {
    readonly name: string;
    readonly ownedSchemas: readonly string[];
    readonly ownedRoles: readonly string[];
    /** What the new user has from the beginning. */
    readonly roles: readonly string[];
    readonly permissions: readonly { readonly permission: string; readonly securable: Securable }[];
  };
  readonly drops?: {
    /** They go to dbo. */
    readonly ownedSchemas: readonly string[];
    readonly ownedRoles: readonly string[];
    /** What goes with the user. */
    readonly roles: readonly string[];
  };
}

/** The membership of a user in a role. */
export interface DatabaseRoleSubject extends InDatabase {
  readonly kind: "databaseRole";
  readonly role: string;
  /** Of the user that loses it. */
  readonly sid?: string;
}

/** A permission of a user. */
export interface DatabasePermissionSubject extends InDatabase {
  readonly kind: "databasePermission";
  readonly permission: string;
  readonly securable: Securable;
  /** Of the user that loses it. */
  readonly sid?: string;
  /** True if what was granted on goes too. */
  readonly cascade?: boolean;
}

/** Anything in a database. */
export type DatabaseSubject = DatabaseUserSubject | DatabaseRoleSubject | DatabasePermissionSubject;
