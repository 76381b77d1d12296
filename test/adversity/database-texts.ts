// The databases of an adverse case as parts of its seed and of its manifests.
import { sidFrom } from "../../src/model/database.ts";
import { assignmentMarker } from "../../src/model/grant.ts";
import { identityNames } from "./case.ts";
import {
  customRoles,
  type DatabaseCase,
  type PermissionName,
  places,
  type SeedDatabase,
  type SeedUser,
  type WantedDatabase,
  type WantedDatabases,
} from "./database-case.ts";
import { foreignId, identityId } from "./ids.ts";

type IdentityName = (typeof identityNames)[number];

const suffix = ".database.windows.net";

/** "sql-a/orders" as server and database. */
export function partsOf(place: string): { readonly server: string; readonly database: string } {
  const [server = "", database = ""] = place.split("/");
  return { server, database };
}

/** The client id that an identity has at first, and that of the principal which it had before. */
export function clientIdOf(name: IdentityName, whose: "living" | "dead" = "living"): string {
  const digit = whose === "living" ? "c" : "d";
  return `${digit.repeat(8)}-0000-4000-8000-00000000000${identityNames.indexOf(name)}`;
}

/** The name of its user that a document may write. */
export function writtenName(name: IdentityName): string {
  return `user-${name}`;
}

/** A permission as T-SQL and documents write it. */
export const permissionTexts: Readonly<
  Record<PermissionName, { readonly permission: string; readonly on: string; readonly securable: string }>
> = {
  select: { permission: "SELECT", on: "SCHEMA::sales", securable: "schema::sales" },
  insert: { permission: "INSERT", on: "OBJECT::sales.orders", securable: "object::sales.orders" },
  execute: { permission: "EXECUTE", on: "SCHEMA::sales", securable: "schema::sales" },
};

/** The mark that makes a user ours. */
export function markOf(name: string, owner = "test"): string {
  return assignmentMarker(owner, identityId(name));
}

/** T-SQL that marks a user. */
export function markText(user: string, mark: string): string {
  return `EXEC sp_addextendedproperty N'bindery', N'${mark}', N'USER', N'${user}';`;
}

/** The servers of a seed. */
export function serversOf({ seeds }: DatabaseCase): readonly object[] {
  const server = { resourceGroup: "rg", systemAssigned: true, directoryReaders: true };
  const databases = places.map((place, i) => databaseOf(partsOf(place).database, seeds[i] as SeedDatabase));
  const replica = { name: "orders", replicaOf: "sql-a/orders" };
  return [
    { ...server, name: "sql-a", databases },
    { ...server, name: "sql-b", databases: [replica] },
  ];
}

const logins: Readonly<
  Record<SeedDatabase["login"], { readonly roles: readonly string[]; readonly text: string } | undefined>
> = {
  owner: { roles: ["db_owner"], text: "" },
  manager: {
    roles: [],
    text: "GRANT VIEW DEFINITION TO bindery; GRANT ALTER ANY USER TO bindery; GRANT ALTER ANY ROLE TO bindery;",
  },
  viewer: { roles: [], text: "GRANT VIEW DEFINITION TO bindery;" },
  blind: { roles: [], text: "" },
  nobody: undefined,
};

function databaseOf(name: string, { login, isPaused, users }: SeedDatabase): object {
  const own = logins[login];
  // One stranger has one user: where it is drawn as somebody's, it is that one.
  const hasStranger = users.some(({ whose }) => whose === "stranger");
  const stranger = { name: "f-user", principal: foreignId("f-1"), roles: ["auditors"] };
  return {
    name,
    status: isPaused ? "Paused" : "Online",
    tables: [{ name: "sales.orders", columns: ["id int NOT NULL"] }],
    roles: [...customRoles, ...users.map((_, i) => `of-${i}`)],
    users: [
      ...(own ? [{ name: "bindery", principal: "bindery", roles: own.roles }] : []),
      { name: "clerk", roles: ["clerks", "db_datareader"] },
      ...(hasStranger ? [] : [stranger]),
      ...users.map((user) => ({ name: nameOf(user), ...whoseIs(user), roles: user.roles })),
    ],
    script: [
      own?.text ?? "",
      "GRANT SELECT ON SCHEMA::sales TO clerk; DENY EXECUTE ON SCHEMA::sales TO clerk;",
      ...users.flatMap(scriptOf),
    ].join("\n"),
  };
}

function nameOf({ of, name }: SeedUser): string {
  return { plain: of, user: writtenName(of), odd: `odd-${of}` }[name];
}

function whoseIs({ of, whose }: SeedUser): object {
  if (whose === "stranger") return { principal: foreignId("f-1") };
  const sid = sidFrom(clientIdOf(of, whose === "dead" ? "dead" : "living"));
  return { sid: whose === "login" ? `${sid}AADE` : sid };
}

function scriptOf(user: SeedUser, i: number): readonly string[] {
  const name = nameOf(user);
  const { of, mark, granted, denied, isGrantable, owns } = user;
  const open = granted.filter((one) => !denied.includes(one));
  const more = isGrantable ? " WITH GRANT OPTION" : "";
  const owned = {
    nothing: "",
    schema: `CREATE SCHEMA [of-${i}] AUTHORIZATION [${name}];`,
    role: `ALTER AUTHORIZATION ON ROLE::[of-${i}] TO [${name}];`,
    object: `ALTER AUTHORIZATION ON OBJECT::sales.orders TO [${name}];`,
  };
  const marks = { ours: markOf(of), another: markOf(of, "another") };
  return [
    ...(mark === "none" ? [] : [markText(name, marks[mark])]),
    ...open.map((one) => `GRANT ${spoken(one)} TO [${name}]${more};`),
    ...denied.map((one) => `DENY ${spoken(one)} TO [${name}];`),
    owned[owns],
  ];
}

/** "SELECT ON SCHEMA::sales" */
export function spoken(name: PermissionName): string {
  const { permission, on } = permissionTexts[name];
  return `${permission} ON ${on}`;
}

/** The tags that remember databases at first. */
export function memoryOf(databases: DatabaseCase, name: IdentityName): Readonly<Record<string, string>> {
  const remembered = databases.remembered[name].map(partsOf);
  const byServer = Object.groupBy(remembered, ({ server }) => server);
  const values = Object.entries(byServer).map(
    ([server, all = []]) => `${server}${suffix}/${all.map(({ database }) => database).join(",")}`,
  );
  return Object.fromEntries(values.map((value, i) => [`bindery-sql-${i + 1}`, value]));
}

/** The lines of a binding. */
export function databaseGrants(wanted: WantedDatabases | undefined, name: IdentityName): readonly object[] {
  return (wanted?.[name] ?? []).map((one) => grantOf(one, name));
}

function grantOf(
  { place, isNamed, from, roles, permissions, replaces }: WantedDatabase,
  name: IdentityName,
): object {
  const { server, database } = partsOf(place);
  return {
    sqlDatabase: {
      server: `${server}${suffix}`,
      database,
      userFrom: from,
      roles,
      ...(isNamed && { userName: writtenName(name) }),
      permissions: permissions.map((one) => {
        const { permission, securable } = permissionTexts[one];
        return { grant: [permission], securable };
      }),
      ...(replaces && { replaceUserWithSid: sidFrom(clientIdOf(name, "dead")) }),
    },
  };
}
