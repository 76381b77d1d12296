// What Bindery knows about a SQL database: its users, roles and permissions, and what may be changed in it.

/** Names a database: the server's full host name and the database's own. */
export interface DatabaseRef {
  /** "sql-orders.database.windows.net" */
  readonly server: string;
  readonly database: string;
}

/** What two names of one database have in common: Azure compares both parts without case. */
export function databaseKey({ server, database }: DatabaseRef): string {
  return `${server}/${database}`.toLowerCase();
}

/** What people call it: "sql-orders/orders". */
export function databaseName({ server, database }: DatabaseRef): string {
  return `${server.split(".")[0]}/${database}`;
}

/**
 * Whether Azure could have a database of this name: no <>*%&:\\/? and no controls, and neither period nor space at the end
 * (Microsoft, "Naming rules and restrictions for Azure resources"). Anything else, written into a tag, could lead elsewhere.
 */
export function isDatabaseName(name: string): boolean {
  return /^[^<>*%&:\\/?\p{Cc}]{1,128}$/u.test(name) && !/[. ]$/.test(name);
}

/** What a permission is granted on. */
export type Securable =
  | { readonly class: "database" }
  | { readonly class: "schema"; readonly schema: string }
  | { readonly class: "object"; readonly schema: string; readonly object: string }
  /** A column, a type, another user …: shown, never changed. */
  | { readonly class: "other"; readonly what: string };

/** A securable as the documents write it: "database", "schema::sales", "object::sales.orders". */
export function securableText(securable: Securable): string {
  switch (securable.class) {
    case "database":
      return "database";
    case "schema":
      return `schema::${securable.schema}`;
    case "object":
      return `object::${securable.schema}.${securable.object}`;
    case "other":
      return securable.what;
  }
}

/** A permission of a user as the catalog shows it. */
export interface DatabasePermission {
  /** Upper case, as Azure has it: "SELECT", "VIEW DEFINITION". */
  readonly permission: string;
  readonly securable: Securable;
  readonly state: "GRANT" | "GRANT_WITH_GRANT_OPTION" | "DENY";
}

/** A user of a database. */
export interface DatabaseUser {
  readonly name: string;
  /** "0x" and hexadecimal digits in upper case; empty where the database shows none. */
  readonly sid: string;
  /** "E" for Entra's users and service principals, "X" for its groups, "S" for SQL users … */
  readonly type: string;
  /** What our extended property says, whosever it is. */
  readonly marker?: string;
  readonly roles: readonly string[];
  readonly permissions: readonly DatabasePermission[];
  readonly ownedSchemas: readonly string[];
  readonly ownedRoles: readonly string[];
  /** Objects with this user as their own owner ("sales.orders"): they keep it from being dropped. */
  readonly ownedObjects: readonly string[];
  /** Users to whom this one has granted something: that too keeps it from being dropped. */
  readonly granteesOf: readonly string[];
}

/** What Bindery's own login may do in a database. */
export interface DatabaseRights {
  /** The user that Bindery is there. */
  readonly user: string;
  /** False: users may be there that are not shown, so nothing is known to be absent. */
  readonly seesAll: boolean;
  readonly isOwner: boolean;
  readonly altersUsers: boolean;
  readonly altersRoles: boolean;
  readonly controls: boolean;
}

/** A role of a database, and what its members get with it. */
export interface DatabaseRole {
  readonly name: string;
  readonly isFixed: boolean;
  /** The roles that it is a member of itself; left out where there are none. */
  readonly roles?: readonly string[];
  /** What it was granted or denied; left out where that is nothing. */
  readonly permissions?: readonly DatabasePermission[];
}

/** A database as one round trip has shown it. */
export interface DatabaseContents {
  readonly rights: DatabaseRights;
  /** True for a read-only replica and for a database that was set to read-only. */
  readonly isReadOnly: boolean;
  readonly users: readonly DatabaseUser[];
  readonly roles: readonly DatabaseRole[];
  readonly schemas: readonly string[];
}

