// What all bindings of an identity want together in each database: one user, with the roles and permissions of all of them.
import type { DesiredDatabase, DesiredIdentity } from "../../desired/desired.ts";
import { type DatabaseRef, databaseKey, type Securable, securableText } from "../../model/database.ts";
import type { DocumentRef } from "../../model/document.ts";

/** Who wants something, and whether only suspended bindings do. */
export interface WantedLine {
  readonly document: DocumentRef;
  readonly suspended: boolean;
}

/** A role that at least one binding wants. */
export interface WantedRole extends WantedLine {
  readonly role: string;
}

/** A permission that at least one binding wants. */
export interface WantedPermission extends WantedLine {
  readonly permission: string;
  readonly securable: Securable;
}

/** A user that at least one binding wants in a database; the documents agree on its name, its origin and what it may replace. */
export interface WantedDatabase extends WantedLine {
  readonly ref: DatabaseRef;
  readonly userName: string;
  readonly userFrom: "Sid" | "ExternalProvider";
  readonly replaceUserWithSid?: string;
  readonly roles: readonly WantedRole[];
  readonly permissions: readonly WantedPermission[];
}

/** The databases that an identity's bindings want, by key. */
export function wantedDatabases({ bindings }: DesiredIdentity): ReadonlyMap<string, WantedDatabase> {
  const all = bindings.flatMap((binding) =>
    binding.databases.map((database) => wantedFrom(database, binding.suspended)),
  );
  const wanted = new Map<string, WantedDatabase>();
  for (const one of all) {
    const key = databaseKey(one.ref);
    const other = wanted.get(key);
    wanted.set(key, other ? merged(other, one) : one);
  }
  return wanted;
}

/** Names in a database are compared as its catalog does: without case in Azure's default collation. */
export function nameKey(name: string): string {
  return name.toLowerCase();
}

/** What two rows of one permission have in common. */
export function permissionKey({
  permission,
  securable,
}: {
  readonly permission: string;
  readonly securable: Securable;
}): string {
  return `${permission.toUpperCase()} ${nameKey(securableText(securable))}`;
}

function wantedFrom(database: DesiredDatabase, suspended: boolean): WantedDatabase {
  const { document, roles, permissions, ...rest } = database;
  return {
    ...rest,
    document,
    suspended,
    roles: distinct(
      roles.map((role) => ({ role, document, suspended })),
      ({ role }) => nameKey(role),
    ),
    permissions: distinct(
      permissions.map((one) => ({ ...one, document, suspended })),
      permissionKey,
    ),
  };
}

/** One active binding is enough; of two lines for the same, the active one's counts. */
function merged(a: WantedDatabase, b: WantedDatabase): WantedDatabase {
  const [first, second] = a.suspended && !b.suspended ? [b, a] : [a, b];
  return {
    ...first,
    roles: distinct([...first.roles, ...second.roles], ({ role }) => nameKey(role)),
    permissions: distinct([...first.permissions, ...second.permissions], permissionKey),
  };
}

function distinct<T>(items: readonly T[], keyOf: (item: T) => string): readonly T[] {
  const found = new Map<string, T>();
  for (const item of items) if (!found.has(keyOf(item))) found.set(keyOf(item), item);
  return [...found.values()];
}
