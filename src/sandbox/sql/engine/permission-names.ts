// Which permissions there are, what they can be about, and which of them imply others (SQL Server's hierarchy, in part).

/** What a permission is about: the numbers of sys.database_permissions.class. */
export const securableClasses = { database: 0, object: 1, schema: 3, principal: 4 } as const;
/** One of those numbers. */
export type SecurableClass = (typeof securableClasses)[keyof typeof securableClasses];

/** The texts of class_desc. */
export const classDescriptions: Readonly<Record<SecurableClass, string>> = {
  0: "DATABASE",
  1: "OBJECT_OR_COLUMN",
  3: "SCHEMA",
  4: "DATABASE_PRINCIPAL",
};

const everywhere: readonly SecurableClass[] = [0, 1, 3, 4];
const data: readonly SecurableClass[] = [0, 1, 3];

/** By name: the four characters of sys.database_permissions.type, and what it can be about. */
const permissions: Readonly<Record<string, readonly [string, readonly SecurableClass[]]>> = {
  ALTER: ["AL", everywhere],
  CONTROL: ["CL", everywhere],
  "VIEW DEFINITION": ["VW", everywhere],
  "TAKE OWNERSHIP": ["TO", everywhere],
  SELECT: ["SL", data],
  INSERT: ["IN", data],
  UPDATE: ["UP", data],
  DELETE: ["DL", data],
  EXECUTE: ["EX", data],
  REFERENCES: ["RF", data],
  IMPERSONATE: ["IM", [4]],
  CONNECT: ["CO", [0]],
  "VIEW DATABASE STATE": ["VWDS", [0]],
  "ALTER ANY USER": ["ALUS", [0]],
  "ALTER ANY ROLE": ["ALRL", [0]],
  "ALTER ANY APPLICATION ROLE": ["ALAR", [0]],
  "ALTER ANY SCHEMA": ["ALSM", [0]],
  "CREATE ROLE": ["CRRL", [0]],
  "CREATE SCHEMA": ["CRSM", [0]],
  "CREATE TABLE": ["CRTB", [0]],
  "CREATE VIEW": ["CRVW", [0]],
  "CREATE PROCEDURE": ["CRPR", [0]],
  SHOWPLAN: ["SPLN", [0]],
  UNMASK: ["UMSK", data],
  "BACKUP DATABASE": ["BADB", [0]],
};

/** The type of a permission as the catalog writes it; undefined for one that is not known or not for that class. */
export function permissionType(name: string, securableClass: SecurableClass): string | undefined {
  const [type, classes] = permissions[name] ?? ["", []];
  return classes.includes(securableClass) ? type.padEnd(4) : undefined;
}

/** All permissions that can be about a class. */
export function permissionsOf(securableClass: SecurableClass): readonly string[] {
  return Object.keys(permissions).filter((name) => permissionType(name, securableClass) !== undefined);
}

/** On the database, what implies a permission besides CONTROL. */
const databaseCovers: Readonly<Record<string, readonly string[]>> = {
  "ALTER ANY USER": ["ALTER"],
  "ALTER ANY ROLE": ["ALTER"],
  "ALTER ANY APPLICATION ROLE": ["ALTER"],
  "ALTER ANY SCHEMA": ["ALTER"],
  "CREATE ROLE": ["ALTER ANY ROLE", "ALTER"],
  "CREATE SCHEMA": ["ALTER ANY SCHEMA", "ALTER"],
  "CREATE TABLE": ["ALTER"],
  "CREATE VIEW": ["ALTER"],
  "CREATE PROCEDURE": ["ALTER"],
};

/** The permissions on a class that each suffice for a permission on it: itself, CONTROL and what implies it. */
export function coveringNames(name: string, securableClass: SecurableClass): readonly string[] {
  const more = securableClass === 0 ? (databaseCovers[name] ?? []) : [];
  return [name, "CONTROL", ...more];
}

/** What the permission is called one level up: on the schema of an object, on the database of everything else. */
export function nameAbove(name: string, securableClass: SecurableClass, isRole: boolean): string {
  if (name === "TAKE OWNERSHIP" || name === "IMPERSONATE") return "CONTROL";
  if (name !== "ALTER" || securableClass === 1) return name;
  if (securableClass === 3) return "ALTER ANY SCHEMA";
  return isRole ? "ALTER ANY ROLE" : "ALTER ANY USER";
}

/** What membership in a fixed role grants and denies on the database (Microsoft's page on database-level roles). */
export const fixedRolePermissions: Readonly<
  Record<string, { readonly grants: readonly string[]; readonly denies: readonly string[] }>
> = {
  db_owner: { grants: ["CONTROL"], denies: [] },
  db_accessadmin: { grants: ["ALTER ANY USER", "CREATE SCHEMA", "CONNECT"], denies: [] },
  db_securityadmin: {
    grants: ["ALTER ANY APPLICATION ROLE", "ALTER ANY ROLE", "CREATE SCHEMA", "VIEW DEFINITION"],
    denies: [],
  },
  db_ddladmin: {
    grants: [
      "ALTER ANY SCHEMA",
      "CREATE SCHEMA",
      "CREATE TABLE",
      "CREATE VIEW",
      "CREATE PROCEDURE",
      "REFERENCES",
    ],
    denies: [],
  },
  db_backupoperator: { grants: ["BACKUP DATABASE"], denies: [] },
  db_datareader: { grants: ["SELECT"], denies: [] },
  db_datawriter: { grants: ["INSERT", "UPDATE", "DELETE"], denies: [] },
  db_denydatareader: { grants: [], denies: ["SELECT"] },
  db_denydatawriter: { grants: [], denies: ["INSERT", "UPDATE", "DELETE"] },
};