/** One change in a database; each is one statement or one transaction. */
export type DatabaseChange =
  | {
      readonly kind: "createUser";
      readonly user: string;
      /** Who it is: the identity's client id, and for Entra's own look-up its principal id. */
      readonly clientId: string;
      readonly principalId: string;
      readonly from: "Sid" | "ExternalProvider";
      readonly marker: string;
    }
  | {
      /** The user of a dead principal gives way to that of the living one, in one transaction; what it owned is kept. */
      readonly kind: "replaceUser";
      readonly stale: string;
      readonly user: string;
      readonly clientId: string;
      readonly marker: string;
      readonly ownedSchemas: readonly string[];
      readonly ownedRoles: readonly string[];
      readonly roles: readonly string[];
      readonly permissions: readonly { readonly permission: string; readonly securable: Securable }[];
    }
  | {
      /** What it owns goes to dbo first. */
      readonly kind: "dropUser";
      readonly user: string;
      readonly ownedSchemas: readonly string[];
      readonly ownedRoles: readonly string[];
    }
  | { readonly kind: "addToRole" | "dropFromRole"; readonly user: string; readonly role: string }
  | {
      readonly kind: "grantPermission";
      readonly user: string;
      readonly permission: string;
      readonly securable: Securable;
    }
  | {
      readonly kind: "revokePermission";
      readonly user: string;
      readonly permission: string;
      readonly securable: Securable;
      /** True if it was granted with the right to grant it on: what was granted on goes too. */
      readonly cascade: boolean;
    };

/** What ARM knows about a database of the estate. */
export interface DatabaseResource {
  /** The ARM id of the database. */
  readonly id: string;
  readonly ref: DatabaseRef;
  /** Azure's own word: "Online", "Paused", "Resuming" … */
  readonly status: string;
}

/** The SID under which SQL knows a client id: its 16 bytes, the first three groups in little-endian order. */
export function sidFrom(clientId: string): string {
  const [a = "", b = "", c = "", ...rest] = clientId.split("-");
  const swapped = [a, b, c].map((group) => (group.match(/../g) ?? []).toReversed().join(""));
  return `0x${[...swapped, ...rest].join("").toUpperCase()}`;
}

/** True for a user that was made from a server login: its SID is the principal's with "AADE" behind it. */
export function isFromLogin({ sid }: Pick<DatabaseUser, "sid">): boolean {
  return sid.length > 34 && sid.endsWith("AADE");
}

/** The SID of the principal itself, without what a server login adds. */
export function principalSidOf(user: Pick<DatabaseUser, "sid">): string {
  return isFromLogin(user) ? user.sid.slice(0, 34) : user.sid;
}

/**
 * The user of the principal with this SID. One database can hold two of them: the one with the very SID goes before
 * the one that was made from a login.
 */
export function userOfPrincipal(
  { users }: Pick<DatabaseContents, "users">,
  sid: string | undefined,
): DatabaseUser | undefined {
  if (sid === undefined) return;
  return users.find((user) => user.sid === sid) ?? users.find((user) => principalSidOf(user) === sid);
}

/** Finds databases by what a client calls them. */
export interface DatabaseLocator {
  /**
   * Asks ARM for a database of the estate. `gone`: its server is there and ARM answers 404 for the database itself.
   * `foreign`: no server or failover group of these subscriptions has that name, as far as the caller can see.
   */
  locateDatabase(
    ref: DatabaseRef,
    subscriptions: readonly string[],
    signal: AbortSignal,
  ): Promise<DatabaseResource | "gone" | "foreign">;
}

/** Reads databases; only those that ARM has shown to be in the estate can be named. */
export interface DatabaseReader {
  /** Everything of one database in one round trip. A paused one wakes up. Throws a `Failure`. */
  readDatabase(database: DatabaseResource, signal: AbortSignal): Promise<DatabaseContents>;
}

/** Changes databases, each by name of the identity whose user it is. */
export interface DatabaseWriter {
  /** Makes one change: one statement or one transaction, but for users that Entra looks up. Throws a `Failure`. */
  changeDatabase(database: DatabaseResource, change: DatabaseChange, signal: AbortSignal): Promise<void>;
}
